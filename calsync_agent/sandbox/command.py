"""`calsync-agent sandbox`: the simulated tenant in the foreground, until it is told to stop."""

import argparse
import json
import signal
import tempfile
import threading
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Final, Protocol

from calsync_agent.console import flush, say, warn
from calsync_agent.errors import ConfigurationRefused
from calsync_agent.i18n import Message, _, message
from calsync_agent.sandbox.server import SandboxServer
from calsync_agent.sandbox.state_file import StateFile
from calsync_agent.sandbox.tenant import Tenant

_MARK: Final = "# Written by calsync-agent sandbox; edits are lost when it starts again."
_PORTS: Final = 65535

# Read by scripts, hence the same in every language.
_NAMES: Final = {
    "graph_url": "base URL",
    "authority": "authority URL",
    "ca_file": "CA file",
    "tenant_id": "tenant",
    "client_id": "client id",
    "client_secret": "client secret",
    "control_url": "control URL",
    "mailboxes": "mailboxes",
    "config_file": "settings file",
}


class Replay(Protocol):
    """A case that is to be put on."""

    def fill(self, tenant: Tenant) -> None:
        """Make its mailboxes."""

    def begin(self, server: SandboxServer, folder: Path) -> None:
        """Make the other side, in the folder with the settings."""

    def left_out(self) -> Sequence[Message]:
        """What of it could not be put on."""


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add the options of the subcommand to its parser."""
    parser.add_argument(
        "--port",
        type=int,
        default=0,
        help=_("the port on loopback; 0 takes a free one"),
    )
    parser.add_argument(
        "--mailbox",
        dest="mailboxes",
        action="append",
        default=[],
        metavar="NAME",
        help=_("a mailbox to have, as anna or anna@contoso.example; may be repeated"),
    )
    parser.add_argument(
        "--import",
        dest="imports",
        action="append",
        default=[],
        type=Path,
        metavar="FILE.ics",
        help=_("an iCalendar file to put into the mailbox; may be repeated"),
    )
    parser.add_argument(
        "--adverse",
        type=int,
        metavar="SEED",
        help=_("be as nasty as Exchange has been seen to be; the same seed, the same troubles"),
    )
    parser.add_argument(
        "--state", type=Path, metavar="FILE", help=_("keep the tenant in this file")
    )
    parser.add_argument(
        "--config-dir",
        type=Path,
        metavar="FOLDER",
        help=_("write an agent.toml for this sandbox there, with secret.txt and ca.pem"),
    )
    parser.add_argument(
        "--replay",
        type=Path,
        metavar="FILE.zip",
        help=_(
            "put on the case in a file of calsync-agent support, with a database beside the"
            " settings; calsync-agent preview then shows what the next sync would do there"
        ),
    )
    parser.add_argument("--json", action="store_true", help=_("print one JSON object"))


def run(options: argparse.Namespace, replay: Replay | None = None) -> int:
    """Serve until SIGTERM, SIGINT or SIGBREAK; 0 after a clean stop.

    Raises ConfigurationRefused for options that cannot be followed.
    """
    if replay is not None and (options.state or options.mailboxes or options.imports):
        raise ConfigurationRefused(
            message("--replay brings its own mailboxes: leave --state, --mailbox and --import out")
        )
    if replay is not None and options.config_dir is None:
        with tempfile.TemporaryDirectory(prefix="calsync-replay-") as folder:
            return _run(argparse.Namespace(**{**vars(options), "config_dir": Path(folder)}), replay)
    return _run(options, replay)


def _run(options: argparse.Namespace, replay: Replay | None) -> int:
    if not 0 <= options.port <= _PORTS:
        raise ConfigurationRefused(
            message("--port {port}: a port is a number from 0 to 65535", port=options.port)
        )
    if options.config_dir:
        _check_folder(options.config_dir)
    state = StateFile(options.state) if options.state else None
    tenant = state.tenant if state else Tenant()
    if replay is None:
        _import(tenant, options.imports, _fill(tenant, options.mailboxes))
    else:
        replay.fill(tenant)
    if options.adverse is not None and replay is None:
        tenant.be_adverse(options.adverse)
    try:
        server = SandboxServer(
            tenant,
            options.port,
            state.ca if state else None,
            ca_file=_ca_file(options),
            keep=state.keep if state else None,
        )
    except OSError as error:
        raise ConfigurationRefused(
            message("port {port}: {reason}", port=options.port, reason=str(error))
        ) from error
    with _until_signalled() as stop:
        server.start()
        try:
            if options.config_dir:
                _write_configuration(options.config_dir, server)
            if replay is not None:
                replay.begin(server, options.config_dir)
                for line in replay.left_out():
                    warn(line)
                if options.adverse is not None:
                    tenant.be_adverse(options.adverse)
            written = None if replay is None else options.config_dir / "agent.toml"
            _print(server, written, as_json=options.json)
            # Windows delivers signals only between waits.
            while not stop.wait(0.5):
                pass
        finally:
            tenant.be_well()
            server.stop()
    return 0


def _fill(tenant: Tenant, names: list[str]) -> list[str]:
    """Make the mailboxes that are missing; who they are."""
    if not names:
        return [person.upn for person in tenant.with_default_people().people()[:1]]
    upns = [name if "@" in name else f"{name}@{tenant.domain}" for name in names]
    known = {person.upn.lower() for person in tenant.people()}
    for upn in upns:
        if upn.lower() not in known:
            tenant.add_mailbox(upn)
    return upns


def _import(tenant: Tenant, files: list[Path], targets: list[str]) -> None:
    """Read the files into the mailboxes: each into its own, or all into the only one."""
    if not files:
        return
    if len(targets) not in {1, len(files)}:
        raise ConfigurationRefused(
            message("--import: name one --mailbox, or one for each file, in the same order")
        )
    pairs = zip(files, targets if len(targets) > 1 else targets * len(files), strict=True)
    for path, target in pairs:
        for refused in tenant.import_ics(target, path):
            warn(f"{path}: {refused.named}: {refused.reason}")


@contextmanager
def _until_signalled() -> Iterator[threading.Event]:
    """An event that SIGTERM, SIGINT and (Windows) SIGBREAK set while the context lasts."""
    stop = threading.Event()
    numbers = [getattr(signal, name, None) for name in ("SIGTERM", "SIGINT", "SIGBREAK")]
    before = {number: signal.signal(number, lambda *_: stop.set()) for number in numbers if number}
    try:
        yield stop
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)


def _check_folder(folder: Path) -> None:
    """Refuse a folder with an agent.toml that is not the sandbox's own."""
    target = folder / "agent.toml"
    if target.exists() and not target.read_text(encoding="utf-8").startswith(_MARK):
        raise ConfigurationRefused(
            message(
                "{path}: exists and is not the sandbox's; name another folder", path=str(target)
            )
        )


