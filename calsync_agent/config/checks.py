"""What a single value of `agent.toml` must be like, beyond its type and range."""

import datetime as dt
import difflib
import re
from collections.abc import Mapping
from pathlib import Path
from typing import Final
from urllib.parse import SplitResult, urlsplit
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError, available_timezones

import sqlalchemy as sa
from pydantic import SecretStr, ValidationInfo
from tzlocal.windows_tz import win_tz

from calsync_agent.i18n import Message, message
from calsync_agent.platform import is_file
from calsync_agent.platform.words import command_words

DAY: Final = "2027-05-31"
FOLDER: Final = "folder"  # the name, in the validation context, of the settings file's folder

DRIVERS: Final = ("postgresql+psycopg2", "mssql+pyodbc", "sqlite")
_DRIVER_NAMES: Final = {
    "postgresql": "postgresql+psycopg2",
    "mssql": "mssql+pyodbc",
    "sqlite+pysqlite": "sqlite",
} | {name: name for name in DRIVERS}

# What an authority must not carry: the tenant, which stands in the provider row.
_TENANT: Final = re.compile(
    r"/([0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}|common|organizations|consumers|[^/]*\.[^/]*)(/|$)",
    re.IGNORECASE,
)


_PASSWORD: Final = re.compile(r"(^|;)\s*(pwd|password)\s*=", re.IGNORECASE)


class Wrong(ValueError):
    """A value cannot be used; `message` says why and what would do."""

    def __init__(self, message: Message) -> None:
        super().__init__(message)
        self.message = message


def given_path(value: object, info: ValidationInfo) -> object:
    """The path named by a text, absolute; None for an empty one.

    Relative to the settings file's folder, where the validation context tells it.
    """
    if value is None or isinstance(value, Path):
        return value
    if not isinstance(value, str):
        raise Wrong(message('must be a path in quotes, as in "secret.txt"'))
    if any(character < " " for character in value):
        raise Wrong(message("holds a control character; put a path with \\ in 'single quotes'"))
    if not value:
        return None
    folder = (info.context or {}).get(FOLDER)
    return Path(value) if folder is None else Path(folder, value)


def day(value: object) -> dt.date | None:
    """A day, with or without quotes around it; None for an empty text."""
    if value is None or value == "":
        return None
    if isinstance(value, dt.date) and not isinstance(value, dt.datetime):
        return value
    try:
        return dt.date.fromisoformat(value if isinstance(value, str) else "")
    except ValueError:
        raise Wrong(message('must be a day, as in "{example}"', example=DAY)) from None


def time_of_day(value: object) -> dt.time | None:
    """A time to the minute, with or without quotes around it; None for an empty text."""
    if value is None or value == "":
        return None
    if isinstance(value, dt.time):
        found: dt.time | None = value
    else:
        try:
            found = dt.time.fromisoformat(value if isinstance(value, str) else "?")
        except ValueError:
            found = None
    if found is None or found.tzinfo is not None:
        raise Wrong(message('must be a time, as in "{example}"', example="02:30"))
    return found.replace(second=0, microsecond=0)


def one_word(value: str) -> str:
    """Neither empty nor with white space."""
    if not value or any(character.isspace() for character in value):
        raise Wrong(message("must be given, without spaces"))
    return value


def variable_name(value: str) -> str:
    """The name of an environment variable, or empty."""
    if any(character.isspace() or character in "=\0" for character in value):
        raise Wrong(message("must be the name of an environment variable, not its value"))
    return value


def zone_name(value: str) -> str:
    """An IANA name that `zoneinfo` knows."""
    try:
        ZoneInfo(value)
    except (ZoneInfoNotFoundError, ValueError, OSError):
        raise Wrong(_unknown_zone(value)) from None
    return value


def https_url(value: str) -> str:
    """An https address without query or login; a slash at the end is dropped."""
    parts = _split(value)
    if parts is None or not parts.hostname:
        raise Wrong(message("must be an address, as in https://graph.microsoft.com/v1.0"))
    if parts.scheme != "https":
        raise Wrong(message("must begin with https:// (nothing is sent unencrypted)"))
    if parts.query or parts.fragment or parts.username is not None:
        raise Wrong(message("must be an address alone, without login, ? or #"))
    return value.rstrip("/")


def authority(value: str) -> str:
    """The address of a sign-in service, without the tenant."""
    value = https_url(value)
    if _TENANT.search(urlsplit(value).path):
        raise Wrong(message("must not name the tenant; that is set in the terminal UI"))
    return value


def proxy(value: SecretStr) -> SecretStr:
    """The address of an HTTP proxy, which may carry a login; or empty."""
    parts = _split(value.get_secret_value())
    if value.get_secret_value() and (
        parts is None or not parts.hostname or parts.scheme not in {"http", "https"}
    ):
        raise Wrong(message("must be an address, as in http://proxy.example:8080"))
    return value


def several(value: object) -> object:
    """A list of the file, as a value that nothing changes."""
    return tuple(value) if isinstance(value, list) else value


