"""Real sockets: trust, proxies, and what is said when a host cannot be reached."""

import asyncio
import socket
import ssl
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager, suppress
from pathlib import Path
from typing import Any

import httpx
import pytest
import trustme

from calsync_agent.errors import ConfigurationRefused, SignInRefused
from calsync_agent.exchange.auth import MsalTokens
from calsync_agent.exchange.client import Graph
from calsync_agent.exchange.requests import Answer, Lost, Request
from calsync_agent.exchange.settings import GraphSettings
from calsync_agent.exchange.troubles import Unreachable
from calsync_agent.exchange.trust import proxy_for, shown
from calsync_agent.exchange.trust import tls as trusted
from tests.exchange_client.fake import FakeGraph, FakeTokens, client, paths

pytestmark = pytest.mark.anyio

ANSWER = b"HTTP/1.1 200 OK\r\nrequest-id: r-1\r\nContent-Length: 13\r\n\r\n" + b'{"value": []}'
Handler = Callable[[asyncio.StreamReader, asyncio.StreamWriter], Awaitable[None]]


@pytest.fixture
def anyio_backend() -> str:
    return "asyncio"  # with real time: there are sockets


@pytest.fixture(autouse=True)
def environment(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("HTTPS_PROXY", "HTTP_PROXY", "ALL_PROXY", "NO_PROXY"):
        monkeypatch.delenv(name, raising=False)
        monkeypatch.delenv(name.lower(), raising=False)


@pytest.fixture(scope="module")
def authority() -> trustme.CA:
    return trustme.CA()


@pytest.fixture
def ca_file(authority: trustme.CA, tmp_path: Path) -> Path:
    path = tmp_path / "ca.pem"
    authority.cert_pem.write_to_path(str(path))
    return path


def tls(authority: trustme.CA, name: str) -> ssl.SSLContext:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    authority.issue_cert(name).configure_cert(context)
    return context


@asynccontextmanager
async def listening(handler: Handler, context: ssl.SSLContext | None) -> AsyncIterator[int]:
    """A server for one test; it ends when all its connections have."""
    connections: set[asyncio.Future[None]] = set()

    async def connected(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        ended = asyncio.get_running_loop().create_future()
        connections.add(ended)
        try:
            await handler(reader, writer)
        finally:
            writer.close()
            with suppress(OSError):
                await writer.wait_closed()
            ended.set_result(None)

    async with await asyncio.start_server(connected, "127.0.0.1", 0, ssl=context) as server:
        yield server.sockets[0].getsockname()[1]
        await asyncio.gather(*connections)


async def answers(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    await reader.readuntil(b"\r\n\r\n")
    writer.write(ANSWER)


async def hangs_up(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    await reader.readuntil(b"\r\n\r\n")
    writer.write(ANSWER[:-5])


async def speaks_no_tls(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    await reader.read(1)
    writer.write(b"HTTP/1.1 400 Bad Request\r\n\r\n")


async def hears(reader: asyncio.StreamReader, _writer: asyncio.StreamWriter) -> None:
    await reader.read()


def settings(port: int, **change: Any) -> GraphSettings:  # noqa: ANN401 - settings
    given: dict[str, Any] = {
        "tenant_id": "contoso.example",
        "client_id": "app",
        "secret": "hush",
        "graph_url": f"https://127.0.0.1:{port}/v1.0",
        "authority": f"https://127.0.0.1:{port}",
    }
    return GraphSettings(**{**given, **change})


async def asked(given: GraphSettings, method: str = "GET") -> Answer | Lost:
    graph = Graph(given, FakeTokens())
    try:
        (outcome,) = await graph.send("anna", [Request(method, "/users/anna/events")])
    finally:
        await graph.aclose()
    return outcome


async def test_b9_a_private_authority_is_trusted_when_it_is_named(
    authority: trustme.CA, ca_file: Path
) -> None:
    async with listening(answers, tls(authority, "127.0.0.1")) as port:
        outcome = await asked(settings(port, ca_file=ca_file))
    assert isinstance(outcome, Answer)
    assert outcome.body == {"value": []}
    assert outcome.request_id == "r-1"


async def test_b10_an_unknown_authority_is_said_with_what_to_do(authority: trustme.CA) -> None:
    async with listening(answers, tls(authority, "127.0.0.1")) as port:
        with pytest.raises(Unreachable, match=r"exchange\.ca_file") as caught:
            await asked(settings(port))
        assert f"127.0.0.1:{port}" in str(caught.value)
        tokens = MsalTokens(settings(port))
        with pytest.raises(Unreachable, match=r"exchange\.ca_file"):
            await tokens.token()
        await tokens.aclose()


async def test_b10_a_certificate_of_another_name_is_said(
    authority: trustme.CA, ca_file: Path
) -> None:
    async with listening(answers, tls(authority, "other.example")) as port:
        with pytest.raises(Unreachable, match="mismatch"):
            await asked(settings(port, ca_file=ca_file))


async def test_b10_a_port_without_tls_is_said() -> None:
    async with listening(speaks_no_tls, None) as port:
        with pytest.raises(Unreachable, match=r"exchange\.graph_url names an https port"):
            await asked(settings(port))


async def test_b10_a_port_where_nobody_listens_is_said() -> None:
    with socket.socket() as bound:
        bound.bind(("127.0.0.1", 0))
        port = bound.getsockname()[1]
    with pytest.raises(Unreachable, match="nothing accepts connections"):
        await asked(settings(port))
    tokens = MsalTokens(settings(port))
    with pytest.raises(Unreachable, match=r"exchange\.authority"):
        await tokens.token()
    await tokens.aclose()


async def test_b2_a_connection_that_breaks_leaves_a_post_lost(
    authority: trustme.CA, ca_file: Path
) -> None:
    async with listening(hangs_up, tls(authority, "127.0.0.1")) as port:
        assert isinstance(await asked(settings(port, ca_file=ca_file), "POST"), Lost)


async def test_b9_a_host_that_never_answers_is_given_up(
    authority: trustme.CA, ca_file: Path
) -> None:
    async with listening(hears, tls(authority, "127.0.0.1")) as port:
        given = settings(port, ca_file=ca_file, answer_seconds=0.05)
        outcome = await asked(given, "POST")
        assert isinstance(outcome, Lost)
        assert "did not answer in time" in str(outcome.reason)


# Causes that cannot be had without a network


def caused(error: httpx.TransportError, cause: BaseException) -> httpx.TransportError:
    middle = OSError("All connection attempts failed")
    middle.__cause__ = cause
    error.__cause__ = middle
    return error


@pytest.mark.parametrize(
    ("error", "hint"),
    [
        (caused(httpx.ConnectError(""), socket.gaierror(-2, "unknown")), "not known to DNS"),
        (caused(httpx.ConnectTimeout(""), TimeoutError()), "firewall"),
        (caused(httpx.ConnectError("no route"), OSError(113, "no route")), "no route"),
        (
            caused(
                httpx.ConnectError(""),
                ExceptionGroup("several", [ConnectionRefusedError(), ConnectionRefusedError()]),
            ),
            "nothing accepts",
        ),
        (httpx.ProxyError("407 Proxy Authentication Required"), "407 Proxy Authentication"),
    ],
    ids=str,
)
async def test_b10_each_cause_has_its_sentence(
    server: FakeGraph, error: httpx.TransportError, hint: str
) -> None:
    path = paths("anna", 1)[0]
    server.says(path, error)
    with pytest.raises(Unreachable, match=hint) as caught:
        await client(server).send("anna", [Request("GET", path)])
    assert "graph.microsoft.com:443" in str(caught.value)
    assert "\n" not in str(caught.value)


# Proxies


async def copy(source: asyncio.StreamReader, target: asyncio.StreamWriter) -> None:
    with suppress(OSError):
        while block := await source.read(65536):
            target.write(block)
    target.close()


async def tunnel(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> bytes:
    """What a proxy does; returns what it was asked for."""
    head = await reader.readuntil(b"\r\n\r\n")
    port = int(head.split(b" ")[1].rpartition(b":")[2])
    inner_reader, inner_writer = await asyncio.open_connection("127.0.0.1", port)
    writer.write(b"HTTP/1.1 200 OK\r\n\r\n")
    await asyncio.gather(copy(reader, inner_writer), copy(inner_reader, writer))
    with suppress(OSError):
        await inner_writer.wait_closed()
    return head


async def test_b9_the_configured_proxy_is_used_for_graph_and_for_the_sign_in(
    authority: trustme.CA, ca_file: Path
) -> None:
    seen: list[bytes] = []

    async def proxy(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        seen.append(await tunnel(reader, writer))

    async with (
        listening(answers, tls(authority, "127.0.0.1")) as port,
        listening(proxy, None) as proxy_port,
    ):
        given = settings(port, ca_file=ca_file, proxy=f"http://u:p@127.0.0.1:{proxy_port}")
        assert isinstance(await asked(given), Answer)
        tokens = MsalTokens(given)
        with pytest.raises(SignInRefused):  # what answers there is no authority
            await tokens.token()
        await tokens.aclose()
    assert len(seen) == 2
    for head in seen:
        assert head.startswith(f"CONNECT 127.0.0.1:{port}".encode())
        assert b"Proxy-Authorization: Basic" in head
        assert b"Bearer" not in head


async def test_b10_a_proxy_that_refuses_is_said_without_its_password() -> None:
    async def refuses(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.readuntil(b"\r\n\r\n")
        writer.write(b"HTTP/1.1 407 Proxy Authentication Required\r\nContent-Length: 0\r\n\r\n")

    async with listening(refuses, None) as port:
        given = settings(1, proxy=f"http://user:geheim@127.0.0.1:{port}")
        with pytest.raises(Unreachable, match="407") as caught:
            await asked(given)
    assert "geheim" not in str(caught.value)
    assert f"http://127.0.0.1:{port}" in str(caught.value)


def test_b9_the_environments_proxy_is_taken_where_none_is_configured(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    graph = "https://graph.microsoft.com/v1.0"
    assert proxy_for(graph, "") is None
    monkeypatch.setenv("ALL_PROXY", "all.example:3128")
    assert proxy_for(graph, "") == "http://all.example:3128"
    monkeypatch.setenv("HTTPS_PROXY", "http://proxy.example:8080")
    assert proxy_for(graph, "") == "http://proxy.example:8080"
    assert proxy_for(graph, "http://own.example") == "http://own.example"
    assert proxy_for("https://127.0.0.1:8443/v1.0", "") is None
    monkeypatch.setenv("NO_PROXY", "localhost,.microsoft.com")
    assert proxy_for(graph, "") is None
    monkeypatch.setenv("NO_PROXY", "*")
    assert proxy_for(graph, "") is None


def test_b10_a_proxy_of_another_kind_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("ALL_PROXY", "socks5://user:geheim@proxy.example:1080")
    with pytest.raises(ConfigurationRefused, match=r"exchange\.proxy") as caught:
        proxy_for("https://graph.microsoft.com/v1.0", "")
    assert "geheim" not in str(caught.value)
    assert shown("http://user:geheim@proxy.example") == "http://proxy.example"


@pytest.mark.parametrize(
    ("content", "hint"), [(None, "No such file"), (b"", "no certificate"), (b"x", "no certificate")]
)
def test_b10_an_unusable_ca_file_is_refused(
    tmp_path: Path, content: bytes | None, hint: str
) -> None:
    path = tmp_path / "ca.pem"
    if content is not None:
        path.write_bytes(content)
    with pytest.raises(ConfigurationRefused, match=hint) as caught:
        Graph(settings(1, ca_file=path), FakeTokens())
    assert "exchange.ca_file" in str(caught.value)


def test_b9_a_private_authority_is_added_to_the_systems(ca_file: Path) -> None:
    system = len(trusted(None).get_ca_certs())
    assert len(trusted(ca_file).get_ca_certs()) == system + 1
