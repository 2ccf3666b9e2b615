"""A tenant of any number of empty mailboxes, in a process of its own, that answers at once.

It does as little as an HTTPS server can, so that the machine is left to the agent. Each mailbox is
in its feed where `position` says, and nothing ever changes in it.
"""

import asyncio
import json
import multiprocessing
import re
import ssl
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from multiprocessing.connection import Connection
from pathlib import Path

import trustme

HOST = "127.0.0.1"
_LENGTH = re.compile(rb"content-length: *(\d+)", re.IGNORECASE)


@dataclass(frozen=True)
class IdleTenant:
    """Where it is found."""

    graph_url: str
    ca_file: str


def position(graph_url: str, mailbox: str) -> str:
    """A place in the feed of a mailbox; the token is about as long as Graph's own."""
    return f"{graph_url}/users/{mailbox}/calendarView/delta?$deltatoken={mailbox:x<300}"


class _Answering(asyncio.Protocol):
    """HTTP/1.1, kept alive; one request after the other, as the agent's client sends them."""

    def __init__(self, origin: str) -> None:
        self._origin = origin
        self._got = b""

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        assert isinstance(transport, asyncio.Transport)
        self._transport = transport

    def data_received(self, data: bytes) -> None:
        self._got += data
        while (end := self._got.find(b"\r\n\r\n")) >= 0:
            head = self._got[:end]
            length = _LENGTH.search(head)
            whole = end + 4 + (int(length[1]) if length else 0)
            if len(self._got) < whole:
                return
            content, self._got = self._got[end + 4 : whole], self._got[whole:]
            self._transport.write(self._answer(head, content))

    def _answer(self, head: bytes, content: bytes) -> bytes:
        if content:
            parts = json.loads(content)["requests"]
            answers = [
                {"id": one["id"], "status": 200, "headers": {}, "body": self._unchanged(one["url"])}
                for one in parts
            ]
            body = json.dumps({"responses": answers}).encode()
        else:
            path = head.split(b" ", 2)[1].decode().removeprefix("/v1.0")
            body = json.dumps(self._unchanged(path)).encode()
        return (
            b"HTTP/1.1 200 OK\r\ncontent-type: application/json\r\ncontent-length: %d\r\n\r\n%s"
            % (
                len(body),
                body,
            )
        )

    def _unchanged(self, url: str) -> dict[str, object]:
        return {"value": [], "@odata.deltaLink": f"{self._origin}/v1.0{url}"}


@contextmanager
def idle_tenant() -> Iterator[IdleTenant]:
    """The tenant, while the context lasts."""
    spawn = multiprocessing.get_context("spawn")
    ours, theirs = spawn.Pipe()
    with tempfile.TemporaryDirectory(prefix="calsync-tenant-") as folder:
        process = spawn.Process(target=_serve, args=(theirs, folder), daemon=True)
        process.start()
        try:
            port = ours.recv()
            yield IdleTenant(f"https://{HOST}:{port}/v1.0", str(Path(folder, "ca.pem")))
        finally:
            ours.send(None)
            process.join(30)


def _serve(pipe: Connection, folder: str) -> None:
    asyncio.run(_serving(pipe, folder))


async def _serving(pipe: Connection, folder: str) -> None:
    authority = trustme.CA()
    authority.cert_pem.write_to_path(Path(folder, "ca.pem"))
    context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    authority.issue_cert(HOST).configure_cert(context)
    loop = asyncio.get_running_loop()
    origin: list[str] = []
    server = await loop.create_server(lambda: _Answering(origin[0]), HOST, 0, ssl=context)
    port = server.sockets[0].getsockname()[1]
    origin.append(f"https://{HOST}:{port}")
    pipe.send(port)
    await asyncio.to_thread(pipe.recv)
    server.close()
