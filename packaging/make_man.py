"""Writes the man pages of both programs, in both languages, into a folder of man pages.

python packaging/make_man.py FOLDER    makes FOLDER/man1/… and FOLDER/de/man1/…
"""

import sys
from pathlib import Path

from calsync_agent import __version__, i18n
from calsync_agent import cli as agent
from calsync_agent.arguments import translated
from calsync_agent.shells import grammar, manpage
from calsync_tui import cli as tui


def make(folder: Path) -> list[Path]:
    """Write them all; returns them."""
    made = []
    for language in i18n.LANGUAGES:
        place = (folder if language == "en" else folder / language) / "man1"
        place.mkdir(parents=True, exist_ok=True)
        for program, parser in ((agent.PROGRAM, agent.parser), (tui.PROGRAM, tui.parser)):
            with i18n.speaking(language), translated():
                text = manpage.page(program, __version__, grammar.read(parser()))
            made.append(place / f"{program}.1")
            made[-1].write_text(text, encoding="utf-8")
    return made


if __name__ == "__main__":
    for each in make(Path(sys.argv[1])):
        sys.stdout.write(f"{each}\n")
