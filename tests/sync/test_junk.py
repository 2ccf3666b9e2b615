"""Whatever Graph sends and whatever rows hold: each item costs itself alone, and is named (B8)."""

import asyncio
import json
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from typing import Any, Final
from uuid import UUID

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from calsync_agent.appointment import codec
from calsync_agent.appointment.content import differing, fingerprint
from calsync_agent.appointment.fields import ALL, BOTH_WAYS, Field
from calsync_agent.appointment.model import Appointment, EmployeeId
from calsync_agent.appointment.people import Directory
from calsync_agent.appointment.span import span
from calsync_agent.appointment.text import utf16_length
from calsync_agent.consolidate import children, tables
from calsync_agent.consolidate.fields import JOIN_URL_COLUMN, activity_values
from calsync_agent.consolidate.rows import read_activity
from calsync_agent.domain.activity import Activity, BrokenActivity
from calsync_agent.domain.calendar import Page
from calsync_agent.domain.event import Event, UnreadableEvent
from calsync_agent.exchange.calendar import delta, writes
from calsync_agent.exchange.calendar.event_codec import read_event
from calsync_agent.i18n import Message
from calsync_agent.state import tables as state
from tests.support import graph_junk
from tests.support.paper import empty_row
from tests.support.rig import SOON, Rig
from tests.support.strategies import MANY

HOME: Final = Directory(home="Europe/Vienna")
OTHERS: Final = 10


def assert_named(event: UnreadableEvent) -> None:
    """It says why, and what people know it by, in so many words."""
    for text, limit in ((str(event.reason), 500), (str(event.name), 800)):
        assert text.strip()
        assert len(text) <= limit
        text.encode()


@settings(MANY, max_examples=150)
@given(graph_junk.events())
def test_b8_whatever_an_event_holds_it_is_named_or_written_so_that_it_reads_the_same(
    body: dict[str, Any],
) -> None:
    assert_named_or_reads_the_same(body)


def daily(start: str, end: str, last: str) -> dict[str, Any]:
    """What a daily series says of its times."""
    ends = {"type": "endDate", "endDate": last}
    rule = {"pattern": {"type": "daily", "interval": 1}, "range": ends}
    return {"start": {"dateTime": start}, "end": {"dateTime": end}, "recurrence": rule}


@pytest.mark.parametrize(
    "properties",
    [
        {"onlineMeetingUrl": "https://x.example/\ud800"},
        {"onlineMeeting": {"joinUrl": "https://x.example/\x00"}, "isOnlineMeeting": True},
        {"transactionId": 7},
        {"transactionId": {"a": []}},
        {"transactionId": "\ud800"},
        {"@odata.etag": "W/\n"},
        daily("0999-12-30T08:00:00", "0999-12-30T09:00:00", "0999-12-31"),
        daily("2026-11-30T08:00:00", "9998-12-31T08:00:00", "2026-12-31"),
        daily("2026-11-30T08:00:00", "9999-12-30T08:00:00", "2026-12-31"),
    ],
    ids=ascii,
)
def test_b8_what_is_odd_about_an_event_costs_no_more_than_itself(
    properties: dict[str, Any],
) -> None:
    start, end = "2026-11-30T08:00:00", "2026-11-30T09:00:00"
    times = {"start": {"dateTime": start}, "end": {"dateTime": end}}
    body = {"id": "AAMk", "originalStartTimeZone": "UTC", **times, **properties}
    event = assert_named_or_reads_the_same(body)
    assert isinstance(event, Event)
    assert event.etag.isprintable()
    assert event.transaction_id is None


def assert_named_or_reads_the_same(body: dict[str, Any]) -> Event | UnreadableEvent:
    """What A6 and B8 ask of one event."""
    event = read_event(body, HOME)
    if isinstance(event, UnreadableEvent):
        assert_named(event)
        return event
    appointment = event.appointment
    values = activity_values(appointment, ALL, "")
    for column, value in values.items():
        limit = getattr(tables.activity.c[column].type, "length", None)
        if isinstance(value, str):
            value.encode()
            assert "\x00" not in value, column
            assert limit is None or utf16_length(value) <= limit, column
    people = [row for _, row in children._people(appointment, EmployeeId(1))]
    changes = [children._exception(one) for one in appointment.exceptions]
    activity = read_activity({**empty_row(), **values}, changes, people)
    assert isinstance(activity, Activity), activity
    too_long = len(appointment.join_url or "") > JOIN_URL_COLUMN
    settled_once = {Field.JOIN_URL} if too_long else set()
    assert differing(activity.appointment, appointment) <= settled_once
    kept = codec.from_json(codec.to_json(appointment))
    assert fingerprint(kept) == fingerprint(appointment)
    json.dumps(writes.event_body(activity.appointment, BOTH_WAYS)).encode("ascii")
    span(appointment)
    return event


