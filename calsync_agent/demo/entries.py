"""What a story is made of: who enters what, and who changes it later.

Days count from the Monday of the week in which the demo is shown; times are wall-clock in the zone
beside them (IANA). What is changed later has a subject that nothing else has.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, fields, replace
from datetime import date, datetime, time, timedelta
from enum import Enum, IntEnum, auto
from typing import Final, TypeAlias, assert_never

VIENNA: Final = "Europe/Vienna"


class Where(Enum):
    """The program that a person uses."""

    CONSOLIDATE = auto()
    OUTLOOK = auto()
    BOTH = auto()


class Day(IntEnum):
    """A day of the week, counted as `date.weekday` does."""

    MON = 0
    TUE = 1
    WED = 2
    THU = 3
    FRI = 4


@dataclass(frozen=True, slots=True)
class Employee:
    """Somebody of the office; `mailbox` is the local part of the address."""

    code: str
    name: str
    mailbox: str

    @property
    def first_name(self) -> str:
        """What colleagues call them."""
        return self.name.split()[0]


@dataclass(frozen=True, slots=True)
class When:
    """A stretch of time, counted from a Monday; all-day where there is no `clock`."""

    days: int
    clock: time | None
    length: timedelta
    zone: str = VIENNA

    def start(self, monday: date) -> datetime:
        """The wall-clock start; midnight where all-day."""
        return datetime.combine(monday + timedelta(self.days), self.clock or time())

    def end(self, monday: date) -> datetime:
        """The wall-clock end; an exclusive midnight where all-day."""
        return self.start(monday) + self.length


def at(week: int, day: Day, clock: str, minutes: int = 60, zone: str = VIENNA) -> When:
    """A time of day in this week (0), the next (1), the one before (-1) and so on."""
    return When(week * 7 + day, time.fromisoformat(clock), timedelta(minutes=minutes), zone)


def days(week: int, day: Day, count: int = 1) -> When:
    """Whole days."""
    return When(week * 7 + day, None, timedelta(count))


@dataclass(frozen=True, slots=True)
class Series:
    """How an appointment recurs: as an RRULE, and as the pattern that one chooses in Outlook."""

    rule: str
    kind: str
    weekday: str = ""
    index: str = ""

    def pattern(self, first: date) -> dict[str, object]:
        """Graph's recurrence, without end, for a series that begins on `first`."""
        parts: dict[str, object] = {"type": self.kind, "interval": 1}
        if self.weekday:
            parts |= {"daysOfWeek": [self.weekday], "firstDayOfWeek": "monday"}
        if self.index:
            parts["index"] = self.index
        if self.kind.startswith("absolute"):
            parts |= {"dayOfMonth": first.day, "month": first.month}
        return {"pattern": parts, "range": {"type": "noEnd"}}


@dataclass(frozen=True, slots=True)
class EntryDraft:
    """An appointment as somebody thinks of it.

    `category` is Outlook's own. `also` is how the subject is spelt in Outlook where it is entered
    on both sides. A `series` begins at `when`.
    """

    subject: str
    when: When
    location: str = ""
    body: str = ""
    importance: str = "normal"
    private: bool = False
    show_as: str = "busy"
    reminder: int | None = None
    category: str = ""
    also: str = ""
    series: Series | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class DemoEntry(EntryDraft):
    """An appointment that somebody enters into their own calendar by hand."""

    owner: Employee
    where: Where


def entered(owner: Employee, where: Where, *drafts: EntryDraft) -> tuple[DemoEntry, ...]:
    """The drafts, entered into the owner's calendar."""
    names = [field.name for field in fields(EntryDraft)]
    return tuple(
        DemoEntry(owner=owner, where=where, **{name: getattr(draft, name) for name in names})
        for draft in drafts
    )


@dataclass(frozen=True, slots=True)
class New:
    """A new appointment."""

    entry: DemoEntry


@dataclass(frozen=True, slots=True)
class Moved:
    """It takes place at another time."""

    to: When


@dataclass(frozen=True, slots=True)
class Renamed:
    """It gets another subject."""

    to: str


@dataclass(frozen=True, slots=True)
class Relocated:
    """It takes place elsewhere."""

    to: str


@dataclass(frozen=True, slots=True)
class MadePrivate:
    """Others are to see no more than the time."""


@dataclass(frozen=True, slots=True)
class Deleted:
    """It is deleted."""


@dataclass(frozen=True, slots=True)
class DayMoved:
    """One occurrence of a series takes place at another time."""

    day: When
    to: When


@dataclass(frozen=True, slots=True)
class DayCancelled:
    """One occurrence of a series does not take place."""

    day: When


OfOneDay: TypeAlias = DayMoved | DayCancelled
OfTheWhole: TypeAlias = Moved | Renamed | Relocated | MadePrivate | Deleted
Alteration: TypeAlias = OfTheWhole | OfOneDay
Change: TypeAlias = New | Alteration


@dataclass(frozen=True, slots=True)
class Edit:
    """What somebody does after the first sync, and in which program."""

    by: Employee
    where: Where
    subject: str
    change: Change


def new(owner: Employee, where: Where, draft: EntryDraft) -> Edit:
    """The owner enters something."""
    (entry,) = entered(owner, where, draft)
    return Edit(owner, where, draft.subject, New(entry))


def concerned(edit: Edit, entries: Iterable[DemoEntry]) -> DemoEntry:
    """The entry that an edit is about, as it was entered."""
    if isinstance(edit.change, New):
        return edit.change.entry
    return next(entry for entry in entries if entry.subject == edit.subject)


def conflicts(edits: Iterable[Edit]) -> set[str]:
    """The subjects of what is changed on both sides."""
    found = list(edits)
    outlook, consolidate = (
        {edit.subject for edit in found if edit.where is where}
        for where in (Where.OUTLOOK, Where.CONSOLIDATE)
    )
    return outlook & consolidate


Story: TypeAlias = Mapping[DemoEntry, DemoEntry | None]
"""What each entry has become by now; None where it is deleted."""


def after(entries: Iterable[DemoEntry], edits: Iterable[Edit]) -> Story:
    """What becomes of each entry on both sides by some edits.

    In a conflict, and where spellings differ, Consolidate's version counts (A3, B4).
    """
    entries, edits = list(entries), list(edits)
    contested = conflicts(edits)
    now: dict[DemoEntry, DemoEntry | None] = {entry: entry for entry in entries}
    for edit in edits:
        if edit.subject in contested and edit.where is Where.OUTLOOK:
            continue
        entry = concerned(edit, entries)
        now[entry] = _changed(now.get(entry) or entry, edit.change)
    return now


def _changed(entry: DemoEntry, change: Change) -> DemoEntry | None:
    match change:
        case New():
            return entry
        case Moved(to):
            return replace(entry, when=to)
        case Renamed(to):
            return replace(entry, subject=to)
        case Relocated(to):
            return replace(entry, location=to)
        case MadePrivate():
            return replace(entry, private=True)
        case DayMoved() | DayCancelled():
            return entry  # the series itself stays what it is
        case Deleted():
            return None
        case _:
            assert_never(change)
