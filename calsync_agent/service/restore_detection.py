"""What an agent remembers of a database outside it: how far it had come (B12)."""

import json
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Final

import sqlalchemy as sa

from calsync_agent.errors import Undecided
from calsync_agent.i18n import message
from calsync_agent.platform import private_mode, replace_file, state_folder
from calsync_agent.state import identity
from calsync_agent.state.identity import Place

FILE: Final = "positions.json"


@dataclass(frozen=True, slots=True)
class Seen:
    """A database as it is: what is noted of its identity, where it is, and its position."""

    noted: str | None
    place: Place
    position: int

    @property
    def number(self) -> str:
        """The number that was drawn for it; empty before its first sync."""
        return identity.number_of(self.noted or "")

    @property
    def moved(self) -> bool:
        """Whether what is noted was noted on another server, or under another name."""
        return self.noted is not None and not identity.is_of(self.noted, self.place.unique)


@dataclass(frozen=True, slots=True)
class Remembered:
    """How far a database had come, and what it was called."""

    position: int
    name: str


def see(connection: sa.Connection) -> Seen:
    """Which database this is, and how far it has come. Raises Undecided where that is unreadable.

    Nobody can tell then whether it was restored.
    """
    noted = identity.read(connection)
    if noted.unreadable is not None:
        raise Undecided(
            message(
                "calsync_meta.database_position holds {value} instead of a whole number, and"
                " nothing is written: say calsync-agent adopt --restored, whereupon both sides are"
                " compared in full",
                value=noted.unreadable,
            )
        )
    return Seen(noted.identity, identity.place(connection), noted.position)


def check(seen: Seen, memory: "Memory") -> None:
    """Raises Undecided for a copy, and for a database that is older than it was seen (B12).

    Of the same name and just as far as it was seen here before, it is the same installation,
    though the server calls itself another one.
    """
    if seen.noted is None:
        return  # never synced
    known = memory.of(seen.number)
    if seen.moved and known != Remembered(seen.position, seen.place.name):
        raise Undecided(
            message(
                "this database is a copy, or was restored elsewhere, and nothing is written to it:"
                " say calsync-agent adopt --copy for a second installation, or adopt --restored for"
                " the same one"
            )
        )
    if known is not None and seen.position < known.position:
        raise Undecided(
            message(
                "this database is older than it was seen here before, and nothing is written to it:"
                " after restoring a backup say calsync-agent adopt --restored, for a second"
                " installation adopt --copy"
            )
        )


class Memory:
    """What is remembered of databases by their numbers, in a file of this host."""

    def __init__(self, file: Path | None = None) -> None:
        self._file = file or state_folder() / FILE
        self._then: dict[str, Remembered] | None = None

    def of(self, number: str) -> Remembered | None:
        """The furthest that the database was seen; None where it never was."""
        return (self._read() if self._then is None else self._then).get(number)

    def as_now(self) -> "Memory":
        """What is remembered now, whatever is noted later.

        To be taken before a database is looked at: a cycle may bring it further meanwhile.
        """
        then = Memory(self._file)
        then._then = self._read()
        return then

    def note(self, number: str, seen: Remembered) -> None:
        """Remember how far it has come."""
        known = self._read()
        before = known.get(number)
        if before is None or seen.position > before.position or seen.name != before.name:
            stored = {name: asdict(one) for name, one in {**known, number: seen}.items()}
            # An administrator's command remembers for the service, and the other way round.
            mode = private_mode(self._file.parent)
            replace_file(self._file, json.dumps(stored, indent=1).encode(), mode)

    def _read(self) -> dict[str, Remembered]:
        """What is remembered; a file that cannot be read is as good as none."""
        try:
            stored = json.loads(self._file.read_bytes())
        except (OSError, ValueError, RecursionError):
            return {}
        if not isinstance(stored, dict):
            return {}
        found = {number: _remembered(one) for number, one in stored.items()}
        return {number: one for number, one in found.items() if one is not None}


def _remembered(stored: object) -> Remembered | None:
    match stored:
        case {"position": int(position), "name": str(name)}:
            return Remembered(position, name)
    return None
