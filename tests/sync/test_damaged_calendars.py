"""Damaged and odd iCalendar files, put into a mailbox and into Consolidate.

The rest of a file is always taken, and whatever is left out is named with the fitting reason.
"""

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any, Final

import pytest
import sqlalchemy as sa

from calsync_agent.consolidate import children, ics_events, tables
from calsync_agent.consolidate.importing import import_file
from calsync_agent.errors import DatabaseTrouble
from calsync_agent.ics.events import Event
from calsync_agent.ics.files import NotImported
from calsync_agent.sandbox.ics import importing as into_sandbox
from tests.support.rig import NOW, Rig

GOOD: Final = ("Vorher", "Nachher")
WEEKLY: Final = "DTSTART;TZID=Europe/Vienna:20261201T090000", "RRULE:FREQ=WEEKLY;COUNT=5"
TIMES: Final = "DTSTART;TZID=Europe/Vienna:20261202T090000", "DURATION:PT1H"

pytestmark = pytest.mark.parametrize("dialect", ["sqlite"], indirect=True)


def event(subject: str | None, *lines: str, uid: str | None = "") -> list[str]:
    """A VEVENT; without its own UID it has its subject's."""
    found = ["BEGIN:VEVENT"]
    found += [f"UID:{uid or subject}"] if uid is not None else []
    found += [f"SUMMARY:{subject}"] if subject is not None else []
    return [*found, *lines, "END:VEVENT"]


def good(subject: str) -> list[str]:
    return event(subject, *TIMES)


def calendar(*lines: str) -> list[str]:
    return ["BEGIN:VCALENDAR", "VERSION:2.0", *lines, "END:VCALENDAR"]


def amid(*lines: str) -> list[str]:
    """The lines between two whole events."""
    return calendar(*good("Vorher"), *lines, *good("Nachher"))


@dataclass
class Both:
    """A file put into both sides: subjects that came in, and what was left out, on each."""

    exchange: Counter[str]
    exchange_refused: dict[str, str]
    consolidate: Counter[str]
    consolidate_refused: dict[str, str]

    def assert_same(self, subjects: Iterable[str], refused: dict[str, str]) -> None:
        """Both have these, and have named those with a reason that holds these words."""
        for found, told in (
            (self.exchange, self.exchange_refused),
            (self.consolidate, self.consolidate_refused),
        ):
            assert found == Counter(subjects)
            assert list(told) == list(refused)
            for name, words in refused.items():
                assert words in told[name]


@pytest.fixture
def anna(rig: Rig) -> Rig:
    rig.world.hire("ANNA")
    return rig


def told(refused: Iterable[NotImported]) -> dict[str, str]:
    return {str(each.subject or each.named): str(each.reason) for each in refused}


def put(rig: Rig, content: bytes) -> Both:
    path = rig.folder / "calendar.ics"
    path.write_bytes(content)
    exchange = told(rig.tenant.import_ics("anna", path))
    with rig.people.writing() as connection:
        consolidate = told(import_file(connection, path, "ANNA", "Europe/Vienna", NOW).refused)
    return Both(
        Counter(str(each["subject"]) for each in rig.tenant.user("anna").events()),
        exchange,
        Counter(row["subject"] for row in rig.world.activities()),
        consolidate,
    )


def written(lines: Iterable[str], end: str = "\r\n") -> bytes:
    return (end.join(lines) + end).encode()


