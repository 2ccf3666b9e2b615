"""What a test, or an admin who tries things out, can switch about the tenant."""

from typing import Literal

from pydantic import BaseModel, ConfigDict, Field


class Settings(BaseModel):
    """The switches, each with the behaviour that GRAPH.md describes as its default.

    Assignments are checked. Times are seconds.
    """

    model_config = ConfigDict(validate_assignment=True, extra="forbid")

    irregular_pages: bool = True
    """Delta pages are sometimes short, or empty with a nextLink."""
    duplicate_items: bool = False
    """The last item of a delta page comes again on the next."""
    visibility_delay: float = Field(default=0, ge=0)
    """How long a write takes to be seen by delta."""
    stamp_delay: float | None = Field(default=2, ge=0)
    """When the server touches a new event once more by itself; None: never."""
    occurrence_tombstones: bool = False
    """A cancelled occurrence comes as a tombstone in delta."""
    delta_select: Literal["ignore", "refuse"] = "ignore"
    """What `$select` does on delta."""
    reused_transaction: Literal["refuse", "return", "create"] = "refuse"
    """What a transactionId does that was used for other content: 409, the old event, a new one."""
    series_changed: Literal["discard", "keep"] = "discard"
    """What becomes of exceptions and cancelled days when time or pattern of a series change."""
    join_block: Literal["rules", "classes", "link", "nothing"] = "rules"
    """How the block looks that a new online meeting gets in its body."""
    online_meetings: Literal["made", "late", "ignored", "refused"] = "made"
    """What becomes of isOnlineMeeting: the meeting comes at once, or with the server's next touch;
    nothing does, or 400."""
    empty_series_arrays: bool = False
    """exceptionOccurrences and cancelledOccurrences come empty although there are some."""
    answers_reset: bool = True
    """Moving a meeting asks everybody anew."""
    strict_if_match: bool = True
    """If-Match is honoured on PATCH and DELETE."""
    mailbox_concurrency: int | None = Field(default=4, ge=1)
    """How many requests may run at once for one mailbox; None: any number."""
    mailbox_requests: int | None = Field(default=10_000, ge=1)
    """How many requests a mailbox takes in ten minutes; None: any number."""
    throttle_status: Literal[429, 503] = 429
    retry_after: float | None = Field(default=1, ge=0)
    """The Retry-After of throttled requests; None: no such header."""
    latency: float = Field(default=0, ge=0)
    """How long every Graph request takes."""
    token_seconds: int = Field(default=3600, ge=1)
    """How long a token lasts."""
    roles: tuple[str, ...] = ("Calendars.ReadWrite", "User.Read.All")
    """The application permissions that were consented to."""
    sign_in_refusal: int | None = None
    """The AADSTS number with which every sign-in is refused."""
