"""Stand-ins for the client's tests: time that jumps, tokens, and a Graph that obeys a script."""

import asyncio
import json
import selectors
from collections import Counter, defaultdict, deque
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta

import httpx

from calsync_agent.exchange.transport.client import Graph
from calsync_agent.exchange.transport.pace import Clock
from calsync_agent.exchange.transport.poll import Answered
from calsync_agent.exchange.transport.requests import Answer, Outcome, Request
from calsync_agent.exchange.transport.settings import GraphSettings

SETTINGS = GraphSettings(tenant_id="contoso.example", client_id="app", secret="s3cret-value")
EPOCH = datetime(2026, 11, 22, 9, 0, tzinfo=UTC)


class _JumpingSelector(selectors.SelectSelector):
    """Instead of waiting for a timer, lets the loop's time jump to it."""

    loop: "VirtualLoop"

    def select(self, timeout: float | None = None) -> list[tuple[selectors.SelectorKey, int]]:
        if timeout is None:  # no timer is set: only a thread can wake the loop
            ready = super().select(10)
            assert ready, "everything waits for ever"
            return ready
        ready = super().select(0)
        if not ready:
            self.loop.elapsed += timeout
        return ready


class VirtualLoop(asyncio.SelectorEventLoop):
    """An event loop in which no second is ever waited for."""

    def __init__(self) -> None:
        self.elapsed = 0.0
        selector = _JumpingSelector()
        selector.loop = self
        super().__init__(selector)

    def time(self) -> float:
        return self.elapsed

    async def shutdown_default_executor(self, timeout: float | None = None) -> None:  # noqa: ARG002, ASYNC109 - its base's
        # Since Python 3.13 its 300 seconds are the loop's: threads would be given no time at all.
        await super().shutdown_default_executor()


@dataclass
class FakeTokens:
    """Tokens `token-1`, `token-2`, …; a new one only when forced."""

    number: int = 1
    forced: int = 0
    error: Exception | None = None
    closed: bool = False

    async def token(self, *, force: bool = False) -> str:
        if self.error is not None:
            raise self.error
        if force:
            self.forced += 1
            self.number += 1
        return f"token-{self.number}"

    async def aclose(self) -> None:
        self.closed = True


@dataclass(frozen=True)
class Says:
    """What the fake Graph answers, and after how many seconds."""

    status: int = 200
    body: Mapping[str, object] | None = None
    headers: Mapping[str, str] = field(default_factory=dict)
    after: float = 0.0
    raw: bytes | None = None  # instead of `body`

    @staticmethod
    def error(status: int, code: str, *, after: float = 0.0, **headers: str) -> "Says":
        body = {"error": {"code": code, "message": f"because {code}"}}
        named = {name.replace("_", "-"): value for name, value in headers.items()}
        return Says(status, body, named, after)


Scripted = Says | Exception


