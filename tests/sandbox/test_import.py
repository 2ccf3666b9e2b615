"""iCalendar files as Outlook, Google and Thunderbird export them, put into a mailbox."""

from collections.abc import Mapping
from datetime import date, datetime
from itertools import islice
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from calsync_agent.errors import ConfigurationRefused
from calsync_agent.ics.files import NotHeld
from calsync_agent.sandbox.ics.days import days_of_rule
from calsync_agent.sandbox.ics.rules import read_rule, recurrence_of_rule
from calsync_agent.sandbox.model.expansion import aligned, days_between
from calsync_agent.sandbox.model.recurrence import read_recurrence
from calsync_agent.sandbox.people import Person
from calsync_agent.sandbox.tenant import Tenant

CALENDARS = Path(__file__).parent / "calendars"
YEAR = (datetime(2026, 1, 1), datetime(2027, 1, 1))
VIENNA = "W. Europe Standard Time"


def imported(tenant: Tenant, name: str) -> tuple[Person, dict[str, str]]:
    refused = tenant.import_ics("anna.berger", CALENDARS / f"{name}.ics")
    return tenant.user("anna.berger"), {each.subject: str(each.reason) for each in refused}


def only(person: Person, subject: str, zone: str = VIENNA) -> dict[str, Any]:
    (id_,) = person.find(subject)
    return person.event(id_, zone=zone)


def starts(person: Person, subject: str, zone: str = VIENNA) -> list[str]:
    (id_,) = person.find(subject)
    return [
        str(_start(event))[:16]
        for event in person.view(*YEAR, zone=zone)
        if event["seriesMasterId"] == id_
    ]


def _start(event: Mapping[str, object]) -> str:
    start = event["start"]
    assert isinstance(start, dict)
    return str(start["dateTime"])


# -- Outlook --------------------------------------------------------------------------------------


def test_outlooks_single_events_come_in_whole(tenant: Tenant) -> None:
    person, refused = imported(tenant, "outlook")
    event = only(person, "Zahnarzt")
    assert event["start"] == {"dateTime": "2026-03-06T11:00:00.0000000", "timeZone": VIENNA}
    assert event["originalStartTimeZone"] == VIENNA  # recognised by its offsets
    assert event["location"]["displayName"] == "Ordination Dr. Wögerbauer"
    assert event["body"]["content"] == "Bitte Befunde mitbringen.\r\nZweite Zeile, mit Komma.\r\n"
    assert (event["sensitivity"], event["showAs"], event["importance"]) == (
        "private",
        "oof",
        "high",
    )
    assert (event["isReminderOn"], event["reminderMinutesBeforeStart"]) == (True, 30)
    days = only(person, "Langes Wochenende")
    assert (days["isAllDay"], days["showAs"], days["isReminderOn"]) == (True, "free", False)
    assert (_start(days)[:10], days["end"]["dateTime"][:10]) == ("2026-05-01", "2026-05-04")
    assert list(refused) == ["Am 29."]
    assert "2027-02-28" in refused["Am 29."] or "2026-02-28" in refused["Am 29."]


def test_outlooks_series_come_with_their_exceptions(tenant: Tenant) -> None:
    person, _ = imported(tenant, "outlook")
    shown = starts(person, "Jour fixe")
    assert len(shown) == 10
    assert "2026-03-24T14:00" in shown
    assert not {"2026-03-16T09:00", "2026-04-06T09:00", "2026-03-23T09:00"} & set(shown)
    assert only(person, "Jour fixe")["categories"] == ["Team", "Intern"]
    assert starts(person, "Geburtstag Oma") == ["2026-05-17T00:00"]


def test_imported_meetings_keep_their_people_and_mail_nobody(tenant: Tenant) -> None:
    person, _ = imported(tenant, "outlook")
    event = only(person, "Abstimmung")
    assert event["isOrganizer"] is True
    assert [
        (each["emailAddress"]["name"], each["type"], each["status"]["response"])
        for each in event["attendees"]
    ] == [("Bernd Huber", "required", "accepted"), ("Eve", "optional", "none")]
    assert tenant.outbox == []
    assert tenant.user("bernd.huber").events() == []
    bernd = tenant.import_ics("bernd.huber", CALENDARS / "outlook.ics")
    assert len(bernd) == 1
    copy = only(tenant.user("bernd.huber"), "Abstimmung")
    assert (copy["isOrganizer"], copy["responseStatus"]["response"]) == (False, "accepted")
    assert copy["iCalUId"] == event["iCalUId"] == "040000008200E00074C5B7101A82E00800000000A4"
    person.change(str(event["id"]), subject="Neuer Titel")
    assert len(tenant.user("bernd.huber").find("Neuer Titel")) == 1


# -- Google ---------------------------------------------------------------------------------------


