"""The commands of `calsync-agent`, and what their exit status means (contract, section 1).

stdout is for results, stderr for what goes on and what is wrong: one line, never a traceback. What
a command works with is imported when it runs, so that the others begin at once.
"""

import argparse
import sys
from collections.abc import Callable, Sequence
from importlib import import_module
from pathlib import Path
from typing import Final

from calsync_agent import __version__, exits, i18n
from calsync_agent.arguments import (
    Parser,
    days_of_calendar,
    language,
    look_for_duplicates,
    translated,
    whole_number,
)
from calsync_agent.commands import (
    check_verb,
    personal_verbs,
    preview_verb,
    profile_verbs,
    service_verbs,
)
from calsync_agent.console import flush, give_up, say, warn
from calsync_agent.errors import CalsyncError
from calsync_agent.i18n import _
from calsync_agent.libraries import unloadable
from calsync_agent.platform.console import console_utf8
from calsync_agent.shells import grammar
from calsync_agent.shells.completion import SHELLS

PROGRAM: Final = "calsync-agent"


def main(arguments: Sequence[str] | None = None) -> int:
    """Run a command; returns the exit status."""
    console_utf8()
    words = list(sys.argv[1:] if arguments is None else arguments)
    i18n.use(language(words, "en"))
    try:
        with translated():
            options = parser().parse_args(words)
        status = int(options.run(options))
        flush()
    except SystemExit as end:  # argparse has said all
        return end.code if isinstance(end.code, int) else 2
    except CalsyncError as error:
        return _refused(str(error), error.exit_status)
    except KeyboardInterrupt:
        return 130  # what a shell reports after Ctrl+C
    except BrokenPipeError:
        # Whoever read the output has seen enough; nothing is left to be said to them.
        give_up()
        return 1
    except Exception as error:  # noqa: BLE001 - nobody is helped by a traceback
        library = unloadable(error)
        return _refused(_unforeseen(error), 1) if library is None else _refused(str(library), 2)
    return status


def _refused(text: str, status: int) -> int:
    """A line for each problem."""
    for line in text.split("\n"):
        warn(f"{PROGRAM}: {line}")
    return status


def _unforeseen(error: Exception) -> str:
    """In one line: further ones may hold data (a statement's values)."""
    try:
        from calsync_agent.logs.logs import in_one_line  # noqa: PLC0415 - loads much
    except Exception:  # noqa: BLE001 - what fails may be what this loads
        return _("internal error: {detail}").format(detail=type(error).__name__)
    return _("internal error: {detail}").format(detail=in_one_line(error))


def parser() -> Parser:
    """The grammar of the whole command line, in the language spoken now."""
    whole = Parser(
        prog=PROGRAM,
        description=_("Keeps the calendars of Consolidate and Exchange 365 in step."),
        epilog=exits.told(""),
    )
    _common(whole, default=None)
    verbs = whole.add_subparsers(metavar=_("COMMAND"), required=True, parser_class=Parser)
    _verb(verbs, "run", _run, _("sync until stopped: the service"))
    _verb(verbs, "once", _once, _("sync until nothing is left to do, then tell"))
    demo = _verb(verbs, "demo", _demo, _("show it all, on a made-up office"))
    demo.add_argument(
        "--keep", type=Path, metavar=_("FOLDER"), help=_("keep the demo's files here")
    )
    demo.add_argument(
        "--stay",
        action="store_true",
        help=_("go on, agent and sandbox running, until stdin closes or Ctrl+C"),
    )
    profiles = _verb(verbs, "profiles", None, _("profiles for many: match, table, roll-out"))
    some = profiles.add_subparsers(metavar=_("COMMAND"), required=True, parser_class=Parser)
    profile_verbs.fill(lambda name, run, text: _verb(some, name, run, text))
    _verb(verbs, "sandbox", _sandbox, _("a simulated Exchange 365"), _fill_sandbox)
    _admin_verbs(verbs)
    manual = _verb(verbs, "manual", _manual, _("show the manual, or where words stand in it"))
    manual.add_argument(
        "words", nargs="*", metavar=_("WORD"), help=_("the name of a chapter, or words to look for")
    )
    completion = _verb(
        verbs, "completion", _completion, _("print what lets a shell complete these commands")
    )
    completion.add_argument("shell", choices=tuple(SHELLS), help=_("which shell"))
    personal = _verb(verbs, "personal", None, _("what is kept about one employee"))
    about = personal.add_subparsers(metavar=_("COMMAND"), required=True, parser_class=Parser)
    personal_verbs.fill(lambda name, run, text: _verb(about, name, run, text))
    service = _verb(verbs, "service", None, _("the agent as a service of Windows"))
    acts = service.add_subparsers(metavar=_("COMMAND"), required=True, parser_class=Parser)
    service_verbs.fill(lambda name, run, text: _verb(acts, name, run, text))
    database = _verb(verbs, "db", None, _("the plugin's tables"))
    _database_verbs(
        database.add_subparsers(metavar=_("COMMAND"), required=True, parser_class=Parser)
    )
    return whole


