"""The options of `calsync-agent preview`; light, because every command line reads them."""

from argparse import ArgumentTypeError
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from calsync_agent.arguments import Parser
from calsync_agent.config.months import FUTURE_MONTHS, PAST_MONTHS
from calsync_agent.i18n import _

NAMES: Final = ("inbound", "outbound", "past_months", "future_months")


@dataclass(frozen=True, slots=True)
class Term:
    """What a column of a profile is taken to hold; None: as the provider or the settings say."""

    stands: bool | int | None


def fill(preview: Parser) -> None:
    """Add those that take a profile to be other than it is (A7), and those that write a report."""
    past, future = _months(PAST_MONTHS), _months(FUTURE_MONTHS)
    for name, kind, told in (
        ("--inbound", _flag, _("as if changes came from Exchange (1), did not (0)")),
        ("--outbound", _flag, _("as if changes went to Exchange (1), did not (0)")),
        ("--past-months", past, _("as if the window reached so far back")),
        ("--future-months", future, _("as if the window reached so far ahead")),
    ):
        usual = _("-: as the provider or the settings say")
        preview.add_argument(name, type=kind, metavar=_("N"), help=f"{told}; {usual}")
    preview.add_argument(
        "--html", type=Path, metavar=_("FILE.html"), help=_("write it as a page that can be sent")
    )
    preview.add_argument(
        "--csv", type=Path, metavar=_("FILE.csv"), help=_("write it as a table for a spreadsheet")
    )


def _flag(text: str) -> Term:
    number = _number(text, range(2))
    return Term(None if number is None else bool(number))


def _months(right: range) -> Callable[[str], Term]:
    return lambda text: Term(_number(text, right))


def _number(text: str, right: range) -> int | None:
    if text == "-":
        return None
    if not (text.isascii() and text.isdecimal() and len(text) < len("1000") and int(text) in right):
        told = _("must be a whole number from {first} to {last}, or -")
        raise ArgumentTypeError(told.format(first=right[0], last=right[-1]))
    return int(text)
