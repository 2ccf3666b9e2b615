"""From a file to settings, or to everything that is wrong with it.

find ──path──▶ attempt ──▶ Settings
                       └─▶ ConfigurationRefused: a line for each problem
"""

import hashlib
import os
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from typing import Final, TypeAlias, TypeVar

import sqlalchemy as sa
from pydantic import Field, SecretStr, ValidationError

from calsync_agent.config import credentials, toml_file
from calsync_agent.config.checks import FOLDER, Wrong, holds_password
from calsync_agent.config.settings import (
    AgentFile,
    ClientSecret,
    Credential,
    Database,
    Section,
    Settings,
    Sync,
)
from calsync_agent.config.wording import Problems
from calsync_agent.errors import ConfigurationRefused
from calsync_agent.i18n import Message, message
from calsync_agent.platform import config_folders, is_file, read_file, readable_by_others

FILE_NAME: Final = "agent.toml"
VARIABLE: Final = "CALSYNC_CONFIG"

Outcome: TypeAlias = Settings | ConfigurationRefused

_PASSWORD: Final = "database.password_file"  # noqa: S105 - a key's name
_SECRET: Final = "exchange.client_secret_file"  # noqa: S105 - a key's name
_VARIABLE: Final = "exchange.client_secret_env"
_NEXT_SECRET: Final = "exchange.client_secret_next_file"  # noqa: S105 - a key's name
_NEXT_VARIABLE: Final = "exchange.client_secret_next_env"
_CERTIFICATE: Final = "exchange.certificate_file"
_AUTHORITIES: Final = "exchange.ca_file"
_MAIL_PASSWORD: Final = "alerts.smtp.password_file"  # noqa: S105 - a key's name
_CREDENTIALS: Final = (_SECRET, _VARIABLE, _CERTIFICATE)
_NAMING_FILES: Final = (
    _PASSWORD,
    _SECRET,
    _NEXT_SECRET,
    _CERTIFICATE,
    _AUTHORITIES,
    _MAIL_PASSWORD,
)


class _DatabaseAlone(Section):
    """What `agent.toml` says of the database."""

    database: Database


class _WithoutExchange(_DatabaseAlone):
    """What it says of the database, and of what is synced."""

    sync: Sync = Field(default_factory=Sync)


_Some = TypeVar("_Some", bound=_DatabaseAlone)


@dataclass(frozen=True, slots=True)
class Attempt:
    """What came of reading, and the files that it depends on: the settings' own and those named.

    `wrong`: what is wrong, by key; the empty one stands for the file as a whole.
    """

    outcome: Outcome
    files: frozenset[Path]
    wrong: Mapping[str, Message] = field(default_factory=dict)


def find(explicit: Path | None) -> Path:
    """The settings file: the one given, `$CALSYNC_CONFIG`'s, the site's, or the user's.

    A file that was named is not replaced by another one, even if it is not there. Raises
    ConfigurationRefused with all places that were tried.
    """
    if explicit is not None:
        return explicit
    if named := os.environ.get(VARIABLE, ""):
        return Path(named)
    tried = [folder / FILE_NAME for folder in config_folders()]
    for path in tried:
        if is_file(path):
            return path
    raise ConfigurationRefused(
        message(
            "there are no settings: tried {places}; write one of these files, or name another one"
            " with --config FILE or the environment variable {variable}",
            places=", ".join(str(path) for path in tried),
            variable=VARIABLE,
        )
    )


def read(path: Path) -> Settings:
    """The settings in `path`, complete. Raises ConfigurationRefused with all that is wrong."""
    outcome = attempt(path).outcome
    if isinstance(outcome, ConfigurationRefused):
        raise outcome
    return outcome


def read_database(path: Path) -> Database:
    """The section `database` alone, whatever the others hold. Raises ConfigurationRefused."""
    return _sections(path, _DatabaseAlone, "database")[1]


def read_without_exchange(path: Path) -> tuple[Database, Sync]:
    """The sections `database` and `sync`. Raises ConfigurationRefused."""
    section, database = _sections(path, _WithoutExchange, "database", "sync")
    return database, section.sync


