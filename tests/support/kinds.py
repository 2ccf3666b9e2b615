"""What may go wrong at a point, and the sandbox's rules for what is of Exchange's own making."""

from enum import Enum
from typing import Final, Literal

from calsync_agent.sandbox.faults import Rule

Place = Literal["request", "commit"]


class Kind(Enum):
    """What happens at a point. `AFTER`: it had its effect, and the agent never learns of it."""

    KILL_BEFORE = "killed before"
    KILL_AFTER = "killed after"
    CUT_BEFORE = "cut before"
    CUT_AFTER = "cut after"
    OUTAGE_BEFORE = "out of reach from there on"
    OUTAGE_AFTER = "no answer from there on"
    UNAVAILABLE_BEFORE = "503 before"
    UNAVAILABLE_AFTER = "503 after"
    THROTTLED = "429"
    FAILED = "500 again and again"
    TRUNCATED = "answer cut off"
    HALF = "batch carried out in part"
    UNAUTHORIZED = "401"
    CLOSED = "403"
    MAILBOX_MISSING = "404 of the mailbox"
    CLASH = "409 to a change"
    OVERTAKEN = "412 to a change"
    EXPIRED = "410 to the feed"
    THROTTLED_BARE = "429 without Retry-After"
    TIMEOUT = "no answer in time"
    CONTENDED = "deadlock"

    @property
    def places(self) -> frozenset[Place]:
        """Where this can happen."""
        if self in _ANYWHERE:
            return frozenset({"request", "commit"})
        return frozenset({"commit"}) if self is Kind.CONTENDED else frozenset({"request"})


_ANYWHERE: Final = frozenset(
    {
        Kind.KILL_BEFORE,
        Kind.KILL_AFTER,
        Kind.CUT_BEFORE,
        Kind.CUT_AFTER,
        Kind.OUTAGE_BEFORE,
        Kind.OUTAGE_AFTER,
    }
)
OUTAGES: Final = frozenset({Kind.OUTAGE_BEFORE, Kind.OUTAGE_AFTER})


def rules_for(kind: Kind | None, calls: int) -> list[Rule]:
    """The rules that make it happen to a request of so many calls; none where it is not theirs."""
    asked = _REFUSALS.get(kind) if kind else None
    if asked is not None:
        every = {"times": calls} if kind in _WHOLE else {}
        return [Rule.model_validate({"action": "status", **asked, **every})]
    match kind:
        case Kind.CUT_BEFORE:
            return [Rule(action="drop", when="before", scope="http")]
        case Kind.CUT_AFTER | Kind.OUTAGE_AFTER:
            return [Rule(action="drop", when="after", scope="http")]
        case Kind.FAILED:
            code = "ErrorInternalServerError"
            return [Rule(action="status", status=500, code=code, times=4 * calls)]
        case Kind.TRUNCATED:
            return [Rule(action="truncate", scope="http")]
        case Kind.HALF:
            return [Rule(action="drop", when="after", scope="call")]
    return []


_BUSY: Final = "ApplicationThrottled"
_CONFLICT: Final = "ErrorIrresolvableConflict"
_WHOLE: Final = frozenset({Kind.CLOSED, Kind.MAILBOX_MISSING})
_REFUSALS: Final = {
    Kind.UNAVAILABLE_BEFORE: {"when": "before", "scope": "http"},
    Kind.UNAVAILABLE_AFTER: {"when": "after", "scope": "http"},
    Kind.THROTTLED: {"status": 429, "code": _BUSY, "scope": "http", "retry_after": 20},
    Kind.THROTTLED_BARE: {"status": 429, "code": _BUSY, "scope": "http"},
    Kind.UNAUTHORIZED: {"status": 401, "code": "InvalidAuthenticationToken", "scope": "http"},
    Kind.CLOSED: {"status": 403, "code": "ErrorAccessDenied"},
    Kind.MAILBOX_MISSING: {"status": 404, "code": "MailboxNotEnabledForRESTAPI"},
    Kind.CLASH: {"status": 409, "code": _CONFLICT, "method": "PATCH"},
    Kind.OVERTAKEN: {"status": 412, "code": _CONFLICT, "method": "PATCH"},
    Kind.EXPIRED: {"status": 410, "code": "SyncStateNotFound", "path": "delta"},
}