@pytest.mark.parametrize(
    ("lines", "words"),
    [
        (["DTSTART:morgen", "DURATION:PT1H"], "DTSTART cannot be read: morgen"),
        (["DTSTART:", "DURATION:PT1H"], "DTSTART cannot be read"),
        (["DTSTART", "DURATION:PT1H"], "DTSTART cannot be read"),
        (["DTSTART;TZID:20261202T090000", "DTEND:20261202T100000Z"], "DTSTART cannot be read"),
        (['DTSTART;TZID="x:20261202T090000', "DURATION:PT1H"], "DTSTART cannot be read"),
        (["DTSTART:00000101T090000Z", "DURATION:PT1H"], "DTSTART cannot be read: 0000"),
        (["DTSTART;VALUE=DATE:00000101"], "DTSTART cannot be read: 0000"),
        (["DTSTART:20260230T090000Z", "DURATION:PT1H"], "DTSTART cannot be read: 20260230"),
        (["DTSTART:20261202T250000Z"], "DTSTART cannot be read"),
        (["DTSTART:2026-12-02T09:00:00", "DURATION:PT1H"], "DTSTART cannot be read"),
        (["DURATION:PT1H"], "missing"),
        ([TIMES[0], "DTSTART:20261203T090000Z"], "DTSTART is there twice"),
        ([TIMES[0], "DTEND:20261202T"], "DTEND cannot be read"),
        ([TIMES[0], "DTEND:20261202T070000Z"], "ends before it begins"),
        ([TIMES[0], "DTEND;VALUE=DATE:20261203"], "begins on a day"),
        ([TIMES[0], "DTEND:20261202T100000Z", "DURATION:PT5H"], "that differ"),
        ([TIMES[0], "DURATION:1 Stunde"], "DURATION cannot be read"),
        ([TIMES[0], "DURATION:P"], "DURATION cannot be read"),
        ([TIMES[0], "DURATION:-PT1H"], "ends before it begins"),
        ([TIMES[0], "DURATION:P9999999W"], "end of time"),
        ([TIMES[0], "DURATION:P999999999999999D"], "DURATION cannot be read"),
        (["DTSTART;VALUE=DATE:99991231"], "end of time"),
        ([*WEEKLY, "EXDATE:irgendwann"], "EXDATE cannot be read"),
        ([*WEEKLY, "EXDATE;TZID=Europe/Vienna:20261208T090000,x"], "EXDATE cannot be read"),
        ([*WEEKLY, "EXDATE;TZID=Mars/Olympus:20261208T090000"], "Mars/Olympus"),
        ([*WEEKLY, "RDATE;TZID=Europe/Vienna:20261203T090000"], "RDATE"),
        ([*TIMES, "RRULE:"], "RRULE cannot be read"),
        ([*TIMES, "RRULE:täglich"], "RRULE cannot be read"),
        ([*TIMES, "RRULE:D1 #5"], "RRULE cannot be read"),
        ([*TIMES, "RRULE:FREQ=DAILY;INTERVAL=0"], "INTERVAL=0"),
        ([*TIMES, "RRULE:FREQ=DAILY;COUNT=0"], "COUNT=0"),
        ([*TIMES, "RRULE:FREQ=MONTHLY;INTERVAL=0;BYMONTHDAY=31"], "INTERVAL=0"),
        ([*TIMES, f"RRULE:FREQ=DAILY;COUNT={'9' * 5000}"], "COUNT=999"),
        ([*TIMES, "RRULE:FREQ=DAILY;COUNT=3;UNTIL=20270101T000000Z"], "COUNT=3;UNTIL="),
        ([*TIMES, "RRULE:FREQ=SECONDLY"], "SECONDLY"),
        ([*TIMES, "RRULE:FREQ=MINUTELY;COUNT=1000000000"], "COUNT=1000000000"),
        ([*TIMES, "RRULE:FREQ=FORTNIGHTLY"], "FORTNIGHTLY"),
        ([*TIMES, "RRULE:FREQ=YEARLY;BYMONTH=13"], "BYMONTH=13"),
        (["DTSTART;TZID=Mars/Olympus:20261202T090000", "DURATION:PT1H"], "Mars/Olympus"),
        ([*TIMES, "STATUS:CANCELLED"], "is cancelled"),
        ([*TIMES, "BEGIN:VALARM", "TRIGGER:-PT5M"], "has no end: VALARM"),
    ],
)
def test_what_of_an_event_cannot_be_read_costs_it_alone(
    anna: Rig, lines: list[str], words: str
) -> None:
    put(anna, written(amid(*event("Kaputt", *lines)))).assert_same(GOOD, {"Kaputt": words})


