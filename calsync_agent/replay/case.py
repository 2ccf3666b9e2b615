"""What a bundle tells of both calendars, as rows that a database can take.

Texts are stand-ins of the same length class. What stands in a column that is not for it, because
somebody had written something odd there, is as odd here; a row without its number is left out.
"""

from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from typing import Any, Final, TypeAlias
from uuid import UUID

import sqlalchemy as sa

from calsync_agent import bundle
from calsync_agent.consolidate.tables import activity, activity_exception, activity_participant
from calsync_agent.errors import ConfigurationRefused
from calsync_agent.i18n import message
from calsync_agent.state.tables import link, provider
from calsync_agent.support.columns import COLUMNS, As

Row: TypeAlias = dict[str, Any]

_KNOWN_WORDS: Final = frozenset({As.WORD, As.ZONE, As.RULE})
# Told as there or not there; nothing of what is planned hangs on them.
_LEFT_OUT: Final = frozenset({"note", "online_meeting_url"})


@dataclass(slots=True)
class Appointment:
    """An appointment with all its rows; `odd`: something in it is not what its column is for."""

    row: Row
    odd: bool = False
    exceptions: list[Row] = field(default_factory=list)
    participants: list[Row] = field(default_factory=list)


class Case:
    """The case in a bundle. Raises ConfigurationRefused where it is none."""

    def __init__(self, path: Path) -> None:
        self._parts = bundle.unpacked(path)
        self.left_out = 0
        try:
            self._read()
        except (KeyError, TypeError, ValueError, AttributeError):
            raise ConfigurationRefused(
                message(
                    "{path}: what it tells of the calendars cannot be understood", path=str(path)
                )
            ) from None

        if not self.rows(provider):
            raise ConfigurationRefused(
                message(
                    "{path}: tells nothing of the calendars, as the database could not be read when"
                    " it was made (errors.json in it says why)",
                    path=str(path),
                )
            )

    def _read(self) -> None:
        rows = self.rows(activity)
        self.appointments = {one["id"]: Appointment(one, _is_odd(one)) for one in rows}
        self.whole = not bundle.is_cut(self._parts, activity.name)
        for one in self.rows(activity_exception):
            if one["activity_id"] in self.appointments:
                self.appointments[one["activity_id"]].exceptions.append(one)
        for one in self.rows(activity_participant):
            if one["activity_id"] in self.appointments:
                self.appointments[one["activity_id"]].participants.append(one)
        self.linked: dict[UUID, list[Row]] = defaultdict(list)
        for one in self.rows(link):
            if one["event_id"]:
                self.linked[one["activity_id"]].append(one)
        self.edited: dict[UUID, frozenset[str]] = {}
        for one in bundle.rows_of(self._parts, "calsync_edited"):
            number, known = UUID(one["activity_id"]), frozenset(map(str, one["fields"]))
            self.edited[number] = self.edited.get(number, frozenset()) | known

    @property
    def settings(self) -> Mapping[str, object]:
        """The section `sync` of the settings, but for what is told by pseudonyms."""
        found = self._parts.get("settings.json")
        part = found.get("sync") if isinstance(found, dict) else None
        return {
            name: value
            for name, value in (part.items() if isinstance(part, dict) else ())
            if isinstance(value, int) or (name == "default_time_zone" and "~" not in str(value))
        }

    def rows(self, table: sa.Table) -> list[Row]:
        """The rows of a table with values that its columns take."""
        return list(self._fitting(table, bundle.rows_of(self._parts, table.name)))

    def _fitting(self, table: sa.Table, rows: Iterable[Mapping[str, Any]]) -> Iterable[Row]:
        columns = {column.name: column for column in table.columns}
        for row in rows:
            fitting = {
                name: None if name in _LEFT_OUT else _fitting(columns[name], value)
                for name, value in row.items()
                if name in columns
            }
            if any(isinstance(fitting.get(key.name), _Odd) for key in table.primary_key):
                self.left_out += 1
            else:
                yield fitting


_Odd: Final = sa.TypeCoerce


def _is_odd(row: Row) -> bool:
    return any(isinstance(value, _Odd) for value in row.values())


def _fitting(column: sa.Column[Any], value: Any) -> Any:  # noqa: ANN401 - by the column's type
    """The value as the column's type has it; text that passes for any type where it is none."""
    try:
        return None if value is None else _typed(column, value)
    except (TypeError, ValueError, AttributeError):
        return sa.type_coerce(bundle.stand_in(str(value)), sa.String())


def _typed(column: sa.Column[Any], value: Any) -> Any:  # noqa: ANN401 - by the column's type
    match column.type:
        case sa.Uuid():
            return UUID(value)
        case sa.Boolean():
            return bool(int(value))
        case sa.Integer():
            return int(value)
        case sa.String():
            kind = COLUMNS[column.table.name][column.name]
            if kind in _KNOWN_WORDS and bundle.is_pseudonym(str(value)):
                raise ValueError(value)
            return bundle.stand_in(str(value))
    told = datetime.fromisoformat(value)
    return told.replace(tzinfo=None)
