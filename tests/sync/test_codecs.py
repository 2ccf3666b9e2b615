"""What is read comes back when it is written, on either side and in the history (D1-D4, B6)."""

from collections.abc import Mapping
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any, Final
from zoneinfo import available_timezones

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from calsync_agent.appointment import codec, zones
from calsync_agent.appointment.content import UNKNOWN, changed, differing, fingerprint, mixed
from calsync_agent.appointment.fields import ALL, BOTH_WAYS, Field
from calsync_agent.appointment.model import (
    Appointment,
    ChangedOccurrence,
    EmployeeId,
    Participant,
    Person,
    Response,
)
from calsync_agent.appointment.people import Directory
from calsync_agent.appointment.rule import Count, Daily, Rule, Until, Weekday, Weekly
from calsync_agent.appointment.span import span
from calsync_agent.appointment.text import cut, folded, one_line, paragraphs, utf16_length
from calsync_agent.consolidate.fields import activity_values
from calsync_agent.consolidate.rows import read_activity
from calsync_agent.domain.activity import Activity, BrokenActivity
from calsync_agent.domain.event import Event, UnreadableEvent
from calsync_agent.exchange.calendar import writes
from calsync_agent.exchange.calendar.event_codec import read_event
from calsync_agent.plan.pairing import likeness
from calsync_agent.plan.window import window
from calsync_agent.sandbox.model.refusals import GraphRefusal
from tests.support.paper import NOW, Paper, empty_row
from tests.support.strategies import MANY, MONDAY, appointments

IANA: Final = sorted(available_timezones())
WINDOWS: Final = sorted(zones.win_tz)

odd = st.sampled_from("aÄ ß\t\n\r\xa0\x00\x0b\x1f\u2028\u3000<&🎉_-\x85\ufeff")
outlook_texts = st.text(st.one_of(odd, st.characters(exclude_categories=["Cs"])), max_size=40).map(
    lambda text: text * 12 if text.startswith("a") else text
)
texts = st.one_of(outlook_texts, st.text(max_size=10))
moments = st.one_of(
    st.datetimes(datetime(2020, 1, 1), datetime(2035, 1, 1)),
    st.datetimes(),
    st.sampled_from((datetime(1, 1, 1), datetime(9999, 12, 31, 23, 59, 59, 999_999))),
)


@st.composite
def rows(draw: st.DrawFn) -> dict[str, Any]:
    """Any row that the columns can hold."""
    start, all_day = draw(moments), draw(st.booleans())
    length = timedelta(minutes=draw(st.integers(-5, 100_000)))
    end = start + length if 1 < start.year < 9999 else start
    if all_day and draw(st.booleans()):
        start, end = (m.replace(hour=0, minute=0, second=0, microsecond=0) for m in (start, end))
    return {
        **empty_row(),
        "subject": draw(texts)[:500],
        "body": draw(texts),
        "location": draw(texts)[:500],
        "starts_at": start,
        "ends_at": end,
        "time_zone": draw(st.sampled_from([*IANA, *WINDOWS, "", "Mars/Olympus", "../etc"])),
        "all_day": all_day,
        "importance": draw(st.sampled_from(("low", "normal", "high", "urgent"))),
        "private": draw(st.booleans()),
        "show_as": draw(st.sampled_from(("free", "busy", "oof", "workingElsewhere"))),
        "reminder_minutes": draw(st.sampled_from((None, 0, 15, 40_320))),
    }


def read(row: Mapping[str, Any]) -> Activity | BrokenActivity:
    return read_activity(row, (), ())


@MANY
@given(rows())
def test_a1_a_row_written_back_reads_the_same(row: dict[str, Any]) -> None:
    activity = read(row)
    if isinstance(activity, Activity):
        again = read({**row, **activity_values(activity.appointment, ALL, activity.time_zone)})
        assert isinstance(again, Activity)
        assert differing(activity.appointment, again.appointment) == frozenset()
        _may_be_planned_with(activity.appointment)


@MANY
@given(rows())
def test_d1_what_a_row_holds_survives_exchange(row: dict[str, Any]) -> None:
    activity = read(row)
    if not isinstance(activity, Activity):
        return
    paper = Paper()
    try:
        paper.create(activity.appointment)
    except GraphRefusal:
        lies_within = row["starts_at"].year > 1601 and row["ends_at"].year < 4500
        assert not lies_within, "only times that Exchange does not have are refused"
        return
    event = paper.event
    assert isinstance(event, Event)
    assert differing(activity.appointment, event.appointment) == frozenset()


