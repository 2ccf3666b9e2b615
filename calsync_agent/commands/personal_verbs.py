"""The grammar of `calsync-agent personal`; light, because every command line reads it."""

from argparse import Namespace
from collections.abc import Callable
from pathlib import Path

from calsync_agent.arguments import Parser
from calsync_agent.i18n import _


def fill(verb: Callable[[str, Callable[[Namespace], int], str], Parser]) -> None:
    """Add both by `verb`, which takes a name, what runs it, and what it does."""
    export = verb("export", _run("export"), _("write all that is kept about an employee"))
    delete = verb("delete", _run("delete"), _("delete all that is kept about an employee"))
    for one in (export, delete):
        one.add_argument(
            "who", metavar=_("EMPLOYEE"), help=_("the employee's code, or the profile's number")
        )
    export.add_argument("file", type=Path, metavar=_("FILE.json"), help=_("what to write"))
    delete.add_argument("--yes", action="store_true", help=_("do it; otherwise it is only shown"))
    delete.add_argument("--json", action="store_true", help=_("as JSON, for programs"))


def _run(name: str) -> Callable[[Namespace], int]:
    def run(options: Namespace) -> int:
        from calsync_agent.commands import personal  # noqa: PLC0415 - loads much

        return personal.COMMANDS[name](options)

    return run
