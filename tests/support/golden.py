"""Golden scenarios for single appointments: a start in step, then what people do, step by step.

Each step is something done while nobody syncs; afterwards the agent runs until it is quiet.
Appointments have fixed numbers, events are found by their subject.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import timedelta
from typing import Any, Final, TypeAlias
from uuid import UUID

import sqlalchemy as sa

from calsync_agent.consolidate import tables
from calsync_agent.sandbox.people import Person
from calsync_agent.state import tables as state
from tests.support.rig import SOON, Rig

Step: TypeAlias = Callable[[Rig], None]

HOUR: Final = timedelta(hours=1)
DAY: Final = timedelta(days=1)


@dataclass(frozen=True)
class Scenario:
    """`start` is done, and synced unless the sync is to begin with the first step.

    `vague`: the parts of the end that depend on which mailbox is read first, or on how far a write
    of several requests came.
    """

    name: str
    start: Step
    steps: Sequence[Step]
    first: bool = False
    vague: frozenset[str] = frozenset()


def anna(rig: Rig) -> Person:
    """The one whose calendar it is."""
    return rig.tenant.user("anna")


def hire(rig: Rig) -> None:
    """Anna, with a profile and an empty calendar."""
    rig.world.hire("ANNA")
    rig.tenant.user("anna").add_calendar("Privat")


def enter(rig: Rig, number: int, subject: str, **values: Any) -> None:
    """An appointment in Consolidate, one hour after the other."""
    start = SOON + number * HOUR
    rig.world.enter("ANNA", subject, start, start + HOUR, id=UUID(int=number), **values)


def create(rig: Rig, number: int, subject: str, **values: Any) -> None:
    """An event in Outlook, one hour after the other."""
    start = SOON + number * HOUR
    anna(rig).create(subject, start, start + HOUR, **values)


def edit(rig: Rig, number: int, **values: object) -> None:
    """Somebody changes an appointment in Consolidate."""
    rig.world.edit(UUID(int=number), **values)


def change(rig: Rig, which: str, /, **values: Any) -> None:
    """Somebody changes the event with that subject in Outlook."""
    rig.wait(seconds=1)
    anna(rig).change(event(rig, which), **values)


def event(rig: Rig, subject: str) -> str:
    """The id of the event with that subject."""
    (found,) = anna(rig).find(subject)
    return found


def policy(**values: object) -> Step:
    """Somebody changes the provider's row."""
    return lambda rig: rig.world.provider(**values)


def does(*steps: Step) -> Step:
    """Several things at once."""

    def do(rig: Rig) -> None:
        for step in steps:
            step(rig)

    return do


# -- calendars to start from -----------------------------------------------------------------------


def some_of_each(rig: Rig) -> None:
    """Four appointments that came from Consolidate, and four that came from Exchange."""
    for number in range(1, 5):
        enter(rig, number, f"hier {number}", body=f"Text {number}", reminder_minutes=15)
        create(rig, number, f"dort {number}", body=f"Text {number}")


def look_alikes(rig: Rig) -> None:
    """The same entered on both sides by hand, and what is only on one."""
    for number, location in enumerate(("Süd", "Nord"), start=1):
        row = {"id": UUID(int=number), "location": location, "body": "aus Consolidate"}
        rig.world.enter("ANNA", "Jour fixe", SOON, SOON + HOUR, **row)
    for subject in ("JOUR  FIXE", "Jour fixe", "jour fixe"):
        anna(rig).create(subject, SOON, SOON + HOUR, body="aus Outlook", showAs="tentative")
    enter(rig, 3, "gleich", location="Süd")
    create(rig, 3, "gleich", location="Süd", isReminderOn=False)
    enter(rig, 4, "nur hier")
    create(rig, 4, "nur dort")


# -- what people do --------------------------------------------------------------------------------


def everything_in_consolidate(rig: Rig) -> None:
    """New, changed and deleted, in Consolidate."""
    start = SOON + 10 * HOUR
    enter(rig, 11, "hier neu", body="Zeile\n\n<Zeile>", location="Süd", importance="high")
    rig.world.enter("ANNA", "Urlaub", SOON.date(), SOON.date() + 2 * DAY, id=UUID(int=12))
    edit(rig, 1, subject="hier 1 geändert", body="Neuer Text")
    edit(rig, 2, starts_at=start, ends_at=start + HOUR, private=True, show_as="oof")
    edit(rig, 3, deleted_at=rig.now)
    rig.world.remove(UUID(int=4), row=True)


def everything_in_outlook(rig: Rig) -> None:
    """New, changed and deleted, in Outlook."""
    start = SOON + 10 * HOUR
    create(rig, 11, "dort neu", body="Zeile", location="Süd", sensitivity="confidential")
    day = SOON.date()
    anna(rig).create("Messe", day, day + 3 * DAY)
    change(rig, "dort 1", subject="dort 1 geändert", body="Neuer Text")
    change(rig, "dort 2", start=start, end=start + HOUR, showAs="oof", isReminderOn=False)
    anna(rig).delete(event(rig, "dort 3"))
    change(rig, "hier 4", start=day + DAY, end=day + 2 * DAY)


