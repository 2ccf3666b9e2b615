"""Taking iCalendar files apart: whatever they hold, what is whole in them comes out."""

import re
from collections import Counter
from pathlib import Path
from typing import Final

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from calsync_agent.appointment.model import EmployeeId
from calsync_agent.appointment.people import Directory
from calsync_agent.consolidate.ics_events import entries, reader
from calsync_agent.errors import ConfigurationRefused
from calsync_agent.ics import files, zones
from calsync_agent.ics.blocks import blocks
from calsync_agent.ics.components import words
from calsync_agent.ics.files import Contents, NotHeld, contents, take_apart
from calsync_agent.ics.lines import lines
from calsync_agent.ics.properties import length, moment, read_property
from calsync_agent.ics.rules import rule_parts, rule_text
from calsync_agent.sandbox.ics.importing import import_ics
from calsync_agent.sandbox.tenant import Tenant

STARTS: Final = (
    "DTSTART;TZID=Europe/Vienna:20261202T090000",
    "DTSTART:20261202T090000Z",
    "DTSTART:20261202T090000",
    "DTSTART;VALUE=DATE:20261202",
)
SERIES: Final = ("RRULE:FREQ=WEEKLY;COUNT=4", "RRULE:FREQ=DAILY;INTERVAL=2;COUNT=9")
BROKEN: Final = (
    *("DTSTART:nie", "DTSTART:00000101T000000Z", "DTSTART;TZID=Nirgendwo:20261202T090000"),
    *("DTSTART:20261202T090000Z\r\nDTEND:20261201T090000Z", "DTSTART:20261301", "DURATION:PT1H"),
    *("DTSTART:20261202T090000Z\r\nDURATION:lang", "DTSTART:20261202T090000Z\r\nRRULE:"),
    "DTSTART:20261202T090000Z\r\nRRULE:FREQ=DAILY;COUNT=4\r\nEXDATE:x",
    "DTSTART:20261202T090000Z\r\nBEGIN:VALARM\r\nTRIGGER:-PT1M",
    "DTSTART:20261202T090000Z\r\nRRULE:FREQ=SECONDLY",
)
SAMPLE: Final = Path(__file__).parent.parent / "sandbox" / "calendars" / "outlook-team.ics"


def apart(content: bytes) -> Contents:
    return take_apart(blocks(lines(content)))


@st.composite
def good_events(draw: st.DrawFn) -> tuple[bool, list[str]]:
    recurring = draw(st.sampled_from([(), *((each,) for each in SERIES)]))
    return True, [draw(st.sampled_from(STARTS)), *recurring]


@st.composite
def calendar_files(draw: st.DrawFn) -> tuple[bytes, set[str], set[str]]:
    """A file, the subjects of its whole events, and those of its broken ones."""
    broken = st.sampled_from(BROKEN).map(lambda text: (False, text.split("\r\n")))
    events = draw(st.lists(st.one_of(good_events(), broken), max_size=8))
    good, bad = set[str](), set[str]()
    written = ["BEGIN:VCALENDAR"]
    for number, (whole, inner) in enumerate(events):
        (good if whole else bad).add(f"Nr. {number} äß")
        named = [f"SUMMARY:Nr. {number} äß"] + ([f"UID:{number}"] if draw(st.booleans()) else [])
        written += ["BEGIN:VEVENT", *draw(st.permutations([*named, *inner[:1]])), *inner[1:]]
        written.append("END:VEVENT")
        if draw(st.booleans()):
            written += ["END:VCALENDAR", "BEGIN:VCALENDAR"]
    end = draw(st.sampled_from(["\r\n", "\n", "\r", "\r\r\n"]))
    charset = draw(st.sampled_from(["utf-8", "utf-8-sig", "utf-16", "cp1252"]))
    return end.join([*written, "END:VCALENDAR", ""]).encode(charset), good, bad


