"""Every place where an agent touches the world, counted, and one fault at exactly one of them.

A point is an HTTP request to Graph or the commit of a writing transaction. They are numbered from 1
in the order in which an agent, and those that follow after its death, come to them.
"""

import json
import sqlite3
import threading
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from typing import Any

import httpx
import psycopg2
import sqlalchemy as sa

from calsync_agent.database import tuning
from calsync_agent.sandbox.tenant import Tenant
from tests.support.kinds import OUTAGES, Kind, Place, rules_for


class Killed(BaseException):
    """The process ends here; nothing of it runs any more."""


@dataclass(frozen=True)
class Fault:
    """What happens at which point."""

    at: int
    kind: Kind


async def _nothing(_line: str) -> None:
    pass


@dataclass
class Points:
    """Counts the points of one agent after the other.

    `fault` is what is to happen at one of them; `strike` tells it by the line of the trace, as
    `7 request POST /$batch`. `before` and `after` are called around each request with such a line,
    for people who do something in that moment.
    """

    fault: Fault | None = None
    passed: int = 0
    places: list[Place] = field(default_factory=list)
    trace: list[str] = field(default_factory=list)
    dead: bool = False
    outage: Kind | None = None
    strike: Callable[[str], Kind | None] = lambda _line: None
    before: Callable[[str], Awaitable[None]] = _nothing
    after: Callable[[str], Awaitable[None]] = _nothing

    def come(self, place: Place, what: str) -> Kind | None:
        """The agent comes to a point; what is to happen there. Raises Killed where it is dead."""
        if self.dead:
            raise Killed
        self.passed += 1
        self.places.append(place)
        self.trace.append(f"{self.passed} {place} {what}")
        if self.fault is not None and self.fault.at == self.passed:
            kind = self.fault.kind
            self.outage = kind if kind in OUTAGES else None
            return kind
        if (struck := self.strike(self.trace[-1])) is not None:
            return struck
        if self.outage is not None and place == self.places[self._fault_at - 1]:
            return self.outage
        return None

    @property
    def _fault_at(self) -> int:
        return self.fault.at if self.fault else 1

    def die(self) -> Killed:
        """The agent is dead from now on."""
        self.dead = True
        return Killed()


class Faulty(httpx.AsyncBaseTransport):
    """Carries requests to a tenant, with faults at the points where they are due.

    Faults of Exchange's own making are rules of the sandbox (scope `http`).
    """

    def __init__(
        self, points: Points, tenant: Tenant, carry: Callable[[httpx.Request], Any]
    ) -> None:
        self._points = points
        self._tenant = tenant
        self._carry = carry

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        points = self._points
        path = request.url.path.removeprefix("/v1.0").partition("?")[0]
        kind = points.come("request", f"{request.method} {path[-60:]}")
        line = points.trace[-1]
        if kind is Kind.KILL_BEFORE:
            raise points.die()
        await points.before(line)
        if kind is Kind.OUTAGE_BEFORE:
            raise httpx.ConnectError("unreachable", request=request)
        rules = [self._tenant.fault(rule) for rule in rules_for(kind, _calls(request))]
        try:
            response: httpx.Response = await self._carry(request)
        finally:
            if kind is not Kind.FAILED:
                for rule in rules:
                    self._tenant.faults.rules.remove(rule)
        await points.after(line)
        if kind is Kind.KILL_AFTER or points.dead:
            raise points.die()
        if kind is Kind.TIMEOUT:
            raise httpx.ReadTimeout("no answer in time", request=request)
        return response


def _calls(request: httpx.Request) -> int:
    """How many calls a request makes: several in a batch."""
    if not request.url.path.endswith("/$batch"):
        return 1
    return len(json.loads(request.content)["requests"])


class Watched:
    """An engine whose writing transactions come to a point when they commit."""

    def __init__(self, engine: sa.Engine) -> None:
        self.engine = engine
        self.points = Points()
        self._carry_out = engine.dialect.do_commit
        self._local = threading.local()
        sa.event.listen(engine, "commit", self._about_to_commit)
        engine.dialect.do_commit = self._commit  # type: ignore[method-assign]

    def _about_to_commit(self, connection: sa.Connection) -> None:
        self._local.writing = connection.get_execution_options().get(tuning.WRITING, False)

    def _commit(self, connection: Any) -> None:
        points = self.points
        if points.dead:
            raise Killed
        if not getattr(self._local, "writing", False):
            self._carry_out(connection)
            return
        kind = points.come("commit", "")
        match kind:
            case Kind.KILL_BEFORE:
                raise points.die()
            case Kind.CUT_BEFORE | Kind.OUTAGE_BEFORE:
                raise lost(self.engine)
            case Kind.CONTENDED:
                raise contended(self.engine)
        self._carry_out(connection)
        match kind:
            case Kind.KILL_AFTER:
                raise points.die()
            case Kind.CUT_AFTER | Kind.OUTAGE_AFTER:
                raise lost(self.engine)


def lost(engine: sa.Engine) -> Exception:
    """What the driver says when the connection breaks."""
    if engine.dialect.name == "sqlite":
        error = sqlite3.OperationalError("disk I/O error")
        error.sqlite_errorcode = sqlite3.SQLITE_IOERR
        return error
    return psycopg2.OperationalError("server closed the connection unexpectedly")


def contended(engine: sa.Engine) -> Exception:
    """What the driver says when others were in the way."""
    if engine.dialect.name == "sqlite":
        error = sqlite3.OperationalError("database is locked")
        error.sqlite_errorcode = sqlite3.SQLITE_BUSY
        return error
    deadlock = psycopg2.errors.DeadlockDetected("deadlock detected")
    deadlock.__setstate__({"pgcode": "40P01"})  # type: ignore[attr-defined] - else the server's
    return deadlock
