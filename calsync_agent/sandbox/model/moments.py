"""Graph's dateTimeTimeZone: a wall-clock time and the name of its zone."""

import re
from dataclasses import dataclass
from datetime import UTC, date, datetime
from typing import Final

from calsync_agent.sandbox.model import shapes
from calsync_agent.sandbox.model.refusals import GraphRefusal, invalid_body, property_validation
from calsync_agent.sandbox.model.zones import instant, local_time, zone

_WRITTEN: Final = re.compile(
    r"\d{4}-\d{2}-\d{2}(T\d{2}:\d{2}(:\d{2}(\.\d{1,7})?)?(Z|[+-]\d{2}:\d{2})?)?"
)
_FORM: Final = frozenset({"dateTime", "timeZone"})
NEVER: Final = "0001-01-01T00:00:00Z"
EARLIEST: Final = 1601  # Exchange counts time from here
LATEST: Final = 4500  # and keeps no calendar after 4500-08-31


@dataclass(frozen=True, slots=True)
class Moment:
    """A wall-clock time without zone, and the zone's name as it was given.

    `label` is what reads back as originalStartTimeZone where that is not the zone's name, as with
    the custom zones of old desktop Outlooks.
    """

    local: datetime
    zone: str
    label: str | None = None

    @property
    def instant(self) -> datetime:
        """The same moment in UTC."""
        return instant(self.local, self.zone)

    @property
    def name(self) -> str:
        """The zone's name as it reads back."""
        return self.label or self.zone

    def within(self, zone_name: str) -> "Moment":
        """The same moment on another zone's clock."""
        if zone_name == self.zone:
            return self
        return Moment(local_time(self.instant, zone_name), zone_name, self.label)


def read_moment(value: object) -> Moment:
    """A dateTimeTimeZone as a client sends it. 400 for what is none, or for an unknown zone."""
    given = shapes.members(value, "dateTimeTimeZone", _FORM)
    written = parse_time(shapes.text(given.get("dateTime")))
    zone_name = shapes.text(given.get("timeZone") or "UTC")
    zone(zone_name)
    if written.tzinfo is not None:
        written = local_time(written, zone_name)
    if not EARLIEST <= written.year <= LATEST:
        raise property_validation()
    return Moment(written, zone_name)


def parse_time(written: str) -> datetime:
    """A time in ISO 8601; aware where the text carries an offset."""
    try:
        if _WRITTEN.fullmatch(written):
            return datetime.fromisoformat(written)
    except ValueError:
        pass
    raise GraphRefusal(
        400, "ErrorInvalidParameter", f"Invalid DateTime value specified: '{written}'."
    )


def as_utc(moment: datetime) -> datetime:
    """A parsed time as an instant, UTC where it names no offset, within what Exchange keeps."""
    aware = moment if moment.tzinfo is not None else moment.replace(tzinfo=UTC)
    if aware.year < EARLIEST:
        return datetime(EARLIEST, 1, 1, tzinfo=UTC)
    if aware.year > LATEST:
        return datetime(LATEST + 1, 1, 1, tzinfo=UTC)
    return aware.astimezone(UTC)


def parse_date(value: object) -> date:
    """An Edm.Date."""
    try:
        return date.fromisoformat(shapes.text(value))
    except ValueError:
        message = f"Cannot convert the literal '{value}' to the expected type 'Edm.Date'."
        raise invalid_body(message) from None


def wall_clock(local: datetime) -> str:
    """A wall-clock time as Graph writes it: seven fractional digits, no offset."""
    return local.isoformat(timespec="microseconds") + "0"


def utc_time(moment: datetime) -> str:
    """An instant as Graph writes it in createdDateTime and the like."""
    return wall_clock(moment.astimezone(UTC).replace(tzinfo=None)) + "Z"


def short_utc_time(moment: datetime) -> str:
    """An instant as Graph writes it in originalStart."""
    return moment.astimezone(UTC).replace(tzinfo=None).isoformat(timespec="seconds") + "Z"
