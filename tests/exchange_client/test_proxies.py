"""Proxies: the configured one, the environment's, and none for this very host."""

import asyncio
import socket
from pathlib import Path

import pytest
import trustme

from calsync_agent.errors import ConfigurationRefused, SignInRefused, Unreachable
from calsync_agent.exchange.transport.auth import MsalTokens
from calsync_agent.exchange.transport.requests import Answer
from calsync_agent.exchange.transport.trust import proxy_for, shown
from tests.exchange_client.sockets import (
    answers,
    asked,
    listening,
    settings,
    tls,
    tunnel,
)

pytestmark = pytest.mark.anyio


@pytest.fixture
def anyio_backend() -> str:
    return "asyncio"  # with real time: there are sockets


async def test_b9_the_configured_proxy_is_used_for_graph_and_for_the_sign_in(
    ca: trustme.CA, ca_file: Path
) -> None:
    seen: list[bytes] = []

    async def proxy(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        seen.append(await tunnel(reader, writer))

    async with (
        listening(answers, tls(ca, "127.0.0.1")) as port,
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


async def test_b10_a_proxy_that_is_not_there_is_said() -> None:
    with socket.socket() as bound:
        bound.bind(("127.0.0.1", 0))
        port = bound.getsockname()[1]
    expected = rf"nothing accepts connections at the proxy http://127\.0\.0\.1:{port}"
    with pytest.raises(Unreachable, match=expected) as caught:
        await asked(settings(1, proxy=f"http://user:geheim@127.0.0.1:{port}"))
    assert "check exchange.proxy" in str(caught.value)
    assert "geheim" not in str(caught.value)


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
    "named", [":::", "http://:::", "http://proxy:port", "http://", "[::1", "://"]
)
def test_an_environment_s_proxy_that_is_no_address_is_refused_in_one_line(
    named: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in ("NO_PROXY", "no_proxy"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("HTTPS_PROXY", named)
    with pytest.raises(ConfigurationRefused, match="HTTPS_PROXY or ALL_PROXY is no address"):
        proxy_for("https://graph.microsoft.com/v1.0", "")
