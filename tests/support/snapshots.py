"""Pictures of the terminal, kept in the repository and compared.

A picture is the screen's text, below it a letter for each cell's style, and what the letters mean.
`CALSYNC_UPDATE_SNAPSHOTS=1 pytest tests/tui` stores them anew; look at what changed before you
commit it.
"""

import os
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import pytest

from calsync_agent import i18n
from calsync_agent.i18n import Language
from calsync_tui import themes

UPDATE: Final = "CALSYNC_UPDATE_SNAPSHOTS"
SIZES: Final = ((80, 24), (120, 40))
LOOKS: Final = ("light", "plain")


@dataclass(frozen=True)
class Look:
    """One way to look at a page."""

    language: Language
    size: tuple[int, int]
    plain: bool

    @property
    def name(self) -> str:
        """As in `de-80x24-plain`."""
        width, height = self.size
        return f"{self.language}-{width}x{height}-{'plain' if self.plain else 'light'}"

    @property
    def theme(self) -> str:
        """The theme to look at it in."""
        return themes.TERMINAL.name if self.plain else themes.LIGHT.name

    def begin(self) -> None:
        """Speak its language."""
        i18n.use(self.language)


ALL: Final = [
    pytest.param(look, id=look.name)
    for look in (
        Look(language, size, name == "plain")
        for language in i18n.LANGUAGES
        for size in SIZES
        for name in LOOKS
    )
]
"""For `parametrize("look", ALL)`: each language, size and kind of terminal."""

FEW: Final = [one for one in ALL if one.id in {"de-80x24-plain", "en-120x40-light"}]
"""For what lies over a page: the least room, and the most."""


def compare(stored: Path, picture: str) -> None:
    """Fail where the picture is not the one stored."""
    if os.environ.get(UPDATE):
        stored.parent.mkdir(exist_ok=True)
        stored.write_text(picture, encoding="utf-8", newline="\n")
        return
    assert stored.exists(), f"there is no {stored.name}; store it with {UPDATE}=1"
    before = stored.read_text(encoding="utf-8")
    assert picture.splitlines() == before.splitlines(), f"{stored.name} looks different"
