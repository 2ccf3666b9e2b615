"""What both sides are brought to before they are compared."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date, datetime
from typing import TypeAlias
from uuid import UUID

Moment: TypeAlias = date | datetime
"""UTC without zone, or a date where it is all-day."""


@dataclass(frozen=True, slots=True)
class Happening:
    """When something is, and what it says: an appointment, or one occurrence of a series."""

    start: Moment
    end: Moment
    subject: str
    location: str
    body: str


@dataclass(frozen=True, slots=True)
class Manner:
    """What holds for all occurrences alike."""

    importance: str
    private: bool
    show_as: str
    reminder: int | None


@dataclass(frozen=True, slots=True)
class Side:
    """One appointment as one side holds it.

    `happenings` by original start; of a series those in the window alone. `manner` is None where
    nothing shows it. `people`: who is invited and works here, by employee, with their answers.
    `categories`: as they are written; in Consolidate that of the type, and `bound`: those that
    belong to any.
    """

    series: bool
    all_day: bool
    happenings: Mapping[Moment, Happening]
    manner: Manner | None
    people: Mapping[int, str] = field(default_factory=dict)
    organizer: str = ""
    join_url: str = ""
    categories: tuple[str, ...] = ()
    bound: frozenset[str] = frozenset()


@dataclass(frozen=True, slots=True)
class Link:
    """What is remembered as one; `reason`: why the sync has set it aside."""

    activity: UUID
    event: str | None
    role: str
    voice: bool
    reason: str = ""


@dataclass(frozen=True, slots=True)
class Difference:
    """One difference, in the contract's words; `reason`: why the sync lets it be for now."""

    profile: int
    activity: UUID | None
    event: str | None
    subject: str
    field: str
    here: str | None
    there: str | None
    occurrence: str | None = None
    reason: str = ""