def changed_on_both(rig: Rig) -> None:
    """Two conflicts, and one appointment on which both agree."""
    edit(rig, 1, subject="hier 1 aus Consolidate")
    change(rig, "hier 1", location="aus Outlook")
    edit(rig, 2, subject="hier 2 gleich")
    change(rig, "hier 2", subject="hier 2 gleich")
    edit(rig, 3, location="aus Consolidate", reminder_minutes=None)
    change(rig, "hier 3", location="aus Outlook", importance="high")


def deleted_and_changed(rig: Rig) -> None:
    """Deleted on one side, changed on the other; and deleted on both."""
    edit(rig, 1, deleted_at=rig.now)
    change(rig, "hier 1", location="aus Outlook")
    rig.world.remove(UUID(int=2), row=True)
    change(rig, "hier 2", location="aus Outlook")
    anna(rig).delete(event(rig, "hier 3"))
    edit(rig, 3, location="aus Consolidate")
    anna(rig).delete(event(rig, "hier 4"))
    edit(rig, 4, deleted_at=rig.now)


def moved_away(rig: Rig) -> None:
    """Out of the window, and into another calendar."""
    far = SOON + 1500 * DAY
    change(rig, "hier 1", start=far, end=far + HOUR)
    private = next(c.id for c in anna(rig).mailbox.calendars.values() if c.name == "Privat")
    anna(rig).move(event(rig, "hier 2"), private)
    anna(rig).move(event(rig, "dort 2"), private)
    change(rig, "dort 2", location="im anderen Kalender")


def moved_back(rig: Rig) -> None:
    """Both come back."""
    change(rig, "hier 1", start=SOON, end=SOON + HOUR)
    anna(rig).move(event(rig, "hier 2"), anna(rig).mailbox.default_calendar)


def position_lost(rig: Rig) -> None:
    """Exchange forgets how far we have read."""
    rig.tenant.forget_generations()


def rows_break(rig: Rig) -> None:
    """Rows that cannot be read, one that Exchange refuses, beside a good change."""
    edit(rig, 1, time_zone="Mars/Olympus")
    change(rig, "hier 1", location="aus Outlook")
    edit(rig, 2, ends_at=SOON - DAY)
    late = SOON.replace(year=4600)
    edit(rig, 3, starts_at=late, ends_at=late + HOUR)
    edit(rig, 4, location="geht noch")
    enter(rig, 11, "neu und kaputt", importance="urgent")


def rows_mended(rig: Rig) -> None:
    """Somebody puts them right."""
    edit(rig, 1, time_zone="Europe/Vienna")
    edit(rig, 2, ends_at=SOON + 5 * HOUR)
    edit(rig, 3, starts_at=SOON, ends_at=SOON + HOUR)
    edit(rig, 11, importance="high")


def active(*, active: bool) -> Step:
    """Somebody switches all profiles on or off."""

    def switch(rig: Rig) -> None:
        with rig.people.writing() as connection:
            connection.execute(sa.update(state.profile).values(active=active))

    return switch


def permitted(*, allowed: bool) -> Step:
    """Somebody lets the employees sync, or not."""

    def switch(rig: Rig) -> None:
        with rig.people.writing() as connection:
            connection.execute(sa.update(tables.employee).values(calendarsync_allowed=allowed))

    return switch


def online_meetings(rig: Rig) -> None:
    """Meetings in Teams, from Outlook."""
    for number in range(1, 4):
        create(rig, number, f"Teams {number}", body="Tagesordnung", isOnlineMeeting=True)


def _activity(rig: Rig, subject: str) -> UUID:
    (found,) = (row["id"] for row in rig.world.activities() if row["subject"] == subject)
    assert isinstance(found, UUID)
    return found


def bodies_change(rig: Rig) -> None:
    """Their text changes, here, there, and on both sides."""
    rig.world.edit(_activity(rig, "Teams 1"), body="Neue Tagesordnung")
    change(rig, "Teams 2", subject="Teams 2 geändert")
    rig.world.edit(_activity(rig, "Teams 3"), body="Neu aus Consolidate", location="Süd")
    change(rig, "Teams 3", importance="high")


def links_lost(rig: Rig) -> None:
    """Our tables are lost, while a little has changed."""
    with rig.people.writing() as connection:
        for table in (state.link, state.profile_state, state.pending, state.quarantine):
            connection.execute(sa.delete(table))
    edit(rig, 1, location="inzwischen")
    change(rig, "dort 1", location="inzwischen")
    edit(rig, 2, deleted_at=rig.now)


def brought_back(rig: Rig) -> None:
    """Deleted ones come back in Consolidate."""
    edit(rig, 3, deleted_at=None)
    enter(rig, 4, "hier 4 wieder")


