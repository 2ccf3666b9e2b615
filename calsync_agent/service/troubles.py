"""What goes wrong is said once, in the log and in `calsync_log`, and so is that it is over (B9).

What keeps all profiles from being synced (the sign-in, the network, the database) is said once for
all of them. What passes, and many mailboxes have at once, as when Exchange throttles, is said of
the first few, and of the others by their number.
"""

import logging
from collections import deque
from collections.abc import Callable
from contextlib import AbstractContextManager, suppress
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import Enum
from typing import Final, TypeAlias

import sqlalchemy as sa

from calsync_agent.appointment.model import ProfileId
from calsync_agent.database.engine import Database
from calsync_agent.database.failures import denied
from calsync_agent.errors import (
    CalsyncError,
    DatabaseTrouble,
    FeedTrouble,
    MailboxUnavailable,
    Unreachable,
)
from calsync_agent.i18n import Message, counted, message
from calsync_agent.logs import logs
from calsync_agent.service.leases import Silent
from calsync_agent.service.profile_run import Standing, concerns_all
from calsync_agent.state import log
from calsync_agent.state.log import Kind, Level, LogEntry

LOGGER: Final = "calsync_agent.service.troubles"
_log: Final = logging.getLogger(LOGGER)

SAID_AGAIN_AFTER: Final = timedelta(hours=1)
"""What lasts is said again after so long."""

RESTLESS: Final = timedelta(minutes=5)
"""What comes and goes is not said more often."""

FEW: Final = 5
"""So many mailboxes are named within `RESTLESS` that do not answer as they should."""

_MOST_ENTRIES: Final = 10_000

# What tells one trouble from another; numbers and request-ids do not.
_Kind: TypeAlias = tuple[object, ...]


class _Common(Enum):
    """What concerns all profiles."""

    DATABASE = "the database answers"
    READINESS = "Consolidate and the settings may be synced with"
    EXCHANGE = "Exchange can be reached and lets the app in"


_Scope: TypeAlias = ProfileId | _Common


@dataclass(slots=True)
class _Said:
    kind: _Kind
    at: datetime
    lasts: bool = True


