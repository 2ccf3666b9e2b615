"""Rows that hold what no column should: each costs itself alone, and is named (B8)."""

import asyncio
import sqlite3
from contextlib import closing
from datetime import timedelta
from typing import Any, Final
from uuid import UUID

import pytest
import sqlalchemy as sa

from calsync_agent.i18n import Message
from calsync_agent.state import tables as state
from tests.support.rig import SOON, Rig

ONLY_SQLITE: Final = pytest.mark.parametrize("dialect", ["sqlite"], indirect=True)
ONLY_POSTGRESQL: Final = pytest.mark.parametrize("dialect", ["postgresql"], indirect=True)
OTHERS: Final = 10

IN_SQLITE: Final = {
    "start with Z": "starts_at = '2026-11-30T09:00:00Z'",
    "start with an offset": "starts_at = '2026-11-30 09:00:00+02:00'",
    "end with an offset": "ends_at = '2026-11-30T10:00:00.000000-05:00'",
    "start that is a number": "starts_at = 1764493200",
    "start that is a word": "starts_at = 'morgen'",
    "start that is bytes": "starts_at = X'00ff'",
    "no text in a body": "body = CAST(X'6162fffe63' AS TEXT)",
    "bytes in a body": "body = X'6162fffe63'",
    "bytes in a subject": "subject = X'48616c6c6f'",
    "no text in a subject": "subject = CAST(X'48616c6c6fff' AS TEXT)",
    "bytes in a location": "location = X'ff'",
    "bytes as a zone": "time_zone = X'ff00'",
    "a number as a zone": "time_zone = 7",
    "bytes as a rule": "recurrence = X'465245513d4441494c59'",
    "a word as a reminder": "reminder_minutes = 'bald'",
    "bytes as importance": "importance = X'00'",
    "bytes as a note": "note = X'ff'",
    "year 20026": "starts_at = '20026-01-01 09:00:00', ends_at = '20026-01-01 10:00:00'",
    "a year before all": "starts_at = '-0044-03-15 09:00:00.000000'",
    "infinity": "starts_at = 'infinity'",
}
IN_POSTGRESQL: Final = {
    "year 20026": "starts_at = '20026-01-01 09:00', ends_at = '20026-01-01 10:00'",
    "end in 20026": "ends_at = '20026-01-01 09:00'",
    "infinity": "starts_at = 'infinity', ends_at = 'infinity'",
    "an end at infinity": "ends_at = 'infinity'",
    "minus infinity": "starts_at = '-infinity'",
    "before Christ": "starts_at = '0044-03-15 09:00 BC'",
    "the last day of all": "starts_at = '9999-12-31 09:00', ends_at = '9999-12-31 23:59:59.999999'",
}
CHILDREN: Final = {
    "original start": ("activity_exception", "original_start = 'morgen'"),
    "original start with Z": ("activity_exception", "original_start = '2026-11-30T09:00:00Z'"),
    "an exception's text": ("activity_exception", "subject = CAST(X'ff' AS TEXT)"),
    "an exception's id": ("activity_exception", "id = 'keine'"),
    "a participant's id": ("activity_participant", "id = X'00'"),
    "a participant's name": ("activity_participant", "name = X'ff', employee_id = NULL"),
    "a participant's answer": ("activity_participant", "response = X'ff'"),
}


def told_of_quarantine(rig: Rig) -> list[tuple[str, str]]:
    """Name and reason of each item."""
    return [
        (str(Message.from_json(row["name"])), str(Message.from_json(row["reason"])))
        for row in rig.world.rows(state.quarantine)
    ]


def run(rig: Rig, statement: str, number: UUID) -> None:
    """Somebody with an SQL tool, whom nothing holds back."""
    with rig.people.engine.connect() as connection:
        connection.exec_driver_sql(statement.replace(":id", f"'{number.hex}'"))
        connection.commit()


def with_others(rig: Rig, *, before: bool) -> UUID:
    """Anna's mailbox, with one appointment among others; in step before, or not."""
    anna = rig.world.hire("ANNA")
    number = rig.world.enter("ANNA", "Das eine", SOON)
    if before:
        asyncio.run(rig.until_quiet())
    for hour in range(OTHERS):
        rig.world.enter("ANNA", f"Termin {hour}", SOON + timedelta(hours=hour))
        start = SOON + timedelta(days=1, hours=hour)
        anna.create(f"aus Outlook {hour}", start, start + timedelta(hours=1))
    return number


