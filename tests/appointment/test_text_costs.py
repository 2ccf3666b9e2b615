"""No text costs more than its length accounts for (B8): measured in steps, not in seconds."""

import importlib
import pkgutil
import re
import sys
from collections.abc import Callable, Iterator
from datetime import datetime
from types import FrameType, ModuleType
from typing import Any, Final

import pytest

import calsync_agent
from calsync_agent.appointment import generated, rrule, text, zones
from calsync_agent.exchange.calendar import bodies, html_text, instances, join_block, markup
from calsync_agent.ics import properties
from calsync_agent.logs.log_lines import Redaction
from calsync_agent.sandbox.model.bodies import body_from_html, body_from_text
from tests.support.invitations import LINE, TEAMS
from tests.support.patterns import dangers, nested

UNITS: Final = 60
SOME_DAY: Final = datetime(2026, 12, 7, 9)

TEXTS: Final[dict[str, str]] = {
    "rules and links": "_" * 20 + "https://",
    "lines of rules": "_" * 20 + "\n",
    "rules of many lengths": "____________________\n---------------------\n",
    "blocks": f"{LINE}\nTeams\n{TEAMS}\n{LINE}\n",
    "own links": f"{TEAMS} ",
    "own links in lines": f"{TEAMS}\n",
    "blanks in a line": "   \xa0é  ",
    "line breaks": "\r\n\u2028\t \x85",
    "empty lines": "\n \n",
    "safe links": "https://eur01.safelinks.protection.outlook.com/?url=https%3A%2F%2F&",
    "percents": "https://a/%%25%3a?&&=&",
}
DOCUMENTS: Final[dict[str, str]] = {
    **TEXTS,
    "comments": "<!--",
    "declarations": "<![",
    "tags that never end": "<a ",
    "closing tags that never end": "</",
    "quotes that never end": "<a href='",
    "attributes": "<a b c = d e='f'>",
    "equal signs": "<p = = ",
    "references": "&",
    "numbers": "&#",
    "digits": "&#1",
    "many digits": "111111",
    "signs": "<",
    "deep elements": "<div><b>",
    "elements that close nothing": "<i></b>",
    "containers": '<div class="me-email-text">x',
    "containers one after another": f'<p class="me-email-x"><a href="{TEAMS}">x</a></p>',
    "links": f'<a href="{TEAMS}">x',
    "raw text": "<style></title>",
    "preformatted": "<pre>\n\n ",
    "cells and lines": "<td><hr><br>",
}


def steps(work: Callable[[], object]) -> int:
    """How many steps of the interpreter it takes."""
    taken = 0

    def trace(frame: FrameType, event: str, _argument: Any) -> Any:
        nonlocal taken
        frame.f_trace_opcodes = True
        taken += event == "opcode"
        return trace

    before = sys.gettrace()
    sys.settrace(trace)
    try:
        work()
    finally:
        sys.settrace(before)
    return taken


def assert_linear(work: Callable[[str], object], unit: str) -> None:
    """Twice the length costs about twice the steps."""
    once, twice = (steps(lambda n=n: work(unit * n)) for n in (UNITS, 2 * UNITS))  # type: ignore[misc]
    assert twice <= 2.3 * once + 2000, (once, twice)


@pytest.mark.parametrize("unit", TEXTS.values(), ids=TEXTS)
@pytest.mark.parametrize(
    "work",
    [
        text.one_line,
        text.paragraphs,
        text.folded,
        text.alike,
        lambda given: text.cut(given, 255),
        lambda given: generated.own_text(given, TEAMS),
        lambda given: generated.own_text(f"{LINE}\n{given}\n{TEAMS}\n{LINE}", TEAMS),
        lambda given: bodies.read_body({"content": given}, TEAMS),
        Redaction(),
    ],
    ids=["one line", "paragraphs", "folded", "alike", "cut", "own", "inside", "body", "log"],
)
def test_b8_a_text_costs_what_its_length_accounts_for(
    work: Callable[[str], object], unit: str
) -> None:
    assert_linear(work, unit)


