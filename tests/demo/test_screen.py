"""Lines on a terminal: their width, their colours, and characters that it cannot show."""

import io
from collections.abc import Mapping

import pytest

from calsync_agent.demo.screen import ASCII, UNICODE, Screen, Style, screen_of
from calsync_agent.demo.text import cut, encodable, padded, width


@pytest.mark.parametrize(
    ("text", "columns"),
    [("", 0), ("abc", 3), ("Größe", 5), ("o\u0308", 1), ("🎉", 2), ("会議", 4), ("a\u200db", 2)],
)
def test_a_text_is_as_wide_as_a_terminal_shows_it(text: str, columns: int) -> None:
    assert width(text) == columns


@pytest.mark.parametrize(
    ("text", "columns", "shown"),
    [
        ("Termin", 6, "Termin"),
        ("Termine", 6, "Termi…"),
        ("Ein Termin", 5, "Ein…"),
        ("会議室", 4, "会…"),
        ("Fest 🎉🎉", 8, "Fest 🎉…"),
    ],
)
def test_a_text_is_cut_where_it_does_not_fit(text: str, columns: int, shown: str) -> None:
    assert cut(text, columns) == shown
    assert width(padded(text, columns)) == columns


@pytest.mark.parametrize(
    ("encoding", "shown"),
    [
        ("utf-8", "Größe → 🎉 Šimić"),
        ("cp1252", "Größe -> * Šimic"),
        ("ascii", "Groesse -> * Simic"),
    ],
)
def test_what_cannot_be_encoded_is_said_in_other_words(encoding: str, shown: str) -> None:
    assert encodable("Größe → 🎉 Šimić", encoding) == shown
    assert encodable("会\u0301", "ascii") == "?"


def shown(*pieces: str | tuple[str, Style], colour: bool = False, columns: int = 10) -> str:
    stream = io.StringIO()
    Screen(stream, columns=columns, colour=colour).line(*pieces)
    return stream.getvalue()


def test_a_line_is_cut_at_the_screens_edge_whatever_its_colours() -> None:
    assert shown("123456", ("789012", Style.RED)) == "123456789…\n"
    assert shown("12345", ("67", Style.RED), colour=True) == "12345\x1b[31m67\x1b[0m\n"
    assert shown("1234567890", ("x", Style.RED)) == "1234567890\n"


class Terminal(io.StringIO):
    def isatty(self) -> bool:
        return True


@pytest.mark.parametrize(
    ("environment", "colour", "live"),
    [
        ({"TERM": "xterm", "WT_SESSION": "1"}, True, True),
        ({"TERM": "xterm", "WT_SESSION": "1", "NO_COLOR": "1"}, False, True),
        ({"TERM": "dumb"}, False, False),
        ({}, False, False),
    ],
)
def test_only_a_terminal_that_understands_them_gets_escapes(
    environment: Mapping[str, str],
    colour: bool,
    live: bool,
) -> None:
    screen = screen_of(Terminal(), environment)
    assert (screen.colour, screen.live) == (colour, live)
    piped = screen_of(io.StringIO(), environment)
    assert (piped.colour, piped.live) == (False, False)


@pytest.mark.parametrize(
    ("columns", "taken"), [("80", 80), ("120", 120), ("20", 50), ("999", 160), ("", 80)]
)
def test_the_width_is_the_terminals(
    columns: str, taken: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("COLUMNS", columns)
    assert screen_of(io.StringIO()).columns == taken


@pytest.mark.parametrize(
    ("encoding", "signs"), [("utf-8", UNICODE), ("cp1252", ASCII), ("ascii", ASCII)]
)
def test_signs_are_those_that_the_encoding_has(encoding: str, signs: object) -> None:
    stream = io.TextIOWrapper(io.BytesIO(), encoding=encoding)
    assert screen_of(stream).signs is signs


def test_going_back_is_for_terminals_only() -> None:
    stream = io.StringIO()
    Screen(stream, live=False).back(3)
    assert stream.getvalue() == ""
    Screen(stream, live=True).back(3)
    assert stream.getvalue() == "\x1b[3A\x1b[J"
