"""What the program remembers for the one who sits in front of it: the colours.

A file of theirs, read once and written when they choose. It is a convenience: where it cannot be
read or written, the program goes on as if it had never been.
"""

import json
import logging
from pathlib import Path
from typing import Final

from platformdirs import user_config_path

from calsync_agent.platform.folders import NAME

FILE: Final = "tui.json"
_LOG: Final = logging.getLogger(__name__)


def place() -> Path:
    """The file of whoever runs this."""
    return user_config_path(NAME, appauthor=False) / FILE


class Memory:
    """What is in the file; without one, nothing is kept."""

    def __init__(self, path: Path | None) -> None:
        self._path = path

    def theme(self, *, few: bool) -> str:
        """The theme chosen last in a terminal of sixteen colours (`few`) or of more; or nothing."""
        found = self._read().get(_key(few=few))
        return found if isinstance(found, str) else ""

    def note_theme(self, name: str, *, few: bool) -> None:
        """Remember a theme."""
        if self._path is None or self.theme(few=few) == name:
            return
        kept = {**self._read(), _key(few=few): name}
        try:
            self._path.parent.mkdir(parents=True, exist_ok=True)
            self._path.write_text(json.dumps(kept, indent=2) + "\n", encoding="utf-8")
        except OSError as error:
            _LOG.info("the colours are not remembered: %s", error)

    def _read(self) -> dict[str, object]:
        if self._path is None:
            return {}
        try:
            found = json.loads(self._path.read_text(encoding="utf-8"))
        except (OSError, ValueError):
            return {}
        return found if isinstance(found, dict) else {}


def _key(*, few: bool) -> str:
    return "theme_of_sixteen_colours" if few else "theme"
