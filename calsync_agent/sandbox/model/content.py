"""What an event says: the properties that somebody writes, in one value."""

from dataclasses import dataclass, field
from datetime import datetime
from functools import cache
from typing import Annotated, Any, Final, TypeAlias, get_type_hints

from pydantic import PlainValidator, TypeAdapter

from calsync_agent.sandbox.model.bodies import Body
from calsync_agent.sandbox.model.moments import NEVER, Moment, utc_time
from calsync_agent.sandbox.model.online import OnlineMeeting
from calsync_agent.sandbox.model.recurrence import Recurrence
from calsync_agent.sandbox.model.shapes import JsonObject

IMPORTANCES: Final = ("low", "normal", "high")
SENSITIVITIES: Final = ("normal", "personal", "private", "confidential")
SHOW_AS: Final = ("free", "tentative", "busy", "oof", "workingElsewhere", "unknown")
ATTENDEE_TYPES: Final = ("required", "optional", "resource")

PRIVATE_FIELDS: Final = frozenset(
    {"show_as", "categories", "reminder_minutes", "reminder_on", "sensitivity", "extended"}
)
"""What each mailbox keeps for itself: never delivered, never mailed."""

MAILING_FIELDS: Final = frozenset(
    {"subject", "body", "start", "end", "all_day", "locations", "recurrence", "online"}
)
"""What every attendee is told of when the organizer writes it."""

TIME_FIELDS: Final = frozenset({"start", "end", "all_day", "recurrence"})


@dataclass(frozen=True, slots=True)
class Address:
    """A name and an e-mail address; either may be missing, as in real calendars."""

    name: str | None
    address: str | None

    @property
    def key(self) -> str:
        """The address for comparing."""
        return (self.address or "").strip().lower()

    @property
    def known(self) -> bool:
        """Whether there is anything to show of it."""
        return self.name is not None or self.address is not None

    def as_json(self) -> JsonObject:
        """Graph's emailAddress in its usual wrapping."""
        return {"emailAddress": {"name": self.name or self.address, "address": self.address}}


@dataclass(frozen=True, slots=True)
class Response:
    """An answer to an invitation and when it was given."""

    response: str = "none"
    at: datetime | None = None

    def as_json(self) -> JsonObject:
        """Graph's responseStatus."""
        return {"response": self.response, "time": utc_time(self.at) if self.at else NEVER}


UNANSWERED: Final = Response()
NO_BODY: Final = Body()


@dataclass(frozen=True, slots=True)
class Attendee:
    """Somebody invited, and their answer as the organizer knows it."""

    who: Address
    type: str = "required"
    status: Response = UNANSWERED

    def as_json(self) -> JsonObject:
        """Graph's attendee."""
        return {"type": self.type, "status": self.status.as_json(), **self.who.as_json()}


@dataclass(frozen=True, slots=True, kw_only=True)
class Content:
    """The writable properties of an event."""

    start: Moment
    end: Moment
    subject: str | None = None
    body: Body = NO_BODY
    all_day: bool = False
    locations: tuple[JsonObject, ...] = ()
    attendees: tuple[Attendee, ...] = ()
    importance: str = "normal"
    sensitivity: str = "normal"
    show_as: str = "busy"
    categories: tuple[str, ...] = ()
    reminder_minutes: int = 15
    reminder_on: bool = True
    response_requested: bool = True
    allow_new_time_proposals: bool = True
    hide_attendees: bool = False
    recurrence: Recurrence | None = None
    online: OnlineMeeting | None = None
    extended: dict[str, str] = field(default_factory=dict)

    def on_series_clock(self, recurrence: Recurrence) -> tuple[Moment, Moment]:
        """Start and end on the clock that the series keeps; all-day ones keep their dates."""
        if self.all_day:
            return self.start, self.end
        return self.start.within(recurrence.zone), self.end.within(recurrence.zone)

    def location_json(self) -> JsonObject:
        """Graph's location: the only one, or all of them joined."""
        match self.locations:
            case ():
                return {
                    "displayName": "",
                    "locationType": "default",
                    "uniqueIdType": "unknown",
                    "address": {},
                    "coordinates": {},
                }
            case (only,):
                return only
            case several:
                joined = "; ".join(str(each.get("displayName", "")) for each in several)
                return {
                    "displayName": joined,
                    "locationType": "default",
                    "uniqueId": joined,
                    "uniqueIdType": "private",
                }


@cache
def _adapters() -> dict[str, TypeAdapter[Any]]:
    return {name: TypeAdapter(hint) for name, hint in get_type_hints(Content).items()}


def _read_stored(stored: object) -> dict[str, Any]:
    """The fields of a `Content` out of a state file."""
    if not isinstance(stored, dict):
        raise ValueError("the changes of an occurrence are an object")
    return {name: _adapters()[name].validate_python(value) for name, value in stored.items()}


Changes: TypeAlias = Annotated[dict[str, Any], PlainValidator(_read_stored)]
"""Fields of a `Content` and their new values."""
