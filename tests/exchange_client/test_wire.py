"""Real sockets: whom the client trusts, and what it says when a host cannot be reached."""

import socket
from pathlib import Path

import httpx
import pytest
import trustme

from calsync_agent.domain.operation import Lost
from calsync_agent.errors import ConfigurationRefused, Unreachable
from calsync_agent.exchange.transport.auth import MsalTokens
from calsync_agent.exchange.transport.client import Graph
from calsync_agent.exchange.transport.requests import Answer, Request
from calsync_agent.exchange.transport.trust import tls as trusted
from tests.exchange_client.fake import FakeGraph, FakeTokens, client, paths
from tests.exchange_client.sockets import (
    answers,
    asked,
    hangs_up,
    hears,
    listening,
    settings,
    speaks_no_tls,
    tls,
)

pytestmark = pytest.mark.anyio


@pytest.fixture
def anyio_backend() -> str:
    return "asyncio"  # with real time: there are sockets


async def test_b9_a_private_authority_is_trusted_when_it_is_named(
    ca: trustme.CA, ca_file: Path
) -> None:
    async with listening(answers, tls(ca, "127.0.0.1")) as port:
        outcome = await asked(settings(port, ca_file=ca_file))
    assert isinstance(outcome, Answer)
    assert outcome.body == {"value": []}
    assert outcome.request_id == "r-1"


async def test_b10_an_unknown_authority_is_said_with_what_to_do(ca: trustme.CA) -> None:
    async with listening(answers, tls(ca, "127.0.0.1")) as port:
        with pytest.raises(Unreachable, match=r"exchange\.ca_file") as caught:
            await asked(settings(port))
        assert f"127.0.0.1:{port}" in str(caught.value)
        tokens = MsalTokens(settings(port))
        with pytest.raises(Unreachable, match=r"exchange\.ca_file"):
            await tokens.token()
        await tokens.aclose()


async def test_b10_a_certificate_of_another_name_is_said(ca: trustme.CA, ca_file: Path) -> None:
    async with listening(answers, tls(ca, "other.example")) as port:
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
    ca: trustme.CA, ca_file: Path
) -> None:
    async with listening(hangs_up, tls(ca, "127.0.0.1")) as port:
        assert isinstance(await asked(settings(port, ca_file=ca_file), "POST"), Lost)


async def test_b9_a_host_that_never_answers_is_given_up(ca: trustme.CA, ca_file: Path) -> None:
    async with listening(hears, tls(ca, "127.0.0.1")) as port:
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
