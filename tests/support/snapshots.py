"""Pictures of the terminal, kept in the repository and compared.

A picture is the screen's text, below it a letter for each cell's style, and what the letters mean.
`CALSYNC_UPDATE_SNAPSHOTS=1 pytest tests/tui` stores them anew; look at what changed before you
commit it. With `CALSYNC_EVERY_LOOK=1` beside it, all sizes, languages and kinds of terminal are
drawn.
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
EVERY: Final = "CALSYNC_EVERY_LOOK"
"""Where this is set, every page is looked at in every size, language and kind of terminal."""
SIZES: Final = ((80, 24), (120, 40))
LOOKS: Final = ("light", "plain")


@dataclass(frozen=True)
class Look:
    """One way to look at a page."""

    language: Language
    size: tuple[int, int]
    kind: str
    """`light`, `dark`; `sixteen`: the terminal's own colours; `plain`: those, and ASCII."""

    @property
    def plain(self) -> bool:
        """Whether the terminal takes ASCII only."""
        return self.kind == "plain"

    @property
    def name(self) -> str:
        """As in `de-80x24-plain`."""
        width, height = self.size
        return f"{self.language}-{width}x{height}-{self.kind}"

    @property
    def theme(self) -> str:
        """The theme to look at it in."""
        return {"light": themes.LIGHT, "dark": themes.DARK}.get(self.kind, themes.TERMINAL).name

    def begin(self) -> None:
        """Speak its language."""
        i18n.use(self.language)


_TELLING: Final = [
    *(
        Look(language, size, kind)
        for language in i18n.LANGUAGES
        for size in SIZES
        for kind in LOOKS
    ),
    Look("de", (60, 15), "plain"),
    Look("en", (60, 15), "light"),
    Look("de", (80, 24), "sixteen"),
]
_EVERY: Final = [
    Look(language, size, kind)
    for language in i18n.LANGUAGES
    for size in ((60, 15), *SIZES)
    for kind in (*LOOKS, "dark", "sixteen")
]
ALL: Final = [
    pytest.param(look, id=look.name) for look in (_EVERY if EVERY in os.environ else _TELLING)
]
"""For `parametrize("look", ALL)`: each language, size and kind of terminal, as far as they tell."""

_FEW: Final = {"de-80x24-plain", "en-120x40-light", "de-60x15-plain"}
FEW: Final = ALL if EVERY in os.environ else [one for one in ALL if one.id in _FEW]
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
