"""What an older version remembered: read as it is, and noted anew without a write (B14).

A link may tell less than is compared now, because a field has come since. That field has neither
changed nor is it a conflict, until both sides have been looked at once.
"""

from collections.abc import Callable, Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any, Final
from uuid import UUID

import pytest
import sqlalchemy as sa

from calsync_agent.appointment import zones
from calsync_agent.appointment.content import Fingerprint, untold_in
from calsync_agent.appointment.fields import Field
from calsync_agent.consolidate import tables
from calsync_agent.sandbox.people import Person
from calsync_agent.state import tables as state
from tests.support.mailing import Ledger
from tests.support.old_prints import as_0_1_0, rewritten, without
from tests.support.rig import SOON, Rig
from tests.support.world import VIENNA
from tests.sync.test_identity import TWINS, twins
from tests.sync.test_mails import positions_dropped, quiet, synced

pytestmark = pytest.mark.parametrize("dialect", ["sqlite"], indirect=True)

OURS: Final = "W. Europe Standard Time"
HOUR: Final = timedelta(hours=1)
NUMBER: Final = UUID(int=1)

OLDER: Final[Mapping[str, Callable[[Fingerprint], Fingerprint]]] = {
    "0.1.0": as_0_1_0,
    **{f"before {field.name}": lambda now, field=field: without(now, {field}) for field in Field},
    "before all of them": lambda now: without(now, set(Field) - {Field.SUBJECT}),
}


def both_sides(rig: Rig) -> object:
    """All that people see: the rows of Consolidate, and the events of every mailbox."""
    rows = {table.name: rig.world.rows(table) for table in tables.CONSOLIDATE_TABLES}
    return rows, {person.upn: person.events() for person in rig.tenant.people()}


def prints(rig: Rig) -> dict[UUID, tuple[str, str]]:
    """What all links remember."""
    return {
        row["id"]: (row["consolidate_print"], row["exchange_print"])
        for row in rig.world.rows(state.link)
    }


@pytest.mark.parametrize("older", OLDER)
def test_b14_after_an_upgrade_nothing_is_written_and_nobody_is_mailed(
    rig: Rig, ledger: Ledger, older: str
) -> None:
    synced(rig)
    before, known = both_sides(rig), prints(rig)
    rewritten(rig, OLDER[older])
    as_left, told_all = prints(rig), all_told(rig)
    positions_dropped(rig, rig.snapshot())
    ledger.writes.clear()
    quiet(rig)
    assert both_sides(rig) == before
    assert ledger.writes == []
    assert rig.tenant.outbox == []
    # Links that tell all are left as they are; of others, what is seen is noted.
    assert prints(rig) == (as_left if told_all else known)
    rig.world.edit(UUID(int=2), location="Garten")  # all goes on as before
    quiet(rig)
    assert [mail.recipient for mail in rig.tenant.outbox] == ["anna@contoso.example"]


CHANGES: Final[Mapping[Field, tuple[dict[str, Any], dict[str, Any]]]] = {
    Field.SUBJECT: ({"subject": "Bauherr"}, {"subject": "Bauherrin"}),
    Field.BODY: (
        {"body": "vor Ort"},
        {"body": {"contentType": "text", "content": "am Telefon"}},
    ),
    Field.LOCATION: ({"location": "Saal"}, {"location": {"displayName": "Garten"}}),
    Field.TIME: (
        {"starts_at": SOON + HOUR, "ends_at": SOON + 2 * HOUR},
        {
            "start": {"dateTime": f"{SOON + 3 * HOUR:%Y-%m-%dT%H:%M:%S}", "timeZone": OURS},
            "end": {"dateTime": f"{SOON + 4 * HOUR:%Y-%m-%dT%H:%M:%S}", "timeZone": OURS},
        },
    ),
    Field.IMPORTANCE: ({"importance": "high"}, {"importance": "low"}),
    Field.SHOW_AS: ({"show_as": "oof"}, {"showAs": "free"}),
    Field.REMINDER: (
        {"reminder_minutes": 45},
        {"isReminderOn": True, "reminderMinutesBeforeStart": 60},
    ),
}
"""Of each field, what somebody enters in Consolidate, and what somebody enters in Outlook."""


NEW: Final[Mapping[Field, tuple[dict[str, Any], dict[str, Any]]]] = {
    Field.SUBJECT: ({"subject": "Neu"}, {"subject": "Neu"}),
    Field.BODY: ({"body": "Neu"}, {"body": {"contentType": "text", "content": "Neu"}}),
    Field.LOCATION: ({"location": "Neu"}, {"location": {"displayName": "Neu"}}),
    Field.TIME: (
        {"starts_at": SOON + 5 * HOUR, "ends_at": SOON + 6 * HOUR},
        {
            "start": {"dateTime": f"{SOON + 5 * HOUR:%Y-%m-%dT%H:%M:%S}", "timeZone": OURS},
            "end": {"dateTime": f"{SOON + 6 * HOUR:%Y-%m-%dT%H:%M:%S}", "timeZone": OURS},
        },
    ),
    Field.IMPORTANCE: ({"importance": "normal"}, {"importance": "normal"}),
    Field.SHOW_AS: ({"show_as": "tentative"}, {"showAs": "tentative"}),
    Field.REMINDER: (
        {"reminder_minutes": 5},
        {"isReminderOn": True, "reminderMinutesBeforeStart": 5},
    ),
}
"""The same thing, entered in Consolidate or in Outlook."""