@pytest.mark.parametrize(
    ("lines", "words"),
    [
        (["Treffpunkt beim Haupteingang"], "line 14 cannot be read"),
        (["Treffpunkt: beim Haupteingang"], "line 14 cannot be read"),
        (["SUMMARY:Anders"], "SUMMARY is there twice; this one is missing: Anders"),
        (['LOCATION;ALTREP="x:Saal'], "line 14 cannot be read"),
        (["BEGIN:VALARM", "ACTION:DISPLAY", "END:VALARM"], "alarm does not say when"),
    ],
)
def test_what_of_an_event_can_be_done_without_is_named_and_the_event_is_taken(
    anna: Rig, lines: list[str], words: str
) -> None:
    both = put(anna, written(amid(*event("Halb", *TIMES, *lines))))
    both.assert_same([*GOOD, "Halb"], {"Halb": words})


@pytest.mark.parametrize(
    "lines",
    [
        ["X-FOO;BAR=\x01:1", "GEO:nirgends", "ATTACH;FMTTYPE=x;ENCODING=BASE64:===", "URL:"],
        ["SEQUENCE:viele", "PRIORITY:x", "FOO-BAR:registered by somebody"],
        ["BEGIN:VALARM", "ACTION:NONE", "END:VALARM"],
    ],
)
def test_what_nobody_reads_is_not_missed(anna: Rig, lines: list[str]) -> None:
    put(anna, written(amid(*event("Ganz", *TIMES, *lines)))).assert_same([*GOOD, "Ganz"], {})


@pytest.mark.parametrize(
    ("tzid", "utc"),
    [
        ("Europe/Vienna", 8),
        ("europe/vienna", 8),
        ("W. Europe Standard Time", 8),
        ("Central European Standard Time", 8),
        ("/mozilla.org/20050126_1/Europe/Vienna", 8),
        ("/freeassociation.sourceforge.net/Tzfile/America/Argentina/Buenos_Aires", 12),
        ('"(UTC+01:00) Amsterdam, Berlin, Bern, Rom, Stockholm, Wien"', 8),
        ('"(UTC+01:00) Amsterdam, Berlin, Bern, Rome, Stockholm, Vienna"', 8),
        ('"(UTC-05:00) Eastern Time (US & Canada)"', 14),
        ("tzone://Microsoft/Utc", 9),
        ('"tzone://Microsoft/Utc"', 9),
        ("(UTC+01:00) Amsterdam\\, Berlin\\, Bern\\, Rom\\, Stockholm\\, Wien", 8),
        ("UTC", 9),
        ("Etc/UTC", 9),
        ("/citadel.org/20210210_1/UTC", 9),
    ],
)
@pytest.mark.parametrize("recurring", [False, True])
def test_d3_a_zone_that_the_file_does_not_define_is_known_by_its_name(
    anna: Rig, tzid: str, utc: int, recurring: bool
) -> None:
    lines = [f"DTSTART;TZID={tzid}:20261202T090000", "DURATION:PT1H"]
    lines += ["RRULE:FREQ=WEEKLY;COUNT=3"] if recurring else []
    put(anna, written(amid(*event("Fern", *lines)))).assert_same([*GOOD, "Fern"], {})
    (id_,) = anna.tenant.user("anna").find("Fern")
    found: dict[str, Any] = anna.tenant.user("anna").event(id_, zone="UTC")
    assert found["start"]["dateTime"].startswith(f"2026-12-02T{utc:02}:00")


