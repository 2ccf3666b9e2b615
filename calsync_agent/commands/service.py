"""`calsync-agent service install|remove|start|stop`: the agent as a service of Windows."""

import argparse
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Final

from calsync_agent.config import reading
from calsync_agent.config.settings import Settings
from calsync_agent.console import say, warn
from calsync_agent.errors import ConfigurationRefused, Refusal, Trouble
from calsync_agent.i18n import _, message
from calsync_agent.platform import access, config_folders, is_file, service_control

START_WITHIN: Final = 30.0
STOP_WITHIN: Final = 30.0
"""Seconds (contract, 1)."""


class Elsewhere(Refusal):
    """There are no services of Windows here."""


class NotAllowed(Refusal):
    """Windows refuses what was asked for."""


class NoAnswer(Trouble):
    """The service has neither done nor refused what it was asked to."""


def install(options: argparse.Namespace) -> int:
    """Register the service, and give its account what it needs."""
    with _on_windows():
        account = options.account or _account_there()
        sid = access.account_sid(account)
        command = service_control.command_line(_passed_on(options))
        new = service_control.install(
            command,
            account,
            "calsync",
            _("Keeps the calendars of Consolidate and Exchange 365 in step."),
        )
        folder = config_folders()[0]
        folder.mkdir(parents=True, exist_ok=True)
        access.keep_folder(folder, changed_by=sid)
        settings = _settings(options.config)
        if settings is not None:
            for path in _files(settings):
                access.let_read(path, sid)
    text = _("The service is registered") if new else _("The service is brought up to date")
    say(f"{text}: calsync-agent, {account}")
    say(_("Settings, logs and state: {folder}").format(folder=folder))
    if settings is None:
        say(_("Not set up yet: calsync-tui does that. Then: calsync-agent service start"))
    else:
        say(_("To begin: calsync-agent service start"))
    return 0


def remove(_options: argparse.Namespace) -> int:
    """Stop the service and take it out of Windows; settings and data stay."""
    with _on_windows():
        if service_control.registered() is None:
            say(_("The service is not registered."))
        else:
            _stop()
            service_control.remove()
            say(_("The service is removed."))
    kept = ", ".join(str(folder) for folder in config_folders())
    say(_("Settings, logs and state stay where they are: {folders}").format(folders=kept))
    return 0


def start(options: argparse.Namespace) -> int:
    """Start the service, where it is set up. Raises ConfigurationRefused where it is not."""
    with _on_windows():
        settings = reading.read(reading.find(options.config))
        if service_control.start(START_WITHIN):
            say(_("The service runs."))
            return 0
        warn(
            _(
                "the service has ended again; why is in the event log (Application), and in {log}"
            ).format(log=settings.log.file or config_folders()[0] / "Logs")
        )
        return 1


def stop(_options: argparse.Namespace) -> int:
    """Stop the service, and wait until it has."""
    with _on_windows():
        _stop()
    say(_("The service has stopped."))
    return 0


def _stop() -> None:
    if not service_control.stop(STOP_WITHIN):
        raise NoAnswer(
            message("the service has not stopped in {seconds} seconds", seconds=int(STOP_WITHIN))
        )


def _passed_on(options: argparse.Namespace) -> list[str]:
    """What the service is to be told each time it starts."""
    config = ["--config", str(options.config.resolve())] if options.config else []
    return [*config, *(["--lang", options.lang] if options.lang else [])]


def _account_there() -> str:
    """The account of the service that is registered; where there is none, its own."""
    found = service_control.registered()
    return service_control.ACCOUNT if found is None else found.account


def _settings(config: Path | None) -> Settings | None:
    try:
        return reading.read(reading.find(config))
    except ConfigurationRefused:
        return None


def _files(settings: Settings) -> list[Path]:
    """The settings' file, and what it names to be read."""
    named = (
        settings.database.password_file,
        settings.exchange.client_secret_file,
        settings.exchange.certificate_file,
        settings.exchange.ca_file,
        settings.alerts.smtp.password_file,
    )
    return [path for path in (settings.path, *named) if path is not None and is_file(path)]


def _windows() -> bool:
    return sys.platform == "win32"


@contextmanager
def _on_windows() -> Iterator[None]:
    """Say what to do elsewhere, and what Windows refuses."""
    if not _windows():
        raise Elsewhere(
            message(
                "that is for Windows; here systemd runs the agent: systemctl enable --now"
                " calsync-agent (its unit: packaging/calsync-agent.service)"
            )
        )
    try:
        yield
    except access.Refused as error:
        match error.winerror:
            case service_control.DENIED:
                why = message("Windows refuses that; run it in an administrator's prompt")
            case service_control.MISSING:
                why = message("the service is not registered: calsync-agent service install")
            case _:
                why = message("Windows refuses that: {reason}", reason=error.strerror or "?")
        raise NotAllowed(why) from None
