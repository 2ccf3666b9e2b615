"""Tells whether both sides hold the same, by a reading of its own of rows and of Graph's JSON."""

import re
from collections import Counter
from collections.abc import Iterator
from datetime import UTC, datetime, time, timedelta
from itertools import takewhile
from typing import Any
from zoneinfo import ZoneInfo

from dateutil.rrule import rrulestr

from calsync_agent.consolidate import tables
from calsync_agent.sandbox.people import Person
from tests.support.series_cases import as_dateutil
from tests.support.world import SOON, World

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


def occurrences(world: World, code: str, start: datetime, end: datetime) -> Counter[Facts]:
    """What happens for an employee between two UTC times, as Consolidate tells it."""
    exceptions: dict[Any, dict[datetime, dict[str, Any]]] = {}
    for row in world.rows(tables.activity_exception):
        exceptions.setdefault(row["activity_id"], {})[row["original_start"]] = row
    found: Counter[Facts] = Counter()
    for row in world.activities():
        if row["responsible_id"] != world.employees[code]:
            continue
        for begin, finish, own in _expanded(row, exceptions.get(row["id"], {}), end):
            facts = _occurrence_facts(row, begin, finish, own)
            if _overlaps(facts, start, end):
                found[facts] += 1
    return found


def events_seen(person: Person, start: datetime, end: datetime) -> Counter[Facts]:
    """The same, as the person sees it in Outlook."""
    found: Counter[Facts] = Counter()
    for event in person.view(start, end):
        subject, body, location, when, *_ = _event_facts(event)
        facts = (subject, body, location, when)
        if _overlaps(facts, start, end):
            found[facts] += 1
    return found


def assert_same_occurrences(world: World, *codes: str, years: int = 2) -> None:
    """What happens is the same on both sides, occurrence for occurrence (E1)."""
    start = datetime.combine(SOON.date() - timedelta(days=60), SOON.time())
    end = start + timedelta(days=365 * years)
    for code in codes or tuple(world.employees):
        ours = occurrences(world, code, start, end)
        theirs = events_seen(world.tenant.user(code.lower()), start, end)
        assert ours == theirs, f"{code}: only here {ours - theirs}, only there {theirs - ours}"


def _expanded(
    row: dict[str, Any], exceptions: dict[datetime, dict[str, Any]], end: datetime
) -> Iterator[tuple[datetime, datetime, dict[str, Any]]]:
    length = row["ends_at"] - row["starts_at"]
    if not row["recurrence"]:
        yield row["starts_at"], row["ends_at"], {}
        return
    starts = rrulestr(as_dateutil(row), dtstart=row["starts_at"])
    for moment in takewhile(lambda m: m < end + timedelta(days=2), starts):
        own = exceptions.get(moment, {})
        if own.get("cancelled"):
            continue
        begin = own.get("starts_at") or moment
        yield begin, own.get("ends_at") or begin + length, own


def _occurrence_facts(
    row: dict[str, Any], begin: datetime, finish: datetime, own: dict[str, Any]
) -> Facts:
    shown = {**row, "starts_at": begin, "ends_at": finish}
    shown |= {n: own[n] for n in ("subject", "body", "location") if own.get(n) is not None}
    subject, body, location, when, *_ = _row_facts(shown, "normal")
    return subject, body, location, when


def _overlaps(facts: Facts, start: datetime, end: datetime) -> bool:
    """Clear of the borders, where zones of all-day events would matter."""
    when: Any = facts[3]
    first, last = (m.date() if isinstance(m, datetime) else m for m in when)
    margin = timedelta(days=2)
    return start.date() + margin < first and last < end.date() - margin


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
        _cut(_line(row["subject"])),
        _text(_own_words(row["body"] or "", row["online_meeting_url"])),
        _line(row["location"]),
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
        first, last = moments
        begun = timedelta(days=last.time() > time())  # a day that has begun is a day
        when = (first.date(), last.date() + begun)
    else:
        assert event["start"]["timeZone"] == "UTC"
        when = tuple(moment.replace(tzinfo=UTC) for moment in moments)
    return (
        _line(event["subject"]),
        _text(_own_words(event["body"]["content"], _join_link(event))),
        _line((event["location"] or {}).get("displayName")),
        when,
        event["importance"],
        event["sensitivity"] != "normal",
        event["showAs"],
        _minutes(event["reminderMinutesBeforeStart"]) if event["isReminderOn"] else None,
    )


_BLOCK = re.compile("_{80}|^Microsoft Teams")
# What neither HTML nor a database can hold: control characters and halves of others.
_CONTROLS = re.compile("[\x00-\x08\x0e-\x1b\x7f\ud800-\udfff]")
_LONGEST = 2_629_800
_TIMES = ("starts_at", "ends_at")


def _cut(text: str) -> str:
    units = text.encode("utf-16-le")
    if len(units) <= 2 * 255:
        return text
    return units[: 2 * 254].decode("utf-16-le", "ignore") + "…"


def _own_words(text: str, link: str | None) -> str:
    """What stands above the block with which Teams lets people join, where there is one.

    Where the block begins differs: at its line of 80 underscores, at its headline, or at the link.
    """
    lines = text.splitlines()
    at = next((n for n, line in enumerate(lines) if link and link in line), None)
    if at is None:
        return text
    begins = (n for n in range(max(0, at - 6), at) if _BLOCK.search(lines[n]))
    return "\n".join(lines[: next(begins, at)])


def _join_link(event: dict[str, Any]) -> str | None:
    return event["onlineMeeting"]["joinUrl"] if event["isOnlineMeeting"] else None


def _minutes(value: object) -> object:
    """A reminder as a number of minutes between none and five years, where it is one at all."""
    if isinstance(value, str) and value.isdecimal():
        value = int(value)
    return max(0, min(value, _LONGEST)) if isinstance(value, int) else 0


def _line(text: str | None) -> str:
    return " ".join(_CONTROLS.sub("", text or "").split())


def _text(text: str) -> str:
    return "\n".join(" ".join(line.split()) for line in text.splitlines()).strip()