def _sections(path: Path, kind: type[_Some], *names: str) -> tuple[_Some, Database]:
    path = path.absolute()
    problems = Problems(path)
    raw = problems.meet("", partial(_parsed, path))
    if raw is None:
        raise problems.refusal()
    given = _texts(raw)
    files = {_PASSWORD: path.parent / given[_PASSWORD]} if _PASSWORD in given else {}
    try:
        section = kind.model_validate(
            {name: raw[name] for name in names if name in raw}, context={FOLDER: path.parent}
        )
    except ValidationError as error:
        problems.add_all(error.errors(include_url=False))
        raise problems.refusal() from None
    database = _database(section, files, problems)
    if database is None:
        raise problems.refusal()
    return section, database


def attempt(path: Path) -> Attempt:
    """Like `read`, with the refusal as a value."""
    path = path.absolute()
    problems = Problems(path)
    raw = problems.meet("", partial(_parsed, path))
    if raw is None:
        wrong = {key: texts[0] for key, texts in problems.found.items()}
        return Attempt(problems.refusal(), frozenset({path}), wrong)
    given = _texts(raw)
    files: dict[str, Path] = {
        key: path.parent / given[key] for key in _NAMING_FILES if key in given
    }
    # Before they are read: what changes meanwhile must not pass for known.
    contents = digest(files.values())
    file = _checked(path, raw, problems)
    credential = _credential(given, files, problems)
    spare = _next_secret(given, files, problems)
    if _AUTHORITIES in files:
        problems.meet(_AUTHORITIES, partial(credentials.authorities, files[_AUTHORITIES]))
    database = _database(file, files, problems)
    mail_password = _mail_password(file, files, problems)
    depends = frozenset({path, *files.values()})
    if file is None or credential is None or database is None or problems.found:
        wrong = {key: texts[0] for key, texts in problems.found.items()}
        return Attempt(problems.refusal(), depends, wrong)
    settings = Settings(
        path=path,
        contents=contents,
        credential=credential,
        credential_next=spare,
        database=database,
        exchange=file.exchange,
        sync=file.sync,
        log=file.log,
        alerts=file.alerts,
        metrics=file.metrics,
        smtp_password=mail_password,
        secret_inside=holds_password(file.database.url) or holds_password(file.exchange.proxy),
    )
    return Attempt(settings, depends)


def digest(paths: Iterable[Path]) -> str:
    """A fingerprint of what the files hold, or of why they cannot be read."""
    whole = hashlib.sha256()
    for path in sorted(paths):
        try:
            found = b"+" + read_file(path, credentials.LARGEST)
        except OSError as error:
            found = b"-" + str(error.errno).encode()
        whole.update(os.fsencode(path) + b"\0" + hashlib.sha256(found).digest())
    return whole.hexdigest()


def exposed(settings: Settings) -> list[Message]:
    """A warning for each file with a secret that every account on this host can read."""
    named = (
        settings.database.password_file,
        settings.exchange.client_secret_file,
        settings.exchange.client_secret_next_file,
        settings.exchange.certificate_file,
        settings.alerts.smtp.password_file,
    )
    secret = [path for path in named if path is not None]
    if settings.secret_inside:
        secret.append(settings.path)
    return [
        message(
            "{path} holds a secret, and every account on this host can read it; let only the"
            " account that runs calsync-agent",
            path=str(path),
        )
        for path in secret
        if is_file(path) and readable_by_others(path)
    ]


def _parsed(path: Path) -> dict[str, object]:
    """The sections of the file; a required one that is missing is empty, so that keys are named."""
    raw = toml_file.parsed(path)
    required = [name for name, field in AgentFile.model_fields.items() if field.is_required()]
    return {name: {} for name in required} | raw


def _texts(raw: Mapping[str, object]) -> dict[str, str]:
    """The keys that name files or credentials, where they are given, whatever else is wrong."""
    given = {}
    for key in (*_NAMING_FILES, _VARIABLE, _NEXT_VARIABLE):
        value: object = raw
        for name in key.split("."):
            value = value.get(name) if isinstance(value, dict) else None
        # A control character is refused as such; no file is looked for.
        if isinstance(value, str) and value and not any(sign < " " for sign in value):
            given[key] = value
    return given