def _admin_verbs(verbs: "argparse._SubParsersAction[Parser]") -> None:
    told = _("look whether everything is there that the sync needs")
    _verb(verbs, "check", _command("check"), told, check_verb.fill)
    status = _verb(
        verbs, "status", _command("status"), _("tell how everything is, and what needs a person")
    )
    status.add_argument("--json", action="store_true", help=_("as JSON, for programs"))
    explain = _verb(
        verbs, "explain", _command("explain"), _("tell why something is or is not in step")
    )
    explain.takes_ids = True
    explain.add_argument(
        "what",
        metavar=_("WHAT"),
        help=_("an appointment's id, an event's id, or words of the subject"),
    )
    explain.add_argument("--json", action="store_true", help=_("as JSON, for programs"))
    support = _verb(
        verbs,
        "support",
        _command("support"),
        _("write a file for those who help, with nothing personal in it"),
    )
    support.add_argument("file", type=Path, metavar=_("FILE.zip"), help=_("what to write"))
    verify = _verb(
        verbs, "verify", _command("verify"), _("compare both sides in full, writing nothing")
    )
    verify.add_argument(
        "--profile", metavar=_("PROFILE"), help=_("only of this profile: number or code")
    )
    verify.add_argument("--json", action="store_true", help=_("as JSON, for programs"))
    told = _("show what stands twice in a mailbox")
    _verb(verbs, "duplicates", _command("duplicates"), told, look_for_duplicates)
    told = _("show both calendars beside each other")
    _verb(verbs, "calendar", _command("calendar"), told, days_of_calendar)
    told = _("show what the next sync would do")
    preview = _verb(verbs, "preview", _command("preview"), told, preview_verb.fill)
    for name, text in (
        ("confirm", _("let a held profile carry out what it waits for")),
        ("discard", _("let a held profile bring back what was to be deleted")),
    ):
        verb = _verb(verbs, name, _admin(name), text)
        verb.add_argument("profile", metavar=_("PROFILE"), help=_("its number or employee code"))
        verb.add_argument(
            "--only",
            action="append",
            metavar=_("ITEM"),
            help=_("only this item, by the id of its appointment; may be given several times"),
        )
    history = _verb(verbs, "history", _admin("history"), _("show overwritten and deleted versions"))
    history.add_argument(
        "--limit", type=whole_number(), metavar=_("N"), help=_("no more than so many")
    )
    for verb in (preview, history):
        verb.add_argument(
            "--profile", metavar=_("PROFILE"), help=_("only of this profile: number or code")
        )
        verb.add_argument("--json", action="store_true", help=_("as JSON, for programs"))
    restore = _verb(verbs, "restore", _admin("restore"), _("make a kept version current again"))
    restore.add_argument(
        "version_id", type=whole_number(), metavar=_("HISTORY_ID"), help=_("as `history` shows it")
    )
    undo = _verb(
        verbs,
        "undo",
        _command("undo"),
        _("put back all that the sync overwrote or deleted since a moment"),
    )
    undo.add_argument(
        "--since",
        required=True,
        metavar=_("TIME"),
        help=_(
            "30m, 3h or 2d ago, or an ISO 8601 time such as {example}; without a zone it is this"
            " host's local time"
        ).format(example="2026-12-01T10:15"),
    )
    undo.add_argument(
        "--profile", metavar=_("PROFILE"), help=_("only of this profile: number or code")
    )
    undo.add_argument("--yes", action="store_true", help=_("do it; otherwise it is only shown"))
    undo.add_argument("--json", action="store_true", help=_("as JSON, for programs"))
    adopt = _verb(verbs, "adopt", _admin("adopt"), _("say which database this is"))
    which = adopt.add_mutually_exclusive_group(required=True)
    which.add_argument(
        "--restored", action="store_true", help=_("this installation, put back from a backup")
    )
    which.add_argument("--copy", action="store_true", help=_("a second installation, a copy"))