@settings(max_examples=80, deadline=None)
@given(calendar_files())
def test_all_whole_events_are_taken_and_exactly_the_broken_ones_are_named(
    tmp_path_factory: pytest.TempPathFactory, generated: tuple[bytes, set[str], set[str]]
) -> None:
    content, good, bad = generated
    path = tmp_path_factory.getbasetemp() / "generated.ics"
    path.write_bytes(content)
    tenant = Tenant()
    person = tenant.add_mailbox("anna@example.com")
    refused = import_ics(person, path)
    assert {each.subject for each in refused} == bad
    assert all(str(each.reason) for each in refused)
    assert Counter(str(each["subject"]) for each in person.events()) == Counter(good)
    found = contents(path)
    reads, taken, left = reader(found, "Europe/Vienna"), Counter[str](), set()
    for group in found.groups:
        try:
            done = entries(reads, group, EmployeeId(1), Directory())
        except NotHeld:
            left.add(group.subject)
        else:
            taken.update(each.appointment.subject for each in done.entries)
    assert (taken, left) == (Counter(good), bad)


@settings(max_examples=200, deadline=None)
@given(st.binary(max_size=300))
def test_any_bytes_can_be_taken_apart(content: bytes) -> None:
    assert all(group.wrong or group.master or group.days for group in apart(content).groups)


@settings(max_examples=150, deadline=None)
@example(damage=(0, 0, b"\0"))
@given(damage=st.tuples(st.integers(1, 10_000), st.integers(0, 200), st.binary(max_size=20)))
def test_a_file_damaged_anywhere_is_taken_as_far_as_it_is_whole(
    damage: tuple[int, int, bytes],
) -> None:
    content = SAMPLE.read_bytes()
    whole = apart(content)
    begin, length_, instead = damage
    begin %= len(content)
    end = min(len(content), begin + length_)
    damaged = apart(content[:begin] + instead + content[end:])
    touched = {
        group.subject
        for group in whole.groups
        for each in [group.master, *group.days]
        if each and not _apart_from(content, each.number, begin, end)
    }
    sound = {group.subject for group in damaged.groups if group.wrong is None}
    assert {group.subject for group in whole.groups} - touched <= sound


def _apart_from(content: bytes, number: int, begin: int, end: int) -> bool:
    """Whether what was damaged lies well before or behind the event that begins in a line."""
    starts = [0, *(found.end() for found in re.finditer(rb"\n", content))]
    first = starts[number - 1]
    last = content.index(b"END:VEVENT", first) + len(b"END:VEVENT\r\n")
    return end < first - 1 or begin > last


@pytest.mark.parametrize(
    ("line", "name", "value", "parameters"),
    [
        ("SUMMARY:a:b;c", "SUMMARY", "a:b;c", {}),
        ("summary ; language = de :x", "SUMMARY", "x", {"LANGUAGE": "de"}),
        ('ATTENDEE;CN="Huber; B.: x";RSVP=TRUE:mailto:b@x.y', "ATTENDEE", "mailto:b@x.y",
         {"CN": "Huber; B.: x", "RSVP": "TRUE"}),
        ("X;CN=a^'b^nc^^d:1", "X", "1", {"CN": 'a"b\nc^d'}),
        ("X;QUOTED-PRINTABLE:=C3=A4=0D=0Ab", "X", "ä\\nb", {"QUOTED-PRINTABLE": ""}),
        ("DTSTART;TZID=a://b:20260101T000000", "DTSTART", "20260101T000000", {"TZID": "a://b"}),
    ],
)  # fmt: skip
def test_a_line_is_split_where_it_means_to(
    line: str, name: str, value: str, parameters: dict[str, str]
) -> None:
    read = read_property(line)
    assert read is not None
    assert (read.name, read.value, dict(read.parameters)) == (name, value, parameters)


@pytest.mark.parametrize("charset", ["unicode_escape", "utf-7", "rot13", "nonsense", "utf-16-le"])
def test_no_charset_brings_in_what_no_text_can_hold(charset: str) -> None:
    content = f"BEGIN:VEVENT\nSUMMARY;CHARSET={charset}:a\\ud800\\x00b+2AA-\nEND:VEVENT\n".encode()
    quoted = f"BEGIN:VEVENT\nSUMMARY;QUOTED-PRINTABLE;CHARSET={charset}:a=00=5Cud800\nEND:VEVENT"
    for group in [*apart(content).groups, *apart(quoted.encode()).groups]:
        for event in [group.master] if group.master else []:
            assert "\0" not in event.text("SUMMARY")
            assert event.text("SUMMARY").encode().decode() == event.text("SUMMARY")


@pytest.mark.parametrize("line", ["", "SUMMARY", ":x", "Grüße: x", 'X;A="b:c', "a b:c", "=x:y"])
def test_a_line_that_is_no_property_is_none(line: str) -> None:
    assert read_property(line) is None