def _checked(path: Path, raw: Mapping[str, object], problems: Problems) -> AgentFile | None:
    try:
        return AgentFile.model_validate(raw, context={FOLDER: path.parent})
    except ValidationError as error:
        problems.add_all(error.errors(include_url=False))
        return None


def _credential(
    given: Mapping[str, str], files: Mapping[str, Path], problems: Problems
) -> Credential | None:
    if problems.found.keys() & {"exchange", *_CREDENTIALS}:
        return None
    chosen = [key for key in _CREDENTIALS if key in given]
    choices = ", ".join(key.rpartition(".")[2] for key in _CREDENTIALS)
    if not chosen:
        problems.add(_SECRET, message("is missing; one of {choices} is needed", choices=choices))
        return None
    if len(chosen) > 1:
        problems.add(chosen[1], message("is too much; one of {choices} is enough", choices=choices))
        return None
    key = chosen[0]
    if key == _CERTIFICATE:
        return problems.meet(key, partial(credentials.certificate, files[key]))
    return _client_secret(key, given, files, problems)


def _next_secret(
    given: Mapping[str, str], files: Mapping[str, Path], problems: Problems
) -> ClientSecret | None:
    """What follows the secret; it goes with a secret, and stands in one place."""
    if problems.found.keys() & {"exchange", _NEXT_SECRET, _NEXT_VARIABLE}:
        return None
    chosen = [key for key in (_NEXT_SECRET, _NEXT_VARIABLE) if key in given]
    if not chosen:
        return None
    if len(chosen) > 1:
        choices = ", ".join(key.rpartition(".")[2] for key in chosen)
        problems.add(chosen[1], message("is too much; one of {choices} is enough", choices=choices))
        return None
    if _CERTIFICATE in given:
        problems.add(chosen[0], message("is too much: the app signs in with a certificate"))
        return None
    return _client_secret(chosen[0], given, files, problems)


def _client_secret(
    key: str, given: Mapping[str, str], files: Mapping[str, Path], problems: Problems
) -> ClientSecret | None:
    secret = problems.meet(
        key,
        partial(credentials.secret, files[key])
        if key in files
        else partial(credentials.secret_variable, given[key]),
    )
    return None if secret is None else ClientSecret(secret)


def _database(
    file: AgentFile | _DatabaseAlone | None, files: Mapping[str, Path], problems: Problems
) -> Database | None:
    """The section with the password in the url."""
    if _PASSWORD not in files:
        return None if file is None else file.database
    password = problems.meet(_PASSWORD, partial(credentials.secret, files[_PASSWORD]))
    if file is None or password is None:
        return None
    merged = problems.meet(_PASSWORD, partial(_merged, file.database.url, password))
    return None if merged is None else file.database.model_copy(update={"url": merged})


def _mail_password(
    file: AgentFile | None, files: Mapping[str, Path], problems: Problems
) -> SecretStr | None:
    """The password for the mail server; what mails need, and is not there, is a problem."""
    password = None
    if _MAIL_PASSWORD in files:
        password = problems.meet(_MAIL_PASSWORD, partial(credentials.secret, files[_MAIL_PASSWORD]))
    if file is None:
        return password
    server = file.alerts.smtp
    if file.alerts.mail:
        for key, value in (("host", server.host), ("sender", server.sender)):
            if not value:
                text = message("is missing; alerts.mail needs it")
                problems.add(f"alerts.smtp.{key}", text)
    if password is not None and not server.user:
        problems.add("alerts.smtp.user", message("is missing; there is a password for it"))
    return password


def _merged(written: SecretStr, password: SecretStr) -> SecretStr:
    url = sa.make_url(written.get_secret_value())
    if url.drivername == "sqlite":
        raise Wrong(message("cannot be used: a SQLite file has no password"))
    if url.password is not None:
        raise Wrong(message("is too much: there is a password in the url; take it out there"))
    if not url.username:
        raise Wrong(message("needs a login in the url: …//user@server/database"))
    url = url.set(password=password.get_secret_value())
    return SecretStr(url.render_as_string(hide_password=False))
