"""Tells whether both sides hold the same, by a reading of its own of rows and of Graph's JSON."""

from collections import Counter
from datetime import UTC, datetime
from typing import Any
from zoneinfo import ZoneInfo

from calsync_agent.consolidate import tables
from calsync_agent.sandbox.people import Person
from tests.support.world import World

Facts = tuple[object, ...]


def appointments(world: World, code: str) -> Counter[Facts]:
    """What Consolidate holds for an employee, deleted rows and types that stay here left out."""
    types = {row["id"]: row["calendar_sync"] for row in world.rows(tables.activity_type)}
    mine = world.employees[code]
    return Counter(
        _row_facts(row, types[row["type_id"]])
        for row in world.activities()
        if row["responsible_id"] == mine and types[row["type_id"]] != "none"
    )


def events(person: Person) -> Counter[Facts]:
    """What a mailbox's calendar holds."""
    return Counter(_event_facts(event) for event in person.events())


def assert_in_step(world: World, *codes: str) -> None:
    """Each employee's mailbox holds what Consolidate holds for them, no more and no less."""
    for code in codes or tuple(world.employees):
        ours, theirs = appointments(world, code), events(world.tenant.user(code.lower()))
        assert ours == theirs, f"{code}: only here {ours - theirs}, only there {theirs - ours}"


def _row_facts(row: dict[str, Any], sending: str) -> Facts:
    if row["all_day"]:
        when: Facts = (row["starts_at"].date(), row["ends_at"].date())
    else:
        zone = ZoneInfo(row["time_zone"])
        when = tuple(row[name].replace(tzinfo=zone).astimezone(UTC) for name in _TIMES)
    return (
        _cut(row["subject"]),
        _text(row["body"]),
        row["location"],
        when,
        row["importance"],
        bool(row["private"]) or sending == "private",
        row["show_as"],
        row["reminder_minutes"],
    )


def _event_facts(event: dict[str, Any]) -> Facts:
    moments = [datetime.fromisoformat(event[name]["dateTime"]) for name in ("start", "end")]
    when: Facts
    if event["isAllDay"]:
        when = tuple(moment.date() for moment in moments)
    else:
        assert event["start"]["timeZone"] == "UTC"
        when = tuple(moment.replace(tzinfo=UTC) for moment in moments)
    return (
        event["subject"] or "",
        _text(event["body"]["content"]),
        event["location"]["displayName"],
        when,
        event["importance"],
        event["sensitivity"] != "normal",
        event["showAs"],
        event["reminderMinutesBeforeStart"] if event["isReminderOn"] else None,
    )


_TIMES = ("starts_at", "ends_at")


def _cut(text: str) -> str:
    units = text.encode("utf-16-le")
    if len(units) <= 2 * 255:
        return text
    return units[: 2 * 254].decode("utf-16-le", "ignore") + "…"


def _text(text: str) -> str:
    return "\n".join(" ".join(line.split()) for line in text.splitlines()).strip()


