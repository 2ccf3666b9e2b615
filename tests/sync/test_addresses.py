"""Attendees of every kind: aliases, lists, legacy names, no address at all (F3, F4).

All of them are kept as they are, and none is ever a reason to stop.
"""

import asyncio
from datetime import timedelta
from typing import Any, Final

import pytest
import sqlalchemy as sa

from calsync_agent.consolidate import tables
from calsync_agent.sandbox.people import Person
from calsync_agent.state import tables as state
from tests.support.rig import SOON, Rig

pytestmark = pytest.mark.parametrize("dialect", ["sqlite"], indirect=True)

HOUR: Final = timedelta(hours=1)
LEGACY: Final = "/O=CONTOSO/OU=EXCHANGE (FYDIBOHF23SPDLT)/CN=RECIPIENTS/CN=4F1A-ALTE KOLLEGIN"
ODD: Final = (
    ("Alte Kollegin", LEGACY),
    ("Verteiler Technik", "technik@contoso.example"),
    ("Jemand ohne Adresse", ""),
    ("Kundin", "kundin@kunde.example"),
    ("Besprechungsraum Süd", "raum.sued@contoso.example"),
)
WEEKLY: Final = {
    "pattern": {"type": "weekly", "interval": 1, "daysOfWeek": ["monday"]},
    "range": {"type": "numbered", "numberOfOccurrences": 4},
}


def synced(rig: Rig) -> None:
    """Agents run until nothing is left to do, and nothing is put aside."""
    asyncio.run(rig.until_quiet())
    assert rig.world.rows(state.quarantine) == []


def invited(person: Person) -> list[tuple[str, str]]:
    """Names and addresses of the attendees of the only event."""
    (event,) = person.events()
    found: list[Any] = [attendee["emailAddress"] for attendee in event["attendees"]]
    return [(each.get("name") or "", each.get("address") or "") for each in found]


@pytest.mark.parametrize("series", [False, True])
def test_f3_attendees_of_every_kind_are_kept_by_every_write(rig: Rig, *, series: bool) -> None:
    anna, bernd = rig.world.hire("ANNA"), rig.world.hire("BERND")
    rig.world.hire("CLARA")
    rule: dict[str, Any] = {"recurrence": WEEKLY} if series else {}
    people = [("Bernd", bernd.upn), *ODD]
    anna.create("Besprechung", SOON, SOON + HOUR, attendees=people, **rule)
    synced(rig)
    (row,) = rig.world.activities()
    assert rig.world.answers(row["id"])["BERND"] == "none"
    rig.world.edit(row["id"], subject="Besprechung (neu)", location="Saal")
    synced(rig)
    assert invited(anna) == people
    rig.world.invite(row["id"], "CLARA")
    synced(rig)
    assert invited(anna) == [*people, ("CLARA", "clara@contoso.example")]
    table = tables.activity_participant
    with rig.people.writing() as connection:
        his = table.c.employee_id == rig.world.employees["BERND"], table.c.role == "invited"
        connection.execute(sa.delete(table).where(*his))
    synced(rig)
    assert invited(anna) == [*ODD, ("CLARA", "clara@contoso.example")]
    assert len(bernd.events()) == 1
    assert bernd.events()[0]["isCancelled"]


def test_f4_attendees_of_every_kind_come_in_and_are_shown(rig: Rig) -> None:
    anna = rig.world.hire("ANNA")
    guest = rig.tenant.outsider("chef@kunde.example", "Chefin")
    guest.create("Beim Kunden", SOON, SOON + HOUR, attendees=[("Anna", anna.upn), *ODD])
    synced(rig)
    (row,) = rig.world.activities()
    shown = {
        (each["name"], each["email"])
        for each in rig.world.rows(tables.activity_participant)
        if each["employee_id"] is None
    }
    assert ("Kundin", "kundin@kunde.example") in shown
    assert {name for name, _ in shown} == {name for name, _ in ODD}
    assert row["organizer_email"] == "chef@kunde.example"


def test_f1_an_employee_without_address_takes_part_and_stops_nothing(rig: Rig) -> None:
    anna, bernd = rig.world.hire("ANNA"), rig.world.hire("BERND")
    rig.world.hire("CLARA", profile=False)
    with rig.people.writing() as connection:
        hers = tables.employee.c.code == "CLARA"
        connection.execute(sa.update(tables.employee).where(hers).values(email=""))
    number = rig.world.enter("ANNA", "Besprechung", SOON)
    rig.world.invite(number, "BERND", "CLARA")
    synced(rig)
    assert [address for _, address in invited(anna)] == [bernd.upn]
    anna.change(anna.find("Besprechung")[0], subject="Besprechung neu")
    synced(rig)
    assert rig.world.answers(number) == {"BERND": "none", "CLARA": "none"}


def test_f4_whoever_organizes_under_an_alias_is_the_same_employee(rig: Rig) -> None:
    anna, bernd = rig.world.hire("ANNA"), rig.world.hire("BERND")
    # Consolidate has the old address as Bernd's main one, and Exchange's as an alias.
    his = tables.employee.c.code == "BERND"
    alias = {"employee_id": rig.world.employees["BERND"], "email": bernd.upn.upper()}
    with rig.people.writing() as connection:
        connection.execute(sa.update(tables.employee).where(his).values(email="b.h@alt.example"))
        connection.execute(sa.insert(tables.employee_email).values(alias))
    bernd.create("Besprechung", SOON, SOON + HOUR, attendees=[anna.upn])
    synced(rig)
    (row,) = rig.world.activities()
    assert row["responsible_id"] == rig.world.employees["BERND"]
    assert row["organizer_email"] is None
    assert rig.world.answers(row["id"]) == {"ANNA": "none"}
    assert len(rig.world.rows(state.link)) == 2