def types(rig: Rig) -> None:
    """A type that is private, and one that stays here."""
    with rig.people.writing() as connection:
        for number, word in ((2, "private"), (3, "none")):
            row = {"id": number, "name": word, "calendar_sync": word}
            connection.execute(sa.insert(tables.activity_type).values(row))


def withdrawn(rig: Rig) -> None:
    """Types change; what Outlook says of a private one does not count."""
    edit(rig, 1, type_id=3)
    edit(rig, 2, type_id=3)
    change(rig, "hier 2", location="aus Outlook")
    edit(rig, 3, type_id=2)
    rig.world.edit(_activity(rig, "dort 1"), type_id=2)
    edit(rig, 4, type_id=3)
    anna(rig).delete(event(rig, "hier 4"))


def not_private_after_all(rig: Rig) -> None:
    """Outlook takes the privacy off, and changes something else too."""
    change(rig, "hier 3", sensitivity="normal", location="aus Outlook")
    change(rig, "dort 1", sensitivity="normal")
    edit(rig, 1, type_id=1)


def weeks_pass(rig: Rig) -> None:
    """The window moves on; what lies beyond comes into sight, what lies behind leaves it."""
    create(rig, 24 * 30 * 25, "fern")
    rig.wait(days=60)
    edit(rig, 1, location="verspätet")
    anna(rig).delete(event(rig, "dort 1"))


def odd_feed(rig: Rig) -> None:
    """Delta repeats itself, is late, and shows pages of odd sizes."""
    rig.tenant.settings.duplicate_items = True
    rig.tenant.settings.visibility_delay = 12


def _there_and_back(down: Step, changes: Step, up: Step) -> Sequence[Step]:
    return (does(down, changes), up)


_BOTH: Final = does(everything_in_consolidate, everything_in_outlook)
_IN_STEP: Final = does(hire, some_of_each)

SCENARIOS: Final = (
    Scenario("first sync", hire, [some_of_each], first=True),
    Scenario("first sync of look-alikes", hire, [look_alikes], first=True),
    Scenario(
        "first sync of look-alikes, inbound first",
        does(hire, policy(priority="inbound_first")),
        [look_alikes],
        first=True,
    ),
    Scenario(
        "first sync without outbound",
        does(hire, policy(outbound=False)),
        [look_alikes, policy(outbound=True)],
        first=True,
    ),
    Scenario(
        "first sync without inbound, inbound first",
        does(hire, policy(inbound=False, priority="inbound_first")),
        [look_alikes, policy(inbound=True)],
        first=True,
    ),
    Scenario("from Consolidate", _IN_STEP, [everything_in_consolidate]),
    Scenario("from Exchange", _IN_STEP, [everything_in_outlook]),
    Scenario("both ways", _IN_STEP, [_BOTH]),
    Scenario("conflicts, outbound first", _IN_STEP, [changed_on_both]),
    Scenario(
        "conflicts, inbound first",
        does(_IN_STEP, policy(priority="inbound_first")),
        [changed_on_both],
    ),
    Scenario("deletion against change, outbound first", _IN_STEP, [deleted_and_changed]),
    Scenario(
        "deletion against change, inbound first",
        does(_IN_STEP, policy(priority="inbound_first")),
        [deleted_and_changed],
    ),
    Scenario("moved away and back", _IN_STEP, [moved_away, moved_back]),
    Scenario("position lost", _IN_STEP, [does(_BOTH, position_lost)]),
    Scenario("broken rows", _IN_STEP, [rows_break, rows_mended]),
    Scenario(
        "profile inactive",
        _IN_STEP,
        _there_and_back(active(active=False), _BOTH, active(active=True)),
    ),
    Scenario(
        "employee not permitted",
        _IN_STEP,
        _there_and_back(permitted(allowed=False), changed_on_both, permitted(allowed=True)),
    ),
    Scenario(
        "outbound off and on",
        _IN_STEP,
        _there_and_back(policy(outbound=False), _BOTH, policy(outbound=True)),
    ),
    Scenario(
        "inbound off and on",
        _IN_STEP,
        _there_and_back(policy(inbound=False), _BOTH, policy(inbound=True)),
    ),
    Scenario(
        "conflicts while inbound is off, inbound first",
        does(_IN_STEP, policy(priority="inbound_first")),
        _there_and_back(policy(inbound=False), does(changed_on_both), policy(inbound=True)),
    ),
    Scenario(
        "conflicts while outbound is off",
        _IN_STEP,
        _there_and_back(policy(outbound=False), deleted_and_changed, policy(outbound=True)),
    ),
    Scenario("online meetings", does(hire, online_meetings), [bodies_change]),
    Scenario("lost tables", _IN_STEP, [links_lost]),
    Scenario("brought back", _IN_STEP, [everything_in_consolidate, brought_back]),
    Scenario("types", does(_IN_STEP, types), [withdrawn, not_private_after_all]),
    Scenario("weeks pass", _IN_STEP, [weeks_pass]),
    Scenario("odd feed", does(_IN_STEP, odd_feed), [changed_on_both, _BOTH]),
)