def test_d3_a_definition_of_a_zone_that_is_broken_or_endless_costs_those_who_need_it(
    anna: Rig,
) -> None:
    def zone(tzid: str, *lines: str) -> list[str]:
        inner = ["DTSTART:19700101T000000", "TZOFFSETFROM:+0100", "TZOFFSETTO:+0100", *lines]
        return ["BEGIN:VTIMEZONE", f"TZID:{tzid}", "BEGIN:STANDARD", *inner, "END:STANDARD",
                "END:VTIMEZONE"]  # fmt: skip

    lines = [*zone("Endlos", "RRULE:FREQ=SECONDLY"), *zone("Null", "RRULE:FREQ=YEARLY;INTERVAL=0")]
    lines += [*zone("Kaputt", "TZOFFSETTO:bald"), *zone("Europe/Vienna", "RRULE:nie")]
    for tzid in ("Endlos", "Null", "Kaputt", "Europe/Vienna"):
        lines += event(tzid, f"DTSTART;TZID={tzid}:20261202T090000", "DURATION:PT1H")
    refused = {tzid: f"{tzid} is not known" for tzid in ("Endlos", "Null", "Kaputt")}
    put(anna, written(amid(*lines))).assert_same([*GOOD, "Europe/Vienna"], refused)


def test_the_same_uid_in_two_calendars_of_a_file_is_one_appointment_or_both_are_named(
    anna: Rig,
) -> None:
    lines = [
        *calendar(*event("Alt", *TIMES, "SEQUENCE:1", uid="a"), *event("Eins", *TIMES, uid="b")),
        *calendar(*event("Neu", *TIMES, "SEQUENCE:2", uid="a"), *event("Zwei", *TIMES, uid="b")),
        *calendar(*event("Kopie", *TIMES, uid="c"), *event("Kopie", *TIMES, uid="c")),
        *calendar(*event("Neuer", *TIMES, "SEQUENCE:11", uid="d")),
        *calendar(*event("Älter", *TIMES, "SEQUENCE:9", uid="d")),
    ]
    both = put(anna, written(lines))
    refused = {"Eins": "two of this UID", "Zwei": "two of this UID"}
    both.assert_same(["Neu", "Kopie", "Neuer"], refused)


def test_events_without_uid_are_each_their_own_in_whatever_file(anna: Rig) -> None:
    lines = [
        *calendar(*event("Eins", *TIMES, uid=None)),
        *calendar(*event("Zwei", *TIMES, uid=None)),
    ]
    twin = calendar(*event("Zwilling", *TIMES, uid=None), *event("Zwilling", *TIMES, uid=None))
    subjects = ["Eins", "Zwei", "Zwilling", "Zwilling"]
    put(anna, written([*lines, *twin])).assert_same(subjects, {})
    another = put(anna, written(calendar(*event("Drei", *TIMES, uid=None))))
    assert another.consolidate_refused == {}
    assert another.consolidate == Counter([*subjects, "Drei"])


def test_imported_before_is_said_only_where_it_was(anna: Rig) -> None:
    anna.world.hire("BERND")
    path = anna.folder / "calendar.ics"
    path.write_bytes(written(calendar(*good("Eins"), *event("Ohne", *TIMES, uid=None))))
    for code, refused in (("ANNA", []), ("BERND", []), ("ANNA", ["Eins", "Ohne"])):
        with anna.people.writing() as connection:
            done = import_file(connection, path, code, "Europe/Vienna", NOW)
        assert [each.subject for each in done.refused] == refused
        assert all("imported before" in str(each.reason) for each in done.refused)
        assert done.entered == 2 - len(refused)


