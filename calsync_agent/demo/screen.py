"""Where the demo is shown: as wide, as colourful and with as many signs as the terminal allows."""

import codecs
import os
import shutil
import sys
from collections.abc import Mapping
from dataclasses import astuple, dataclass
from enum import StrEnum
from typing import Final, TextIO, TypeAlias

from calsync_agent.demo.text import cut, encodable, width

USUAL: Final = 80
NARROWEST: Final = 50
WIDEST: Final = 160


class Style(StrEnum):
    """Looks, as SGR parameters (ECMA-48)."""

    PLAIN = ""
    BOLD = "1"
    DIM = "2"
    RED = "31"
    GREEN = "32"
    YELLOW = "33"
    MAGENTA = "35"
    CYAN = "36"


Piece: TypeAlias = "str | tuple[str, Style]"


@dataclass(frozen=True, slots=True)
class Signs:
    """What lines, bars and arrows are made of."""

    rule: str = "─"
    full: str = "━"
    empty: str = "─"
    out: str = "→"
    back: str = "←"
    both: str = "="
    differs: str = "≠"
    more: str = "…"


UNICODE: Final = Signs()
ASCII: Final = Signs("-", "#", ".", "->", "<-", "=", "<>", "...")


@dataclass(frozen=True, slots=True)
class Screen:
    """Writes lines. `live`: lines can be written over, to show progress."""

    stream: TextIO
    columns: int = USUAL
    encoding: str = "utf-8"
    colour: bool = False
    live: bool = False

    @property
    def signs(self) -> Signs:
        """The signs that the encoding has."""
        return UNICODE if _has_signs(self.encoding) else ASCII

    def fitted(self, text: str) -> str:
        """`text` in characters that the encoding has."""
        return encodable(text, self.encoding)

    def line(self, *pieces: Piece) -> None:
        """One line, cut where it is too long."""
        room = self.columns
        written = ""
        for piece in pieces:
            text, style = (piece, Style.PLAIN) if isinstance(piece, str) else piece
            text = cut(self.fitted(text), room, self.signs.more)
            room -= width(text)
            written += self._painted(text, style)
        self.stream.write(written.rstrip() + "\n")
        self.stream.flush()

    def uncut(self, text: str) -> None:
        """One line however long, to be copied."""
        self.stream.write(f"{self.fitted(text)}\n")

    def back(self, lines: int) -> None:
        """Go up, so that the last lines are written over."""
        if self.live:
            self.stream.write(f"\x1b[{lines}A\x1b[J")

    def _painted(self, text: str, style: Style) -> str:
        if not self.colour or not style or not text.strip():
            return text
        return f"\x1b[{style}m{text}\x1b[0m"


def screen_of(stream: TextIO, environment: Mapping[str, str] = os.environ) -> Screen:
    """The screen that a stream leads to.

    Colours as https://no-color.org has it; a width can be asked for with `COLUMNS`.
    """
    terminal = stream.isatty() and _understands_escapes(environment)
    columns = shutil.get_terminal_size((USUAL, 24)).columns
    return Screen(
        stream,
        columns=min(max(columns, NARROWEST), WIDEST),
        encoding=_known(stream.encoding),
        colour=terminal and not environment.get("NO_COLOR"),
        live=terminal,
    )


def _understands_escapes(environment: Mapping[str, str]) -> bool:
    if sys.platform == "win32":
        # The old console needs to be asked first; these terminals do not.
        return any(environment.get(name) for name in ("WT_SESSION", "ANSICON", "ConEmuANSI"))
    return environment.get("TERM", "dumb") != "dumb"


def _has_signs(encoding: str) -> bool:
    try:
        "".join(astuple(UNICODE)).encode(encoding)
    except UnicodeEncodeError:
        return False
    return True


def _known(encoding: str | None) -> str:
    try:
        return codecs.lookup(encoding or "utf-8").name
    except LookupError:
        return "ascii"
