"""All that goes into a bundle, from the settings, the database and the log file alone.

Each part stands for itself: where one cannot be had, the others are there, and `errors.json` says
what went wrong.
"""

import logging
import textwrap
import time
from collections.abc import Callable
from datetime import UTC, datetime
from functools import partial
from pathlib import Path
from typing import Final, TypeVar

import sqlalchemy as sa

from calsync_agent import bundle
from calsync_agent.config import reading
from calsync_agent.config.settings import Database as DatabaseSettings
from calsync_agent.config.settings import Settings
from calsync_agent.database.engine import Database, open_database
from calsync_agent.errors import CalsyncError
from calsync_agent.i18n import _
from calsync_agent.logs.logs import FILE_NAME
from calsync_agent.platform import log_folder
from calsync_agent.support import edited, log_text, machine, rows, situation
from calsync_agent.support.pseudonyms import Pseudonyms
from calsync_agent.support.telling import Telling

EDITED: Final = "calsync_edited"

_log: Final = logging.getLogger(__name__)
_T = TypeVar("_T")


class Collecting:
    """One bundle in the making."""

    def __init__(self) -> None:
        self.telling = Telling(Pseudonyms())
        self.parts: dict[str, object] = {}
        self._errors: dict[str, object] = {}
        self._seconds: dict[str, float] = {}

    def collect(self, explicit: Path | None) -> dict[str, object]:
        """Everything there is; `explicit`: the settings file, where one was named."""
        at = datetime.now(UTC).isoformat(timespec="seconds")
        self.parts[bundle.MANIFEST] = {"format": bundle.FORMAT, "made_at": at}
        self._part("versions.json", machine.versions)
        self._part("environment.json", machine.environment)
        path = self._try("settings file", lambda: reading.find(explicit))
        settings = self._settings(path) if path else None
        log = settings.log.file if settings and settings.log.file else None
        self._part("log_file.json", lambda: log_text.told(log or _usual_log(), self.telling))
        part = settings.database if settings else self._database_alone(path)
        if part is not None:
            self._database(part)
        self.parts["timings.json"] = self._seconds
        self.parts["errors.json"] = self._errors
        return {bundle.README: _readme(sorted(self.parts)), **self.parts}

    @property
    def missing(self) -> list[str]:
        """What could not be had."""
        return sorted(self._errors)

    def _settings(self, path: Path) -> Settings | None:
        found = self._try("settings", lambda: reading.read(path))
        if found is not None:
            told = self._try("settings", lambda: machine.settings(found, self.telling))
            self.parts["settings.json"] = told
        return found

    def _database_alone(self, path: Path | None) -> DatabaseSettings | None:
        found = None if path is None else self._try("database", lambda: reading.read_database(path))
        if found is not None:
            told = {"database": machine.section(found, self.telling)}
            self.parts["settings.json"] = told
        return found

    def _database(self, part: DatabaseSettings) -> None:
        url = part.url.get_secret_value()
        database = self._try(
            "database", lambda: open_database(url, schema=part.schema_name, feed=part.feed)
        )
        if database is None:
            return
        try:
            if self._within("database.json", database, situation.catalogue):
                self._of(database)
        finally:
            database.dispose()

    def _of(self, database: Database) -> None:
        self._within("status.json", database, lambda c: situation.status(c, self.telling))
        for table in rows.tables():
            self._rows(table.name, database, partial(self._table, table=table))
        self._rows(EDITED, database, lambda c: edited.told(c, self.telling))

    def _table(self, connection: sa.Connection, table: sa.Table) -> bundle.Rows:
        return rows.told(connection, table, self.telling)

    def _rows(
        self, name: str, database: Database, work: Callable[[sa.Connection], bundle.Rows]
    ) -> None:
        self._within(bundle.TABLES.format(name=name), database, lambda c: work(c).as_json())

    def _within(
        self, name: str, database: Database, work: Callable[[sa.Connection], object]
    ) -> bool:
        """A part from a transaction of its own: what fails spoils no other."""

        def read() -> object:
            with database.reading() as connection:
                return work(connection)

        return self._part(name, read)

    def _part(self, name: str, work: Callable[[], object]) -> bool:
        """Whether the part is there now."""
        found = self._try(name, work)
        if found is not None:
            self.parts[name] = found
        return found is not None

    def _try(self, name: str, work: Callable[[], _T]) -> _T | None:
        begun = time.monotonic()
        try:
            return work()
        except Exception as error:  # noqa: BLE001 - a bundle is made when things are broken
            self._errors[name] = self.telling.error(error)
            if not isinstance(error, CalsyncError):
                _log.debug("unexpected", exc_info=error)
            return None
        finally:
            self._seconds[name] = round(time.monotonic() - begun, 3)


def _usual_log() -> Path:
    return log_folder() / FILE_NAME


def _readme(names: list[str]) -> str:
    text = _(
        "This file was made by calsync-agent support. It helps others to understand how the"
        " synchronisation of calendars fares in one installation, and to try the case out"
        " elsewhere: calsync-agent sandbox --replay FILE.zip."
    )
    private = _(
        "It can be looked through with any editor before it is given away. It holds no secrets, no"
        " subjects, texts, places, addresses or names of people, mailboxes, computers or files."
        " These are pseudonyms, such as 1a2b3c4d5e6f~60: the same text has the same one within"
        " this file, and the number says how long it is at most. Nobody can tell the texts from"
        " them, as the key that they were made with is not kept."
    )
    kept = _(
        "What stands in it as it is: versions, settings without addresses, the times and"
        " repetitions of appointments, numbers, the program's own sentences without what was"
        " filled in, and what went wrong."
    )
    parts = _("The parts (errors.json says what could not be had):")
    listed = "\n".join(f"    {name}" for name in names)
    paragraphs = [textwrap.fill(one, 90) for one in (text, private, kept, parts)]
    return "\n\n".join([*paragraphs, listed]) + "\n"
