"""What the demo says while it plays: a line for each thing that somebody does."""

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Final, assert_never

from calsync_agent.demo import moments
from calsync_agent.demo.entries import (
    DayCancelled,
    DayMoved,
    Deleted,
    DemoEntry,
    Edit,
    Employee,
    MadePrivate,
    Moved,
    New,
    Relocated,
    Renamed,
    When,
    Where,
)
from calsync_agent.demo.office import Office
from calsync_agent.demo.screen import Screen, Style
from calsync_agent.demo.text import padded, width
from calsync_agent.i18n import Message, message
from calsync_agent.plan.job import Count

_BAR: Final = 10
_NAME: Final = 17

_OUT: Final = (Count.CREATED_IN_EXCHANGE, Count.CHANGED_IN_EXCHANGE, Count.DELETED_IN_EXCHANGE)
_BACK: Final = (
    Count.CREATED_IN_CONSOLIDATE,
    Count.CHANGED_IN_CONSOLIDATE,
    Count.DELETED_IN_CONSOLIDATE,
)


def announcement(edit: Edit, entry: DemoEntry, office: Office) -> Message:
    """Who does what, where."""
    subject = entry.subject
    if edit.by != entry.owner:
        subject = f"{subject} ({entry.owner.first_name})"
    program = "Consolidate" if edit.where is Where.CONSOLIDATE else "Outlook"
    who = edit.by.first_name
    match edit.change:
        case New(new):
            return message(
                "{who} enters in {program}: {subject}, {when}",
                who=who,
                program=program,
                subject=message("(private)") if new.private else subject,
                when=moment(new.when, office),
            )
        case Moved(to):
            return message(
                "{who} moves in {program}: {subject}, to {when}",
                who=who,
                program=program,
                subject=subject,
                when=moment(to, office),
            )
        case Renamed(to):
            return message(
                "{who} renames in {program}: {subject}, now {name}",
                who=who,
                program=program,
                subject=subject,
                name=to,
            )
        case Relocated(to):
            return message(
                "{who} changes the place in {program}: {subject}, now {place}",
                who=who,
                program=program,
                subject=subject,
                place=to,
            )
        case MadePrivate():
            return message(
                "{who} marks as private in {program}: {subject}",
                who=who,
                program=program,
                subject=subject,
            )
        case DayMoved(day, to):
            return message(
                "{who} moves in {program}: {subject} of {day}, to {when}",
                who=who,
                program=program,
                subject=subject,
                day=moments.day(day.start(office.monday), weekday=False).strip(),
                when=moment(to, office),
            )
        case DayCancelled(day):
            return message(
                "{who} cancels in {program}: {subject} of {day}",
                who=who,
                program=program,
                subject=subject,
                day=moments.day(day.start(office.monday), weekday=False).strip(),
            )
        case Deleted():
            return message(
                "{who} deletes in {program}: {subject}",
                who=who,
                program=program,
                subject=subject,
            )
        case _:
            assert_never(edit.change)


def moment(when: When, office: Office) -> str:
    """Day and time of an entry, for a sentence."""
    start, end = when.start(office.monday), when.end(office.monday)
    return moments.in_full(start, end, all_day=when.clock is None)


@dataclass(slots=True)
class Progress:
    """A line for each employee: how many of how many; where it can be, written over and over."""

    screen: Screen
    totals: Mapping[Employee, int]
    _last: Mapping[Employee, int] | None = field(default=None, init=False)

    def show(self, done: Mapping[Employee, int]) -> None:
        """Where it stands, while it goes on."""
        if self.screen.live and done != self._last:
            self._back()
            self._last = dict(done)
            self._draw(done, dict.fromkeys(self.totals, ""))

    def end(self, done: Mapping[Employee, int], counts: Mapping[Employee, Counter[Count]]) -> None:
        """Where it has come to, and what was done."""
        self._back()
        self._draw(done, work(counts, self.screen))

    def _back(self) -> None:
        if self._last is not None:
            self.screen.back(len(self.totals))

    def _draw(self, done: Mapping[Employee, int], what: Mapping[Employee, str]) -> None:
        for employee, total in self.totals.items():
            signs, now = self.screen.signs, done.get(employee, 0)
            full = _BAR * min(now, total) // total if total else _BAR
            bar = signs.full * full + signs.empty * (_BAR - full)
            reached = message("{done} of {total}", done=now, total=total)
            self.screen.line(
                begun(employee.name, self.screen),
                (bar, Style.GREEN),
                f" {reached}  {what[employee]}",
            )


def begun(name: str, screen: Screen) -> str:
    """A line that begins with a name, as wide as every such beginning."""
    return padded(f"  {screen.fitted(name)}", _NAME)


def work(counts: Mapping[Employee, Counter[Count]], screen: Screen) -> dict[Employee, str]:
    """What a sync did in Exchange, in Consolidate, and by recognising; in columns."""
    cells = {employee: _cells(done, screen) for employee, done in counts.items()}
    widths = [max(map(width, column)) for column in zip(*cells.values(), strict=True)]
    return {employee: "  ".join(map(padded, parts, widths)) for employee, parts in cells.items()}


def _cells(counts: Counter[Count], screen: Screen) -> tuple[str, ...]:
    signs, linked = screen.signs, counts[Count.LINKED]
    told = (
        (signs.out, _writes(counts, _OUT)),
        (signs.back, _writes(counts, _BACK)),
        (signs.both, str(linked) if linked else ""),
    )
    return tuple(screen.fitted(f"{sign} {what}" if what else "") for sign, what in told)


def _writes(counts: Counter[Count], kinds: tuple[Count, Count, Count]) -> str:
    created, changed, deleted = (counts[kind] for kind in kinds)
    told = (
        message("{count} new", count=created) if created else None,
        message("{count} changed", count=changed) if changed else None,
        message("{count} deleted", count=deleted) if deleted else None,
    )
    return ", ".join(str(part) for part in told if part)