@settings(MANY, max_examples=150)
@given(graph_junk.bodies())
def test_b8_whatever_a_page_holds_it_is_read_item_by_item(body: dict[str, Any]) -> None:
    page = delta.read_page(body, HOME)
    for event in page.events:
        if isinstance(event, UnreadableEvent):
            assert_named(event)
    links = {page.next_page, page.position}
    assert all(isinstance(link, str | None) for link in links)


@pytest.fixture
def with_others(rig: Rig) -> Rig:
    """Anna's mailbox, in step and empty, and then ten events in it."""
    rig.page_size = 100
    anna = rig.world.hire("ANNA")
    asyncio.run(rig.until_quiet())
    for hour in range(OTHERS):
        start = SOON + timedelta(hours=hour)
        anna.create(f"Termin {hour}", start, start + timedelta(hours=1))
    return rig


@pytest.mark.parametrize("dialect", ["sqlite"], indirect=True)
def test_b8_whatever_else_a_page_holds_the_others_on_it_are_taken_in(
    with_others: Rig, monkeypatch: pytest.MonkeyPatch
) -> None:
    rig, usual = with_others, delta.read_page
    before = rig.snapshot()
    more: list[Any] = []

    def read_page(body: Mapping[str, Any], people: Directory) -> Page:
        return usual({**body, "value": [*more, *body["value"]]}, people)

    monkeypatch.setattr(delta, "read_page", read_page)

    @settings(MANY, max_examples=12)
    @given(st.lists(graph_junk.items(), min_size=5, max_size=5))
    def check(found: list[Any]) -> None:
        rig.restore(before)
        more[:] = [_by_its_own_id(each, number) for number, each in enumerate(found)]
        asyncio.run(_one_round(rig))
        subjects = [row["subject"] for row in rig.world.activities()]
        for hour in range(OTHERS):
            assert subjects.count(f"Termin {hour}") == 1, more
        for row in rig.world.rows(state.quarantine):
            assert str(Message.from_json(row["name"])).strip()
            assert str(Message.from_json(row["reason"])).strip()

    check()


def _by_its_own_id(item: Any, number: int) -> Any:
    named = isinstance(item, dict) and item.get("id") == "AAMk"
    return {**item, "id": f"AAMk{number}"} if named else item


async def _one_round(rig: Rig) -> None:
    agent = rig.agent()
    await agent.round()
    errors = [str(one.error) for one in agent.in_trouble]
    await agent.stop()
    assert not errors


ODD: Final = st.sampled_from(
    (
        *graph_junk.NUMBERS,
        *graph_junk.TEXTS,
        None,
        True,
        b"",
        b"\xff\x00",
        datetime.min,
        datetime.max,
        datetime(2026, 11, 30, 9),
        datetime(2026, 11, 30, 9, tzinfo=UTC),
        UUID(int=0),
        "FREQ=DAILY;UNTIL=00010101",
        "FREQ=SECONDLY",
        float("nan"),
    )
)
CHANGED: Final = {
    "id": UUID(int=1),
    "original_start": datetime(2026, 12, 1, 9),
    "cancelled": False,
    "subject": None,
    "body": None,
    "location": None,
    "starts_at": None,
    "ends_at": None,
}
INVITED: Final = {
    "id": UUID(int=2),
    "employee_id": None,
    "email": "eva@far.example",
    "name": "Eva",
    "role": "invited",
    "response": "none",
}


@st.composite
def spoilt(draw: st.DrawFn, row: Mapping[str, Any], *kept: str) -> dict[str, Any]:
    """A row with up to three columns that hold something odd."""
    columns = sorted(row.keys() - kept)
    changed = draw(st.lists(st.sampled_from(columns), max_size=3, unique=True))
    return {**row, **{column: draw(ODD) for column in changed}}


def entered() -> dict[str, Any]:
    """A row as somebody enters it."""
    start = datetime(2026, 11, 30, 9)
    appointment = Appointment("Termin", start, start + timedelta(hours=1), "Europe/Vienna")
    return {**empty_row(), **activity_values(appointment, ALL, ""), "recurrence": "FREQ=DAILY"}


@settings(MANY, max_examples=150)
@given(spoilt(entered(), "id", "responsible_id"), spoilt(CHANGED), spoilt(INVITED))
def test_b8_whatever_a_row_holds_it_is_named_or_written_so_that_it_reads_the_same(
    row: dict[str, Any], changed: dict[str, Any], invited: dict[str, Any]
) -> None:
    activity = read_activity(row, [changed], [invited])
    if isinstance(activity, BrokenActivity):
        assert str(activity.reason).strip()
        assert str(activity.name).strip()
        f"{activity.reason} {activity.name}".encode()
        return
    again = {**row, **activity_values(activity.appointment, ALL, activity.time_zone)}
    twice = read_activity(again, [changed], [invited])
    assert isinstance(twice, Activity), twice
    assert differing(twice.appointment, activity.appointment) == frozenset()
    json.dumps(writes.event_body(activity.appointment, BOTH_WAYS)).encode("ascii")
    codec.from_json(codec.to_json(activity.appointment))
    span(activity.appointment)
