"""Changes single keys of `agent.toml`; all else in it stays as an admin has written it.

    changed(text, {"sync.max_mails": 80})      comments, order and unknown layout are kept

Secrets are not in the file but in those that it names: `Change.secrets` are written there.
"""

from collections.abc import Iterator, Mapping, MutableMapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final, TypeAlias

import tomlkit
from tomlkit.exceptions import TOMLKitError

from calsync_agent.config import credentials, reading
from calsync_agent.config.checks import Wrong
from calsync_agent.config.drafting import PASSWORD_FILE, SECRET_FILE
from calsync_agent.config.reading import Attempt
from calsync_agent.config.toml_file import LARGEST
from calsync_agent.config.writing import older
from calsync_agent.errors import ConfigurationRefused
from calsync_agent.i18n import message
from calsync_agent.platform import private_mode, replace_file

Value: TypeAlias = str | int | tuple[str, ...]

SECRETS: Final[Mapping[str, str]] = {
    "database.password_file": PASSWORD_FILE,
    "exchange.client_secret_file": SECRET_FILE,
    "alerts.smtp.password_file": "mail-password.txt",
}
"""Keys that name a file with a secret, and how it is called where none is named yet."""

_TRIAL: Final = ".trial"


@dataclass(frozen=True, slots=True)
class Change:
    """New values by key, and new secrets by the key that names their file."""

    values: Mapping[str, Value] = field(default_factory=dict)
    secrets: Mapping[str, str] = field(default_factory=dict)

    def __bool__(self) -> bool:
        """Whether there is anything to change."""
        return bool(self.values or self.secrets)


def text_of(path: Path) -> str:
    """The file as it stands. Raises ConfigurationRefused."""
    try:
        return credentials.text(path, LARGEST)
    except Wrong as wrong:
        raise ConfigurationRefused(wrong.message) from None


def changed(text: str, values: Mapping[str, Value]) -> str:
    """The text of the file with these values, and everything else as it was.

    Raises ConfigurationRefused where the text is no TOML.
    """
    try:
        document = tomlkit.parse(text)
        for key, value in values.items():
            *sections, name = key.split(".")
            table: MutableMapping[str, Any] = document
            for section in sections:
                table = _section(table, section)
            if value == "" and name not in table:
                continue  # it is the default
            table[name] = list(value) if isinstance(value, tuple) else value
        return tomlkit.dumps(document)
    except (TOMLKitError, TypeError) as error:
        raise ConfigurationRefused(
            message("the settings cannot be changed as they stand: {reason}", reason=str(error))
        ) from error


def _section(table: MutableMapping[str, Any], name: str) -> MutableMapping[str, Any]:
    """The section of this name, made where there is none. Raises TypeError where it is a value."""
    found = table.setdefault(name, tomlkit.table())
    if not isinstance(found, MutableMapping):
        raise TypeError(f"{name} is no section")
    return found


@contextmanager
def trial(path: Path, change: Change) -> Iterator[Path]:
    """Settings as they would be, in a file beside the real one, for as long as the context lasts.

    Only there do the paths in it mean the same. Raises ConfigurationRefused.
    """
    made: list[Path] = []
    try:
        values = dict(change.values)
        for key, secret in change.secrets.items():
            file = path.with_name(f"{path.name}.{key.rpartition('.')[2]}{_TRIAL}")
            made.append(file)
            _write(file, f"{secret}\n")
            values[key] = file.name
        candidate = path.with_name(f"{path.name}{_TRIAL}")
        made.append(candidate)
        _write(candidate, changed(text_of(path), values))
        yield candidate
    finally:
        for file in made:
            file.unlink(missing_ok=True)


def attempt(path: Path, change: Change) -> Attempt:
    """What the changed settings would be, or what is wrong with them. Raises as `trial` does."""
    with trial(path, change) as candidate:
        return reading.attempt(candidate)


def save(path: Path, change: Change) -> None:
    """Write the changes, secrets first; a copy of the file as it was is kept.

    Raises ConfigurationRefused.
    """
    before, values = text_of(path), dict(change.values)
    for key, secret in change.secrets.items():
        named = values.get(key) or _named(before, key)
        if not named:
            named = values[key] = SECRETS[key]
        _write(path.parent / str(named), f"{secret}\n")
    after = changed(before, values)
    if after != before:
        _write(older(path), before)
        _write(path, after)


def _named(text: str, key: str) -> str:
    found: object = tomlkit.parse(text).unwrap()
    for part in key.split("."):
        found = found.get(part) if isinstance(found, dict) else None
    return found if isinstance(found, str) else ""


def _write(path: Path, text: str) -> None:
    try:
        replace_file(path, text.encode(), private_mode(path.parent, 0o040))
    except OSError as error:
        raise ConfigurationRefused(
            message(
                "{path} cannot be written: {reason}",
                path=str(path),
                reason=error.strerror or str(error),
            )
        ) from error
