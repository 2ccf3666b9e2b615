"""What an admin enters for a new `agent.toml`, and what is wrong with it."""

import sys
from collections.abc import Mapping
from dataclasses import dataclass, fields, replace
from functools import partial
from pathlib import Path
from typing import Final
from uuid import UUID

import sqlalchemy as sa
from pydantic import ValidationError

from calsync_agent.config import checks, credentials
from calsync_agent.config.checks import FOLDER
from calsync_agent.config.settings import AgentFile, Database, Exchange
from calsync_agent.config.wording import Problems
from calsync_agent.i18n import Message, message
from calsync_agent.platform import is_file, readable_by_others

PASSWORD_FILE: Final = "database-password.txt"  # noqa: S105 - a file's name
SECRET_FILE: Final = "client-secret.txt"  # noqa: S105 - a file's name
_DATABASE: Final = Database.model_fields
_EXCHANGE: Final = Exchange.model_fields
_SQLITE: Final = (
    "sqlite:///C:/Data/file.db" if sys.platform == "win32" else "sqlite:////srv/file.db"
)
_EXAMPLE_GUID: Final = "11111111-2222-3333-4444-555555555555"


@dataclass(frozen=True, slots=True)
class SettingsDraft:
    """What was entered. Texts are taken without white space around them.

    The app signs in with `client_secret` or with `certificate_file`. A password in the url counts
    like one in `password`.
    """

    url: str = ""
    password: str = ""
    schema: str = ""
    feed: str = str(_DATABASE["feed"].default)
    client_id: str = ""
    client_secret: str = ""
    client_secret_expires: str = ""
    certificate_file: str = ""
    authority: str = str(_EXCHANGE["authority"].default)
    graph_url: str = str(_EXCHANGE["graph_url"].default)
    ca_file: str = ""
    proxy: str = ""

    def stripped(self) -> "SettingsDraft":
        """The same without white space around anything."""
        return SettingsDraft(**{one.name: getattr(self, one.name).strip() for one in fields(self)})

    def placed(self, folder: Path) -> "SettingsDraft":
        """The same with whole paths, so that settings may be elsewhere than in that folder."""
        draft = self.stripped()
        certificate, authorities = (
            str(folder / name) if name else "" for name in (draft.certificate_file, draft.ca_file)
        )
        return replace(draft, certificate_file=certificate, ca_file=authorities)

    def apart(self) -> tuple[str, str]:
        """The url without its password, and the password; "" where there is none."""
        try:
            url = sa.make_url(self.url.strip())
        except (sa.exc.ArgumentError, ValueError):
            return self.url.strip(), self.password.strip()
        if url.password is None:
            return self.url.strip(), self.password.strip()
        bare = url._replace(password=None).render_as_string()  # `set` takes None for no change
        return bare, self.password.strip() or str(url.password)


KEYS: Final[Mapping[str, str]] = {
    "database.url": "url",
    "database.password_file": "password",
    "database.schema": "schema",
    "database.feed": "feed",
    "exchange.client_id": "client_id",
    "exchange.client_secret_file": "client_secret",
    "exchange.client_secret_expires": "client_secret_expires",
    "exchange.certificate_file": "certificate_file",
    "exchange.authority": "authority",
    "exchange.graph_url": "graph_url",
    "exchange.ca_file": "ca_file",
    "exchange.proxy": "proxy",
}
"""Which field of a draft a key of the file is made from."""


def problems(draft: SettingsDraft, path: Path) -> dict[str, Message]:
    """What is wrong with each field of a draft for settings at `path`; one problem for each."""
    found = Problems(path)
    draft = draft.stripped()
    try:
        AgentFile.model_validate(sections(draft), context={FOLDER: path.parent})
    except ValidationError as error:
        found.add_all(error.errors(include_url=False))
    _check_login(draft, found)
    _check_app(draft, path, found)
    if draft.ca_file:
        found.meet(
            "exchange.ca_file", partial(credentials.authorities, path.parent / draft.ca_file)
        )
    return {KEYS[key]: texts[0] for key, texts in found.found.items() if key in KEYS}


def warnings(draft: SettingsDraft, path: Path) -> dict[str, Message]:
    """What should be mended, but keeps nothing from working."""
    named = draft.certificate_file.strip()
    file = path.parent / named
    if named and is_file(file) and readable_by_others(file):
        return {
            "certificate_file": message(
                "every account on this host can read it; forbid that: chmod 600 {path}",
                path=str(file),
            )
        }
    return {}


def sections(draft: SettingsDraft) -> dict[str, dict[str, str]]:
    """The file's sections that a draft speaks of, as TOML would give them."""
    url, password = draft.apart()
    database = {
        "url": url,
        "schema": draft.schema,
        "feed": draft.feed,
        "password_file": PASSWORD_FILE if password else "",
    }
    exchange = {
        "client_id": draft.client_id,
        "client_secret_file": "" if draft.certificate_file else SECRET_FILE,
        "client_secret_expires": "" if draft.certificate_file else draft.client_secret_expires,
        "certificate_file": draft.certificate_file,
        "authority": draft.authority,
        "graph_url": draft.graph_url,
        "ca_file": draft.ca_file,
        "proxy": draft.proxy,
    }
    return {"database": database, "exchange": exchange}


def _check_login(draft: SettingsDraft, found: Problems) -> None:
    """The password must be one that can be kept apart, and go with a login."""
    if "database.url" in found.found:
        return
    url = sa.make_url(draft.url)
    if checks.password_among(url.query):
        found.add(
            "database.url",
            message("must not carry the password as a parameter; enter it in its own field"),
        )
    if url.drivername.startswith("sqlite") and not Path(url.database or "").is_absolute():
        found.add(
            "database.url",
            message("must name the file with its whole path, as in {example}", example=_SQLITE),
        )
    _, password = draft.apart()
    if not password:
        return
    if url.drivername.startswith("sqlite"):
        found.add("database.password_file", message("a SQLite file has no password"))
    elif not url.username:
        found.add(
            "database.url", message("needs a login for the password: …//user@server/database")
        )
    elif url.password is not None and draft.password and draft.password != url.password:
        found.add(
            "database.password_file",
            message("there is another password in the url; take it out there"),
        )
    elif len(password.splitlines()) > 1:
        found.add("database.password_file", message("must be one line"))


def _check_app(draft: SettingsDraft, path: Path, found: Problems) -> None:
    """A GUID for the app, and either a secret or a certificate."""
    if "exchange.client_id" not in found.found and not _is_guid(draft.client_id):
        found.add(
            "exchange.client_id",
            message("must be a GUID, as in {example}", example=_EXAMPLE_GUID),
        )
    if draft.certificate_file:
        if "exchange.certificate_file" not in found.found:
            file = path.parent / draft.certificate_file
            found.meet("exchange.certificate_file", partial(_readable_certificate, file))
        if draft.client_secret:
            found.add(
                "exchange.client_secret_file",
                message("is too much: there is a certificate; empty one of both"),
            )
    elif not draft.client_secret:
        found.add("exchange.client_secret_file", message("is missing"))
    elif _is_guid(draft.client_secret):
        found.add(
            "exchange.client_secret_file",
            message("this is the secret's id; what is needed is its value"),
        )
    elif len(draft.client_secret.split()) > 1:
        found.add("exchange.client_secret_file", message("must be one word"))


def _readable_certificate(file: Path) -> None:
    credentials.certificate(file)


def _is_guid(text: str) -> bool:
    try:
        return str(UUID(text)) == text.lower()
    except ValueError:
        return False
