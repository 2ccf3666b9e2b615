"""The grammars of both programs, and the tools of packaging/ that are made from them."""

import runpy
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Final, cast

from calsync_agent import cli as agent
from calsync_agent.arguments import translated
from calsync_agent.i18n import Language, speaking
from calsync_agent.shells import grammar
from calsync_agent.shells.grammar import Command
from calsync_tui import cli as tui

PROGRAMS: Final = {agent.PROGRAM: agent.parser, tui.PROGRAM: tui.parser}
_PACKAGING: Final = Path(__file__).parents[2] / "packaging"


def whole(program: str, language: Language = "en") -> Command:
    with speaking(language), translated():
        return grammar.read(PROGRAMS[program]())


def every_command() -> Iterator[tuple[str, Command]]:
    for program in PROGRAMS:
        for command in whole(program).walk():
            yield program, command


def tool(name: str) -> Callable[[Path], list[Path]]:
    """The function `make` of a script."""
    made = runpy.run_path(str(_PACKAGING / f"{name}.py"))["make"]
    return cast("Callable[[Path], list[Path]]", made)
