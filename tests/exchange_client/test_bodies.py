"""A text goes to Exchange and comes back as it was, and the block of an online meeting stays (D7).

Exchange's part is the sandbox's: it makes documents of texts, and texts of documents.
"""

import threading
from dataclasses import replace
from typing import Final
from urllib.parse import quote

import pytest
from hypothesis import assume, example, given, settings
from hypothesis import strategies as st

from calsync_agent.appointment.generated import holds_link, join_key, own_text
from calsync_agent.appointment.text import folded, paragraphs
from calsync_agent.exchange.calendar.bodies import own_link, read_body, rewritten
from calsync_agent.exchange.calendar.heavy import weighed, weight
from calsync_agent.exchange.calendar.html_text import html_to_text, text_to_html
from calsync_agent.sandbox.model.bodies import Body, body_from_html, body_from_text
from calsync_agent.sandbox.model.online import (
    SHAPES,
    OnlineMeeting,
    has_join_block,
    new_meeting,
    with_join_block,
)
from tests.support.invitations import LINE, PASTED, TEAMS

MANY: Final = settings(max_examples=300, deadline=None)
MEETING: Final = new_meeting("tenant", "anna", "0123456789abcdef", "unknown", SHAPES[0])
URL: Final = MEETING.join_url
OTHER: Final = "https://teams.microsoft.com/l/meetup-join/19%3ameeting_QmFy%40thread.v2/0"

letters = st.text(
    st.one_of(st.sampled_from("ab <>&;\"'\t_-.é🎉\xa0"), st.characters(codec="utf-8")), max_size=12
)
lines = st.one_of(
    letters,
    st.sampled_from(
        (
            LINE,
            "_" * 30,
            "." * 80,
            "",
            "&lt;b&gt;",
            "<b>fett</b>",
            "Microsoft Teams",
            *PASTED.values(),
        )
    ),
)
texts = st.lists(lines, max_size=6).map("\n".join)


def same(one: str, other: str) -> bool:
    return _filled(one) == _filled(other)


def _filled(text: str) -> list[str]:
    return [line for line in folded(paragraphs(text)).split("\n") if line]


def document(above: str, meeting: OnlineMeeting, below: str) -> Body:
    """An online meeting's body with people's words above and below the block."""
    stored = with_join_block(body_from_text(above), meeting)
    if not below.strip():
        return stored
    html = body_from_text(below).html
    inner = html[html.index("<body>") + 6 : html.rindex("</body>")]
    begin = stored.html.rindex("</body>")
    return body_from_html(stored.html[:begin] + inner + stored.html[begin:])


def read(body: Body, link: str | None) -> str:
    return read_body({"contentType": "text", "content": body.text}, link)


@MANY
@given(texts)
def test_d1_a_text_comes_back_as_it_was(text: str) -> None:
    text = paragraphs(text)  # as rows are read
    assert folded(read(body_from_text(text), None)) == folded(text)


@MANY
@given(texts)
def test_d1_a_text_reads_the_same_from_a_document_of_ours(text: str) -> None:
    assert same(html_to_text(text_to_html(paragraphs(text))), text)


@MANY
@given(texts, texts, texts)
@example("Agenda", "Danach", "")
@example("", "", "Agenda")
@example("Agenda", "Danach", "Agenda\nDanach")
@example(f"a\n{'_' * 30}", f"{LINE}\nb", f"{LINE}\nneu\n{LINE}")
def test_d7_words_around_a_block_between_rules_come_back_as_they_were(
    above: str, below: str, wanted: str
) -> None:
    body = document(above, MEETING, below)
    present = read(body, URL)
    assert same(present, f"{above}\n{below}")
    made = rewritten(body.html, URL, present, wanted)
    assert made is not None
    answer = body_from_html(made)
    assert has_join_block(answer, MEETING)
    assert same(read(answer, URL), wanted)
    again = rewritten(answer.html, URL, read(answer, URL), wanted)
    assert again is not None
    assert same(read(body_from_html(again), URL), wanted)


@MANY
@given(texts, texts, texts, st.sampled_from(SHAPES[1:]), st.booleans())
def test_d7_a_block_of_another_shape_is_carried_whole_and_stays_or_is_left(
    above: str, below: str, wanted: str, shape: str, whole: bool
) -> None:
    for rule in (LINE, "." * 80, "." * 100):
        # Alike above and below, they are what Teams draws, whoever drew them.
        assume(not (rule in _filled(above) and rule in _filled(below)))
    meeting = replace(MEETING, shape=shape)
    body = document(above, meeting, below)
    present = read(body, URL)
    assert same(present, body.text)
    if whole:
        # An edit of the words above, with everything else as it is.
        first = _filled(above)[:1]
        wanted = "\n".join(["Neu", *_filled(present)[len(first) :]])
    made = rewritten(body.html, URL, present, wanted)
    assert shape == "classes" or made is None
    if made is not None:
        answer = body_from_html(made)
        assert has_join_block(answer, meeting)
        assert same(read(answer, URL), wanted)


@MANY
@given(texts, texts)
def test_d7_a_text_with_the_block_copied_into_it_means_the_words_alone(
    above: str, below: str
) -> None:
    body = document(above, MEETING, below)
    assert same(own_text(paragraphs(body.text), URL), read(body, URL))