@MANY
@given(outlook_texts, outlook_texts, outlook_texts, appointments())
def test_d1_what_outlook_holds_survives_consolidate(
    subject: str, body: str, location: str, appointment: Appointment
) -> None:
    paper = Paper()
    paper.create(
        replace(appointment, subject="", location=""),
        subject=cut(subject, 255),
        body={"contentType": "html", "content": f"<p>{body}</p>"},
        location={"displayName": location},
    )
    event = paper.event
    assert isinstance(event, Event)
    paper.enter(event.appointment)
    activity = paper.activity
    assert isinstance(activity, Activity)
    assert differing(activity.appointment, event.appointment) == frozenset()
    assert paper.row is not None
    written = paper.row["subject"] + paper.row["body"] + paper.row["location"]
    assert "\0" not in written  # PostgreSQL holds none
    written.encode()


ODD: Final = (
    None,
    "",
    5,
    [],
    {},
    "urgent",
    "0001-01-01T00:00:00.0000000",
    {"dateTime": "0001-01-01T00:00:00.0000000", "timeZone": "UTC"},
    {"dateTime": "9999-12-31T23:59:59.9999999", "timeZone": "W. Europe Standard Time"},
    {"dateTime": "2026-11-30T09:00:00.0000000", "timeZone": "tzone://Microsoft/Custom"},
    {"dateTime": "2026-13-45", "timeZone": None},
    {"dateTime": None},
    {"emailAddress": {"name": None, "address": None}},
    [{"emailAddress": None}, {}],
    "tzone://Microsoft/Custom",
    {"contentType": "html", "content": None},
    {"contentType": "text", "content": "x" * 100_000},
    True,
)


@MANY
@given(st.data())
def test_b8_no_event_however_odd_is_more_than_unreadable(data: st.DataObject) -> None:
    paper = Paper()
    paper.create(Appointment("Termin", MONDAY, MONDAY + timedelta(hours=1), "Europe/Vienna"))
    body = dict(paper.anna.events()[0])
    for name in data.draw(st.lists(st.sampled_from(sorted(body)), min_size=1, max_size=3)):
        body[name] = data.draw(st.sampled_from(ODD))
        if data.draw(st.booleans()):
            del body[name]
    event = read_event(body, Directory())
    if isinstance(event, Event):
        _may_be_planned_with(event.appointment)
        row = {**empty_row(), **activity_values(event.appointment, ALL, "")}
        activity = read(row)
        assert isinstance(activity, Activity)
        beside = {Field.PARTICIPANTS, Field.RESPONSES, Field.GUESTS}  # rows of their own
        assert differing(activity.appointment, event.appointment) <= beside


def _may_be_planned_with(appointment: Appointment) -> None:
    """Nothing that is asked of an appointment fails, wherever in time it lies."""
    span(appointment)
    likeness(appointment)
    codec.from_json(codec.to_json(appointment))
    row = {**empty_row(), **activity_values(appointment, ALL, "")}
    activity = read(row)
    if isinstance(activity, Activity):
        window(NOW, 3, 24).covers(activity)
    writes.event_body(appointment, BOTH_WAYS)


RULES: Final = (
    None,
    Rule(Daily(2), Count(5)),
    Rule(Weekly(1, (Weekday.MONDAY, Weekday.FRIDAY)), Until(datetime(2027, 3, 1).date())),
)
PEOPLE: Final = st.builds(
    Person, st.sampled_from(("a@b.example", "")), texts, st.sampled_from(Response)
)


@st.composite
def everything(draw: st.DrawFn) -> Appointment:
    """Appointments with all that they may hold."""
    rule = draw(st.sampled_from(RULES))
    changes = st.builds(
        ChangedOccurrence,
        st.sampled_from((MONDAY, MONDAY + timedelta(days=4))),
        st.booleans(),
        st.one_of(st.none(), texts),
        start=st.one_of(st.none(), st.just(MONDAY + timedelta(hours=3))),
    )
    participants = st.builds(
        Participant, st.integers(1, 3).map(EmployeeId), st.sampled_from(Response)
    )
    return replace(
        draw(appointments()),
        subject=draw(texts),
        rule=rule,
        exceptions=tuple(draw(st.lists(changes, max_size=2))) if rule else (),
        participants=tuple(draw(st.lists(participants, max_size=2))),
        guests=tuple(draw(st.lists(PEOPLE, max_size=2))),
        organizer=draw(st.one_of(st.none(), PEOPLE)),
        join_url=draw(st.sampled_from((None, "https://teams.example/l/meetup-join/1"))),
    )


