"""The settings file as a form: what stands in it, what would be wrong, trying it, saving it."""

import asyncio
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from calsync_agent.config import editing, reading, toml_file
from calsync_agent.config.checks import Wrong
from calsync_agent.config.editing import Change, Value
from calsync_agent.config.settings import AgentFile, Settings
from calsync_agent.database.engine import open_database
from calsync_agent.errors import ConfigurationRefused
from calsync_agent.i18n import Message
from calsync_tui.gateway import agent_program, setup
from calsync_tui.gateway.agent_program import PROGRAM, ReportedStep

NUMBERS: Final = frozenset(
    {
        "sync.past_months",
        "sync.future_months",
        "sync.max_deletes",
        "sync.max_delete_percent",
        "sync.max_deletes_a_day",
        "sync.max_mails",
        "sync.max_mails_a_day",
        "log.keep_days",
        "alerts.heartbeat_seconds",
        "alerts.smtp.port",
    }
)
_CERTIFICATE: Final = "exchange.certificate_file"
_SECRET: Final = "exchange.client_secret_file"  # noqa: S105 - a key's name
_VARIABLE: Final = "exchange.client_secret_env"
LISTS: Final = frozenset({"alerts.mail", "alerts.webhooks"})


@dataclass(frozen=True, slots=True)
class Tried:
    """What came of trying settings that are not saved: what is wrong by key, and how steps went."""

    wrong: Mapping[str, Message]
    steps: Sequence[ReportedStep] = ()

    @property
    def well(self) -> bool:
        """Whether nothing stands against saving."""
        return not self.wrong and all(step.ok for step in self.steps)


def read(path: Path, keys: Sequence[str]) -> dict[str, str]:
    """What stands in the file for each key, as one would type it; the default where none does.

    Secrets are not told. Raises ConfigurationRefused.
    """
    try:
        raw = toml_file.parsed(path)
    except Wrong as wrong:
        raise ConfigurationRefused(wrong.message) from None
    return {key: "" if key in editing.SECRETS else _shown(_found(raw, key)) for key in keys}


def change(before: Mapping[str, str], now: Mapping[str, str]) -> Change:
    """From what stood in the form to what stands there now; blanks around it are no change."""
    different = {
        key: text.strip() for key, text in now.items() if text.strip() != before[key].strip()
    }
    secrets = {key: text for key, text in different.items() if key in editing.SECRETS}
    values = {key: _value(key, text) for key, text in different.items() if key not in secrets}
    # The app signs in by one of three.
    if values.get(_CERTIFICATE):
        values |= dict.fromkeys((_SECRET, _VARIABLE), "")
    elif _SECRET in secrets:
        values |= dict.fromkeys((_CERTIFICATE, _VARIABLE), "")
    return Change(values, secrets)


def look(path: Path, made: Change) -> Mapping[str, Message]:
    """What would be wrong after the change, by key. Blocks; raises ConfigurationRefused."""
    return editing.attempt(path, made).wrong


async def tried(
    path: Path,
    made: Change,
    tenant: str,
    program: Sequence[str] = PROGRAM,
    *,
    always: bool = False,
) -> Tried:
    """Sign in with the changed settings, and open the database where that is another.

    `always`: also where what this needs has not changed.

    Raises ConfigurationRefused, DatabaseRefused, DatabaseTrouble, ProgramTrouble.
    """
    with editing.trial(path, made) as candidate:
        found = reading.attempt(candidate)
        if not isinstance(found.outcome, Settings):
            return Tried(found.wrong)
        sections = {key.partition(".")[0] for key in (*made.values, *made.secrets)}
        if always or "database" in sections:
            await asyncio.to_thread(_check_database, found.outcome)
        if not tenant or not (always or "exchange" in sections):
            return Tried({})
        checked = await agent_program.check(candidate, "--sign-in", tenant, program=program)
        return Tried({}, checked.steps)


async def told(
    path: Path, made: Change, program: Sequence[str] = PROGRAM
) -> Sequence[ReportedStep]:
    """Send a test message through each channel of the changed settings. Raises as `tried` does."""
    with editing.trial(path, made) as candidate:
        checked = await agent_program.check(candidate, "--alert", program=program)
    return [step for step in checked.steps if step.name == "alerts" or not step.ok]


def _check_database(settings: Settings) -> None:
    part = settings.database
    database = open_database(part.url.get_secret_value(), schema=part.schema_name, feed=part.feed)
    try:
        setup.check(database, strictly=False)
    finally:
        database.dispose()


def _value(key: str, text: str) -> Value:
    if key in LISTS:
        return tuple(part.strip() for part in text.split(",") if part.strip())
    if key in NUMBERS and text.isascii() and text.removeprefix("-").isdecimal():
        return int(text)
    return text


def _found(raw: Mapping[str, object], key: str) -> object:
    *sections, name = key.split(".")
    found: object = raw
    model: object = AgentFile
    for section in sections:
        found = found.get(section) if isinstance(found, dict) else None
        model = model.model_fields[section].annotation  # type: ignore[attr-defined]
    if isinstance(found, dict) and name in found:
        return found[name]
    by_name = {each.alias or own: each for own, each in model.model_fields.items()}  # type: ignore[attr-defined]
    return by_name[name].get_default(call_default_factory=True)


def _shown(value: object) -> str:
    if isinstance(value, list | tuple):
        return ", ".join(map(_shown, value))
    if hasattr(value, "get_secret_value"):
        return str(value.get_secret_value())
    # A field that must be given has no default.
    return str(value) if isinstance(value, str | int | Path) else ""