def test_an_alarm_on_a_changed_day_alone_is_that_days(anna: Rig) -> None:
    changed = event(
        "Runde",
        "RECURRENCE-ID;TZID=Europe/Vienna:20261208T090000",
        "DTSTART;TZID=Europe/Vienna:20261208T110000",
        "DTEND;TZID=Europe/Vienna:20261208T120000",
        *("BEGIN:VALARM", "ACTION:DISPLAY", "TRIGGER:-PT20M", "END:VALARM"),
    )
    lines = [*event("Runde", *WEEKLY, "DURATION:PT1H"), *changed]
    both = put(anna, written(amid(*lines)))
    assert both.exchange == both.consolidate == Counter([*GOOD, "Runde"])
    assert both.exchange_refused == {}
    # Consolidate has no reminders of single days.
    assert "VALARM of a changed day has no place" in both.consolidate_refused["Runde"]
    anna_ = anna.tenant.user("anna")
    shown = anna_.view(datetime(2026, 12, 8), datetime(2026, 12, 9), zone="UTC")
    (day,) = [each for each in shown if each["subject"] == "Runde"]
    assert (day["isReminderOn"], day["reminderMinutesBeforeStart"]) == (True, 20)


@pytest.mark.parametrize(
    "excluded",
    [
        "EXDATE;TZID=Europe/Vienna:20261208T090000",
        "EXDATE:20261208T080000Z",
        "EXDATE;VALUE=DATE:20261208",
        "EXDATE;TZID=America/New_York:20261208T030000",
        "EXDATE;TZID=Asia/Tokyo:20261208T170000",
    ],
)
def test_e3_an_excluded_day_that_was_changed_before_is_gone(anna: Rig, excluded: str) -> None:
    changed = event(
        "Verschoben",
        "RECURRENCE-ID;VALUE=DATE:20261208",
        "DTSTART;TZID=Europe/Vienna:20261208T110000",
        "DURATION:PT1H",
        uid="Runde",
    )
    lines = [*event("Runde", *WEEKLY, "DURATION:PT1H", excluded), *changed]
    put(anna, written(amid(*lines))).assert_same([*GOOD, "Runde"], {})
    (exception,) = anna.world.rows(tables.activity_exception)
    assert (exception["cancelled"], exception["subject"]) == (True, None)
    shown: list[dict[str, Any]] = anna.tenant.user("anna").view(
        datetime(2026, 12, 1), datetime(2027, 1, 1), zone="UTC"
    )
    days = [str(each["start"]["dateTime"])[8:10] for each in shown if each["subject"] == "Runde"]
    assert days == ["01", "15", "22", "29"]
    assert not [each for each in shown if each["subject"] == "Verschoben"]


def test_e3_changed_days_of_what_is_no_series_are_named_with_it(anna: Rig) -> None:
    changed = event("Runde", "RECURRENCE-ID:20261209T080000Z", *TIMES)
    both = put(anna, written(amid(*event("Runde", *TIMES), *changed)))
    both.assert_same(GOOD, {"Runde": "changed days, but no rule"})


@pytest.mark.parametrize(
    "end", [[], ["DTEND;VALUE=DATE:20261202"], ["DTEND;VALUE=DATE:20261203"], ["DURATION:P1D"],
            ["DURATION:PT0S"], ["DURATION:PT24H"]]
)  # fmt: skip
def test_an_all_day_event_that_ends_where_it_begins_is_one_day(anna: Rig, end: list[str]) -> None:
    lines = event("Tag", "DTSTART;VALUE=DATE:20261202", *end)
    put(anna, written(amid(*lines))).assert_same([*GOOD, "Tag"], {})
    (row,) = [row for row in anna.world.activities() if row["subject"] == "Tag"]
    assert (row["starts_at"], row["ends_at"]) == (datetime(2026, 12, 2), datetime(2026, 12, 3))
    (id_,) = anna.tenant.user("anna").find("Tag")
    found: dict[str, Any] = anna.tenant.user("anna").event(id_)
    assert (found["start"]["dateTime"][:10], found["end"]["dateTime"][:10]) == (
        "2026-12-02",
        "2026-12-03",
    )


