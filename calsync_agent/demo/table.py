"""What is where: both sides of one employee's calendar, side by side.

mark  Consolidate: date, time, subject   how it came   Exchange: date, time, subject
"""

from collections.abc import Collection, Iterable, Iterator, Mapping
from dataclasses import dataclass
from enum import StrEnum
from itertools import groupby
from typing import Final

from calsync_agent.demo import moments
from calsync_agent.demo.comparison import Comparison, Facts, Pair
from calsync_agent.demo.entries import Deleted, DemoEntry, Edit, New, Where, concerned, conflicts
from calsync_agent.demo.screen import Piece, Screen, Style
from calsync_agent.demo.text import padded
from calsync_agent.i18n import _, counted

_WITH_WEEKDAY: Final = 100
_WITH_LOCATION: Final = 36
_WIDEST_SUBJECT: Final = 60
_DAY, _WEEKDAY, _CLOCK, _HOW, _MARK = 9, 3, 7, 4, 2


class Mark(StrEnum):
    """What people did to an appointment after the first sync."""

    NEW = "+"
    CHANGED = "~"
    DELETED = "-"
    CONFLICT = "!"


STYLES: Final[Mapping[Mark, Style]] = {
    Mark.NEW: Style.GREEN,
    Mark.CHANGED: Style.YELLOW,
    Mark.DELETED: Style.RED,
    Mark.CONFLICT: Style.MAGENTA,
}


def marks(edits: Collection[Edit], entries: Collection[DemoEntry]) -> dict[DemoEntry, Mark]:
    """The mark of each entry that was changed."""
    return {concerned(edit, entries): mark_of(edit, edits) for edit in edits}


def mark_of(edit: Edit, edits: Collection[Edit]) -> Mark:
    """What an edit is, among all of them."""
    if edit.subject in conflicts(edits):
        return Mark.CONFLICT
    match edit.change:
        case New():
            return Mark.NEW
        case Deleted():
            return Mark.DELETED
        case _:
            return Mark.CHANGED


