"""Golden scenarios for meetings of three, all of whom have profiles."""

from typing import Final
from uuid import UUID

import sqlalchemy as sa

from calsync_agent.consolidate import tables
from calsync_agent.sandbox.people import Person
from tests.support.golden import HOUR, Scenario, anna, change, does, edit, enter, event
from tests.support.rig import SOON, Rig


def hire_three(rig: Rig) -> None:
    """Anna, Bernd and Clara, with profiles and empty calendars."""
    for code in ("ANNA", "BERND", "CLARA"):
        rig.world.hire(code)


def entered(rig: Rig) -> None:
    """One meeting entered in Consolidate, one in Outlook."""
    enter(rig, 1, "Besprechung hier")
    rig.world.invite(UUID(int=1), "BERND", "CLARA")
    start = SOON + 2 * HOUR
    invited = [_bernd(rig).upn, "clara@contoso.example", "gast@kunde.example"]
    anna(rig).create("Besprechung dort", start, start + HOUR, attendees=invited)


def answered(rig: Rig) -> None:
    """Answers on both sides, and a copy deleted."""
    rig.world.respond(UUID(int=1), "BERND", "accepted")
    rig.wait(seconds=1)
    clara = rig.tenant.user("clara")
    (copy,) = clara.find("Besprechung hier")
    clara.delete(copy)
    (other,) = _bernd(rig).find("Besprechung dort")
    _bernd(rig).respond(other, "tentativelyAccepted")


def handed_over(rig: Rig) -> None:
    """Somebody else becomes responsible for one, the other is cancelled by its organizer."""
    table = tables.activity_participant
    bernd = table.c.employee_id == rig.world.employees["BERND"]
    with rig.people.writing() as connection:
        connection.execute(sa.delete(table).where(table.c.activity_id == UUID(int=1), bernd))
    edit(rig, 1, responsible_id=rig.world.employees["BERND"])
    change(rig, "Besprechung dort", location="Nord")
    anna(rig).delete(event(rig, "Besprechung dort"))


def _bernd(rig: Rig) -> Person:
    return rig.tenant.user("bernd")


_VAGUE: Final = frozenset({"kept"})

MEETINGS: Final = (
    Scenario("meetings of three", hire_three, [entered], vague=_VAGUE),
    Scenario("meetings answered", does(hire_three, entered), [answered], vague=_VAGUE),
    Scenario("meetings handed over", does(hire_three, entered), [handed_over], vague=_VAGUE),
)
