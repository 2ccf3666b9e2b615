"""The HTTP side: Graph below `/v1.0`, the token endpoint below a tenant, `/control`.

Starlette routes; what is answered comes from `graph`, `signin` and `control`.
"""

from collections.abc import Awaitable, Callable
from contextlib import AbstractAsyncContextManager
from urllib.parse import parse_qsl

from starlette.applications import Starlette
from starlette.requests import Request as HttpRequest
from starlette.responses import Response as HttpResponse
from starlette.routing import Mount
from starlette.types import Receive, Scope, Send

from calsync_agent.sandbox.connections import Connections
from calsync_agent.sandbox.control import answer_control
from calsync_agent.sandbox.faults import Dropped, Target
from calsync_agent.sandbox.graph.requests import (
    GraphReply,
    Request,
    read_json,
    refusal_answer,
    split_path,
    split_query,
    written,
)
from calsync_agent.sandbox.model.refusals import GraphRefusal
from calsync_agent.sandbox.signin.endpoint import TokenRequest, answer_token, openid_configuration
from calsync_agent.sandbox.signin.refusals import SignInRefusal
from calsync_agent.sandbox.tenant import Tenant

MOST_BYTES = 4 * 1024 * 1024

Answering = Callable[[HttpRequest], Awaitable[GraphReply]]
Lifespan = Callable[[Starlette], AbstractAsyncContextManager[None]]


def build_app(tenant: Tenant, connections: Connections, lifespan: Lifespan) -> Starlette:
    """The application that uvicorn serves."""
    doors = _Doors(tenant)
    return Starlette(
        routes=[
            Mount("/v1.0", app=_Endpoint(doors.graph, connections)),
            Mount("/control", app=_Endpoint(doors.control, connections)),
            Mount("/", app=_Endpoint(doors.sign_in, connections)),
        ],
        lifespan=lifespan,
    )


class _Doors:
    """One way in per part of the server."""

    def __init__(self, tenant: Tenant) -> None:
        self._tenant = tenant

    async def graph(self, http: HttpRequest) -> GraphReply:
        """Graph."""
        try:
            request = await _read(http, "/v1.0")
        except GraphRefusal as refusal:
            return self._refused(refusal)
        return await self._tenant.gateway.answer(request)

    async def control(self, http: HttpRequest) -> GraphReply:
        """The switches."""
        try:
            return answer_control(self._tenant, await _read(http, "/control"))
        except GraphRefusal as refusal:
            return self._refused(refusal)

    async def sign_in(self, http: HttpRequest) -> GraphReply:
        """Entra's part. Faults with scope `http` apply here as well."""

        async def proceed() -> GraphReply:
            return await self._sign_in(http)

        try:
            target = Target("http", http.method, http.url.path)
            return await self._tenant.faults.through(target, proceed)
        except GraphRefusal as refusal:
            return self._refused(refusal)

    async def _sign_in(self, http: HttpRequest) -> GraphReply:
        tenant, base = self._tenant, _origin(http)
        authorization = http.headers.get("authorization")
        body = (await http.body()).decode(errors="replace")
        with tenant.lock:
            try:
                match http.method, *split_path(http.url.path):
                    case "GET", name, "v2.0", ".well-known", "openid-configuration":
                        return GraphReply(200, openid_configuration(tenant.world, base, name))
                    case "POST", name, "oauth2", "v2.0", "token":
                        tenant.counters.tokens += 1
                        form = dict(parse_qsl(body, keep_blank_values=True))
                        asked = TokenRequest(base, name, form, authorization)
                        issued = answer_token(
                            tenant.world, tenant.registration, tenant.tokens, asked
                        )
                        return GraphReply(200, issued, {"Cache-Control": "no-store, no-cache"})
            except SignInRefusal as refusal:
                return GraphReply(refusal.status, refusal.as_json(tenant.clock.now()))
        raise GraphRefusal(404, "NotFound", f"Nothing is served at {http.url.path}.")

    def _refused(self, refusal: GraphRefusal) -> GraphReply:
        with self._tenant.lock:
            own = self._tenant.world.ids.guid("refused", self._tenant.clock.now())
            ids = {"request-id": own, "client-request-id": own}
            answer = refusal_answer(refusal, ids, self._tenant.clock.now())
        return GraphReply(answer.status, answer.body, {**ids, **answer.headers})


class _Endpoint:
    """Runs a door as an ASGI application, cutting the connection where a fault says so."""

    def __init__(self, door: Answering, connections: Connections) -> None:
        self._door = door
        self._connections = connections

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        try:
            answer = await self._door(HttpRequest(scope, receive))
        except Dropped:
            self._connections.cut(tuple(scope["client"]))
            while (await receive())["type"] != "http.disconnect":
                pass
            return
        await _written(answer)(scope, receive, send)


def _written(answer: GraphReply) -> HttpResponse:
    headers = dict(answer.headers)
    content = written(answer)
    if answer.body is None and not content:
        return HttpResponse(status_code=answer.status, headers=headers)
    headers["Content-Type"] = "application/json; charset=utf-8"
    return HttpResponse(content, answer.status, headers)


async def _read(http: HttpRequest, root: str) -> Request:
    """The HTTP request as one of Graph's. Ids may hold encoded slashes: the raw path counts."""
    raw: bytes = http.scope["raw_path"]
    body = await http.body()
    if len(body) > MOST_BYTES:
        raise GraphRefusal(413, "RequestEntityTooLarge", "The request body is too large.")
    return Request(
        method=http.method,
        segments=split_path(raw.decode("ascii").removeprefix(root)),
        query=split_query(http.scope["query_string"].decode("ascii")),
        headers=_headers(http),
        base=_origin(http) + root,
        body=read_json(body),
    )


def _headers(http: HttpRequest) -> dict[str, str]:
    """By name in lower case; a header that comes several times is joined."""
    found: dict[str, str] = {}
    for name, value in http.headers.items():
        found[name] = f"{found[name]}, {value}" if name in found else value
    return found


def _origin(http: HttpRequest) -> str:
    return f"https://{http.headers.get('host', '127.0.0.1')}"
