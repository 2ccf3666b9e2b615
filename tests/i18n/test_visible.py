"""What comes from outside can be read by a person, and is obeyed by no terminal (B8, H7)."""

import json
import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as st

from calsync_agent import console
from calsync_agent.i18n import Message, message
from calsync_agent.visible import inert, visible

TITLE = "\x1b]0;owned\x07\x1b[2J"
OBEYED = {"Cc", "Cs", "Zl", "Zp"}
BIDI = {"LRE", "RLE", "LRO", "RLO", "PDF", "LRI", "RLI", "FSI", "PDI"}


def obeyed(text: str) -> list[str]:
    return [
        sign
        for sign in text
        if sign != "\t"
        and (unicodedata.category(sign) in OBEYED or unicodedata.bidirectional(sign) in BIDI)
    ]


ANY = st.text(st.characters(), max_size=40)


@given(ANY)
def test_nothing_that_a_terminal_obeys_is_left(text: str) -> None:
    assert obeyed(visible(text)) == []
    assert obeyed(inert(text)) == []
    assert len(visible(text).splitlines()) <= 1


@given(ANY)
def test_what_can_be_read_stays_as_it_is(text: str) -> None:
    if not obeyed(text):
        assert inert(text) == "".join(
            c for c in text if c not in "\u061c\u200e\u200f\ufff9\ufffa\ufffb"
        )


@pytest.mark.parametrize("text", ["Grüße", "👩‍💻 Büro", "日本", "naïve\u00ad", "a\tb"])
def test_letters_and_emoji_of_every_kind_stay(text: str) -> None:
    assert visible(text) == inert(text) == text


def test_a_message_shows_its_fields_and_keeps_its_own_line_breaks() -> None:
    inner = message("{subject}", subject=TITLE)
    outer = Message("{first}\n{second}", {"first": inner, "second": "a\nb"})
    assert str(outer) == "\\x1b]0;owned\\x07\\x1b[2J\na\\x0ab"
    assert Message.from_json(outer.to_json()) == outer


def test_a_message_with_half_a_surrogate_can_be_stored() -> None:
    assert message("{text}", text="\ud83d").to_json().encode()


@given(ANY)
def test_json_for_programs_holds_the_text_as_it_was(text: str) -> None:
    shown = visible(json.dumps({"subject": text}, ensure_ascii=False))
    assert json.loads(shown) == {"subject": text}


def test_a_line_of_a_command_stays_one(capsys: pytest.CaptureFixture[str]) -> None:
    console.say(f"✓ mailbox: {'anna@example.com'}\n✓ forged")
    console.warn("1\x85\u20282")
    told = capsys.readouterr()
    assert told.out == "✓ mailbox: anna@example.com\\x0a✓ forged\n"
    assert told.err == "1\\u0085\\u20282\n"
