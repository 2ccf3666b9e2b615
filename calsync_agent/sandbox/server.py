"""The sandbox as a real HTTPS server, with a certificate authority of its own."""

import asyncio
import contextlib
import socket
import ssl
import tempfile
import threading
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import asynccontextmanager, contextmanager
from pathlib import Path
from typing import Final

import trustme
import uvicorn
from starlette.applications import Starlette

from calsync_agent.sandbox.app import build_app
from calsync_agent.sandbox.connections import Connections
from calsync_agent.sandbox.tenant import Tenant

HOST: Final = "127.0.0.1"
_REAL: Final = ("graph.microsoft.com", "login.microsoftonline.com")
"""Where clients look that cannot be told of another server; a proxy may lead them here."""
_PATIENCE: Final = 30.0
_SAVING_INTERVAL: Final = 0.5
_KEPT_ALIVE: Final = 120
_TICK: Final = 0.1
_TICKS: Final = 864_000


class _Server(uvicorn.Server):
    """Stops at once when told to, without waiting for the clients to close their connections."""

    def __init__(self, config: uvicorn.Config, connections: Connections) -> None:
        super().__init__(config)
        self._connections = connections
        self._loop: asyncio.AbstractEventLoop | None = None
        self._stopping = asyncio.Event()

    def stop(self) -> None:
        """Stop; any thread may call it."""
        self.should_exit = True
        if self._loop is not None:
            self._loop.call_soon_threadsafe(self._stopping.set)

    async def main_loop(self) -> None:
        """Uvicorn's own loop of ticks, but ended by an event."""
        self._loop = asyncio.get_running_loop()
        ticks = 0
        while not await self.on_tick(ticks):
            ticks = (ticks + 1) % _TICKS
            with contextlib.suppress(TimeoutError):
                await asyncio.wait_for(self._stopping.wait(), _TICK)

    async def shutdown(self, sockets: list[socket.socket] | None = None) -> None:
        """Uvicorn's own, without its pauses: cuts what is open, lets what runs end."""
        for server in self.servers:
            server.close()
        for listener in sockets or []:
            listener.close()
        await self._connections.cut_all()
        await asyncio.gather(*self.server_state.tasks, return_exceptions=True)
        await self.lifespan.shutdown()


class SandboxServer:
    """Serves a tenant over HTTPS on loopback, in a thread of its own.

    Port 0 takes a free one. `ca` is the authority that signs the certificate (a new one unless
    given), `ca_file` where its own is written (a file that goes with the server unless given).
    `keep` is called now and then, and at the end, to save the tenant. Usable once;
    `running_sandbox` is the usual way.
    """

    def __init__(
        self,
        tenant: Tenant,
        port: int = 0,
        ca: trustme.CA | None = None,
        *,
        ca_file: Path | None = None,
        keep: Callable[[], None] | None = None,
    ) -> None:
        self.tenant = tenant
        self._socket = _listening(port)
        self.port: int = self._socket.getsockname()[1]
        self._ca = ca or trustme.CA()
        self._folder = tempfile.TemporaryDirectory(prefix="calsync-sandbox-")
        self._keep = keep
        self.ca_file = str((ca_file or Path(self._folder.name) / "ca.pem").resolve())
        self._ca.cert_pem.write_to_path(self.ca_file)
        self._ready = threading.Event()
        self._connections = Connections()
        self._server = _Server(self._config(), self._connections)
        self._thread = threading.Thread(target=self._run, name="calsync-sandbox", daemon=True)
        self._failure: BaseException | None = None

    @property
    def authority(self) -> str:
        """For `[exchange] authority`."""
        return f"https://{HOST}:{self.port}"

    @property
    def graph_url(self) -> str:
        """For `[exchange] graph_url`."""
        return f"{self.authority}/v1.0"

    @property
    def control_url(self) -> str:
        """The switches; see `control`."""
        return f"{self.authority}/control"

    @property
    def tenant_id(self) -> str:
        """The tenant's GUID."""
        return self.tenant.tenant_id

    @property
    def client_id(self) -> str:
        """The registered app's id."""
        return self.tenant.client_id

    @property
    def client_secret(self) -> str:
        """A secret of the app."""
        return self.tenant.client_secret

    def start(self) -> None:
        """Begin to serve; returns when requests are answered."""
        self.tenant.faults.patient = True
        self._thread.start()
        if not self._ready.wait(_PATIENCE) or self._failure is not None:
            raise RuntimeError("the sandbox did not start") from self._failure

    def stop(self) -> None:
        """Stop serving; what hangs is let go."""
        self.tenant.faults.patient = False
        self.tenant.faults.release()
        self._server.stop()
        self._thread.join(_PATIENCE)
        self._socket.close()
        self._folder.cleanup()
        if self._keep is not None:
            self._keep()

    def _run(self) -> None:
        try:
            self._server.run(sockets=[self._socket])
        except (OSError, ssl.SSLError, SystemExit) as failure:
            self._failure = failure
        finally:
            self._ready.set()

    def _config(self) -> uvicorn.Config:
        certificate = str(Path(self._folder.name) / "server.pem")
        issued = self._ca.issue_cert(HOST, "localhost", "::1", *_REAL)
        issued.private_key_and_cert_chain_pem.write_to_path(certificate)
        config = uvicorn.Config(
            build_app(self.tenant, self._connections, self._lifespan),
            http=self._connections.protocol(),
            ws="none",
            lifespan="on",
            log_config=None,
            log_level="error",
            timeout_keep_alive=_KEPT_ALIVE,
            access_log=False,
            server_header=False,
            proxy_headers=False,
            ssl_certfile=certificate,
        )
        config.load()
        return config

    @asynccontextmanager
    async def _lifespan(self, _app: Starlette) -> AsyncIterator[None]:
        # The socket listens already: whoever connects from here on is served in a moment.
        self._ready.set()
        async with asyncio.TaskGroup() as tasks:
            keeping = tasks.create_task(self._keep_saving())
            yield
            keeping.cancel()

    async def _keep_saving(self) -> None:
        while self._keep is not None:
            await asyncio.sleep(_SAVING_INTERVAL)
            with contextlib.suppress(OSError):  # said at the end, when it fails then as well
                await asyncio.to_thread(self._keep)


@contextmanager
def running_sandbox(tenant: Tenant | None = None, port: int = 0) -> Iterator[SandboxServer]:
    """A sandbox that serves while the context lasts: `tenant`, or a new one with three people."""
    server = SandboxServer(tenant or Tenant().with_default_people(), port)
    server.start()
    try:
        yield server
    finally:
        server.stop()


def _listening(port: int) -> socket.socket:
    # asyncio switches Nagle's delays off only for sockets that name their protocol.
    listener = socket.socket(socket.AF_INET, socket.SOCK_STREAM, socket.IPPROTO_TCP)
    listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    try:
        listener.bind((HOST, port))
        listener.listen(2048)
    except OSError:
        listener.close()
        raise
    listener.setblocking(False)  # noqa: FBT003 - the standard library's own parameter
    return listener
