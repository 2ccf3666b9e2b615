"""A proxy through which every host is the sandbox, so that clients need not be told of it.

Clients that are given this proxy speak to `graph.microsoft.com` and `login.microsoftonline.com`,
and meet the sandbox, whose certificate names both.
"""

import asyncio
import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress

_AT_ONCE = 65536


@contextmanager
def tunnel(port: int) -> Iterator[str]:
    """The address of a proxy on loopback that leads to that port, while the context lasts."""
    loop = asyncio.new_event_loop()
    thread = threading.Thread(target=loop.run_forever, name="tunnel", daemon=True)
    thread.start()

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await _through(port, reader, writer)

    async def begin() -> asyncio.Server:
        return await asyncio.start_server(serve, "127.0.0.1", 0)

    async def end(server: asyncio.Server) -> None:
        server.close()
        running = asyncio.all_tasks() - {asyncio.current_task()}
        for task in running:
            task.cancel()
        await asyncio.gather(*running, return_exceptions=True)

    server = asyncio.run_coroutine_threadsafe(begin(), loop).result(10)
    try:
        yield f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}"
    finally:
        asyncio.run_coroutine_threadsafe(end(server), loop).result(10)
        loop.call_soon_threadsafe(loop.stop)
        thread.join(10)
        loop.close()


async def _through(port: int, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    """One connection: `CONNECT`, whatever the host, then bytes both ways until one side ends."""
    asked = await reader.readuntil(b"\r\n\r\n")
    if not asked.startswith(b"CONNECT "):
        writer.write(b"HTTP/1.1 405 Only CONNECT\r\n\r\n")
        writer.close()
        return
    from_there, to_there = await asyncio.open_connection("127.0.0.1", port)
    writer.write(b"HTTP/1.1 200 Connection established\r\n\r\n")
    try:
        await asyncio.gather(_copy(reader, to_there), _copy(from_there, writer))
    finally:
        to_there.close()
        writer.close()


async def _copy(source: asyncio.StreamReader, target: asyncio.StreamWriter) -> None:
    with suppress(ConnectionError):
        while data := await source.read(_AT_ONCE):
            target.write(data)
            await target.drain()
        target.write_eof() if target.can_write_eof() else target.close()
