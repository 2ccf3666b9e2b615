"""What an agent remembers of a database outside it: how far it had come (B12)."""

import json
from pathlib import Path

from calsync_agent.platform import replace_file, state_folder

FILE = "positions.json"


class Memory:
    """Positions by the identity of their database, in a file of this host."""

    def __init__(self, file: Path | None = None) -> None:
        self._file = file or state_folder() / FILE

    def position(self, identity: str) -> int:
        """The furthest that the database was seen; 0 where it never was."""
        return self._read().get(identity, 0)

    def note(self, identity: str, position: int, *, back: bool = False) -> None:
        """Remember a position; an earlier one only where an admin says that it goes `back`."""
        known = self._read()
        before = known.get(identity, 0)
        if position > before or (back and position != before):
            content = json.dumps({**known, identity: position}, indent=1)
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
