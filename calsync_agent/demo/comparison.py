"""Tells whether both sides hold the same, by a reading of its own of rows and of Graph's JSON.

It shares nothing with what the sync goes by: no links, no fingerprints, no mapping.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any
from zoneinfo import ZoneInfo

import sqlalchemy as sa

from calsync_agent.consolidate import tables
from calsync_agent.demo.entries import VIENNA, DemoEntry, Employee, Story
from calsync_agent.demo.office import Office


@dataclass(frozen=True, slots=True)
class Facts:
    """What an appointment says. Times are Vienna's wall-clock, or midnights where all-day."""

    start: datetime
    end: datetime
    all_day: bool
    subject: str
    location: str
    body: str
    importance: str
    private: bool
    show_as: str
    reminder: int | None


@dataclass(frozen=True, slots=True)
class Pair:
    """An appointment on both sides; a side that does not have it is None.

    `entry` is what it was made from by hand, `entered` what it said then, and `told` what it must
    say now: None where it was deleted.
    """

    consolidate: Facts | None
    exchange: Facts | None
    entry: DemoEntry | None = None
    entered: Facts | None = None
    told: Facts | None = None

    @property
    def there(self) -> bool:
        """Whether at least one side has it."""
        return self.consolidate is not None or self.exchange is not None

    @property
    def in_step(self) -> bool:
        """Whether both sides have it, and have the same."""
        return self.consolidate is not None and self.consolidate == self.exchange

    @property
    def as_told(self) -> bool:
        """Whether both sides have just what people have made of it."""
        return self.consolidate == self.exchange == self.told

    @property
    def known(self) -> Facts:
        """What one side says; where neither has it, what it must say, or said before it went."""
        found = (self.consolidate, self.exchange, self.told, self.entered)
        return next(facts for facts in found if facts)


@dataclass(frozen=True, slots=True)
class Comparison:
    """All appointments of one employee, by start, with those that were deleted."""

    employee: Employee
    pairs: tuple[Pair, ...]

    @property
    def everything(self) -> int:
        """How many appointments there are, on either side or on both."""
        return sum(pair.there for pair in self.pairs)

    @property
    def in_step(self) -> int:
        """How many of them are the same on both sides."""
        return sum(pair.in_step for pair in self.pairs)

    @property
    def astray(self) -> int:
        """How many are not what people have made of them: lost, left over, doubled, or other."""
        return sum(not pair.as_told for pair in self.pairs)

    @property
    def right(self) -> bool:
        """Whether everything is in step, and is what people have made of it."""
        return self.in_step == self.everything and not self.astray


def compare(office: Office, employee: Employee, story: Story) -> Comparison:
    """What both sides hold for an employee, beside what they must hold (`entries.after`)."""
    mine = {entry: now for entry, now in story.items() if entry.owner == employee}
    found = []
    for row, event in _paired(_rows(office, employee), _events(office, employee)):
        sides = [side.facts if side else None for side in (row, event)]
        entry = next((side.entry for side in (row, event) if side and side.entry), None)
        found.append(_pair(office, mine, entry, *sides))
    met = {pair.entry for pair in found}
    found += [_pair(office, mine, entry) for entry in mine if entry not in met]
    found.sort(key=lambda pair: (pair.known.start, pair.known.subject))
    return Comparison(employee, tuple(found))


@dataclass(frozen=True, slots=True)
class _Side:
    """A row or an event; `entry` is None where the sync made it."""

    entry: DemoEntry | None
    facts: Facts


def _pair(
    office: Office,
    mine: Story,
    entry: DemoEntry | None,
    consolidate: Facts | None = None,
    exchange: Facts | None = None,
) -> Pair:
    entered = _entry_facts(office, entry) if entry else None
    now = mine.get(entry) if entry else None
    told = _entry_facts(office, now) if now else None
    return Pair(consolidate, exchange, entry, entered, told)


