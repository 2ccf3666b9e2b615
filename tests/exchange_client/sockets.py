"""Servers on real sockets, and a client that asks them."""

import asyncio
import ssl
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager, suppress
from typing import Any

import trustme

from calsync_agent.domain.operation import Lost
from calsync_agent.exchange.transport.client import Graph
from calsync_agent.exchange.transport.requests import Answer, Request
from calsync_agent.exchange.transport.settings import GraphSettings
from tests.exchange_client.fake import FakeTokens

ANSWER = b"HTTP/1.1 200 OK\r\nrequest-id: r-1\r\nContent-Length: 13\r\n\r\n" + b'{"value": []}'
Handler = Callable[[asyncio.StreamReader, asyncio.StreamWriter], Awaitable[None]]


def tls(ca: trustme.CA, name: str) -> ssl.SSLContext:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    ca.issue_cert(name).configure_cert(context)
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


def settings(port: int, **change: Any) -> GraphSettings:
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
