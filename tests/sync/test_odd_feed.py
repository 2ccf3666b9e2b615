"""What Graph might send: each item of a feed, and each answer, costs itself alone (B8, B2a)."""

import asyncio
from collections.abc import Callable, Mapping
from dataclasses import replace
from datetime import timedelta
from typing import Any, Final

import pytest

from calsync_agent.appointment.people import Directory
from calsync_agent.domain.calendar import Page
from calsync_agent.exchange.calendar import delta, writes
from calsync_agent.exchange.transport.requests import Answer
from calsync_agent.i18n import Message
from calsync_agent.state import tables as state
from tests.support.rig import SOON, Rig
from tests.support.verify import assert_in_step

pytestmark = pytest.mark.parametrize("dialect", ["sqlite"], indirect=True)
OTHERS: Final = 10
HOUR: Final = timedelta(hours=1)


def names(rig: Rig) -> list[str]:
    return [str(Message.from_json(row["name"])) for row in rig.world.rows(state.quarantine)]


@pytest.fixture
def with_others(rig: Rig) -> Rig:
    """Anna's mailbox, in step and empty, and then ten events in it."""
    rig.page_size = 100
    anna = rig.world.hire("ANNA")
    asyncio.run(rig.until_quiet())
    for hour in range(OTHERS):
        start = SOON + timedelta(hours=hour)
        anna.create(f"Termin {hour}", start, start + HOUR)
    return rig


def showing(item: Any, patching: pytest.MonkeyPatch) -> None:
    """From now on every page of the feed shows one item more, which is a bad one."""
    usual = delta.read_page

    def read_page(body: Mapping[str, Any], people: Directory) -> Page:
        items = body["value"]
        return usual({**body, "value": [*items, item]}, people)

    patching.setattr(delta, "read_page", read_page)


ID: Final = "AAMkAGI2TnothingThatIsThere"
TIMES: Final = {
    "start": {"dateTime": "2026-12-01T09:00:00.0000000", "timeZone": "UTC"},
    "end": {"dateTime": "2026-12-01T10:00:00.0000000", "timeZone": "UTC"},
}
NAMELESS: Final = {
    "null": None,
    "a text": "x",
    "a number": 7,
    "a list": [],
    "nothing in it": {},
    "without id": {"subject": "Ohne", "type": "singleInstance", **TIMES},
    "an id that is null": {"id": None, "subject": "Ohne", "type": "singleInstance", **TIMES},
    "an id that is a number": {"id": 42, "subject": "Ohne", "type": "singleInstance", **TIMES},
    "an id that is a list": {"id": [ID], "subject": "Ohne", "type": "singleInstance", **TIMES},
    "an id without end": {"id": "x" * 5000, "subject": "Ohne", **TIMES},
    "an id of half a character": {"id": "\ud800", "subject": "Ohne", **TIMES},
}
NAMED: Final = {
    "nothing but a type": {"id": ID, "type": "singleInstance"},
    "times that are texts": {"id": ID, "type": "singleInstance", "start": "x", "end": "y"},
    "an occurrence of nothing": {"id": ID, "type": "occurrence", **TIMES},
    "an exception of nothing": {"id": ID, "type": "exception", "seriesMasterId": None, **TIMES},
    "an occurrence of a number": {"id": ID, "type": "occurrence", "seriesMasterId": 7, **TIMES},
}


