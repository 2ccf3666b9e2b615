"""What an agent remembers of a database outside it: how far it had come (B12)."""

import json
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import sqlalchemy as sa

from calsync_agent.errors import Undecided
from calsync_agent.i18n import message
from calsync_agent.platform import replace_file, state_folder
from calsync_agent.state import identity

FILE: Final = "positions.json"


@dataclass(frozen=True, slots=True)
class Seen:
    """A database as it is: what is noted of its identity, its actual one, and its position."""

    noted: str | None
    actual: str
    position: int


def see(connection: sa.Connection) -> Seen:
    """Which database this is, and how far it has come."""
    return Seen(
        identity.noted(connection), identity.actual(connection), identity.position(connection)
    )


def check(seen: Seen, memory: "Memory") -> None:
    """Raises Undecided for a copy, and for a database that is older than it was seen (B12)."""
    if seen.noted is None:
        return  # never synced
    if not identity.is_of(seen.noted, seen.actual):
        raise Undecided(
            message(
                "this database is a copy, or was restored elsewhere, and nothing is written to it:"
                " say calsync-agent adopt --copy for a second installation, or adopt --restored for"
                " the same one"
            )
        )
    if seen.position < memory.position(seen.noted):
        raise Undecided(
            message(
                "this database is older than it was seen here before, and nothing is written to it:"
                " after restoring a backup say calsync-agent adopt --restored, for a second"
                " installation adopt --copy"
            )
        )


class Memory:
    """Positions by what is noted in their database, in a file of this host."""

    def __init__(self, file: Path | None = None) -> None:
        self._file = file or state_folder() / FILE

    def position(self, noted: str) -> int:
        """The furthest that the database was seen; 0 where it never was."""
        return self._read().get(noted, 0)

    def note(self, noted: str, position: int) -> None:
        """Remember how far it has come."""
        known = self._read()
        if position > known.get(noted, 0):
            content = json.dumps({**known, noted: position}, indent=1)
            replace_file(self._file, content.encode())

    def _read(self) -> dict[str, int]:
        """What is remembered; a file that cannot be read is as good as none."""
        try:
            stored = json.loads(self._file.read_bytes())
        except (OSError, ValueError):
            return {}
        if not isinstance(stored, dict):
            return {}
        return {str(name): number for name, number in stored.items() if isinstance(number, int)}
