"""B9a: what a server sends has bounds, and beyond them it is trouble of the one who asked."""

import asyncio
import gzip
import json
import zlib
from contextlib import suppress
from pathlib import Path

import pytest
import trustme

from calsync_agent.domain.operation import Lost
from calsync_agent.errors import MailboxUnavailable, Unreachable
from calsync_agent.exchange.transport import session, wire
from calsync_agent.exchange.transport.auth import MsalTokens
from calsync_agent.exchange.transport.parsing import HEAVY
from calsync_agent.exchange.transport.requests import Answer
from calsync_agent.exchange.transport.unpacking import LARGEST, TooLarge, Unpackable, unpacked
from tests.exchange_client.sockets import Handler, asked, listening, settings, tls

pytestmark = pytest.mark.anyio

MB = 1024 * 1024


@pytest.fixture
def anyio_backend() -> str:
    return "asyncio"  # with real time: there are sockets


def head(**headers: object) -> bytes:
    lines = [f"{name.replace('_', '-')}: {value}" for name, value in headers.items()]
    return "\r\n".join(["HTTP/1.1 200 OK", *lines, "", ""]).encode()


def says(answer: bytes) -> Handler:
    async def handler(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        while await reader.readline():
            await reader.readuntil(b"\r\n\r\n")
            writer.write(answer)

    return handler


def packed(content: bytes, form: int) -> bytes:
    packing = zlib.compressobj(9, zlib.DEFLATED, form)
    return packing.compress(content) + packing.flush()


GZIP, ZLIB, BARE = 31, 15, -15


@pytest.mark.parametrize(
    ("encoding", "form"), [("gzip", GZIP), ("x-gzip", GZIP), ("deflate", ZLIB), ("deflate", BARE)]
)
@pytest.mark.parametrize("size", [0, 100, HEAVY + 1])
async def test_b9a_a_packed_answer_is_unpacked(
    ca: trustme.CA, ca_file: Path, encoding: str, form: int, size: int
) -> None:
    content = packed(json.dumps({"value": "x" * size}).encode(), form)
    answer = head(Content_Encoding=encoding, Content_Length=len(content)) + content
    async with listening(says(answer), tls(ca, "127.0.0.1")) as port:
        outcome = await asked(settings(port, ca_file=ca_file))
    assert isinstance(outcome, Answer)
    assert outcome.body == {"value": "x" * size}


async def endless(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    """An answer of 1.5 GB, as far as it is taken."""
    await reader.readuntil(b"\r\n\r\n")
    writer.write(head(Content_Length=1536 * MB) + b'{"value": "')
    for _ in range(1536):
        if reader.at_eof():
            return  # the client has gone, as it should
        writer.write(b"x" * MB)
        await writer.drain()
        await asyncio.sleep(0)
    raise AssertionError("all of it was taken")


def bomb(encoding: str, form: int) -> Handler:
    content = packed(b'{"value": "' + b"x" * (LARGEST + MB), form)
    return says(head(Content_Encoding=encoding, Content_Length=len(content)) + content)


@pytest.mark.parametrize(
    "handler",
    [endless, bomb("gzip", GZIP), bomb("deflate", ZLIB), bomb("deflate", BARE)],
    ids=["1.5 GB", "gzip", "deflate", "deflate without header"],
)
async def test_b9a_an_answer_beyond_its_size_is_trouble_and_not_asked_for_at_once_again(
    ca: trustme.CA, ca_file: Path, handler: Handler
) -> None:
    connections = 0

    async def counted(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        nonlocal connections
        connections += 1
        with suppress(ConnectionError, asyncio.IncompleteReadError):
            await handler(reader, writer)

    async with listening(counted, tls(ca, "127.0.0.1")) as port:
        with pytest.raises(MailboxUnavailable, match=r"answers with more than 32 MB"):
            await asked(settings(port, ca_file=ca_file))
        tokens = MsalTokens(settings(port, ca_file=ca_file))
        with pytest.raises(Unreachable, match=r"answers with more than 1 MB"):
            await tokens.token()
        await tokens.aclose()
    assert connections == 2


async def drips(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    await reader.readuntil(b"\r\n\r\n")
    writer.write(head(Content_Length=MB))
    while not writer.is_closing() and not reader.at_eof():
        writer.write(b" ")
        await asyncio.sleep(0.01)


async def test_b9a_an_answer_that_never_ends_is_given_up(
    ca: trustme.CA, ca_file: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(wire, "LONGEST", 0.2)
    async with listening(drips, tls(ca, "127.0.0.1")) as port:
        with pytest.raises(MailboxUnavailable, match="did not come to the end of its answer"):
            await asked(settings(port, ca_file=ca_file))
        outcome = await asked(settings(port, ca_file=ca_file), "POST")
        assert isinstance(outcome, Lost)  # it may have been carried out (B2a)
        tokens = MsalTokens(settings(port, ca_file=ca_file))
        with pytest.raises(Unreachable, match="did not come to the end of its answer"):
            await tokens.token()
        await tokens.aclose()


@pytest.mark.parametrize(
    ("encoding", "content"),
    [
        ("br", b"x"),
        ("gzip, gzip", gzip.compress(gzip.compress(b"{}"))),
        ("gzip", b"no gzip at all"),
        ("deflate", b"\xff\xff\xff"),
    ],
    ids=["unknown", "packed twice", "no gzip", "no deflate"],
)
def test_b9a_what_cannot_be_unpacked_is_told_apart(encoding: str, content: bytes) -> None:
    with pytest.raises(Unpackable):
        unpacked(content, encoding)


@pytest.mark.parametrize("form", [GZIP, ZLIB, BARE])
@pytest.mark.parametrize("size", [999, 1000, 1001, 10 * MB])
def test_b9a_unpacking_stops_at_the_bound(form: int, size: int) -> None:
    content = packed(b"\0" * size, form)
    if size <= 1000:
        assert len(unpacked(content, "deflate", 1000)) == size
    else:
        with pytest.raises(TooLarge):
            unpacked(content, "deflate", 1000)


@pytest.fixture
def large() -> bytes:
    item = {"id": "i" * 150, "start": {"dateTime": "2026-11-22T09:00:00", "timeZone": "UTC"}}
    return json.dumps({"value": [item] * 20_000}).encode()


async def test_b8_a_large_answer_leaves_the_loop(
    ca: trustme.CA, ca_file: Path, large: bytes, monkeypatch: pytest.MonkeyPatch
) -> None:
    """While it is read, the loop takes its turns."""
    turns = reading = 0

    async def counted(content: bytes) -> object:
        nonlocal reading
        before = turns
        found = await parsed_really(content)
        reading = turns - before
        return found

    async def turning() -> None:
        nonlocal turns
        while True:
            turns += 1
            await asyncio.sleep(0)

    parsed_really = session.parsed
    monkeypatch.setattr(session, "parsed", counted)
    answer = head(Content_Length=len(large)) + large
    turner = asyncio.create_task(turning())
    async with listening(says(answer), tls(ca, "127.0.0.1")) as port:
        outcome = await asked(settings(port, ca_file=ca_file))
    turner.cancel()
    assert isinstance(outcome, Answer)
    assert outcome.body == json.loads(large)
    assert reading > 10