@pytest.mark.parametrize(
    ("start", "lasts", "begins", "ends"),
    [
        ("20270328T023000", "PT1H", datetime(2027, 3, 28, 3, 30), datetime(2027, 3, 28, 4, 30)),
        ("20270327T230000", "PT8H", datetime(2027, 3, 27, 23), datetime(2027, 3, 28, 8)),
        ("20270327T230000", "P1D", datetime(2027, 3, 27, 23), datetime(2027, 3, 28, 23)),
        ("20261024T230000", "PT8H", datetime(2026, 10, 24, 23), datetime(2026, 10, 25, 6)),
    ],
)
def test_d3_where_clocks_are_turned_a_time_is_what_rfc_5545_says(
    anna: Rig, start: str, lasts: str, begins: datetime, ends: datetime
) -> None:
    lines = event("Nacht", f"DTSTART;TZID=Europe/Vienna:{start}", f"DURATION:{lasts}")
    put(anna, written(calendar(*lines))).assert_same(["Nacht"], {})
    (row,) = anna.world.activities()
    assert (row["starts_at"], row["ends_at"]) == (begins, ends)


WHOLE: Final = amid(
    *event("Besprechung", *TIMES, "DESCRIPTION:Über das Wögerbauer-Projekt\\nmit Ö", "LOCATION:Öd")
)
FOLDED: Final = [
    part for line in WHOLE for part in ([line[:9], f" {line[9:]}"] if line[9:] else [line])
]


@pytest.mark.parametrize(
    "content",
    [
        written(WHOLE, "\r\n"),
        written(WHOLE, "\n"),
        written(WHOLE, "\r"),
        written(WHOLE, "\r\r\n"),
        written(WHOLE, "\r\n\r\n"),
        "\r".join(WHOLE[:9]).encode() + b"\r" + written(WHOLE[9:], "\n"),
        written(FOLDED, "\n"),
        "\r\n".join(WHOLE).encode(),
        b"\xef\xbb\xbf" + written(WHOLE),
        "\r\n".join(WHOLE).encode("utf-16"),
        "\r\n".join(WHOLE).encode("utf-16-le"),
        "\r\n".join(WHOLE).encode("utf-16-be"),
        "\r\n".join(WHOLE).encode("cp1252"),
        "\r".join(WHOLE).encode("cp1252"),
        written(WHOLE).replace("Ö".encode(), b"\xd6"),
        written(WHOLE).replace(b"Besprechung", b"Bespr\0echung"),
        written(WHOLE) + b"\0" * 4096,
        b"\r\n stray\r\n" + written(WHOLE),
        written(line.lower() if line[:3] in {"BEG", "END", "UID"} else line for line in WHOLE),
        written(line.replace("SUMMARY", "Summary").replace("DTSTART", "dtstart") for line in WHOLE),
        written(f"{line}  " if line[:3] in {"BEG", "END"} else line for line in WHOLE),
        written(WHOLE).replace(
            "DESCRIPTION:Über das Wögerbauer-Projekt\\nmit Ö".encode(),
            b"DESCRIPTION;ENCODING=QUOTED-PRINTABLE;CHARSET=UTF-8:=C3=9Cber das =\r\n"
            b"W=C3=B6gerbauer-Projekt=0D=0A=\r\nmit =C3=96",
        ),
    ],
    ids=lambda content: repr(content[:12] + content[-6:]),
)
def test_a_file_is_read_in_whatever_charset_and_with_whatever_line_ends(
    anna: Rig, content: bytes
) -> None:
    put(anna, content).assert_same([*GOOD, "Besprechung"], {})
    (row,) = [row for row in anna.world.activities() if row["subject"] == "Besprechung"]
    assert row["body"] == "Über das Wögerbauer-Projekt\nmit Ö"
    assert row["location"] == "Öd"