def assert_others_came_through(rig: Rig) -> None:
    there = {event["subject"] for event in rig.tenant.user("anna").events()}
    assert {f"Termin {hour}" for hour in range(OTHERS)} <= there
    with rig.people.reading() as connection:
        ours = sa.text("SELECT subject FROM activity WHERE subject LIKE 'aus Outlook%'")
        here = set(connection.execute(ours).scalars())
    assert {f"aus Outlook {hour}" for hour in range(OTHERS)} <= here


def assert_one_is_named(rig: Rig, number: UUID) -> None:
    assert_others_came_through(rig)
    ((name, reason),) = told_of_quarantine(rig)
    assert name in {"Das eine", "Hallo", "Hallo\ufffd"} or str(number) in name, name
    assert reason


@ONLY_SQLITE
@pytest.mark.parametrize("before", [True, False])
@pytest.mark.parametrize("values", IN_SQLITE.values(), ids=IN_SQLITE)
def test_b8_a_row_of_another_kind_costs_itself_alone(
    rig: Rig, values: str, *, before: bool
) -> None:
    number = with_others(rig, before=before)
    run(rig, f"UPDATE activity SET {values} WHERE id = :id", number)  # noqa: S608
    asyncio.run(rig.until_quiet())
    assert_one_is_named(rig, number)


@ONLY_SQLITE
@pytest.mark.parametrize("column", ["starts_at", "ends_at", "created_at", "modified_at"])
@pytest.mark.parametrize("value", ["X'00ff'", "2460000.5", "'morgen'", "'20026-01-01 09:00:00'"])
def test_b8_what_is_no_time_is_told_as_that(rig: Rig, column: str, value: str) -> None:
    rig.world.hire("ANNA")
    number = rig.world.enter("ANNA", "Das eine", SOON)
    run(rig, f"UPDATE activity SET {column} = {value} WHERE id = :id", number)  # noqa: S608
    asyncio.run(rig.until_quiet())
    reason = f"its column {column} holds no time that could be read"
    assert told_of_quarantine(rig) == [("Das eine", reason)]


@ONLY_SQLITE
@pytest.mark.parametrize("before", [True, False])
@pytest.mark.parametrize("number", [77, -1, 2**62])
def test_b8_a_row_whose_type_is_gone_is_named_and_waits_for_nobody(
    rig: Rig, number: int, *, before: bool
) -> None:
    """Foreign keys are off in most tools' sessions."""
    activity = with_others(rig, before=before)
    with closing(sqlite3.connect(str(rig.people.engine.url.database))) as tool:
        tool.execute("UPDATE activity SET type_id = ? WHERE id = ?", (number, activity.hex))
        tool.commit()
    asyncio.run(rig.until_quiet())
    assert_others_came_through(rig)
    assert told_of_quarantine(rig) == [
        ("Das eine", f"its activity type {number} does not exist"),
    ]


@ONLY_SQLITE
@pytest.mark.parametrize("starts_at", ["9999-12-31 23:30:00.000000", "9999-12-31 23:59:59.999999"])
def test_b8_an_occurrence_moved_to_the_last_day_of_time_is_named_with_that_reason(
    rig: Rig, starts_at: str
) -> None:
    number = with_others(rig, before=True)
    rig.world.edit(number, recurrence="FREQ=WEEKLY;COUNT=3")
    run(
        rig,
        "INSERT INTO activity_exception (id, activity_id, original_start, cancelled)"
        " VALUES ('00000000000000000000000000000001', :id, '2026-12-07 09:00:00.000000', 0)",
        number,
    )
    moved = f"UPDATE activity_exception SET starts_at = '{starts_at}' WHERE activity_id = :id"  # noqa: S608
    run(rig, moved, number)
    asyncio.run(rig.until_quiet())
    assert_one_is_named(rig, number)
    ((_, reason),) = told_of_quarantine(rig)
    assert reason == "the occurrence of 2026-12-07 09:00 ends after the last day of time"


