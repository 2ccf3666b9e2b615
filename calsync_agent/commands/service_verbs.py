"""The grammar of `calsync-agent service`; light, because every command line reads it."""

from argparse import Namespace
from collections.abc import Callable
from typing import TypeAlias

from calsync_agent.arguments import Parser
from calsync_agent.i18n import _

Run: TypeAlias = Callable[[Namespace], int]


def fill(verb: Callable[[str, Run, str], Parser]) -> None:
    """Add all of them by `verb`, which takes a name, what runs it, and what it does."""

    def add(name: str, text: str) -> Parser:
        return verb(name, _run(name), text)

    install = add("install", _("register it, or bring it up to date"))
    install.add_argument(
        "--account",
        metavar=_("ACCOUNT"),
        help=_(
            "run as this group managed service account (DOMAIN\\NAME$), or LocalSystem; else as"
            " NT SERVICE\\calsync-agent"
        ),
    )
    add("remove", _("stop it and take it out; settings and data stay"))
    add("start", _("start it"))
    add("stop", _("stop it, and wait until it has"))


def _run(name: str) -> Run:
    def run(options: Namespace) -> int:
        from calsync_agent.commands import service  # noqa: PLC0415 - as in `cli`

        command: Run = getattr(service, name)
        return command(options)

    return run
