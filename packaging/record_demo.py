"""Draws what the demo shows, for the README.

    python packaging/record_demo.py            writes packaging/demo.svg
    python packaging/record_demo.py --lang de  the same in German

The picture changes only with the demo and with the day on which it is drawn. To stay small it has
one of the three calendars, and of that only what people changed; `…` stands for the rest.
"""

import argparse
import asyncio
import io
import re
import sys
import tempfile
from collections.abc import Iterable, Iterator
from datetime import datetime
from itertools import groupby
from pathlib import Path
from zoneinfo import ZoneInfo

from rich.console import Console
from rich.terminal_theme import MONOKAI
from rich.text import Text

from calsync_agent import i18n
from calsync_agent.demo.entries import VIENNA
from calsync_agent.demo.play import play
from calsync_agent.demo.screen import Screen
from calsync_agent.demo.story import BERND, STAFF

PICTURE = Path(__file__).with_name("demo.svg")
COLUMNS = 80

_ESCAPE = re.compile(r"\x1b\[[0-9;]*m")
_UNCHANGED = re.compile(r"  .{34,} [→←=] ")
_FORMAT = (
    '<svg viewBox="0 0 {width} {height}" xmlns="http://www.w3.org/2000/svg">'
    "<style>text{{font-size:{char_height}px;font-family:'SFMono-Regular',Menlo,Consolas,"
    "'DejaVu Sans Mono',monospace}}{styles}</style>"
    '<defs>{lines}</defs><rect width="{width}" height="{height}" rx="8" fill="#272822"/>'
    '<g transform="translate({terminal_x},20)">{backgrounds}{matrix}</g></svg>'
)


def shown() -> str:
    """What a terminal gets to see."""
    stream = io.StringIO()
    today = datetime.now(ZoneInfo(VIENNA)).date()
    with tempfile.TemporaryDirectory() as folder:
        screen = Screen(stream, columns=COLUMNS, colour=True)
        if not asyncio.run(play(screen, Path(folder), today, keep=False)):
            sys.exit(f"the demo did not end well:\n{stream.getvalue()}")
    return stream.getvalue()


def shortened(text: str) -> str:
    """The text with one calendar instead of all, and without its rows that are as they were."""
    blocks = text.split("\n\n")
    return "\n\n".join(filter(None, map(_shortened, blocks)))


def _shortened(block: str) -> str:
    lines = block.splitlines()
    name = _plain(lines[0]) if lines else ""
    if name == BERND.name:
        return "\n".join(_changed(lines))
    return "" if name in {employee.name for employee in STAFF} else block


def _changed(lines: Iterable[str]) -> Iterator[str]:
    for unchanged, some in groupby(lines, lambda line: bool(_UNCHANGED.match(_plain(line)))):
        yield from ["  …"] if unchanged else some


def _plain(line: str) -> str:
    return _ESCAPE.sub("", line)


def drawn(text: str) -> str:
    """The text as an SVG."""
    console = Console(
        record=True, width=COLUMNS, file=io.StringIO(), force_terminal=True, legacy_windows=False
    )
    console.print(Text.from_ansi(text), soft_wrap=True)
    return console.export_svg(theme=MONOKAI, code_format=_FORMAT, unique_id="demo")


def main(arguments: list[str]) -> int:
    """Write the picture."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--lang", choices=i18n.LANGUAGES, default="en")
    i18n.use(parser.parse_args(arguments).lang)
    picture = drawn(f"$ calsync-agent demo\n\n{shortened(shown())}")
    PICTURE.write_text(picture, encoding="utf-8")
    sys.stdout.write(f"{PICTURE}: {len(picture.encode()) // 1000} kB\n")
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