@ONLY_POSTGRESQL
@pytest.mark.parametrize("values", IN_POSTGRESQL.values(), ids=IN_POSTGRESQL)
def test_b8_a_time_beyond_the_calendar_costs_its_row_alone(rig: Rig, values: str) -> None:
    number = with_others(rig, before=True)
    run(rig, f"UPDATE activity SET {values} WHERE id = CAST(:id AS uuid)", number)  # noqa: S608
    asyncio.run(rig.until_quiet())
    assert_others_came_through(rig)
    if "9999-12-31" not in values:
        assert_one_is_named(rig, number)


@ONLY_SQLITE
@pytest.mark.parametrize(("table", "values"), CHILDREN.values(), ids=CHILDREN)
def test_b8_a_row_below_of_another_kind_costs_its_appointment_alone(
    rig: Rig, table: str, values: str
) -> None:
    number = with_others(rig, before=True)
    rig.world.hire("BERND", profile=False)
    rig.world.invite(number, "BERND")
    rig.world.edit(number, recurrence="FREQ=WEEKLY;COUNT=3")
    run(
        rig,
        "INSERT INTO activity_exception (id, activity_id, original_start, cancelled)"
        " VALUES ('00000000000000000000000000000001', :id, '2026-12-07 09:00:00.000000', 1)",
        number,
    )
    run(rig, f"UPDATE {table} SET {values} WHERE activity_id = :id", number)  # noqa: S608
    asyncio.run(rig.until_quiet())
    assert_one_is_named(rig, number)


@ONLY_SQLITE
@pytest.mark.parametrize("before", [True, False])
@pytest.mark.parametrize(
    "value",
    ["'abc'", "''", "7", "X'00ff'", "'A0EEBC99-9C0B-4EF8-BB6D-6BB9BD380A11'", "upper(:id)"],
)
def test_b8_a_row_whose_id_is_none_is_named_until_it_is_mended(
    rig: Rig, value: str, *, before: bool
) -> None:
    number = with_others(rig, before=before)
    if before:
        rig.world.edit(number, subject="Das eine")
    second = rig.world.enter("ANNA", "Ohne Ausweis", SOON)
    run(rig, f"UPDATE activity SET id = {value} WHERE id = :id", second)  # noqa: S608
    asyncio.run(rig.until_quiet())
    assert_others_came_through(rig)
    assert [name for name, _ in told_of_quarantine(rig)] == ["Ohne Ausweis"]
    rig.wait(hours=2)
    asyncio.run(rig.until_quiet())
    assert [name for name, _ in told_of_quarantine(rig)] == ["Ohne Ausweis"]
    run(rig, "UPDATE activity SET id = :id WHERE subject = 'Ohne Ausweis'", second)
    rig.wait(days=2)
    asyncio.run(rig.until_quiet())
    assert not told_of_quarantine(rig)
    assert rig.tenant.user("anna").find("Ohne Ausweis")


STAFF: Final = {
    "name": "UPDATE employee SET name = X'ff' WHERE code = 'BERND'",
    "name without text": "UPDATE employee SET name = CAST(X'ff' AS TEXT) WHERE code = 'BERND'",
    "address": "UPDATE employee SET email = X'ff' WHERE code = 'BERND'",
    "alias": "INSERT INTO employee_email (employee_id, email) SELECT id, X'ff' FROM employee",
    "type": "INSERT INTO activity_type (name, calendar_sync, inbound_default)"
    " VALUES (X'ff', X'ff', 0)",
}


@ONLY_SQLITE
@pytest.mark.parametrize("statement", STAFF.values(), ids=STAFF)
def test_b8_a_broken_row_beside_the_appointments_stops_nobody(rig: Rig, statement: str) -> None:
    rig.world.hire("BERND", profile=False)
    number = with_others(rig, before=True)
    run(rig, statement, number)
    asyncio.run(rig.until_quiet())
    assert_others_came_through(rig)


@ONLY_SQLITE
def test_b8_a_type_that_says_what_is_no_word_withdraws_nothing(rig: Rig) -> None:
    number: Any = with_others(rig, before=True)
    run(rig, "UPDATE activity_type SET calendar_sync = 'perhaps'", number)
    rig.world.edit(number, location="Saal")
    asyncio.run(rig.until_quiet())
    assert rig.tenant.user("anna").find("Das eine")