@MANY
@given(everything())
def test_b6_a_kept_version_is_read_as_it_was(appointment: Appointment) -> None:
    assert codec.from_json(codec.to_json(appointment)) == appointment


@MANY
@given(everything(), everything(), st.frozensets(st.sampled_from(Field)))
def test_a5_fingerprints_tell_exactly_the_fields_that_differ(
    one: Appointment, other: Appointment, fields: frozenset[Field]
) -> None:
    mine, theirs = fingerprint(one), fingerprint(other)
    differs = differing(one, other)
    assert changed(mine, theirs) == differs
    assert (mine == theirs) == (not differs)
    assert changed(mine, mixed(mine, theirs, fields)) == differs & fields
    assert changed(theirs, mixed(mine, theirs, fields)) == differs - fields
    assert changed(mixed(mine, UNKNOWN, fields), mine) == fields
    assert changed(UNKNOWN, mine) == ALL


@MANY
@given(texts, st.integers(2, 30))
@example("🎉" * 20, 10)
@example("a🎉", 2)
def test_d2_cut_text_fits_and_no_character_is_cut_in_half(text: str, limit: int) -> None:
    text = one_line(text)
    short = cut(text, limit)
    assert utf16_length(short) <= limit
    assert cut(short, limit) == short
    short.encode("utf-8")
    assert short == text or (short.endswith("…") and text.startswith(short[:-1]))


@MANY
@given(texts)
def test_d1_folding_twice_is_folding_once(text: str) -> None:
    assert folded(folded(text)) == folded(text)
    assert one_line(one_line(text)) == one_line(text)
    assert paragraphs(paragraphs(text)) == paragraphs(text)
    assert folded(paragraphs(folded(paragraphs(text)))) == folded(paragraphs(text))


# -- zones -----------------------------------------------------------------------------------------


@pytest.mark.parametrize("name", [*IANA, *WINDOWS])
def test_d3_every_zone_keeps_its_instants_or_is_none_at_all(name: str) -> None:
    zone = zones.resolve(name)
    if zone is None:
        assert name in {"Factory", "localtime", "posixrules"}
        return
    for day in range(0, 3 * 366, 5):
        clock = datetime(2026, 1, 1, 12) + timedelta(days=day)
        instant = zones.to_utc(clock, zone)
        assert zones.from_utc(instant, zone) == clock
        if name in IANA:
            assert instant == zones.to_utc(clock, name)
        sent = writes.event_body(Appointment("", clock, clock, zone), {Field.TIME})["start"]
        there = zones.resolve(sent["timeZone"])
        assert there is not None
        assert zones.to_utc(datetime.fromisoformat(sent["dateTime"]), there) == instant


@pytest.mark.parametrize(
    "name", [None, "", "Mars/Olympus", "Customized Time Zone", "tzone://Microsoft/Custom", "CET-1"]
)
def test_d3_a_name_that_means_no_zone_is_never_taken_for_utc(name: str | None) -> None:
    assert zones.resolve(name) is None


@pytest.mark.parametrize("days", [1, 2, 30])
def test_d4_all_day_appointments_keep_their_dates_whatever_zone_they_are_in(days: int) -> None:
    for zone in IANA:
        if zones.resolve(zone) is None:
            continue
        for first in (datetime(2026, 3, 28), datetime(2026, 10, 24), datetime(2026, 12, 31)):
            end = first + timedelta(days=days)
            appointment = Appointment("Urlaub", first, end, zone, all_day=True)
            body = writes.event_body(appointment, BOTH_WAYS)
            shown = {name: {**body[name], "timeZone": "UTC"} for name in ("start", "end")}
            named = {"id": "1", "originalStartTimeZone": body["start"]["timeZone"]}
            event = read_event({**body, **shown, **named}, Directory())
            assert not isinstance(event, UnreadableEvent)
            back = event.appointment
            assert (back.start, back.end) == (first, end)
            row = {**empty_row(), **activity_values(back, ALL, zone)}
            assert (row["starts_at"], row["ends_at"], row["time_zone"]) == (first, end, zone)
