"""The commands of `calsync-agent`, and what their exit status means (contract, section 1).

stdout is for results, stderr for what goes on and what is wrong: one line, never a traceback.
"""

import argparse
import sys
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Final

from calsync_agent import __version__, commands, i18n
from calsync_agent.errors import CalsyncError
from calsync_agent.i18n import _
from calsync_agent.platform import console_utf8
from calsync_agent.sandbox import command as sandbox

PROGRAM: Final = "calsync-agent"


def main(arguments: Sequence[str] | None = None) -> int:
    """Run a command; returns the exit status."""
    console_utf8()
    words = list(sys.argv[1:] if arguments is None else arguments)
    i18n.use(_language(words))
    options = _parser().parse_args(words)
    try:
        return int(options.run(options))
    except CalsyncError as error:
        sys.stderr.write(f"{PROGRAM}: {error}\n")
        return error.exit_status
    except KeyboardInterrupt:
        return 0


def _language(words: Sequence[str]) -> i18n.Language:
    """What `--lang` says, before help and errors are shown; else what the environment says."""
    early = argparse.ArgumentParser(add_help=False, exit_on_error=False)
    early.add_argument("--lang", choices=i18n.LANGUAGES)
    try:
        chosen = early.parse_known_args(words)[0].lang
    except argparse.ArgumentError:
        chosen = None
    return "de" if chosen == "de" else "en" if chosen == "en" else i18n.preferred("en")


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog=PROGRAM, description=_("Keeps the calendars of Consolidate and Exchange 365 in step.")
    )
    parser.add_argument("--version", action="version", version=f"%(prog)s {__version__}")
    _common(parser, config=None, lang=None)
    verbs = parser.add_subparsers(metavar=_("COMMAND"), required=True)
    _verb(verbs, "run", commands.run, _("sync until stopped: the service"))
    _verb(verbs, "once", commands.once, _("sync until nothing is left to do, then tell"))
    demo = _verb(verbs, "demo", commands.demo, _("show it all, on a made-up office"))
    demo.add_argument(
        "--keep", type=Path, metavar=_("FOLDER"), help=_("keep the demo's files here")
    )
    sandbox.add_arguments(_verb(verbs, "sandbox", sandbox.run, _("a simulated Exchange 365")))
    database = _verb(verbs, "db", None, _("the plugin's tables"))
    _database_verbs(database.add_subparsers(metavar=_("COMMAND"), required=True))
    return parser


def _database_verbs(verbs: "argparse._SubParsersAction[argparse.ArgumentParser]") -> None:
    install = _verb(verbs, "install", commands.install, _("create what is missing"))
    ddl = _verb(verbs, "ddl", commands.ddl, _("print that as SQL"))
    dialects = ("postgresql", "mssql", "sqlite")
    ddl.add_argument("--dialect", choices=dialects, required=True, help=_("whose SQL"))
    ddl.add_argument("--schema", default="", help=_("the schema that the tables are in"))
    for verb in (install, ddl):
        verb.add_argument(
            "--with-consolidate",
            action="store_true",
            help=_("also Consolidate's own tables, with the least that works"),
        )


def _verb(
    verbs: "argparse._SubParsersAction[argparse.ArgumentParser]",
    name: str,
    run: Callable[[argparse.Namespace], int] | None,
    text: str,
) -> argparse.ArgumentParser:
    verb = verbs.add_parser(name, help=text, description=text)
    _common(verb, config=argparse.SUPPRESS, lang=argparse.SUPPRESS)
    if run is not None:
        verb.set_defaults(run=run)
    return verb


def _common(parser: argparse.ArgumentParser, config: str | None, lang: str | None) -> None:
    """What stands before or after the command; only the parser in front has defaults."""
    parser.add_argument(
        "--config", type=Path, metavar=_("FILE"), default=config, help=_("the settings file")
    )
    parser.add_argument("--lang", choices=i18n.LANGUAGES, default=lang, help=_("German or English"))
