"""Graph's recurrence: reading patternedRecurrence as strictly as Graph does, and writing it."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from typing import Final, Literal, TypeAlias, cast

from calsync_agent.sandbox.model import shapes
from calsync_agent.sandbox.model.moments import parse_date
from calsync_agent.sandbox.model.refusals import GraphRefusal, invalid_request
from calsync_agent.sandbox.model.shapes import JsonObject
from calsync_agent.sandbox.model.zones import zone

PatternType: TypeAlias = Literal[
    "daily", "weekly", "absoluteMonthly", "relativeMonthly", "absoluteYearly", "relativeYearly"
]
RangeType: TypeAlias = Literal["endDate", "noEnd", "numbered"]

PATTERN_TYPES: Final = (
    "daily",
    "weekly",
    "absoluteMonthly",
    "relativeMonthly",
    "absoluteYearly",
    "relativeYearly",
)
RANGE_TYPES: Final = ("endDate", "noEnd", "numbered")
WEEKDAYS: Final = ("monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday")
INDEXES: Final = ("first", "second", "third", "fourth", "last")
SUNDAY: Final = 6
MOST_INTERVAL: Final = 999
MOST_DAYS: Final = 31
MONTHS: Final = 12
LAST_DAY: Final = date(4500, 9, 1)  # no series may end later
NO_DATE: Final = "0001-01-01"

_PATTERN: Final = frozenset(
    {"type", "interval", "dayOfMonth", "month", "daysOfWeek", "firstDayOfWeek", "index"}
)
_RANGE: Final = frozenset(
    {"type", "startDate", "endDate", "numberOfOccurrences", "recurrenceTimeZone"}
)
_RECURRENCE: Final = frozenset({"pattern", "range"})


@dataclass(frozen=True, slots=True, kw_only=True)
class Recurrence:
    """A pattern and a range. Weekdays count from 0 for Monday; what a type ignores is neutral.

    `start` is the first day that may be an occurrence, `end` the last one, both on the clock of
    `zone`.
    """

    type: PatternType
    interval: int
    days: tuple[int, ...] = ()
    first_day: int = SUNDAY
    day_of_month: int = 0
    month: int = 0
    index: int = 0
    range: RangeType
    start: date
    end: date | None = None
    count: int | None = None
    zone: str

    @property
    def rule(self) -> tuple[object, ...]:
        """What decides which days occur, apart from where the series ends."""
        pattern = (self.type, self.interval, self.days, self.first_day)
        return (*pattern, self.day_of_month, self.month, self.index, self.start, self.zone)


def read_recurrence(value: object, event_zone: str) -> Recurrence | None:
    """A patternedRecurrence as a client sends it; null is no recurrence."""
    if value is None:
        return None
    given = shapes.members(value, "patternedRecurrence", _RECURRENCE)
    if given.get("pattern") is None or given.get("range") is None:
        raise invalid_request("A recurrence needs both a pattern and a range.")
    pattern = shapes.members(given["pattern"], "recurrencePattern", _PATTERN)
    span = shapes.members(given["range"], "recurrenceRange", _RANGE)
    type_, interval, days, first_day, day_of_month, month, index = _pattern(pattern)
    kind = cast("RangeType", shapes.choice(span.get("type"), RANGE_TYPES))
    end, count = _end(kind, span)
    if span.get("startDate") is None:
        raise _end_too_late()
    zone_name = shapes.optional_text(span.get("recurrenceTimeZone")) or event_zone
    zone(zone_name)
    weekly = type_ == "weekly"
    relative = type_.startswith("relative")
    return Recurrence(
        type=type_,
        interval=interval,
        days=days if weekly or relative else (),
        first_day=first_day if weekly or relative else SUNDAY,
        day_of_month=day_of_month if type_.startswith("absolute") else 0,
        month=month if type_.endswith("Yearly") else 0,
        index=index if relative else 0,
        range=kind,
        start=parse_date(span["startDate"]),
        end=end,
        count=count,
        zone=zone_name,
    )


def recurrence_json(recurrence: Recurrence) -> JsonObject:
    """As Graph writes it: what the type does not use has neutral values."""
    return {
        "pattern": {
            "type": recurrence.type,
            "interval": recurrence.interval,
            "month": recurrence.month,
            "dayOfMonth": recurrence.day_of_month,
            **({"daysOfWeek": [WEEKDAYS[d] for d in recurrence.days]} if recurrence.days else {}),
            "firstDayOfWeek": WEEKDAYS[recurrence.first_day],
            "index": INDEXES[recurrence.index],
        },
        "range": {
            "type": recurrence.range,
            "startDate": recurrence.start.isoformat(),
            "endDate": recurrence.end.isoformat() if recurrence.end else NO_DATE,
            "recurrenceTimeZone": recurrence.zone,
            "numberOfOccurrences": recurrence.count or 0,
        },
    }


def _pattern(
    given: Mapping[str, object],
) -> tuple[PatternType, int, tuple[int, ...], int, int, int, int]:
    """Type, interval, days, first day, day of month, month, index: each one checked.

    Graph checks also what the type ignores.
    """
    type_ = cast("PatternType", shapes.choice(given.get("type"), PATTERN_TYPES))
    if given.get("interval") is None:
        raise invalid_request("The recurrence pattern has no interval.")
    interval = shapes.whole(given["interval"])
    named = [shapes.choice(day, WEEKDAYS) for day in shapes.sequence(given.get("daysOfWeek") or [])]
    days = tuple(sorted({WEEKDAYS.index(day) for day in named}))
    first_day = WEEKDAYS.index(shapes.choice(given.get("firstDayOfWeek") or "sunday", WEEKDAYS))
    index = INDEXES.index(shapes.choice(given.get("index") or "first", INDEXES))
    day_of_month = shapes.whole(given.get("dayOfMonth") or 0)
    month = shapes.whole(given.get("month") or 0)
    needs_days = type_ == "weekly" or type_.startswith("relative")
    complete = (
        1 <= interval <= MOST_INTERVAL
        and (days or not needs_days)
        and (day_of_month >= 1 or not type_.startswith("absolute"))
        and (month >= 1 or not type_.endswith("Yearly"))
        and 0 <= day_of_month <= MOST_DAYS
        and 0 <= month <= MONTHS
    )
    if not complete:
        raise invalid_request(f"The recurrence pattern of type '{type_}' is not valid.")
    return type_, interval, days, first_day, day_of_month, month, index


def _end(kind: RangeType, given: Mapping[str, object]) -> tuple[date | None, int | None]:
    match kind:
        case "endDate":
            if given.get("endDate") is None:
                raise invalid_request("A recurrence range of type 'endDate' needs an endDate.")
            end = parse_date(given["endDate"])
            if end > LAST_DAY:
                raise _end_too_late()
            return end, None
        case "numbered":
            count = shapes.whole(given.get("numberOfOccurrences") or 0)
            if count < 1:
                raise invalid_request("The number of occurrences must be greater than 0.")
            return None, count
        case "noEnd":
            return None, None


def _end_too_late() -> GraphRefusal:
    return GraphRefusal(
        400,
        "ErrorRecurrenceEndDateTooBig",
        "The recurrence end date cannot be later than 4500-09-01.",
    )