def an_appointment(rig: Rig) -> tuple[Person, str]:
    """One that is in step, with somebody who would be mailed."""
    anna, _bernd = rig.world.hire("ANNA"), rig.world.hire("BERND")
    rig.world.enter("ANNA", "Bau", SOON, id=NUMBER)
    rig.world.invite(NUMBER, "BERND")
    quiet(rig)
    rig.tenant.clear_outbox()
    return anna, anna.events()[0]["id"]


def differs(rig: Rig, field: Field) -> None:
    """Consolidate has long held something else of a field, which an older version did not mind."""
    rig.world.edit(NUMBER, **CHANGES[field][0])
    with rig.people.writing() as connection:
        connection.execute(sa.delete(tables.feed))
    rewritten(rig, lambda now: without(now, {field}))


@pytest.mark.parametrize("side", ["Consolidate", "Outlook"])
@pytest.mark.parametrize("field", CHANGES)
def test_b14_what_differs_in_a_field_that_was_not_known_stays_until_somebody_changes_it(
    rig: Rig, ledger: Ledger, field: Field, side: str
) -> None:
    anna, event = an_appointment(rig)
    anna.change(event, **CHANGES[field][1])
    differs(rig, field)
    before = both_sides(rig)
    rig.tenant.clear_outbox()
    ledger.writes.clear()
    positions_dropped(rig, rig.snapshot())
    quiet(rig)
    assert both_sides(rig) == before
    assert (ledger.writes, rig.tenant.outbox) == ([], [])
    assert all_told(rig)
    here, there = NEW[field]
    if side == "Consolidate":
        rig.world.edit(NUMBER, **here)
    else:
        anna.change(event, **there)
    quiet(rig)
    in_step(rig, anna, event, field)


@pytest.mark.parametrize("field", CHANGES)
def test_b14_whatever_touches_an_appointment_has_what_was_not_known_of_it_noted(
    rig: Rig, ledger: Ledger, field: Field
) -> None:
    """Though nothing that was known has changed, so that the touch alone would be passed over."""
    anna, event = an_appointment(rig)
    differs(rig, field)  # of which Exchange tells nothing
    before = both_sides(rig)
    ledger.writes.clear()
    rig.world.edit(NUMBER, type_id=1)
    quiet(rig)
    assert both_sides(rig) == before
    assert ledger.writes == []
    assert all_told(rig)
    rig.world.edit(NUMBER, **NEW[field][0])
    quiet(rig)
    in_step(rig, anna, event, field)


def all_told(rig: Rig) -> bool:
    """Whether all links tell of all fields."""
    return not any(untold_in(Fingerprint(one)) for both in prints(rig).values() for one in both)


def in_step(rig: Rig, anna: Person, event: str, field: Field) -> None:
    """What was entered last stands on both sides."""
    (here, there), row, seen = NEW[field], rig.world.activity(NUMBER), anna.event(event)
    assert {name: row[name] for name in here} == here
    assert {name: flat(seen[name]) for name in there} == {n: flat(v) for n, v in there.items()}


@pytest.mark.parametrize("order", [TWINS, TWINS[::-1]], ids=str)
@pytest.mark.parametrize("older", ["0.1.0", "before BODY", "before JOIN_URL"])
def test_b3_b14_twins_under_new_ids_keep_their_rows_by_what_an_older_version_remembers(
    rig: Rig, older: str, order: Sequence[str]
) -> None:
    anna = twins(rig, "single")
    first = anna.event(anna.find("Jour fixe")[0])
    # Nothing but what it holds tells it from the other.
    anna.change(anna.find("Kopie")[0], start=first["start"], end=first["end"])
    quiet(rig)
    rewritten(rig, OLDER[older])
    before, writes = rig.world.activities(), rig.tenant.counters.writes
    for subject in order:
        anna.bring_back(anna.find(subject)[0])
    quiet(rig)
    assert rig.world.activities() == before
    assert rig.tenant.counters.writes == writes


def flat(value: Any) -> Any:
    """What was entered of it: texts without what Graph puts around them, moments."""
    if isinstance(value, dict) and "dateTime" in value:
        moment = datetime.fromisoformat(value["dateTime"][:19])
        return moment if value["timeZone"] == OURS else zones.from_utc(moment, VIENNA)
    if isinstance(value, dict):
        return str(value.get("content") or value.get("displayName")).strip()
    return value
