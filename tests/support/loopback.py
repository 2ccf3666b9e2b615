"""The sandbox without sockets: the agent's own HTTP client, answered in the same event loop."""

import asyncio
from collections.abc import Callable
from typing import Final

import httpx

from calsync_agent.exchange.transport.client import Graph
from calsync_agent.exchange.transport.pace import Clock
from calsync_agent.exchange.transport.settings import GraphSettings
from calsync_agent.sandbox.faults import Dropped
from calsync_agent.sandbox.graph.requests import (
    GraphReply,
    Request,
    read_json,
    split_path,
    split_query,
    written,
)
from calsync_agent.sandbox.tenant import Tenant

GRAPH: Final = "https://graph.loopback/v1.0"
_ROOT: Final = "/v1.0"


def answer_now(tenant: Tenant) -> Callable[[httpx.Request], "asyncio.Future[httpx.Response]"]:
    """What carries a request to the tenant's Graph and its answer back."""

    async def carry(request: httpx.Request) -> httpx.Response:
        path, _, query = request.url.raw_path.decode("ascii").partition("?")
        asked = Request(
            method=request.method,
            segments=split_path(path.removeprefix(_ROOT)),
            query=split_query(query),
            headers={name.lower(): value for name, value in request.headers.items()},
            base=GRAPH,
            body=read_json(request.content),
        )
        try:
            return _written(await tenant.gateway.answer(asked))
        except Dropped:
            raise httpx.ReadError("the connection was cut", request=request) from None

    return lambda request: asyncio.ensure_future(carry(request))


def _written(answer: GraphReply) -> httpx.Response:
    """As the sandbox's server writes it."""
    headers = {**answer.headers, "Content-Type": "application/json; charset=utf-8"}
    content = written(answer)
    if answer.body is None and not content:
        return httpx.Response(answer.status, headers=headers)
    return httpx.Response(answer.status, headers=headers, content=content)


class KnownTokens:
    """Tokens that the tenant issues without a sign-in."""

    def __init__(self, tenant: Tenant) -> None:
        self._tenant = tenant
        self._token: str | None = None

    async def token(self, *, force: bool = False) -> str:
        """A good token."""
        if self._token is None or force:
            with self._tenant.lock:
                self._token = self._tenant.tokens.issue(self._tenant.client_id, "loopback")
        return self._token

    async def aclose(self) -> None:
        """Nothing is open."""


def connected(
    tenant: Tenant, transport: httpx.AsyncBaseTransport, clock: Clock, page_size: int
) -> Graph:
    """The agent's client for this tenant."""
    settings = GraphSettings(
        tenant_id=tenant.tenant_id,
        client_id=tenant.client_id,
        secret="none",
        graph_url=GRAPH,
        page_size=page_size,
    )
    return Graph(settings, KnownTokens(tenant), transport=transport, clock=clock)