@MANY
@given(texts)
def test_d7_without_a_link_of_its_own_nothing_is_cut(text: str) -> None:
    body = document(text, MEETING, text)
    assert same(read(body, None), body.text)
    assert same(read(body, OTHER), body.text)
    assert rewritten(body.html, None, body.text, text) is None


@pytest.mark.parametrize(
    "shown",
    [
        URL,
        URL.upper(),
        URL.replace("%3A", "%3a").replace("&", "&amp;"),
        f"https://eur01.safelinks.protection.outlook.com/?url={quote(URL, safe='')}&data=05%7C02",
        f"https://nam12.safelinks.protection.outlook.com/ap/t-5/?url={quote(URL, safe='')}&amp;d=1",
        f"Hier<{URL}>.",
        f"({URL})",
        URL + "#anchor",
    ],
)
def test_d7_a_link_is_known_however_it_is_wrapped(shown: str) -> None:
    assert holds_link(f"Join {shown}", join_key(URL))


@pytest.mark.parametrize(
    "shown", [TEAMS, URL[:-3], "https://", "", f"https://evil.example/?url={quote(URL, safe='')}"]
)
def test_d7_another_link_is_another_meeting(shown: str) -> None:
    assert not holds_link(f"Join {shown}", join_key(URL))


@pytest.mark.parametrize(
    "block",
    [
        f"{LINE}\nJoin<{URL}>\nunten",  # nothing closes it
        f"oben\nJoin<{URL}>\n{LINE}",  # nothing opens it
        f"{LINE}\nJoin<{URL}>\n{LINE[:40]}",  # what closes it is somebody's own
        f"{LINE}\neins\nzwei\ndrei\nvier\nfünf\nJoin<{URL}>\n{LINE}",  # words of somebody in it
        f"{LINE}\nJoin<{URL}>\n{LINE}\nWorte\n{LINE}\nJoin<{URL}>\n{LINE}",  # which of the two?
        f"{LINE}\nMicrosoft Teams\nJoin<{TEAMS}>\n{LINE}",  # somebody else's
        f"{LINE} {URL} {LINE}",
        f"{'_' * 30}\nWorte\nJoin<{URL}>\n{'_' * 30}",  # drawn by somebody
    ],
)
def test_d7_where_the_bounds_are_not_certain_all_is_carried(block: str) -> None:
    text = f"oben\n{block}\nunten"
    assert own_text(text, URL) == text
    stored = body_from_text(text)
    assert rewritten(stored.html, URL, text, "neu") is None


@pytest.mark.parametrize(
    "item",
    [
        {},
        {"isOnlineMeeting": False, "onlineMeeting": {"joinUrl": URL}},
        {"isOnlineMeeting": None, "onlineMeetingUrl": URL},
        {"isOnlineMeeting": True},
        {"isOnlineMeeting": True, "onlineMeeting": None, "onlineMeetingUrl": ""},
        {"isOnlineMeeting": True, "onlineMeeting": []},
        {"isOnlineMeeting": True, "onlineMeeting": {"joinUrl": 5}, "onlineMeetingUrl": {}},
        {"isOnlineMeeting": "true", "onlineMeetingUrl": URL},
    ],
)
def test_d7_an_event_that_is_no_online_meeting_has_no_link_of_its_own(
    item: dict[str, object],
) -> None:
    assert own_link(item) is None


@pytest.mark.parametrize(
    ("html", "present"),
    [
        # The text does not tell the link: what was read is all of it.
        (document("Agenda", MEETING, "").html, f"Agenda\n{LINE}\nJoin\n{LINE}"),
        # The headline stands in an element of its own: is that generated?
        (
            f'<p>Agenda</p><div class="me-email-headline">Teams</div>'
            f'<div class="me-email-text"><a href="{URL}">Join</a></div>',
            f"Agenda\n\nTeams\nJoin<{URL}>",
        ),
        (f'<p>Agenda</p><div class="me-email-text"><a href="{URL}">Join', f"Agenda\n\nJoin<{URL}>"),
        ("", ""),
    ],
)
def test_d7_where_text_and_document_tell_different_things_the_body_is_left(
    html: str, present: str
) -> None:
    assert rewritten(html, URL, present, present.replace("Agenda", "Tagesordnung")) is None


def test_d7_a_document_deeper_than_anybody_reads_is_left_alone() -> None:
    deep = "<div>" * 5000
    html = with_join_block(body_from_html(f"<body>{deep}x</body>"), MEETING).html
    assert rewritten(html, URL, "x", "y") is None
    assert html_to_text(html).startswith("x")


@pytest.mark.anyio
@pytest.mark.parametrize(
    "answer",
    [
        {"body": {"content": "x" * 30_000}},
        {"subject": "x" * 30_000},
        {"value": [{"body": {"content": "x" * 300}}] * 100},
        {"exceptionOccurrences": [{"body": {"content": "x" * 300}}] * 100, "body": None},
    ],
)
async def test_b8_what_is_heavy_for_its_size_leaves_the_loop(answer: dict[str, object]) -> None:
    here = threading.get_ident()
    assert await weighed(weight(answer), threading.get_ident) != here


@pytest.mark.anyio
@pytest.mark.parametrize(
    "answer",
    [None, {}, {"body": {"content": "x"}}, {"value": [None, 1, {"body": [], "subject": 1}]}],
)
async def test_b8_what_is_light_stays_in_it(answer: dict[str, object] | None) -> None:
    assert await weighed(weight(answer), threading.get_ident) == threading.get_ident()
