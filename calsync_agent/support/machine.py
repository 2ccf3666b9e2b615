"""Versions of what is installed here, and the settings without secrets and addresses."""

import datetime as dt
import os
import platform
import re
from importlib import metadata
from pathlib import Path
from typing import Any, Final

import sqlalchemy as sa
from pydantic import BaseModel, SecretStr

from calsync_agent import __version__
from calsync_agent.config.settings import AgentFile, Database, Settings
from calsync_agent.platform import is_file, is_folder
from calsync_agent.state.tables import SCHEMA_VERSION
from calsync_agent.support import known
from calsync_agent.support.columns import As
from calsync_agent.support.telling import Telling

_NAME: Final = re.compile(r"[A-Za-z0-9._-]+")
_RELEASE: Final = re.compile(r"[0-9]+(\.[0-9]+)*")
_VARIABLES: Final = (
    "CALSYNC_CONFIG",
    "HTTPS_PROXY",
    "HTTP_PROXY",
    "NO_PROXY",
    "SSL_CERT_FILE",
    "REQUESTS_CA_BUNDLE",
    "LOGS_DIRECTORY",
    "STATE_DIRECTORY",
    "TZ",
)
_PUBLIC: Final = frozenset(
    {
        "https://login.microsoftonline.com",
        "https://login.microsoftonline.us",
        "https://login.chinacloudapi.cn",
        "https://login.partner.microsoftonline.cn",
        "https://graph.microsoft.com/v1.0",
        "https://graph.microsoft.us/v1.0",
        "https://dod-graph.microsoft.us/v1.0",
        "https://microsoftgraph.chinacloudapi.cn/v1.0",
    }
)
"""Addresses that are everybody's."""


def versions() -> dict[str, object]:
    """Program, Python, platform, libraries."""
    found = _RELEASE.match(platform.release())
    return {
        "calsync": __version__,
        "schema": SCHEMA_VERSION,
        "python": platform.python_version(),
        "implementation": platform.python_implementation(),
        "platform": platform.system(),
        "release": found[0] if found else None,
        "machine": platform.machine(),
        "libraries": _libraries(),
    }


def environment() -> dict[str, bool]:
    """Which of the variables that the program looks at are set."""
    return {name: bool(os.environ.get(name) or os.environ.get(name.lower())) for name in _VARIABLES}


def settings(found: Settings, telling: Telling) -> dict[str, object]:
    """What the settings say, but for secrets, addresses, names and paths."""
    return {name: section(getattr(found, name), telling) for name in AgentFile.model_fields}


def section(part: BaseModel, telling: Telling) -> dict[str, object]:
    """One section; the database's address by its kind alone."""
    told = {name: _setting(name, getattr(part, name), telling) for name in type(part).model_fields}
    if isinstance(part, Database):
        told["url"] = _dialect(part.url)
    return told


def _setting(name: str, value: Any, telling: Telling) -> object:  # noqa: ANN401 - any of them
    match value:
        case None | bool() | int() | float():
            return value
        case SecretStr():
            return {"set": bool(value.get_secret_value())}
        case dt.date() | dt.time():
            return value.isoformat()
        case Path():
            return {"set": True, "there": is_file(value) or is_folder(value)}
        case BaseModel():
            return section(value, telling)
        case list() | tuple():
            return [_setting(name, one, telling) for one in value]
        case str() if not value or value in _PUBLIC or known.is_word(value):
            return value
        case str() if name == "default_time_zone":
            return telling.value(As.ZONE, value)
        case _:
            return telling.pseudonyms.thing(name, str(value).strip().casefold())


def _dialect(url: SecretStr) -> str:
    return sa.make_url(url.get_secret_value()).get_backend_name()


def _libraries() -> dict[str, str]:
    try:
        required = metadata.requires("calsync") or ()
    except metadata.PackageNotFoundError:
        required = ()
    found = {}
    for line in required:
        name = _NAME.match(line)
        if name is None or "extra ==" in line:
            continue
        try:
            found[name[0]] = metadata.version(name[0])
        except metadata.PackageNotFoundError:
            found[name[0]] = "missing"
    return found