@pytest.mark.parametrize("item", NAMELESS.values(), ids=NAMELESS)
def test_b8_an_item_without_an_id_costs_itself_alone(
    with_others: Rig, item: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    rig = with_others
    with monkeypatch.context() as patching:
        showing(item, patching)
        asyncio.run(rig.until_quiet())
        assert len(rig.world.activities()) == OTHERS
        (name,) = names(rig)
        assert name
        rig.wait(hours=1)
        asyncio.run(rig.until_quiet())
        assert len(names(rig)) == 1
    rig.wait(days=2)
    asyncio.run(rig.until_quiet())
    assert not names(rig)
    assert_in_step(rig.world)


@pytest.mark.parametrize("item", NAMED.values(), ids=NAMED)
def test_b8_an_item_that_cannot_be_read_costs_itself_alone(
    with_others: Rig, item: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    rig = with_others
    anna = rig.tenant.user("anna")
    number = anna.create("Das eine", SOON, SOON + HOUR)
    anna.delete(number)
    with monkeypatch.context() as patching:
        showing({**item, "id": number}, patching)
        asyncio.run(one_round(rig))
        assert len(rig.world.activities()) == OTHERS
        (name,) = names(rig)
        assert number in name
    rig.wait(days=2)  # it is asked for, and is not there
    asyncio.run(rig.until_quiet())
    assert not names(rig)
    assert_in_step(rig.world)


async def one_round(rig: Rig) -> None:
    agent = rig.agent()
    await agent.round()
    errors = [str(one.error) for one in agent.in_trouble]
    await agent.stop()
    assert not errors


def test_b8_an_item_of_which_all_is_null_is_looked_at(
    with_others: Rig, monkeypatch: pytest.MonkeyPatch
) -> None:
    rig = with_others
    anna = rig.tenant.user("anna")
    usual = delta.read_page

    def hollow(body: Mapping[str, Any], people: Directory) -> Page:
        items = [
            dict.fromkeys(item) | {"id": item["id"]} if item.get("subject") == "Termin 3" else item
            for item in body["value"]
        ]
        return usual({**body, "value": items}, people)

    monkeypatch.setattr(delta, "read_page", hollow)
    asyncio.run(rig.until_quiet())
    assert len(anna.events()) == OTHERS
    assert len(rig.world.activities()) == OTHERS


TEXTS: Final = ("\ud800", "a\udfffb", "\x00", "\x1b[2J", "\U000e0001", "\ufffe")


@pytest.mark.parametrize("text", TEXTS, ids=ascii)
@pytest.mark.parametrize(
    "where", ["iCalUId", "subject", "location", "body", "name", "transactionId"]
)
def test_b8_half_a_character_anywhere_is_taken_in_or_named(
    with_others: Rig, where: str, text: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    rig = with_others
    usual, odd = delta.read_page, f"u{text}u"
    values: dict[str, Any] = {
        "location": {"displayName": odd},
        "body": {"contentType": "text", "content": odd},
        "name": [{"emailAddress": {"name": odd, "address": f"{odd}@kunde.example"}}],
    }

    def read_page(body: Mapping[str, Any], people: Directory) -> Page:
        items = [
            {**item, ("attendees" if where == "name" else where): values.get(where, odd)}
            if item.get("subject") == "Termin 3"
            else item
            for item in body["value"]
        ]
        return usual({**body, "value": items}, people)

    monkeypatch.setattr(delta, "read_page", read_page)
    asyncio.run(one_round(rig))
    others = {f"Termin {hour}" for hour in range(OTHERS)} - {"Termin 3"}
    assert others <= {row["subject"] for row in rig.world.activities()}
    assert len(rig.world.activities()) + len(names(rig)) == OTHERS


BODIES: Final[dict[str, Callable[[Any], Any]]] = {
    "nothing": lambda _body: None,
    "an empty object": lambda _body: {},
    "no id": lambda body: {**body, "id": None},
    "another kind of id": lambda body: {**body, "id": 7},
    "nothing but the id": lambda body: {"id": body["id"]},
    "an end before its start": lambda body: {**body, "start": body["end"], "end": body["start"]},
    "a rule that is none": lambda body: {**body, "recurrence": {"pattern": 1}},
    "nothing where a text should be": lambda body: {**body, "body": 7},
}


@pytest.mark.parametrize("what", ["create", "change", "series", "meeting"])
@pytest.mark.parametrize("garble", BODIES.values(), ids=BODIES)
def test_b2a_what_was_done_but_not_understood_is_never_sent_again(
    rig: Rig, garble: Callable[[Any], Any], what: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    anna = rig.world.hire("ANNA")
    rig.world.hire("BERND")
    rule = {"recurrence": "FREQ=WEEKLY;COUNT=3"} if what == "series" else {}
    if what == "change":
        number = rig.world.enter("ANNA", "Das eine", SOON)
        asyncio.run(rig.until_quiet())
        rig.world.edit(number, location="Saal")
    else:
        number = rig.world.enter("ANNA", "Das eine", SOON, **rule)
        if what == "meeting":
            rig.world.invite(number, "BERND")
    usual = writes.result

    def result(answer: Any, people: Directory) -> Any:
        if isinstance(answer, Answer) and answer.ok and answer.body:
            answer = replace(answer, body=garble(dict(answer.body)))
        return usual(answer, people)

    before = rig.tenant.counters.writes
    with monkeypatch.context() as patching:
        patching.setattr(writes, "result", result)
        asyncio.run(one_round(rig))
        asyncio.run(one_round(rig))
        asyncio.run(rig.until_quiet())
    assert rig.tenant.counters.writes == before + 1
    assert len(anna.find("Das eine")) == 1
    rig.wait(days=2)
    asyncio.run(rig.until_quiet())
    assert rig.tenant.counters.writes == before + 1
    assert not names(rig)
    (row,) = rig.world.activities()
    assert row["id"] == number
    assert anna.events()[0]["location"]["displayName"] == row["location"]