def web_address(value: SecretStr) -> SecretStr:
    """An http or https address, which may hold a secret; or empty."""
    written = value.get_secret_value()
    parts = _split(written)
    if written and (parts is None or not parts.hostname or parts.scheme not in {"http", "https"}):
        raise Wrong(message("must be an address, as in https://example.webhook"))
    return value


def mail_address(value: str) -> str:
    """One address for mail, without a name around it."""
    name, _, domain = value.rpartition("@")
    bad = any(sign.isspace() or sign in "<>,;" or not sign.isprintable() for sign in value)
    if not name or not domain or bad:
        raise Wrong(message("must be an e-mail address, as in it@example.com"))
    return value


def mail_address_or_none(value: str) -> str:
    """One address for mail, or empty."""
    return mail_address(value) if value else value


def host(value: str) -> str:
    """The name of a computer without anything around it, or empty."""
    if value and (_split(f"//{value}") is None or any(sign in value for sign in "/@?#")):
        raise Wrong(message("must be a server's name alone, as in mail.example.com"))
    if value.count(":") == 1:
        raise Wrong(message("must be a server's name alone; the port has its own key"))
    return value


def command(value: str, info: ValidationInfo) -> str:
    """A program to call, or empty."""
    if any(character < " " for character in value):
        raise Wrong(message("holds a control character; put a path with \\ in 'single quotes'"))
    written, folder = value.strip(), (info.context or {}).get(FOLDER)
    if not written or (folder is not None and is_file(folder / written)):
        return written
    try:
        words = command_words(written)
    except ValueError:
        raise Wrong(message("a quotation mark in it is not closed")) from None
    if not words[0]:
        raise Wrong(message("names no program"))
    return written


def listening(value: str) -> str:
    """An address of this computer with a port, or empty."""
    parts = _split(f"//{value}") if value else None
    if value and (
        parts is None
        or not parts.hostname
        or not parts.port
        or parts.netloc != value
        or parts.username is not None
    ):
        raise Wrong(message("must be an address with a port, as in 127.0.0.1:9464"))
    return value


def database_url(value: SecretStr, info: ValidationInfo) -> SecretStr:
    """A SQLAlchemy URL for one of the three databases; a SQLite file is made absolute."""
    try:
        url = sa.make_url(value.get_secret_value())
    except (sa.exc.ArgumentError, ValueError):
        raise Wrong(
            message(
                "is no database address; for example {example}",
                example="postgresql+psycopg2://calsync@db.example/consolidate",
            )
        ) from None
    if _torn(value.get_secret_value(), url):
        raise Wrong(message("holds an @ too many; in a password it is written %40"))
    if url.drivername not in _DRIVER_NAMES:
        raise Wrong(
            message(
                "begins with {given}, but must begin with one of {choices}",
                given=url.drivername,
                choices=", ".join(DRIVERS),
            )
        )
    url = url.set(drivername=_DRIVER_NAMES[url.drivername])
    if url.drivername == "sqlite":
        url = _absolute(url, info)
    elif not _names_database(url):
        raise Wrong(message("must name the database after the server: …//server/database"))
    return SecretStr(url.render_as_string(hide_password=False))


def holds_password(address: SecretStr) -> bool:
    """Whether an address, of a database or a proxy, has a password in it."""
    try:
        url = sa.make_url(address.get_secret_value())
    except (sa.exc.ArgumentError, ValueError):
        return False
    return url.password is not None or password_among(url.query)


def password_among(query: Mapping[str, str | tuple[str, ...]]) -> bool:
    """Whether a parameter of an address is a password, or a connection string with one."""
    return any(
        name.lower() in {"password", "pwd"}
        or (name == "odbc_connect" and bool(_PASSWORD.search(str(value))))
        for name, value in query.items()
    )


def _torn(written: str, url: sa.URL) -> bool:
    """Whether an @ in the password was taken for its end: what follows would be shown as a host."""
    if url.drivername.startswith("sqlite"):
        return False
    return written.partition("?")[0].count("@") > 1


def _absolute(url: sa.URL, info: ValidationInfo) -> sa.URL:
    if not url.database or url.database == ":memory:":
        raise Wrong(message("must name a file: sqlite:///file"))
    folder = (info.context or {}).get(FOLDER)
    if folder is None or url.database.startswith("file:"):
        return url
    return url.set(database=str(Path(folder, url.database)))


def _names_database(url: sa.URL) -> bool:
    # ODBC also takes the name of a data source instead of a server, or a connection string.
    odbc = url.drivername == "mssql+pyodbc" and (url.host or "odbc_connect" in url.query)
    return bool(url.database or odbc)


def _split(value: str) -> SplitResult | None:
    """The parts of an address, or None where it has none (a bad port, a space)."""
    if any(character.isspace() for character in value):
        return None
    try:
        parts = urlsplit(value)
        _ = parts.port  # raises where it is no number
    except ValueError:
        return None
    return parts


def _unknown_zone(value: str) -> Message:
    if value in win_tz:
        return message(
            "is a Windows name; the IANA name of that time zone is {name}", name=win_tz[value]
        )
    near = difflib.get_close_matches(value, available_timezones(), n=1)
    if near:
        return message("is no time zone; did you mean {name}?", name=near[0])
    return message("is no time zone; it takes an IANA name such as {name}", name="Europe/Vienna")
