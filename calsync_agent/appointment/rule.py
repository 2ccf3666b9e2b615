"""Recurrence rules as a value: exactly what a Graph pattern with its range can say.

A day of month beyond a month's end means that month's last day, as Exchange has it; a relative
pattern with several days means the n-th day that is any of them, once a month.
"""

from dataclasses import dataclass
from datetime import date
from enum import IntEnum
from typing import TypeAlias


class Weekday(IntEnum):
    """Days as `datetime.weekday()` counts them."""

    MONDAY = 0
    TUESDAY = 1
    WEDNESDAY = 2
    THURSDAY = 3
    FRIDAY = 4
    SATURDAY = 5
    SUNDAY = 6


class Index(IntEnum):
    """Which of the month's matching days."""

    FIRST = 1
    SECOND = 2
    THIRD = 3
    FOURTH = 4
    LAST = -1


@dataclass(frozen=True, slots=True)
class Daily:
    """Every `interval` days."""

    interval: int


@dataclass(frozen=True, slots=True)
class Weekly:
    """On each of `days` (sorted) in every `interval`-th week; weeks begin on `first_day`."""

    interval: int
    days: tuple[Weekday, ...]
    first_day: Weekday = Weekday.MONDAY


@dataclass(frozen=True, slots=True)
class MonthlyByDay:
    """On day 1 to 31 of every `interval`-th month, or the month's last day where it is shorter."""

    interval: int
    day: int


@dataclass(frozen=True, slots=True)
class MonthlyByWeekday:
    """On the n-th day that is any of `days` (sorted) in every `interval`-th month."""

    interval: int
    index: Index
    days: tuple[Weekday, ...]


@dataclass(frozen=True, slots=True)
class YearlyByDay:
    """On day 1 to 31 of `month` in every `interval`-th year, clamped like `MonthlyByDay`."""

    interval: int
    month: int
    day: int


@dataclass(frozen=True, slots=True)
class YearlyByWeekday:
    """On the n-th day that is any of `days` (sorted) in `month` of every `interval`-th year."""

    interval: int
    month: int
    index: Index
    days: tuple[Weekday, ...]


Pattern: TypeAlias = (
    Daily | Weekly | MonthlyByDay | MonthlyByWeekday | YearlyByDay | YearlyByWeekday
)


@dataclass(frozen=True, slots=True)
class Never:
    """The series goes on for ever."""


@dataclass(frozen=True, slots=True)
class Until:
    """The last day, inclusive, on which an occurrence may begin (wall-clock date)."""

    day: date


@dataclass(frozen=True, slots=True)
class Count:
    """The number of occurrences that the rule gives, exceptions and cancelled ones included."""

    occurrences: int


End: TypeAlias = Never | Until | Count


@dataclass(frozen=True, slots=True)
class Rule:
    """A pattern and where it ends; it begins with the appointment's own start."""

    pattern: Pattern
    end: End = Never()
