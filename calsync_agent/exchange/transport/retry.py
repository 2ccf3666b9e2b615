"""Whether a request is sent again, and when: decided here, obeyed in `send.py` and `poll.py`.

Pure: what happened and a random number in, a decision out. The rules are those of GRAPH.md 8.
"""

from dataclasses import dataclass
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from http import HTTPStatus
from math import isfinite
from typing import Final, TypeAlias

from calsync_agent.domain.operation import Lost
from calsync_agent.exchange.transport.requests import Answer, Outcome

THROTTLED: Final = frozenset({429, 503, 504, 509})  # waited for as long as the budget allows
_LEFT_ALONE: Final = frozenset({429, 503, 509})
_REFUSED_YET: Final = frozenset({423, 429})  # not carried out, but may be later
_REFUSED_BY_5XX: Final = frozenset({501, 505, 507})  # definite: not carried out, nor will be
_SAFE_TO_REPEAT: Final = frozenset({"GET", "PATCH", "PUT", "DELETE"})
_TRIES: Final = 4  # of what fails without being told to wait
_TRIES_AT_CONFLICT: Final = 2
_FIRST_PAUSE: Final = 1.0  # seconds
_LONGEST_PAUSE: Final = 300.0  # unless Exchange asks for more
_LONGEST_BELIEVED: Final = 3600.0  # seconds that a server may ask for
_LONGEST_RETRY_AFTER: Final = 100  # characters
_DOUBLINGS: Final = 16  # enough to get there, and no overflow


@dataclass(frozen=True, slots=True)
class Attempt:
    """What is known when an outcome is to be judged."""

    number: int  # how often the request has been sent, from 1
    method: str
    conditional: bool  # sent with If-Match
    waited: float  # seconds slept so far
    budget: float  # seconds that may be slept in all
    chance: float  # random, 0 <= chance < 1
    now: datetime  # aware; for a Retry-After that is a date

    @property
    def repeatable(self) -> bool:
        """Whether sending it twice does no more than sending it once."""
        return self.method in _SAFE_TO_REPEAT


@dataclass(frozen=True, slots=True)
class Done:
    """The answer is for the caller."""

    answer: Answer


@dataclass(frozen=True, slots=True)
class Again:
    """Send it again, `after` seconds from now."""

    after: float


@dataclass(frozen=True, slots=True)
class Unknown:
    """Not to be repeated, and nobody knows whether it was carried out."""


@dataclass(frozen=True, slots=True)
class Unwell:
    """The mailbox is to be left alone for `after` seconds, longer than may be waited here."""

    after: float


@dataclass(frozen=True, slots=True)
class Refused:
    """The token is not accepted; `Session` has already tried with a new one."""

    answer: Answer


Decision: TypeAlias = Done | Again | Unknown | Unwell | Refused


def decide(outcome: Outcome, attempt: Attempt) -> Decision:
    """What follows from `outcome`."""
    if isinstance(outcome, Lost):
        return _without_answer(outcome, attempt)
    status = outcome.status
    if status == HTTPStatus.UNAUTHORIZED:
        return Refused(outcome)
    if status == HTTPStatus.TOO_MANY_REQUESTS:  # not carried out, so even a POST may be repeated
        return _again(outcome, attempt)
    if perhaps_done(outcome) and not attempt.repeatable:
        return Unknown()
    if not attempt.repeatable:
        return Done(outcome)
    if status in THROTTLED:
        return _again(outcome, attempt)
    if passing(outcome):
        return _again(outcome, attempt) if attempt.number < _TRIES else Done(outcome)
    if _conflict_of_its_own(outcome, attempt):
        return _again(outcome, attempt) if attempt.number < _TRIES_AT_CONFLICT else Done(outcome)
    return Done(outcome)


def perhaps_done(outcome: Outcome) -> bool:
    """Whether the request may have been carried out although it seems to have failed."""
    if isinstance(outcome, Lost):
        return True
    status = outcome.status
    return status == HTTPStatus.REQUEST_TIMEOUT or (
        status >= HTTPStatus.INTERNAL_SERVER_ERROR and status not in _REFUSED_BY_5XX
    )


def passing(outcome: Outcome) -> bool:
    """Whether the same request may succeed later without anybody doing anything."""
    return perhaps_done(outcome) or (isinstance(outcome, Answer) and outcome.status in _REFUSED_YET)


def throttles(outcome: Outcome) -> bool:
    """Whether the mailbox as such is to be left alone, and not only this request failed."""
    if isinstance(outcome, Lost):
        return False
    return outcome.status in _LEFT_ALONE or (
        passing(outcome) and outcome.header("retry-after") is not None
    )


def pause(number: int, told: float | None, chance: float) -> float:
    """Seconds until the next attempt after `number` of them.

    Doubles each time, up to five minutes, with up to half of it random; never less than what
    Exchange asked for, and spread over a second then, so that mailboxes that were told the same
    do not come back at once.
    """
    step = min(_FIRST_PAUSE * 2.0 ** min(number - 1, _DOUBLINGS), _LONGEST_PAUSE)
    backoff = step * (0.5 + chance / 2)
    return backoff if told is None else max(told + chance, backoff)


def told(answer: Answer, now: datetime) -> float | None:
    """Seconds that `Retry-After` asks to wait, as far as it is believed (B9a)."""
    return rest_asked(answer.header("retry-after"), now)


def rest_asked(value: str | None, now: datetime) -> float | None:
    """Seconds in the value of a `Retry-After`: a number, or a date seen from `now`.

    No server is believed to need more than `_LONGEST_BELIEVED`; None: it says nothing sensible.
    """
    text = (value or "").strip()
    if len(text) > _LONGEST_RETRY_AFTER:
        return None
    try:
        seconds = float(text)
    except ValueError:
        return _until(text, now)
    return min(seconds, _LONGEST_BELIEVED) if isfinite(seconds) and seconds >= 0 else None


def _until(value: str, now: datetime) -> float | None:
    try:
        moment = parsedate_to_datetime(value)
        if moment.tzinfo is None:  # "-0000": UTC, of unknown origin
            moment = moment.replace(tzinfo=UTC)
        seconds = (moment - now).total_seconds()
    except (ValueError, OverflowError, IndexError, TypeError):  # all of which `email` lets through
        return None
    return min(max(seconds, 0.0), _LONGEST_BELIEVED)


def _without_answer(lost: Lost, attempt: Attempt) -> Decision:
    if not attempt.repeatable:
        return Unknown()
    after = pause(attempt.number, None, attempt.chance)
    worth_it = lost.again and attempt.number < _TRIES
    if worth_it and attempt.waited + after <= attempt.budget:
        return Again(after)
    return Unwell(after) if attempt.method == "GET" else Unknown()


def _again(answer: Answer, attempt: Attempt) -> Again | Unwell:
    after = pause(attempt.number, told(answer, attempt.now), attempt.chance)
    return Again(after) if attempt.waited + after <= attempt.budget else Unwell(after)


def _conflict_of_its_own(answer: Answer, attempt: Attempt) -> bool:
    """A clash inside Exchange, not with a condition that we set (GRAPH.md 4.3)."""
    if answer.named("ConcurrentItemSave", "ErrorConcurrentItemSave"):
        return answer.status in {HTTPStatus.CONFLICT, HTTPStatus.PRECONDITION_FAILED}
    return (
        answer.status in {HTTPStatus.CONFLICT, HTTPStatus.PRECONDITION_FAILED}
        and answer.named("ErrorIrresolvableConflict")
        and not attempt.conditional
    )
