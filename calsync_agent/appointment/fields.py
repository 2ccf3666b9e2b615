"""The fields of an appointment: what is compared, remembered, merged and written one by one.

Each is declared here, once; `FIELDS` leads everything that goes by fields. How a field stands in
Exchange and in Consolidate is declared in these rooms (`exchange/calendar/fields.py`,
`consolidate/fields.py`). What is forgotten there is missed when the program starts.
"""

import dataclasses
from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Final

from calsync_agent.appointment import comparable
from calsync_agent.appointment.model import Appointment
from calsync_agent.i18n import marked


class Field(StrEnum):
    """The parts of an appointment, in the words of rule D and in its order.

    `TIME` is start, end, zone and all-day together: none of them means anything alone.
    """

    SUBJECT = marked("subject")
    BODY = marked("body")
    LOCATION = marked("location")
    TIME = marked("time")
    IMPORTANCE = marked("importance")
    PRIVATE = marked("private")
    SHOW_AS = marked("show-as")
    REMINDER = marked("reminder")
    RECURRENCE = marked("recurrence")
    EXCEPTIONS = marked("exceptions")
    PARTICIPANTS = marked("participants")
    RESPONSES = marked("responses")
    ORGANIZER = marked("organizer")
    GUESTS = marked("guests")
    JOIN_URL = marked("join link")
    CATEGORY = marked("category")
    MEETING = marked("online meeting")


@dataclass(frozen=True, slots=True)
class Declaration:
    """What a field is.

    `key`: one letter, which stands for it in fingerprints for ever. Whoever compares it by another
    form gives it another letter: what links remember is not known then, instead of changed.
    `form`: what of it is compared. `attributes`: where `Appointment` holds it; with them it is
    taken from another version; `people`: one by one, so that nobody is lost whom that one does not
    know. `inbound_only`: it travels from Exchange to Consolidate, never back.
    `mails`: Exchange tells the attendees that it was changed (F8). `reshapes`: and discards the
    exceptions of the series. `optional`: an empty one is not told in fingerprints; what does not
    tell of it had none, as long as nobody could have one. `compared`: both sides have it, so that
    they may differ in it.
    """

    key: str
    form: Callable[[Appointment], object]
    attributes: tuple[str, ...]
    people: bool = False
    inbound_only: bool = False
    mails: bool = False
    reshapes: bool = False
    optional: bool = False
    compared: bool = True


FIELDS: Final[Mapping[Field, Declaration]] = {
    Field.SUBJECT: Declaration("s", comparable.subject, ("subject",), mails=True),
    Field.BODY: Declaration("b", comparable.body, ("body",), mails=True),
    Field.LOCATION: Declaration("l", comparable.location, ("location",), mails=True),
    Field.TIME: Declaration(
        "t", comparable.time, ("start", "end", "zone", "all_day"), mails=True, reshapes=True
    ),
    Field.IMPORTANCE: Declaration("i", lambda a: a.importance.value, ("importance",)),
    Field.PRIVATE: Declaration("p", lambda a: a.private, ("private",)),
    Field.SHOW_AS: Declaration("w", lambda a: a.show_as.value, ("show_as",)),
    Field.REMINDER: Declaration("r", lambda a: a.reminder_minutes, ("reminder_minutes",)),
    Field.RECURRENCE: Declaration("c", comparable.recurrence, ("rule",), mails=True, reshapes=True),
    Field.EXCEPTIONS: Declaration("e", comparable.exceptions, ("exceptions",)),
    Field.PARTICIPANTS: Declaration("a", comparable.participants, ("participants",), people=True),
    Field.RESPONSES: Declaration("y", comparable.responses, ("participants",), people=True),
    Field.ORGANIZER: Declaration("o", comparable.organizer, ("organizer",), inbound_only=True),
    Field.GUESTS: Declaration("g", comparable.guests, ("guests",), people=True, inbound_only=True),
    Field.JOIN_URL: Declaration("j", lambda a: a.join_url, ("join_url",), inbound_only=True),
    # Whether Exchange mails about it is not known; an admin may say that it does not (F8).
    Field.CATEGORY: Declaration(
        "k", comparable.categories, ("categories",), mails=True, optional=True
    ),
    # A wish of Consolidate's, remembered so that it is not told again and again.
    Field.MEETING: Declaration(
        "m", lambda a: a.online, ("online",), mails=True, optional=True, compared=False
    ),
}


def closed(table: Collection[Field]) -> None:
    """Say at import that a table is about all fields. Raises TypeError where one is missing."""
    missing = [field.name for field in Field if field not in table]
    if missing:
        raise TypeError(f"nothing is declared for {', '.join(missing)}")


closed(FIELDS)
_KEYS = {declared.key for declared in FIELDS.values()}
if len(_KEYS) < len(FIELDS) or not all(
    len(key) == 1 and key.isascii() and key.isalpha() for key in _KEYS
):
    raise TypeError("each field has a letter of its own")
if {name for declared in FIELDS.values() for name in declared.attributes} != {
    attribute.name for attribute in dataclasses.fields(Appointment)
}:
    raise TypeError("each attribute of an appointment belongs to a field, and each field to one")

ALL: Final = frozenset(Field)
INBOUND_ONLY: Final = frozenset(field for field in Field if FIELDS[field].inbound_only)
BOTH_WAYS: Final = ALL - INBOUND_ONLY
PEOPLE: Final = frozenset(field for field in Field if FIELDS[field].people)
MAILED: Final = frozenset(field for field in Field if FIELDS[field].mails)
"""What Exchange tells the attendees about."""
RESHAPING: Final = frozenset(field for field in Field if FIELDS[field].reshapes)
"""What makes Exchange discard the exceptions of a series."""