@pytest.mark.parametrize("unit", DOCUMENTS.values(), ids=DOCUMENTS)
@pytest.mark.parametrize(
    "work",
    [
        lambda given: bodies.read_body({"contentType": "html", "content": given}, TEAMS),
        lambda given: join_block.find_block(given, TEAMS),
        lambda given: bodies.rewritten(
            f"<body>{given}<p>{LINE}</p><p>{TEAMS}</p><p>{LINE}</p>{given}", TEAMS, "", given
        ),
    ],
    ids=["read", "find", "write"],
)
def test_b8_html_costs_what_its_length_accounts_for(
    work: Callable[[str], object], unit: str
) -> None:
    assert_linear(work, unit)


def rule(given: str) -> object:
    return rrule.read(given, SOME_DAY, zones.UTC_ZONE, all_day=False)


@pytest.mark.parametrize("unit", DOCUMENTS.values(), ids=DOCUMENTS)
@pytest.mark.parametrize("work", [body_from_html, body_from_text], ids=["html", "text"])
def test_b8_the_sandbox_keeps_such_texts_at_the_same_cost(
    work: Callable[[str], object], unit: str
) -> None:
    assert_linear(work, unit)


@pytest.mark.parametrize("unit", ["FREQ=", ";", ",", "BYDAY=MO,", "=", "1", "+1MO,", "T1", "\n "])
@pytest.mark.parametrize(
    "work",
    [
        lambda given: rule(f"FREQ=WEEKLY;BYDAY={given}"),
        lambda given: rule(f"FREQ=DAILY;COUNT={given}"),
        zones.resolve,
    ],
    ids=["days", "count", "zone"],
)
def test_b8_rules_and_zones_cost_what_their_length_accounts_for(
    work: Callable[[str], object], unit: str
) -> None:
    assert_linear(work, unit)


def _modules() -> Iterator[ModuleType]:
    for found in pkgutil.walk_packages(calsync_agent.__path__, "calsync_agent."):
        if not found.name.startswith(("calsync_agent.demo", "calsync_agent.sandbox")):
            yield importlib.import_module(found.name)


def _patterns(module: ModuleType) -> Iterator[re.Pattern[str]]:
    def within(value: object) -> Iterator[re.Pattern[str]]:
        if isinstance(value, re.Pattern):
            if isinstance(value.pattern, str):
                yield value
        elif isinstance(value, dict):
            yield from within(tuple(value.values()))
        elif isinstance(value, tuple | list | frozenset):
            for each in value:
                yield from within(each)

    for value in vars(module).values():
        yield from within(value)


@pytest.mark.parametrize(
    "module", [text, generated, bodies, html_text, instances, join_block, markup, rrule]
)
def test_b8_patterns_that_read_texts_from_outside_cannot_try_in_vain(module: ModuleType) -> None:
    # Tried at the beginning alone, and what follows its blanks is none: one way to read it.
    known = {r"\A\s*RRULE\s*:"}
    assert {found.pattern for found in _patterns(module) if dangers(found)} <= known


def test_b8_no_pattern_repeats_what_repeats() -> None:
    found = {
        pattern.pattern for module in _modules() for pattern in _patterns(module) if nested(pattern)
    }
    # Each round begins with a sign of its own that nothing in it matches: one way to read it.
    known = {r"[0-9]+(\.[0-9]+)*", r'"[^"\\]*(?:\\.[^"\\]*)*(?:"|\\?\Z)|[\[\]{}]'}
    # Possessive: what was read once is never tried another way.
    known |= {properties._LINE.pattern, properties._PARAMETER.pattern}
    assert found <= known


@pytest.mark.parametrize(
    ("pattern", "doubtful"),
    [
        (r"[ab]+", False),
        (r"&(?:#[0-9]+;?|x)", False),
        (r"a*b", True),
        (r"\s*\n\s*", True),
        (r"(?:a+)*", True),
        (r"(?:a|b*)c", True),
        (r"https://[^ ]*(?:meetup|meet)", True),
    ],
)
def test_b8_what_tells_patterns_apart_tells_them_apart(pattern: str, doubtful: bool) -> None:
    assert bool(dangers(re.compile(pattern))) is doubtful


def test_b8_what_counts_steps_sees_a_square() -> None:
    with pytest.raises(AssertionError):
        assert_linear(lambda given: [a for a in given for _ in given], "abc" * 10)
