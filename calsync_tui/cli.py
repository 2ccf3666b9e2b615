"""`calsync-tui`: options, and what its exit status means (contract, section 1).

The terminal belongs to the UI; what is wrong before or after it is one line on stderr.
"""

import argparse
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Final

from calsync_agent import __version__, exits, i18n
from calsync_agent.arguments import Parser, language, translated
from calsync_agent.errors import CalsyncError
from calsync_agent.i18n import _
from calsync_agent.libraries import unloadable
from calsync_agent.platform.console import console_utf8

PROGRAM: Final = "calsync-tui"


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the UI; returns the exit status."""
    console_utf8()
    words = list(sys.argv[1:] if arguments is None else arguments)
    i18n.use(language(words, "de"))
    try:
        with translated():
            options = parser().parse_args(words)
        return _run(options)
    except SystemExit as end:  # argparse has said all
        return end.code if isinstance(end.code, int) else 2
    except CalsyncError as error:
        sys.stderr.writelines(f"{PROGRAM}: {line}\n" for line in str(error).splitlines())
        return error.exit_status
    except (ImportError, OSError) as error:
        library = unloadable(error)
        if library is None:
            raise
        sys.stderr.write(f"{PROGRAM}: {library}\n")
        return 2
    except KeyboardInterrupt:
        return 130  # what a shell reports after Ctrl+C


def _run(options: argparse.Namespace) -> int:
    # Loaded now, so that --help and --version begin at once.
    from calsync_tui.app import CalsyncApp  # noqa: PLC0415
    from calsync_tui.gateway.demo_program import Demo  # noqa: PLC0415
    from calsync_tui.gateway.start import Start  # noqa: PLC0415
    from calsync_tui.memory import Memory, place  # noqa: PLC0415

    memory = Memory(place())
    start = Start(options.config)
    if options.demo:
        app = CalsyncApp(start.open, demo=Demo(), plain=options.plain, memory=memory)
    else:
        app = CalsyncApp(start.open, start=start, plain=options.plain, memory=memory)
    app.run(mouse=not options.plain)
    return app.return_code or 0


def parser() -> Parser:
    """The grammar of the command line, in the language spoken now."""
    whole = Parser(
        prog=PROGRAM,
        description=_("Set up and watch the sync, in the terminal."),
        epilog=exits.told(""),
    )
    whole.add_argument(
        "--version",
        action="version",
        version=f"{PROGRAM} {__version__}",
        help=_("show the program's version and exit"),
    )
    whole.add_argument(
        "--config", type=Path, metavar=_("FILE"), default=None, help=_("the settings file")
    )
    whole.add_argument("--lang", choices=i18n.LANGUAGES, help=_("German or English"))
    whole.add_argument(
        "--plain",
        action="store_true",
        help=_("for simple terminals: ASCII, their own colours, no mouse, nothing moves"),
    )
    whole.add_argument(
        "--demo", action="store_true", help=_("on a made-up office, with agent and Exchange")
    )
    return whole