def _ca_file(options: argparse.Namespace) -> Path | None:
    """Where the CA's certificate stays readable; None for a file that goes with the program."""
    if options.config_dir:
        options.config_dir.mkdir(parents=True, exist_ok=True)
        return Path(options.config_dir) / "ca.pem"
    return Path(f"{options.state}.ca.pem") if options.state else None


def _write_configuration(folder: Path, server: SandboxServer) -> None:
    """Write agent.toml and secret.txt."""
    database = (folder / "consolidate.db").resolve().as_posix()
    settings = {
        "client_id": server.client_id,
        "client_secret_file": "secret.txt",
        "authority": server.authority,
        "graph_url": server.graph_url,
        "ca_file": "ca.pem",
    }
    lines = [
        _MARK,
        f"# tenant: {server.tenant_id}",
        "",
        "[database]",
        f"url = {json.dumps('sqlite:///' + database)}",
        "",
        "[exchange]",
        *(f"{name} = {json.dumps(value)}" for name, value in settings.items()),
        "",
    ]
    (folder / "secret.txt").write_text(server.client_secret + "\n", encoding="utf-8")
    (folder / "agent.toml").write_text("\n".join(lines), encoding="utf-8")


def _print(server: SandboxServer, config: Path | None, *, as_json: bool) -> None:
    shown: dict[str, str | list[str]] = {
        "graph_url": server.graph_url,
        "authority": server.authority,
        "ca_file": server.ca_file,
        "tenant_id": server.tenant_id,
        "client_id": server.client_id,
        "client_secret": server.client_secret,
        "control_url": server.control_url,
        "mailboxes": [person.upn for person in server.tenant.people()],
    }
    if config is not None:
        shown["config_file"] = str(config)
    if as_json:
        lines = [json.dumps(shown, ensure_ascii=False)]
    else:
        lines = [
            f"{_NAMES[name]}: {', '.join(value) if isinstance(value, list) else value}"
            for name, value in shown.items()
        ]
    for line in lines:
        say(line)
    flush()
