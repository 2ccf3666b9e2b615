"""The command line's grammar as people meet it: in their language, and wrong input in one line."""

import argparse
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from datetime import date
from typing import Any, Final, NoReturn

from calsync_agent import i18n
from calsync_agent.i18n import _, marked
from calsync_agent.visible import visible

TEXTS: Final = (
    marked("usage: "),
    marked("options"),
    marked("positional arguments"),
    marked("show this help message and exit"),
    marked("argument %(argument_name)s: %(message)s"),
    marked("the following arguments are required: %s"),
    marked("one of the arguments %s is required"),
    marked("unrecognized arguments: %s"),
    marked("not allowed with argument %s"),
    marked("ignored explicit argument %r"),
    marked("unexpected option string: %s"),
    marked("ambiguous option: %(option)s could match %(matches)s"),
    marked("expected one argument"),
    marked("expected at least one argument"),
    marked("expected at most one argument"),
    marked("expected %s argument"),
    marked("expected %s arguments"),
    marked("invalid %(type)s value: %(value)r"),
    marked("invalid choice: %(value)r (choose from %(choices)s)"),
    marked("unknown parser %(parser_name)r (choices: %(choices)s)"),
)
"""What argparse says to people, in Python 3.11 to 3.14; the rest is for programmers."""

MOST: Final = 2**63 - 1
"""What a `bigint` holds."""

_DIGITS: Final = len(str(MOST))
_LONGEST_OPTION: Final = 40


class Parser(argparse.ArgumentParser):
    """A parser for a command. `fill` adds its options when they are needed, and not earlier.

    `takes_ids`: what is longer than an option and begins with a dash is an event's id.
    """

    def __init__(
        self,
        *,
        fill: Callable[["Parser"], None] | None = None,
        **named: Any,  # noqa: ANN401 - argparse's own
    ) -> None:
        super().__init__(allow_abbrev=False, **named)
        self._fill = fill
        self.takes_ids = False

    def parse_known_args(  # type: ignore[override]  # its overloads say the same
        self, args: Sequence[str] | None = None, namespace: argparse.Namespace | None = None
    ) -> tuple[argparse.Namespace, list[str]]:
        """As argparse does, with all options."""
        self.fill()
        if self.takes_ids and args is not None and "--" not in args:
            ids = [word for word in args if word.startswith("-") and len(word) > _LONGEST_OPTION]
            args = [*(word for word in args if word not in ids), *(["--"] if ids else ()), *ids]
        return super().parse_known_args(args, namespace)

    def fill(self) -> None:
        """Have all options there are."""
        if self._fill is not None:
            fill, self._fill = self._fill, None
            fill(self)

    def error(self, message: str) -> NoReturn:
        """One line on stderr; status 2."""
        told = _("{program}: {reason}; see {program} --help")
        self.exit(2, visible(told.format(program=self.prog, reason=message)) + "\n")


def whole_number(least: int = 1, most: int = MOST) -> Callable[[str], int]:
    """What argparse reads a number with that has to lie between two others, both included."""

    def read(text: str) -> int:
        sound = text.isascii() and text.isdigit() and len(text) <= _DIGITS
        if not sound or not least <= int(text) <= most:
            raise argparse.ArgumentTypeError(
                _("must be a whole number from {least} to {most}, not {text}").format(
                    least=least, most=most, text=repr(text[: _DIGITS + 1])
                )
            )
        return int(text)

    return read


def a_day(text: str) -> date:
    """What argparse reads a day with: `2026-12-01`."""
    try:
        return date.fromisoformat(text.strip())
    except ValueError:
        told = _("must be a day such as {example}, not {text}")
        shown = told.format(example="2026-12-01", text=repr(text[:_DIGITS]))
        raise argparse.ArgumentTypeError(shown) from None


def days_of_calendar(verb: argparse.ArgumentParser) -> None:
    """Let a command be told whose calendars are wanted, and of which days."""
    verb.add_argument("profile", metavar=_("PROFILE"), help=_("its number or employee code"))
    verb.add_argument(
        "--from",
        dest="begin",
        type=a_day,
        metavar=_("DAY"),
        help=_("the first day, as YYYY-MM-DD (today)"),
    )
    verb.add_argument(
        "--days", type=whole_number(most=62), metavar=_("N"), default=7, help=_("how many days (7)")
    )
    verb.add_argument("--json", action="store_true", help=_("as JSON, for programs"))


def language(words: Sequence[str], fallback: i18n.Language) -> i18n.Language:
    """What `--lang` says, before help and errors are shown; else what the environment says."""
    early = argparse.ArgumentParser(add_help=False, allow_abbrev=False, exit_on_error=False)
    early.add_argument("--lang", choices=i18n.LANGUAGES)
    try:
        chosen = early.parse_known_args(words)[0].lang
    except argparse.ArgumentError:
        chosen = None
    return "de" if chosen == "de" else "en" if chosen == "en" else i18n.preferred(fallback)


@contextmanager
def translated() -> Iterator[None]:
    """Let argparse, too, speak the language of this process while the context lasts.

    It has no way of being told but the names that it imported from `gettext`.
    """
    texts = vars(argparse)
    before = {name: texts[name] for name in ("_", "ngettext")}
    texts.update(_=i18n._, ngettext=i18n.ngettext)
    try:
        yield
    finally:
        texts.update(before)


def look_for_duplicates(verb: argparse.ArgumentParser) -> None:
    """Let a command be told where it looks for duplicates, and whether it removes them (H8)."""
    verb.add_argument(
        "--profile", metavar=_("PROFILE"), help=_("only of this profile: number or code")
    )
    verb.add_argument(
        "--remove", action="store_true", help=_("remove it from Exchange; nobody is mailed")
    )
    verb.add_argument("--json", action="store_true", help=_("as JSON, for programs"))