@pytest.mark.parametrize("written", ["P1", "PT", "P1DT", "-P", "P1Y", "1D", "P-1D", "PT1.5H", ""])
def test_a_length_that_is_none_is_none(written: str) -> None:
    assert length(written) is None


@pytest.mark.parametrize("written", ["20260229", "2026-01-01", "20260101T", "20260101T0900", "x"])
def test_a_moment_that_is_none_is_none(written: str) -> None:
    assert moment(written) is None


@pytest.mark.parametrize(
    ("rule", "text"),
    [
        ("wkst=mo;byday=mo,mo;freq=weekly;", "FREQ=WEEKLY;BYDAY=MO;WKST=MO"),
        ("COUNT=3;FREQ=DAILY", "FREQ=DAILY;COUNT=3"),
        ("FREQ=MONTHLY;BYMONTHDAY=-1;X-WHAT=1", "FREQ=MONTHLY;BYMONTHDAY=-1;X-WHAT=1"),
    ],
)
def test_a_rule_is_written_in_one_order(rule: str, text: str) -> None:
    assert rule_text(rule_parts(rule)) == text


def test_a_list_of_texts_is_split_only_at_commas_that_are_not_escaped() -> None:
    found = apart(
        b"BEGIN:VEVENT\r\nCATEGORIES:Team\\, intern,Zwei\r\nCATEGORIES:Drei\r\nEND:VEVENT\r\n"
    )
    assert found.groups[0].master is not None
    assert words(found.groups[0].master).categories == ("Team, intern", "Zwei", "Drei")


@pytest.mark.parametrize(
    "piece",
    [b"\r", b"\n ", b"\r\r ", b"BEGIN:X\n", b"BEGIN:VEVENT\n", b";A=", b'"', b"\\", b"=\r\n", b",",
     b"^", b" ", b"END:VEVENT\n", b"BEGIN:VCALENDAR\n"],
)  # fmt: skip
@pytest.mark.parametrize("head", [b"", b"DESCRIPTION", b"CATEGORIES:", b"X;QUOTED-PRINTABLE:"])
def test_b8_reading_costs_no_more_than_the_length_accounts_for(head: bytes, piece: bytes) -> None:
    """Fifty thousand repetitions: what grew faster would not end."""
    content = b"BEGIN:VEVENT\n" + head + piece * 50_000 + b"\nEND:VEVENT\n"
    for group in apart(content).groups[:10]:
        assert group.wrong or group.master
        if group.master:
            assert words(group.master).subject == ""


def test_a_definition_of_a_zone_is_used_only_where_it_takes_a_bounded_time() -> None:
    rule = "RRULE:FREQ=YEARLY;BYMONTH=3;BYDAY=-1SU"
    for bad in ("FREQ=DAILY", "FREQ=YEARLY;BYSECOND=1,2", "FREQ=YEARLY;INTERVAL=0", "x"):
        for instead, used in ((rule, True), (f"RRULE:{bad}", False)):
            inner = ["DTSTART:19700101T000000", "TZOFFSETFROM:+0100", "TZOFFSETTO:+0117", instead]
            text = ["BEGIN:VTIMEZONE", "TZID:Dorf", "BEGIN:STANDARD", *inner, "END:STANDARD"]
            found = apart("\r\n".join([*text, "END:VTIMEZONE"]).encode())
            defined = zones.Zones(found.zones, dict[str, str]().get).defined(0, "Dorf")
            assert (defined is not None) is used


@pytest.mark.parametrize("content", [b"", b"nonsense", b"BEGIN:VCARD\r\nFN:x\r\nEND:VCARD\r\n"])
def test_a_file_without_a_calendar_is_refused(tmp_path: Path, content: bytes) -> None:
    path = tmp_path / "x.ics"
    path.write_bytes(content)
    with pytest.raises(ConfigurationRefused, match="there is no calendar in it"):
        contents(path)


def test_a_file_that_is_too_large_is_refused(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(files, "LARGEST", 20)
    path = tmp_path / "x.ics"
    path.write_bytes(b"BEGIN:VCALENDAR\r\nEND:VCALENDAR\r\n")
    with pytest.raises(ConfigurationRefused, match="larger than"):
        contents(path)