@dataclass(frozen=True, slots=True)
class Table:
    """Shows comparisons on a screen."""

    screen: Screen
    marks: Mapping[DemoEntry, Mark]

    def show(self, comparison: Comparison) -> None:
        """The calendar of one employee."""
        half = self._subject + self._before_subject
        heads = ("Consolidate", "Exchange")
        left, right = (padded(head, half) for head in heads)
        self.screen.line((comparison.employee.name, Style.BOLD))
        blank = " " * _MARK
        self.screen.line(blank, (left, Style.DIM), " " * _HOW, (right, Style.DIM))
        rule = self.screen.signs.rule * half
        self.screen.line(blank, (rule, Style.DIM), " " * _HOW, (rule, Style.DIM))
        plain, folded = _folded(comparison.pairs)
        for pair in plain:
            self.screen.line(*self._pair(pair))
        for year, pairs in folded:
            self.screen.line(*self._fold(year, pairs))
        self.screen.line()

    def legend(self) -> None:
        """What the marks mean."""
        signs = self.screen.signs
        words = (_("new"), _("changed"), _("deleted"), _("conflict"))
        self._explain((mark, STYLES[mark], word) for mark, word in zip(Mark, words, strict=True))
        self._explain(
            (
                (signs.out, Style.CYAN, _("entered in Consolidate")),
                (signs.back, Style.CYAN, _("entered in Outlook")),
                (signs.both, Style.CYAN, _("entered in both, recognised")),
            )
        )
        self.screen.line()

    def _explain(self, signs: Iterable[tuple[str, Style, str]]) -> None:
        pieces: list[Piece] = []
        for sign, style, meaning in signs:
            pieces += [(sign, style), f" {meaning}  "]
        self.screen.line(*pieces)

    @property
    def _before_subject(self) -> int:
        return _DAY + _CLOCK + (_WEEKDAY if self._weekdays else 0)

    @property
    def _weekdays(self) -> bool:
        return self.screen.columns >= _WITH_WEEKDAY

    @property
    def _subject(self) -> int:
        room = (self.screen.columns - _MARK - _HOW) // 2 - self._before_subject
        return min(max(room, 1), _WIDEST_SUBJECT)

    def show_series(self, entry: DemoEntry, days: Iterable[Pair]) -> None:
        """The next occurrences of a series; those that are odd are marked."""
        self.screen.line((f"{entry.subject} ({entry.owner.first_name})", Style.BOLD))
        for pair in days:
            self.screen.line(*self._row(pair, _mark_of_day(pair), _("(cancelled)")))
        self.screen.line()

    def _pair(self, pair: Pair) -> Iterator[Piece]:
        mark = self.marks.get(pair.entry) if pair.entry else None
        return self._row(pair, mark, _("(deleted)"))

    def _row(self, pair: Pair, mark: Mark | None, gone: str) -> Iterator[Piece]:
        yield (f"{mark or '':{_MARK}}", STYLES[mark] if mark else Style.PLAIN)
        for facts, how in ((pair.consolidate, self._how(pair)), (pair.exchange, None)):
            if facts is not None:
                yield self._side(facts, self._what(facts)), Style.PLAIN
            elif pair.told is None and not pair.there:
                yield self._side(pair.known, gone), Style.DIM
            else:
                yield self._side(pair.known, _("(missing)")), Style.RED
            if how is not None:
                yield how

    def _side(self, facts: Facts, text: str) -> str:
        day = moments.day(facts.start, weekday=self._weekdays)
        clock = moments.clock(facts.start, facts.end, all_day=facts.all_day)
        return self._columns(day, clock, text)

    def _columns(self, day: str, clock: str, text: str) -> str:
        fitted, more = self.screen.fitted, self.screen.signs.more
        widths = (self._before_subject - _CLOCK, _CLOCK, self._subject)
        cells = zip((day, clock, text), widths, strict=True)
        return "".join(padded(fitted(cell), columns, more) for cell, columns in cells)

    def _what(self, facts: Facts) -> str:
        if facts.private:
            return _("(private)")
        place = facts.location if self._subject >= _WITH_LOCATION else ""
        return f"{facts.subject}, {place}" if place else facts.subject

    def _how(self, pair: Pair) -> Piece:
        """How it came to be on both sides; a sign of alarm where it is not."""
        signs = self.screen.signs
        if not pair.as_told:
            return _centred(signs.differs), Style.RED
        where = pair.entry.where if pair.entry else None
        by_where = {
            Where.CONSOLIDATE: signs.out,
            Where.OUTLOOK: signs.back,
            Where.BOTH: signs.both,
        }
        return _centred(by_where[where] if where else ""), Style.CYAN

    def _fold(self, year: int, pairs: Collection[Pair]) -> Iterator[Piece]:
        text = counted("{count} public holiday", "{count} public holidays", len(pairs))
        cells = self._columns(str(year), "", str(text))
        yield from (" " * _MARK, cells, self._how(next(iter(pairs))), cells)


def _mark_of_day(pair: Pair) -> Mark | None:
    """What has become of an occurrence."""
    if not pair.there:
        return Mark.DELETED
    return None if pair.entered == pair.known else Mark.CHANGED


def _centred(sign: str) -> str:
    return f" {sign}".ljust(_HOW)


def _folded(pairs: Collection[Pair]) -> tuple[list[Pair], list[tuple[int, list[Pair]]]]:
    """Pairs to be shown each for itself, and those of a category that go into a line a year."""
    alike = [pair for pair in pairs if pair.as_told and pair.entry and pair.entry.category]
    plain = [pair for pair in pairs if pair not in alike]
    years = groupby(alike, key=lambda pair: pair.known.start.year)
    return plain, [(year, list(of_year)) for year, of_year in years]
