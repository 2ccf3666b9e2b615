"""Mail that Exchange sends about meetings: recorded, never sent."""

from dataclasses import dataclass
from datetime import date, datetime
from typing import Literal, TypeAlias

from calsync_agent.sandbox.model.shapes import JsonObject

MailKind: TypeAlias = Literal["invitation", "update", "cancellation", "response"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Mail:
    """One mail to one person. `inside`: the recipient belongs to the tenant.

    `uid` is the iCalUId of the event; `day` names the occurrence where the mail is about one only.
    `cause`: who did what, as `app: PATCH event`.
    """

    at: datetime
    sender: str
    recipient: str
    kind: MailKind
    uid: str
    subject: str | None
    inside: bool
    cause: str
    day: date | None = None

    def as_json(self) -> JsonObject:
        """For the control endpoint."""
        return {
            "at": self.at.isoformat(),
            "from": self.sender,
            "to": self.recipient,
            "kind": self.kind,
            "iCalUId": self.uid,
            "subject": self.subject,
            "inside": self.inside,
            "cause": self.cause,
            "day": self.day.isoformat() if self.day else None,
        }
