"""Links: which appointment is which event, and what both sides held when last in step."""

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from hashlib import sha256
from typing import Final
from uuid import UUID

from calsync_agent.appointment.content import UNKNOWN, Fingerprint
from calsync_agent.appointment.model import ActivityId, EventId, ICalUid, LinkId, ProfileId

LONGEST_UID: Final = 400
"""Longer iCalUIds are remembered by their digests."""

_DIGEST: Final = "sha256:"


class Role(StrEnum):
    """What the event in this mailbox is to the appointment.

    `ORGANIZER`: the event of whoever is responsible, with the participants as attendees (F1).
    `PLAIN`: a participant's own event without attendees, where the responsible has no synced
    mailbox (F2). `COPY`: an attendee's copy of a meeting, made by Exchange (F4).
    """

    ORGANIZER = "organizer"
    PLAIN = "plain"
    COPY = "copy"


@dataclass(frozen=True, slots=True)
class Link:
    """An appointment and its event in one mailbox.

    `event_id` is None while the event is only intended (B2). The fingerprints are `UNKNOWN` where
    nothing was agreed yet. `unfinished`: a write of several requests may have been cut off, so that
    the event may be half of what Consolidate holds. `guests`: the addresses from outside that the
    event had, in lower case. `carried`: what of the event is to be set again on one that will take
    its place, behind the version's etag and a line break, once that has been found out (D6).
    `starts_at` and `ends_at` are the event's, in UTC; no end = for ever.
    """

    id: LinkId
    profile: ProfileId
    activity: ActivityId
    event_id: EventId | None = None
    ical_uid: ICalUid | None = None
    role: Role = Role.ORGANIZER
    consolidate: Fingerprint = UNKNOWN
    exchange: Fingerprint = UNKNOWN
    modified_at: datetime | None = None
    starts_at: datetime | None = None
    ends_at: datetime | None = None
    unfinished: bool = False
    guests: frozenset[str] = frozenset()
    carried: str | None = None

    @property
    def unfound(self) -> bool:
        """Whether Exchange said that it made the event, of which not even the id is known (B2a).

        What is only intended counts as agreed with what is to be sent.
        """
        return self.event_id is None and self.exchange == UNKNOWN

    def examined(self, etag: str) -> bool:
        """Whether it is known what this version of the event would have to be given again."""
        return self.carried is not None and self.carried.partition("\n")[0] == etag

    @property
    def transaction_id(self) -> str:
        """The idempotency key of the event's creation, from which the appointment can be told."""
        return f"{self.activity.hex}-{self.id.hex[:12]}"


def activity_of(transaction_id: str | None) -> ActivityId | None:
    """The appointment for which an event with this transaction id was made; None if not by us."""
    try:
        return ActivityId(UUID(hex=(transaction_id or "").partition("-")[0]))
    except ValueError:
        return None


def stored_uid(uid: ICalUid) -> ICalUid:
    """A uid as it is stored: longer ones, and those not in plain ASCII, by their digest."""
    if len(uid) <= LONGEST_UID and uid.isascii() and uid.isprintable():
        return uid
    return ICalUid(_DIGEST + sha256(uid.encode(errors="backslashreplace")).hexdigest())


def is_digest(uid: ICalUid) -> bool:
    """Whether the uid itself is not known, because it could not be stored."""
    return uid.startswith(_DIGEST)