@pytest.mark.parametrize(
    ("kept", "subjects", "refused"),
    [
        (-1, ["Vorher", "Mitte", "Nachher"], {"at its end": "END:VCALENDAR is missing"}),
        (-2, ["Vorher", "Mitte"], {"Nachher": "ends in the middle", "at its end": "cut off"}),
        (-4, ["Vorher", "Mitte"], {"Nachher": "ends in the middle", "at its end": "cut off"}),
        (-6, ["Vorher", "Mitte"], {"line 15": "ends in the middle", "at its end": "cut off"}),
    ],
)
def test_of_a_file_that_is_cut_off_what_is_whole_is_taken_and_the_cut_is_named(
    anna: Rig, kept: int, subjects: list[str], refused: dict[str, str]
) -> None:
    lines = amid(*good("Mitte"))
    put(anna, written(lines[:kept])).assert_same(subjects, refused)


@pytest.mark.parametrize("offset", range(3, 120, 7))
def test_wherever_a_file_is_cut_off_it_is_said(anna: Rig, offset: int) -> None:
    both = put(anna, written(amid())[:-offset])
    assert both.exchange["Vorher"] == both.consolidate["Vorher"] == 1
    assert both.exchange_refused == both.consolidate_refused != {}


def test_of_a_file_that_has_lost_its_beginning_what_is_whole_is_taken(anna: Rig) -> None:
    both = put(anna, written(amid(*good("Mitte"))[4:]))
    both.assert_same(["Mitte", "Nachher"], {"Vorher": "beginning", "line 17": "beginning"})


def test_an_event_that_never_ends_costs_itself_alone(anna: Rig) -> None:
    both = put(anna, written(amid(*event("Endlos", *TIMES)[:-1])))
    both.assert_same(GOOD, {"Endlos": "END is missing"})


def test_tasks_are_named_and_files_in_a_row_are_all_taken(anna: Rig) -> None:
    task = ["BEGIN:VTODO", "UID:t", "SUMMARY:Einkaufen", "DUE:20261202", "END:VTODO"]
    both = put(anna, written([*calendar(*good("Vorher"), *task), *calendar(*good("Nachher"))]))
    both.assert_same(GOOD, {"Einkaufen": "a task is no appointment"})


def test_b8_an_error_that_nobody_foresaw_costs_its_event_alone(
    anna: Rig, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fails(each: Event) -> bool:
        if each.text("SUMMARY") == "Kaputt":
            raise ZeroDivisionError
        return False

    monkeypatch.setattr(into_sandbox, "cancelled", fails)
    monkeypatch.setattr(ics_events, "cancelled", fails)
    both = put(anna, written(amid(*good("Kaputt"))))
    both.assert_same(GOOD, {"Kaputt": "does not get through with it (ZeroDivisionError"})


def test_b8_what_the_database_does_not_take_costs_its_event_alone(
    anna: Rig, tmp_path: Path
) -> None:
    with anna.people.writing() as connection:
        connection.exec_driver_sql(
            "CREATE TRIGGER no_lunch BEFORE INSERT ON activity WHEN NEW.subject = 'Kaputt' "
            "BEGIN SELECT RAISE(ABORT, 'no'); END"
        )
    path = tmp_path / "calendar.ics"
    path.write_bytes(written(amid(*good("Kaputt"))))
    with anna.people.writing() as connection:
        done = import_file(connection, path, "ANNA", "Europe/Vienna", NOW)
    assert (done.entered, [each.subject for each in done.refused]) == (2, ["Kaputt"])
    assert {row["subject"] for row in anna.world.activities()} == set(GOOD)


def test_b8_a_lock_that_others_hold_is_no_appointments_fault(
    anna: Rig, monkeypatch: pytest.MonkeyPatch
) -> None:
    def locked(*_: object) -> None:
        raise sa.exc.OperationalError("", {}, Exception("database is locked"))

    monkeypatch.setattr(children, "write", locked)
    path = anna.folder / "calendar.ics"
    path.write_bytes(written(amid()))
    with pytest.raises(DatabaseTrouble), anna.people.writing() as connection:
        import_file(connection, path, "ANNA", "Europe/Vienna", NOW)
    assert anna.world.activities() == []
