"""Open connections by the client's address, so that one can be cut in the midst of a request."""

import asyncio
from typing import Any, TypeAlias

from uvicorn.protocols.http.h11_impl import H11Protocol

Peer: TypeAlias = "tuple[str, int]"


class Connections:
    """The transports of the connections that are open."""

    def __init__(self) -> None:
        self._open: dict[Peer, asyncio.Transport] = {}
        self._lost = asyncio.Event()

    def cut(self, peer: Peer) -> None:
        """Close a connection at once, whatever was to be written."""
        transport = self._open.get(peer)
        if transport is not None:
            transport.abort()

    async def cut_all(self) -> None:
        """Close every connection; returns when they are closed."""
        for peer in list(self._open):
            self.cut(peer)
        while self._open:
            self._lost.clear()
            await self._lost.wait()

    def protocol(self) -> type[H11Protocol]:
        """The HTTP protocol for uvicorn that keeps this register."""
        register, lost = self._open, self._lost

        class Registered(H11Protocol):
            """HTTP/1.1, known by its peer while it lasts."""

            def connection_made(self, transport: Any) -> None:  # noqa: ANN401 - as uvicorn has it
                super().connection_made(transport)
                self._peer = tuple(transport.get_extra_info("peername")[:2])
                register[self._peer] = transport

            def connection_lost(self, exc: Exception | None) -> None:
                super().connection_lost(exc)
                register.pop(self._peer, None)
                lost.set()

        return Registered