def test_googles_calendar_comes_in(tenant: Tenant) -> None:
    person, refused = imported(tenant, "google")
    assert list(refused) == ["Abgesagt"]
    assert only(person, "Yoga 🧘", "UTC")["start"]["dateTime"] == "2026-03-10T17:00:00.0000000"
    choir = starts(person, "Chor")
    # UNTIL lies a second before the occurrence of 28 April.
    assert (choir[0], choir[-1]) == ("2026-03-03T18:30", "2026-04-23T18:30")
    assert not [
        start for start in choir if start[:10] in {"2026-03-10", "2026-03-12", "2026-03-26"}
    ]
    assert "2026-03-19T19:00" in choir
    assert starts(person, "Stammtisch")[:3] == [
        "2026-02-27T20:00",
        "2026-03-27T20:00",
        "2026-04-24T20:00",
    ]
    standup = only(person, "Standup")["recurrence"]["pattern"]
    assert (standup["type"], len(standup["daysOfWeek"])) == ("weekly", 5)
    assert len(starts(person, "Standup")) == 10


def test_an_exception_owns_only_what_differs(tenant: Tenant) -> None:
    person, _ = imported(tenant, "google")
    (choir,) = person.find("Chor")
    person.change(choir, subject="Chorprobe")
    assert person.event(person.occurrence(choir, date(2026, 3, 19)))["subject"] == "Chorprobe"


# -- Thunderbird ----------------------------------------------------------------------------------


def test_thunderbirds_calendar_comes_in_and_what_graph_cannot_hold_is_reported(
    tenant: Tenant,
) -> None:
    person, refused = imported(tenant, "thunderbird")
    eastern = "Eastern Standard Time"
    assert starts(person, "Call", eastern) == [
        f"2026-{day}T09:00" for day in ("03-02", "06-01", "09-07", "12-07")
    ]
    assert only(person, "Call")["recurrence"]["range"]["endDate"] == "2027-03-01"
    assert starts(person, "Letzter des Monats")[:3] == [
        "2026-01-31T00:00",
        "2026-02-28T00:00",
        "2026-03-31T00:00",
    ]
    assert only(person, "Schwebend")["start"]["dateTime"] == "2026-03-05T12:00:00.0000000"
    assert only(person, "Einmal auf dem Mars", "UTC")["start"]["dateTime"][11:16] == "08:43"
    assert starts(person, "Quartal") == [
        f"2026-{month}-15T00:00" for month in ("01", "04", "07", "10")
    ]
    assert starts(person, "Letzter Werktag")[4] == "2026-05-29T00:00"
    assert set(refused) == {
        "Zusatztage",
        "Stündlich",
        "Freitag der 13.",
        "Falscher Beginn",
        "Ab jetzt",
        "Über den Nachbarn",
        "Auf dem Mars",
    }
    assert "RDATE" in refused["Zusatztage"]
    assert "HOURLY" in refused["Stündlich"]
    assert "overlapping adjacent" in refused["Über den Nachbarn"]
    assert "Mars" in refused["Auf dem Mars"]
    assert person.find("Über den Nachbarn") == []


@pytest.mark.parametrize("name", ["outlook", "google", "thunderbird"])
def test_what_was_imported_and_then_deleted_does_not_come_back(tenant: Tenant, name: str) -> None:
    person, refused = imported(tenant, name)
    first, *others = [event["id"] for event in person.events()]
    person.delete(str(first))
    _, again = imported(tenant, name)
    assert [event["id"] for event in person.events()] == others
    assert set(refused) <= set(again)


def test_a_file_that_is_no_calendar_is_refused(tenant: Tenant, tmp_path: Path) -> None:
    path = tmp_path / "x.ics"
    with pytest.raises(ConfigurationRefused, match=r"x\.ics"):
        tenant.import_ics("anna.berger", path)
    path.write_text("nonsense")
    with pytest.raises(ConfigurationRefused, match=r"x\.ics"):
        tenant.import_ics("anna.berger", path)


# -- rules (GRAPH.md 3.3) ----------------------------------------------------------------------


def mapped(rule: str, start: date) -> dict[str, Any]:
    parts = {
        name: value.split(",")
        for name, _, value in (part.partition("=") for part in rule.split(";"))
    }
    recurrence = recurrence_of_rule(read_rule(parts, None), start, "UTC")
    pattern = recurrence["pattern"]
    assert isinstance(pattern, dict)
    return pattern


