"""The commands and options of a program, read from its parser.

`argparse` has no way of being asked for them but its actions.
"""

import argparse
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from calsync_agent.arguments import Parser


@dataclass(frozen=True, slots=True)
class Argument:
    """An option, or with no `names` something that stands by itself.

    `value` is what stands for its value in a usage line; empty where it takes none. `choices` are
    all the values there are, where they are known; `path`: it is a file or a folder.
    """

    names: tuple[str, ...]
    value: str
    choices: tuple[str, ...]
    path: bool
    help: str


@dataclass(frozen=True, slots=True)
class Command:
    """A command by its `words` after the program's name; the program itself has none."""

    words: tuple[str, ...]
    help: str
    usage: str
    epilog: str
    options: tuple[Argument, ...]
    operands: tuple[Argument, ...]
    commands: tuple["Command", ...]

    def walk(self) -> Iterator["Command"]:
        """It and all below it, in the order of the help."""
        yield self
        for command in self.commands:
            yield from command.walk()


def read(parser: Parser, words: tuple[str, ...] = ()) -> Command:
    """What the parser of a program, or of one of its commands, takes."""
    parser.fill()
    shown = [action for action in parser._actions if action.help != argparse.SUPPRESS]  # noqa: SLF001
    below = [one for one in shown if isinstance(one, argparse._SubParsersAction)]  # noqa: SLF001
    arguments = [(one, _argument(one)) for one in shown if one not in below]
    return Command(
        words=words,
        help=parser.description or "",
        usage=" ".join(parser.format_usage().split()),
        epilog=parser.epilog or "",
        options=tuple(made for one, made in arguments if one.option_strings),
        operands=tuple(made for one, made in arguments if not one.option_strings),
        commands=tuple(
            read(parser, (*words, name)) for one in below for name, parser in one.choices.items()
        ),
    )


def _argument(action: argparse.Action) -> Argument:
    choices = tuple(map(str, action.choices or ()))
    value = ""
    if action.nargs != 0:
        named = action.metavar if isinstance(action.metavar, str) else action.dest
        value = named if action.metavar or not choices else "|".join(choices)
    return Argument(
        names=tuple(action.option_strings),
        value=value,
        choices=choices,
        path=action.type is Path,
        help=action.help or "",
    )
