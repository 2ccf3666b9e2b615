"""The grammar of `calsync-agent profiles`; light, because every command line reads it."""

from argparse import Namespace
from collections.abc import Callable
from pathlib import Path
from typing import Final, TypeAlias

from calsync_agent.arguments import Parser, whole_number
from calsync_agent.i18n import _

MOST_A_DAY: Final = 100_000


Run: TypeAlias = Callable[[Namespace], int]


def fill(verb: Callable[[str, Run, str], Parser]) -> None:
    """Add all of them by `verb`, which takes a name, what runs it, and what it does."""

    def add(name: str, text: str) -> Parser:
        return verb(name, _run(name), text)

    match = add("match", _("show which employee has which mailbox, and what is not clear"))
    add("add", _("add what is clear, inactive"))
    taking = add("import", _("take over profiles from a CSV file"))
    taking.add_argument(
        "file",
        type=Path,
        metavar=_("FILE.csv"),
        help=_("columns: employee, external_user_id, active, inbound, outbound"),
    )
    export = add("export", _("write all profiles as such a file"))
    export.add_argument(
        "file",
        type=Path,
        nargs="?",
        metavar=_("FILE.csv"),
        help=_("what to write; otherwise it is printed"),
    )
    activate = add("activate", _("let inactive profiles begin to sync"))
    activate.add_argument(
        "--a-day",
        type=whole_number(most=MOST_A_DAY),
        metavar=_("N"),
        help=_("so many a day, until one is held or fails; an agent carries it on"),
    )
    progress = add("progress", _("show how far the roll-out has come"))
    progress.add_argument("--end", action="store_true", help=_("end it; what has begun goes on"))
    for one in (match, progress):
        one.add_argument("--json", action="store_true", help=_("as JSON, for programs"))


def _run(name: str) -> Run:
    def run(options: Namespace) -> int:
        from calsync_agent.commands import profiles  # noqa: PLC0415 - loads much

        return profiles.COMMANDS[name](options)

    return run