def _paired(
    rows: Iterable[_Side], events: Iterable[_Side]
) -> Iterable[tuple[_Side | None, _Side | None]]:
    """Rows and events that say the same; then what is at least alike; then the rest alone."""
    waiting = list(events)
    left = []
    for row in rows:
        same = next((event for event in waiting if event.facts == row.facts), None)
        if same is None:
            left.append(row)
        else:
            waiting.remove(same)
            yield row, same
    for row in left:
        alike = next((event for event in waiting if _alike(row.facts, event.facts)), None)
        if alike is not None:
            waiting.remove(alike)
        yield row, alike
    for event in waiting:
        yield None, event


def _alike(one: Facts, other: Facts) -> bool:
    return one.subject == other.subject or (one.start, one.end) == (other.start, other.end)


# -- Consolidate ------------------------------------------------------------------------------


def _rows(office: Office, employee: Employee) -> list[_Side]:
    wanted = sa.and_(
        tables.activity.c.responsible_id == office.employees[employee],
        tables.activity.c.deleted_at.is_(None),
    )
    with office.database.reading() as connection:
        rows = connection.execute(sa.select(tables.activity).where(wanted)).mappings().all()
    return [_Side(office.activities.get(row["id"]), row_facts(row)) for row in rows]


def row_facts(row: Mapping[Any, Any]) -> Facts:
    """What a row of `activity` says."""
    all_day, zone = bool(row["all_day"]), row["time_zone"]
    return Facts(
        start=_vienna(row["starts_at"], zone, all_day=all_day),
        end=_vienna(row["ends_at"], zone, all_day=all_day),
        all_day=all_day,
        subject=row["subject"],
        location=row["location"],
        body=_lines(row["body"]),
        importance=row["importance"],
        private=bool(row["private"]),
        show_as=row["show_as"],
        reminder=row["reminder_minutes"],
    )


# -- Exchange ---------------------------------------------------------------------------------


def _events(office: Office, employee: Employee) -> list[_Side]:
    events = office.person(employee).events()
    return [_Side(office.events.get(str(event["id"])), event_facts(event)) for event in events]


def event_facts(event: Mapping[str, Any]) -> Facts:
    """What an event says, as Graph shows it in UTC."""
    start, end = (datetime.fromisoformat(event[name]["dateTime"]) for name in ("start", "end"))
    all_day = event["isAllDay"]
    return Facts(
        start=_vienna(start, "UTC", all_day=all_day),
        end=_vienna(end, "UTC", all_day=all_day),
        all_day=all_day,
        subject=event["subject"] or "",
        location=event["location"]["displayName"],
        body=_lines(event["body"]["content"]),
        importance=event["importance"],
        private=event["sensitivity"] != "normal",
        show_as=event["showAs"],
        reminder=event["reminderMinutesBeforeStart"] if event["isReminderOn"] else None,
    )


# -- the story --------------------------------------------------------------------------------


def _entry_facts(office: Office, entry: DemoEntry) -> Facts:
    when, all_day = entry.when, entry.when.clock is None
    return Facts(
        start=_vienna(when.start(office.monday), when.zone, all_day=all_day),
        end=_vienna(when.end(office.monday), when.zone, all_day=all_day),
        all_day=all_day,
        subject=entry.subject,
        location=entry.location,
        body=_lines(entry.body),
        importance=entry.importance,
        private=entry.private,
        show_as=entry.show_as,
        reminder=entry.reminder,
    )


def _vienna(moment: datetime, zone: str, *, all_day: bool) -> datetime:
    if all_day:
        return moment
    aware = moment.replace(tzinfo=UTC if zone == "UTC" else ZoneInfo(zone))
    return aware.astimezone(ZoneInfo(VIENNA)).replace(tzinfo=None)


def _lines(text: str) -> str:
    """A text without the blanks at line ends, and the empty lines, that HTML does not keep."""
    return "\n".join(" ".join(line.split()) for line in text.splitlines()).strip()