@dataclass
class FakeGraph:
    """Answers by path what is scripted, else 200; a path's last line stays."""

    script: dict[str, deque[Scripted]] = field(default_factory=dict)
    calls: list[httpx.Request] = field(default_factory=list)  # HTTP requests
    asked: list[tuple[str, str]] = field(default_factory=list)  # method and path of each request
    parts: list[list[dict[str, object]]] = field(default_factory=list)  # of each batch
    good_tokens: set[str] | None = None
    under_way: Counter[str] = field(default_factory=Counter)  # per mailbox
    most: dict[str, int] = field(default_factory=lambda: defaultdict(int))
    most_calls: int = 0

    def says(self, path: str, *lines: Scripted) -> None:
        self.script[path] = deque(lines)

    def sent(self, path: str) -> int:
        """How often the path was asked for, alone or in a batch."""
        return sum(each == path for _, each in self.asked)

    async def __call__(self, request: httpx.Request) -> httpx.Response:
        self.calls.append(request)
        self.most_calls = max(self.most_calls, self.under_way["calls"] + 1)
        path = request.url.raw_path.decode("ascii").removeprefix("/v1.0")
        mailboxes = self._mailboxes(request, path)
        self.under_way.update(mailboxes)
        self.under_way["calls"] += 1
        for mailbox in mailboxes:
            self.most[mailbox] = max(self.most[mailbox], self.under_way[mailbox])
        try:
            return await self._response(request, path)
        finally:
            self.under_way.subtract(mailboxes)
            self.under_way["calls"] -= 1

    def _mailboxes(self, request: httpx.Request, path: str) -> Counter[str]:
        if path != "/$batch":
            return Counter([path.split("/")[2]])
        urls = [part["url"] for part in json.loads(request.content)["requests"]]
        found = Counter(url.split("/")[2] for url in urls)
        return Counter({mailbox: min(count, 4) for mailbox, count in found.items()})

    async def _response(self, request: httpx.Request, path: str) -> httpx.Response:
        if self.good_tokens is not None:
            token = request.headers["Authorization"].removeprefix("Bearer ")
            if token not in self.good_tokens:
                await asyncio.sleep(1)
                return _response(Says.error(401, "InvalidAuthenticationToken"))
        if path == "/$batch" and path not in self.script:
            return await self._batch(json.loads(request.content)["requests"])
        return _response(await self._line(request.method, path))

    async def _batch(self, parts: list[dict[str, object]]) -> httpx.Response:
        self.parts.append(parts)
        lines = await asyncio.gather(
            *(self._line(str(part["method"]), str(part["url"])) for part in parts)
        )
        responses = [
            {"id": part["id"], "status": line.status, "headers": line.headers, "body": line.body}
            for part, line in zip(parts, lines, strict=True)
        ]
        body = {"responses": responses[::-1]}  # Graph keeps no order
        return _response(Says(200, body, {"request-id": "outer"}))

    async def _line(self, method: str, path: str) -> Says:
        self.asked.append((method, path))
        lines = self.script.get(path)
        line = Says(200, {"path": path}) if lines is None else lines[0]
        if lines is not None and len(lines) > 1:
            lines.popleft()
        if isinstance(line, Exception):
            raise line
        await asyncio.sleep(line.after)
        return line


def _response(says: Says) -> httpx.Response:
    headers = dict(says.headers)
    if says.raw is not None or says.body is None:
        return httpx.Response(says.status, content=says.raw, headers=headers)
    return httpx.Response(says.status, json=says.body, headers=headers)


def clock() -> Clock:
    """The virtual loop's time; chance is always in the middle."""
    loop = asyncio.get_running_loop()
    return Clock(
        monotonic=loop.time,
        now=lambda: EPOCH + timedelta(seconds=loop.time()),
        sleep=asyncio.sleep,
        random=lambda: 0.5,
    )


def client(
    server: FakeGraph,
    tokens: FakeTokens | None = None,
    *,
    settings: GraphSettings = SETTINGS,
    at_once: int = 16,
    budget: float = 60.0,
) -> Graph:
    """A client that talks to `server` in virtual time."""
    return Graph(
        settings,
        tokens or FakeTokens(),
        transport=httpx.MockTransport(server),
        clock=clock(),
        at_once=at_once,
        budget=budget,
    )


def now() -> float:
    """Virtual seconds since the test began."""
    return asyncio.get_running_loop().time()


ANNA = "anna@contoso.example"
EVENTS = f"/users/{ANNA}/events"


def gets(count: int) -> list[Request]:
    """Reads of that many of Anna's events."""
    return [Request("GET", path) for path in paths(ANNA, count)]


def statuses(outcomes: Sequence[Outcome | None]) -> list[int | None]:
    """Each answer's status; None where there is no answer."""
    return [each.status if isinstance(each, Answer) else None for each in outcomes]


def paths(mailbox: str, count: int) -> Sequence[str]:
    """The paths of `count` events of a mailbox."""
    return [f"/users/{mailbox}/events/{number}" for number in range(count)]


HOST = "https://graph.microsoft.com/v1.0"


def delta(user: str) -> str:
    """The path of a user's delta link."""
    return f"/users/{user}/calendarView/delta?$deltatoken=1"


def links(count: int) -> dict[str, Request]:
    """The delta links of that many users."""
    users = [f"user{number}" for number in range(count)]
    return {user: Request("GET", HOST + delta(user), paged=True) for user in users}


def ok(results: Mapping[str, Answered]) -> list[str]:
    """Whose poll was answered well."""
    return [user for user, each in results.items() if isinstance(each, Answer) and each.ok]