def _database_verbs(verbs: "argparse._SubParsersAction[Parser]") -> None:
    install = _verb(verbs, "install", _install, _("create what is missing"))
    _verb(verbs, "upgrade", _upgrade, _("bring what is there up to this program's version"))
    uninstall = _verb(verbs, "uninstall", _uninstall, _("remove all that the plugin has made"))
    uninstall.add_argument(
        "--yes", action="store_true", help=_("do it; otherwise it is only shown")
    )
    ddl = _verb(verbs, "ddl", _ddl, _("print that as SQL"))
    dialects = ("postgresql", "mssql", "sqlite")
    ddl.add_argument("--dialect", choices=dialects, required=True, help=_("whose SQL"))
    ddl.add_argument(
        "--schema",
        default="",
        metavar=_("NAME"),
        help=_("the schema that the tables are in (else public, or dbo)"),
    )
    kind = ddl.add_mutually_exclusive_group()
    kind.add_argument(
        "--uninstall", action="store_true", help=_("remove all that the plugin has made")
    )
    kind.add_argument(
        "--from",
        dest="version_there",
        type=int,
        choices=(1, 2),
        metavar=_("VERSION"),
        help=_("bring the tables of this version up to date, as calsync_meta tells it"),
    )
    ddl.add_argument(
        "--feed",
        choices=("triggers", "scan"),
        default="triggers",
        help=_("how changes are noticed, as database.feed says"),
    )
    for verb in (install, ddl):
        verb.add_argument(
            "--with-consolidate",
            action="store_true",
            help=_("also Consolidate's own tables, with the least that works"),
        )
    entering = _verb(verbs, "import", _import, _("enter an iCalendar file into Consolidate"))
    entering.add_argument("file", type=Path, metavar=_("FILE.ics"), help=_("the calendar"))
    entering.add_argument(
        "--employee", required=True, metavar=_("CODE"), help=_("whose appointments they become")
    )


def _verb(
    verbs: "argparse._SubParsersAction[Parser]",
    name: str,
    run: Callable[[argparse.Namespace], int] | None,
    text: str,
    fill: Callable[[Parser], None] | None = None,
) -> Parser:
    verb = verbs.add_parser(name, help=text, description=text, fill=fill)
    verb.epilog = exits.told(verb.prog.removeprefix(f"{PROGRAM} "))
    _common(verb, default=argparse.SUPPRESS)
    if run is not None:
        verb.set_defaults(run=run)
    return verb


def _common(parser: Parser, default: str | None) -> None:
    """What stands before or after the command; only the parser in front has defaults."""
    parser.add_argument(
        "--version",
        action="version",
        version=f"{PROGRAM} {__version__}",
        help=_("show the program's version and exit"),
    )
    parser.add_argument(
        "--config", type=Path, metavar=_("FILE"), default=default, help=_("the settings file")
    )
    parser.add_argument(
        "--lang", choices=i18n.LANGUAGES, default=default, help=_("German or English")
    )


# The imports below are local because each command loads much that the others do not need.


def _run(options: argparse.Namespace) -> int:
    from calsync_agent.commands import serving  # noqa: PLC0415

    return serving.run(options)


def _once(options: argparse.Namespace) -> int:
    from calsync_agent.commands import serving  # noqa: PLC0415

    return serving.once(options)


def _command(name: str) -> Callable[[argparse.Namespace], int]:
    """The command that has a module of its own name."""

    def run(options: argparse.Namespace) -> int:
        module = import_module(f"calsync_agent.commands.{name}")
        command: Callable[[argparse.Namespace], int] = getattr(module, name)
        return command(options)

    return run


def _admin(name: str) -> Callable[[argparse.Namespace], int]:
    def run(options: argparse.Namespace) -> int:
        from calsync_agent.commands import admin  # noqa: PLC0415

        command: Callable[[argparse.Namespace], int] = getattr(admin, name)
        return command(options)

    return run


def _install(options: argparse.Namespace) -> int:
    from calsync_agent.commands import tables  # noqa: PLC0415

    return tables.install(options)


def _upgrade(options: argparse.Namespace) -> int:
    from calsync_agent.commands import tables  # noqa: PLC0415

    return tables.upgrade(options)


def _uninstall(options: argparse.Namespace) -> int:
    from calsync_agent.commands import tables  # noqa: PLC0415

    return tables.uninstall(options)


def _ddl(options: argparse.Namespace) -> int:
    from calsync_agent.commands import tables  # noqa: PLC0415

    return tables.ddl(options)


def _import(options: argparse.Namespace) -> int:
    from calsync_agent.commands import importing  # noqa: PLC0415

    return importing.run(options)


def _demo(options: argparse.Namespace) -> int:
    from calsync_agent.demo import command  # noqa: PLC0415

    return command.run(options)


def _sandbox(options: argparse.Namespace) -> int:
    from calsync_agent.sandbox import command  # noqa: PLC0415

    if options.replay is None:
        return command.run(options)

    from calsync_agent.replay.staging import Staging  # noqa: PLC0415

    return command.run(options, Staging(options.replay))


def _manual(options: argparse.Namespace) -> int:
    from calsync_agent.commands import manual  # noqa: PLC0415

    return manual.show(options)


def _completion(options: argparse.Namespace) -> int:
    with translated():
        script = SHELLS[options.shell](PROGRAM, grammar.read(parser()))
    for line in script.splitlines():
        say(line)
    return 0


def _fill_sandbox(parser: Parser) -> None:
    from calsync_agent.sandbox import command  # noqa: PLC0415

    command.add_arguments(parser)
