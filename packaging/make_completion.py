"""Writes the completion of both programs for all shells into a folder, under the names they want.

python packaging/make_completion.py FOLDER
"""

import sys
from pathlib import Path
from typing import Final

from calsync_agent import cli as agent
from calsync_agent.arguments import translated
from calsync_agent.shells import grammar
from calsync_agent.shells.completion import SHELLS
from calsync_tui import cli as tui

NAMES: Final = {
    "bash": "bash/{program}",
    "zsh": "zsh/_{program}",
    "fish": "fish/{program}.fish",
    "powershell": "powershell/{program}.ps1",
}
"""Where each shell looks for the completion of a program."""


def make(folder: Path) -> list[Path]:
    """Write them all, in the language spoken now; returns them."""
    made = []
    for program, parser in ((agent.PROGRAM, agent.parser), (tui.PROGRAM, tui.parser)):
        with translated():
            whole = grammar.read(parser())
        for shell, script in SHELLS.items():
            path = folder / NAMES[shell].format(program=program)
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(script(program, whole), encoding="utf-8")
            made.append(path)
    return made


if __name__ == "__main__":
    for each in make(Path(sys.argv[1])):
        sys.stdout.write(f"{each}\n")