@pytest.mark.parametrize(
    ("rule", "start", "pattern"),
    [
        ("FREQ=DAILY;INTERVAL=3", date(2026, 1, 1), {"type": "daily", "interval": 3}),
        (
            "FREQ=WEEKLY;INTERVAL=2;BYDAY=SU,MO;WKST=SU",
            date(2026, 3, 1),
            {
                "type": "weekly",
                "interval": 2,
                "daysOfWeek": ["monday", "sunday"],
                "firstDayOfWeek": "sunday",
            },
        ),
        (
            "FREQ=MONTHLY;BYDAY=MO",
            date(2026, 3, 2),
            {
                "type": "weekly",
                "interval": 1,
                "daysOfWeek": ["monday"],
                "firstDayOfWeek": "monday",
            },
        ),
        (
            "FREQ=MONTHLY;BYMONTHDAY=28,29,30,31;BYSETPOS=-1",
            date(2026, 1, 31),
            {"interval": 1, "type": "absoluteMonthly", "dayOfMonth": 31},
        ),
        (
            "FREQ=MONTHLY;BYMONTHDAY=31;COUNT=1",
            date(2026, 1, 31),
            {"interval": 1, "type": "absoluteMonthly", "dayOfMonth": 31},
        ),
        (
            "FREQ=YEARLY;INTERVAL=2;BYMONTH=11;BYDAY=4TH",
            date(2026, 11, 26),
            {
                "interval": 2,
                "month": 11,
                "type": "relativeYearly",
                "daysOfWeek": ["thursday"],
                "index": "fourth",
            },
        ),
    ],
)
def test_rules_are_mapped(rule: str, start: date, pattern: dict[str, Any]) -> None:
    assert mapped(rule, start) == pattern


@pytest.mark.parametrize(
    ("rule", "start"),
    [
        ("FREQ=DAILY;INTERVAL=2;BYDAY=MO", date(2026, 3, 2)),
        ("FREQ=DAILY;BYMONTH=3", date(2026, 3, 2)),
        ("FREQ=WEEKLY;BYDAY=MO;BYHOUR=9", date(2026, 3, 2)),
        ("FREQ=WEEKLY;BYDAY=MO,TU;BYSETPOS=1", date(2026, 3, 2)),
        ("FREQ=MONTHLY;BYDAY=5MO", date(2026, 3, 30)),
        ("FREQ=MONTHLY;BYDAY=-2FR", date(2026, 3, 20)),
        ("FREQ=MONTHLY;BYDAY=1MO,3MO", date(2026, 3, 2)),
        ("FREQ=MONTHLY;BYDAY=1MO,1WE", date(2026, 3, 2)),
        ("FREQ=MONTHLY;BYMONTHDAY=1,15", date(2026, 3, 1)),
        ("FREQ=MONTHLY;BYMONTHDAY=-2", date(2026, 3, 30)),
        ("FREQ=MONTHLY;BYMONTHDAY=30", date(2026, 1, 30)),
        ("FREQ=MONTHLY;INTERVAL=2;BYDAY=MO", date(2026, 3, 2)),
        ("FREQ=MONTHLY;BYDAY=MO,TU;BYSETPOS=1,2", date(2026, 3, 2)),
        ("FREQ=YEARLY;BYMONTH=2;BYMONTHDAY=29", date(2028, 2, 29)),
        ("FREQ=YEARLY;BYMONTH=1,2;BYMONTHDAY=1", date(2026, 1, 1)),
        ("FREQ=YEARLY;BYDAY=20MO", date(2026, 5, 18)),
        ("FREQ=YEARLY;BYWEEKNO=1", date(2026, 1, 1)),
        ("FREQ=YEARLY;BYYEARDAY=1", date(2026, 1, 1)),
        ("FREQ=WEEKLY;BYDAY=XX", date(2026, 3, 2)),
    ],
)
def test_rules_without_counterpart_are_refused_with_a_reason(rule: str, start: date) -> None:
    with pytest.raises(NotHeld) as refused:
        mapped(rule, start)
    assert str(refused.value.reason)


@st.composite
def rules(draw: st.DrawFn) -> tuple[dict[str, list[object]], date]:
    start = draw(st.dates(date(2024, 1, 1), date(2027, 12, 31)))
    codes = ["MO", "TU", "WE", "TH", "FR", "SA", "SU"]
    parts: dict[str, list[object]] = {
        "FREQ": [draw(st.sampled_from(["DAILY", "WEEKLY", "MONTHLY", "YEARLY"]))],
        "INTERVAL": [draw(st.integers(1, 4))],
        "WKST": [draw(st.sampled_from(codes))],
    }
    if draw(st.booleans()):
        ordinal = draw(st.sampled_from(["", "", "1", "3", "-1", "5"]))
        days = draw(st.lists(st.sampled_from(codes), min_size=1, max_size=3, unique=True))
        parts["BYDAY"] = [f"{ordinal}{day}" for day in days]
    elif draw(st.booleans()):
        parts["BYMONTHDAY"] = [draw(st.sampled_from([start.day, -1, 31]))]
    if draw(st.booleans()):
        parts["BYMONTH"] = [start.month]
    if draw(st.booleans()):
        parts["COUNT"] = [draw(st.integers(1, 30))]
    return parts, start


@settings(max_examples=150, deadline=None)
@given(rules())
def test_what_is_mapped_happens_on_the_rules_days(
    given_rule: tuple[dict[str, list[object]], date],
) -> None:
    parts, start = given_rule
    rule = read_rule(parts, None)
    try:
        recurrence = read_recurrence(recurrence_of_rule(rule, start, "UTC"), "UTC")
    except NotHeld:
        return
    assert recurrence is not None
    got = days_between(aligned(recurrence), start, date.max)
    assert list(islice(got, 40)) == list(islice(days_of_rule(rule, start), 40))