class Troubles:
    """What was said of each profile, and of all together; `clock` is UTC."""

    def __init__(self, clock: Callable[[], datetime]) -> None:
        self._clock = clock
        self._said: dict[_Scope, _Said] = {}
        self._entries: list[LogEntry] = []
        self._named_at: deque[datetime] = deque(maxlen=FEW)
        self._unnamed: dict[ProfileId, CalsyncError] = {}
        self._counted: tuple[int, datetime] | None = None

    def met(self, error: CalsyncError, standing: Standing | None = None) -> bool:
        """Something went wrong for one profile, or, without one, before any could begin.

        Returns whether it was said.
        """
        scope = _scope(error, standing)
        now, kind, said = self._clock(), _kind(error), self._said.get(scope)
        if said is not None and said.kind == kind:
            quiet = SAID_AGAIN_AFTER if said.lasts else RESTLESS
            if abs(now - said.at) < quiet:  # the clock may have been put back
                return False
        if not isinstance(scope, _Common) and _passes(error) and not self._may_name(now):
            self._unnamed[scope] = error
            return False
        self._said[scope] = _Said(kind, now)
        whose = None
        if not isinstance(scope, _Common):
            self._unnamed.pop(scope, None)
            whose = standing
        self.tell(_level(error), Kind.ERROR, error.message, whose)
        return True

    def over(self, standing: Standing | None = None) -> None:
        """A profile's cycle went through; without one: a round could begin."""
        if standing is None:
            scopes: tuple[_Scope, ...] = (_Common.DATABASE, _Common.READINESS)
        else:
            scopes = (_Common.EXCHANGE, standing.profile.id)
            self._unnamed.pop(standing.profile.id, None)
        for scope in scopes:
            said = self._said.get(scope)
            if said is not None and said.lasts:
                said.lasts = False
                whose = None if isinstance(scope, _Common) else standing
                self.tell(Level.INFO, Kind.SYNC, message("the sync works again"), whose)

    def forget(self, profile: ProfileId) -> None:
        """A profile is synced no more, or by somebody else."""
        self._unnamed.pop(profile, None)

    def _may_name(self, now: datetime) -> bool:
        """Whether one more mailbox is said by name; it counts then."""
        full = len(self._named_at) == FEW
        if full and abs(now - self._named_at[0]) < RESTLESS:  # the clock may have been put back
            return False
        self._named_at.append(now)
        return True

    def _count(self) -> None:
        """Say how many mailboxes are in trouble that were not named, or that none is any more."""
        now, count = self._clock(), len(self._unnamed)
        if self._counted is None:
            before, quiet = 0, False
        else:
            before, quiet = self._counted[0], abs(now - self._counted[1]) < RESTLESS
        if quiet or (not count and not before):
            return
        if not count:
            self._counted = None
            self.tell(
                Level.INFO, Kind.SYNC, message("the mailboxes that were only counted answer again")
            )
        elif count != before:
            self._counted = count, now
            latest = self._unnamed[next(reversed(self._unnamed))]
            text = counted(
                "{count} further mailbox does not answer as it should; it goes on as soon as it"
                " does, and calsync-agent status names it. The latest: {reason}",
                "{count} further mailboxes do not answer as they should; each goes on as soon as it"
                " does, and calsync-agent status names them. The latest: {reason}",
                count,
                reason=latest.message,
            )
            self.tell(Level.WARNING, Kind.ERROR, text)

    def tell(self, level: Level, kind: Kind, text: Message, whose: Standing | None = None) -> None:
        """Put a line into the log, and into `calsync_log` at the next opportunity."""
        with about(whose):
            _log.log(_NUMBERS[level], text)
        if len(self._entries) < _MOST_ENTRIES:
            profile = None if whose is None else whose.profile.id
            self._entries.append(LogEntry(level, kind, text, profile, at=self._clock()))

    def name(self, line: Message, whose: Standing) -> None:
        """Put a line into the log, which `calsync_log` has already."""
        with about(whose):
            _log.warning(line)

    async def write(self, database: Database) -> None:
        """Store the lines for `calsync_log`; kept for the next time where that cannot be done.

        They stand in the log file in any case.
        """
        self._count()
        entries = list(self._entries)
        if entries:
            now = self._clock()
            with suppress(DatabaseTrouble, sa.exc.SQLAlchemyError):
                await database.write(lambda c: log.write(c, entries, now))
                del self._entries[: len(entries)]


def about(standing: Standing | None) -> AbstractContextManager[None]:
    """What is logged inside is about this profile and its present cycle, or about none."""
    if standing is None:
        return logs.cycle(profile=None)
    return logs.cycle(profile=standing.name, number=standing.cycle)


def internal(error: Exception) -> CalsyncError:
    """An error that nobody foresaw, as one that can be said; a missing right as what it is."""
    if isinstance(error, sa.exc.DBAPIError) and (refusal := denied(error)) is not None:
        return refusal
    _log.debug("unexpected", exc_info=error)
    return CalsyncError(message("internal error: {detail}", detail=logs.in_one_line(error)))


_NUMBERS: Final = {
    Level.DEBUG: logging.DEBUG,
    Level.INFO: logging.INFO,
    Level.WARNING: logging.WARNING,
    Level.ERROR: logging.ERROR,
}


def _scope(error: CalsyncError, standing: Standing | None) -> _Scope:
    if isinstance(error, DatabaseTrouble | Silent):
        return _Common.DATABASE
    if standing is None:
        return _Common.READINESS
    return _Common.EXCHANGE if concerns_all(error) else standing.profile.id


def _level(error: CalsyncError) -> Level:
    """Warnings pass by themselves; errors wait for somebody."""
    passing = _passes(error) or isinstance(error, DatabaseTrouble | Silent)
    return Level.WARNING if passing else Level.ERROR


def _passes(error: CalsyncError) -> bool:
    """Whether it is trouble of one mailbox that passes by itself."""
    return isinstance(error, MailboxUnavailable | FeedTrouble)


def _kind(error: CalsyncError) -> _Kind:
    """Throttled, slow, failing are one; so is a database that is gone in whatever words."""
    if isinstance(error, DatabaseTrouble | Silent):
        return (_Common.DATABASE,)
    if isinstance(error, MailboxUnavailable | FeedTrouble | Unreachable):
        return (type(error),)
    told = error.message.fields
    return type(error), error.message.template, told.get("reason"), told.get("detail")
