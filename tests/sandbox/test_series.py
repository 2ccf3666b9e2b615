"""Series over HTTP: patterns, exceptions, cancelled days, changes in place (GRAPH.md 3)."""

from datetime import date, datetime
from typing import Any
from urllib.parse import quote

import pytest

from tests.sandbox.client import ZONE, Client, Event, hour, moment, refusal

DAYS = "?$select=subject,exceptionOccurrences,cancelledOccurrences&$expand=exceptionOccurrences"
YEAR = "startDateTime=2026-01-01T00:00:00Z&endDateTime=2027-01-01T00:00:00Z"
MONDAYS = {
    "type": "weekly",
    "interval": 1,
    "daysOfWeek": ["Monday"],
    "firstDayOfWeek": "monday",
}


def mondays(number: int = 4, start: str = "2026-03-02") -> dict[str, Any]:
    span = {"type": "numbered", "startDate": start, "numberOfOccurrences": number}
    return {"pattern": MONDAYS, "range": span}


def series(graph: Client, **more: object) -> Event:
    return graph.create("Serie", **{**hour(), "recurrence": mondays(), **more})


def instances(graph: Client, series_id: str, zone: str = ZONE) -> list[Event]:
    path = f"/events/{quote(series_id, safe='')}/instances?{YEAR}&$top=100"
    answer = graph.get(path, Prefer=f'{graph.prefer}, outlook.timezone="{zone}"')
    assert answer.status_code == 200, answer.text
    found: list[Event] = answer.json()["value"]
    return found


def starts(graph: Client, series_id: str) -> list[str]:
    return [each["start"]["dateTime"][:16] for each in instances(graph, series_id)]


def test_a_series_keeps_its_clock_time_over_both_changes_of_summer_time(graph: Client) -> None:
    made = series(graph, recurrence=mondays(36))
    assert (made["type"], made["seriesMasterId"]) == ("seriesMaster", None)
    assert {start[11:] for start in starts(graph, made["id"])} == {"09:00"}
    in_utc = {each["start"]["dateTime"][11:16] for each in instances(graph, made["id"], "UTC")}
    assert in_utc == {"07:00", "08:00"}


def test_a_series_in_utc_shifts_with_summer_time(graph: Client) -> None:
    made = graph.create(**{**hour(zone="UTC"), "recurrence": mondays(10)})
    assert {start[11:] for start in starts(graph, made["id"])} == {"10:00", "11:00"}


def test_a_recurrence_reads_back_with_neutral_values(graph: Client) -> None:
    made = series(graph)
    assert made["recurrence"] == {
        "pattern": {
            "type": "weekly",
            "interval": 1,
            "month": 0,
            "dayOfMonth": 0,
            "daysOfWeek": ["monday"],
            "firstDayOfWeek": "monday",
            "index": "first",
        },
        "range": {
            "type": "numbered",
            "startDate": "2026-03-02",
            "endDate": "0001-01-01",
            "recurrenceTimeZone": ZONE,
            "numberOfOccurrences": 4,
        },
    }


def test_the_start_date_must_be_the_date_of_the_start(graph: Client) -> None:
    wrong = graph.post_event(**hour(), recurrence=mondays(start="2026-03-09"))
    assert refusal(wrong) == (400, "ErrorInvalidRequest")


def test_a_series_begins_on_its_first_match(graph: Client) -> None:
    made = graph.create(**hour(day="2026-03-04"), recurrence=mondays(start="2026-03-04"))
    assert made["start"]["dateTime"].startswith("2026-03-09")
    assert made["recurrence"]["range"]["startDate"] == "2026-03-09"
    assert len(starts(graph, made["id"])) == 4


def test_occurrences_may_not_be_longer_than_their_distance(graph: Client) -> None:
    wrong = graph.post_event(
        start=moment("2026-03-02T09:00:00"),
        end=moment("2026-03-09T10:00:00"),
        recurrence=mondays(),
    )
    assert refusal(wrong) == (400, "ErrorOccurrenceTimeSpanTooBig")


def test_all_day_series_keep_their_dates(graph: Client) -> None:
    made = graph.create(
        isAllDay=True,
        start=moment("2026-03-02T00:00:00"),
        end=moment("2026-03-03T00:00:00"),
        recurrence=mondays(6),
    )
    shown = instances(graph, made["id"], "Hawaiian Standard Time")
    assert [each["start"]["dateTime"][:16] for each in shown] == [
        f"2026-{day}T00:00" for day in ("03-02", "03-09", "03-16", "03-23", "03-30", "04-06")
    ]


def test_instances_need_a_series_and_a_window(graph: Client) -> None:
    single = graph.create()["id"]
    assert graph.get(f"/events/{single}/instances?{YEAR}").status_code == 400
    made = series(graph)["id"]
    assert graph.get(f"/events/{made}/instances").status_code == 400


# -- exceptions -----------------------------------------------------------------------------------


def test_a_changed_occurrence_is_an_exception_under_the_same_id(graph: Client) -> None:
    made = series(graph)
    occurrence = instances(graph, made["id"])[1]
    assert occurrence["type"] == "occurrence"
    changed = graph.patch(occurrence["id"], {"subject": "verlegt", **hour(day="2026-03-10", at=14)})
    shown = changed.json()
    assert (changed.status_code, shown["type"], shown["id"]) == (200, "exception", occurrence["id"])
    assert shown["seriesMasterId"] == made["id"]
    assert shown["originalStart"] == "2026-03-09T08:00:00Z"
    assert shown["iCalUId"] == occurrence["iCalUId"] != made["iCalUId"]
    assert starts(graph, made["id"])[1] == "2026-03-10T14:00"


def test_the_days_of_a_series_are_read_from_its_master(graph: Client) -> None:
    made = series(graph)
    second, third = instances(graph, made["id"])[1:3]
    graph.patch(second["id"], {"subject": "anders"})
    assert graph.delete(third["id"]).status_code == 204
    master = graph.event(made["id"], DAYS)
    assert master["cancelledOccurrences"] == [f"OID.{made['id']}.2026-03-16"]
    (exception,) = master["exceptionOccurrences"]
    assert set(exception) == {"@odata.etag", "id", "subject"}
    assert exception["subject"] == "anders"
    assert "cancelledOccurrences" not in graph.event(made["id"])
    assert refusal(graph.delete(third["id"])) == (404, "ErrorItemNotFound")
    graph.tenant.settings.empty_series_arrays = True
    master = graph.event(made["id"], DAYS)
    assert (master["cancelledOccurrences"], master["exceptionOccurrences"]) == ([], [])


@pytest.mark.parametrize(
    ("day", "at", "fits"),
    [
        ("2026-03-03", 9, True),
        ("2026-03-15", 9, True),
        ("2026-03-02", 12, False),
        ("2026-03-01", 9, False),
        ("2026-03-16", 7, False),
        ("2026-03-17", 9, False),
    ],
)
def test_an_occurrence_may_not_reach_the_day_of_a_neighbour(
    graph: Client, day: str, at: int, *, fits: bool
) -> None:
    made = series(graph)
    second = instances(graph, made["id"])[1]
    answer = graph.patch(second["id"], hour(day=day, at=at))
    if fits:
        assert answer.status_code == 200
    else:
        assert refusal(answer) == (400, "ErrorOccurrenceCrossingBoundary")


def test_an_occurrence_may_not_grow_over_its_neighbour(graph: Client) -> None:
    made = series(graph)
    second = instances(graph, made["id"])[1]
    long = graph.patch(second["id"], {"end": moment("2026-03-16T09:30:00")})
    assert refusal(long) == (400, "ErrorOccurrenceCrossingBoundary")


def test_a_cancelled_neighbour_is_no_boundary(graph: Client) -> None:
    made = series(graph)
    _, second, third, _ = instances(graph, made["id"])
    graph.delete(third["id"])
    assert graph.patch(second["id"], hour(day="2026-03-17")).status_code == 200


def test_an_occurrence_has_no_recurrence_of_its_own(graph: Client) -> None:
    made = series(graph)
    second = instances(graph, made["id"])[1]
    assert graph.patch(second["id"], {"recurrence": mondays()}).status_code == 400


def test_words_of_the_series_reach_what_does_not_own_them(graph: Client) -> None:
    made = series(graph)
    second, third = instances(graph, made["id"])[1:3]
    graph.patch(second["id"], {"subject": "eigen"})
    graph.patch(third["id"], {"location": {"displayName": "anderswo"}})
    graph.patch(made["id"], {"subject": "neu"})
    shown = instances(graph, made["id"])
    assert [each["subject"] for each in shown] == ["neu", "eigen", "neu", "neu"]
    assert shown[2]["location"]["displayName"] == "anderswo"


# -- changes of the whole -------------------------------------------------------------------------


def with_days(graph: Client) -> Event:
    made = series(graph, recurrence=mondays(6))
    second, third = instances(graph, made["id"])[1:3]
    graph.patch(second["id"], {"subject": "eigen"})
    graph.delete(third["id"])
    return made


SHIFTED = {
    **hour(day="2026-03-03", at=10),
    "recurrence": {
        "pattern": {**MONDAYS, "daysOfWeek": ["tuesday"]},
        "range": {"type": "numbered", "startDate": "2026-03-03", "numberOfOccurrences": 6},
    },
}


@pytest.mark.parametrize(
    "change",
    [
        hour(at=10),
        {"end": moment("2026-03-02T11:00:00")},
        {"recurrence": {**mondays(6), "pattern": {**MONDAYS, "interval": 2}}},
        SHIFTED,
    ],
)
def test_another_time_or_pattern_discards_exceptions_and_cancelled_days(
    graph: Client, change: dict[str, Any]
) -> None:
    made = with_days(graph)
    assert graph.patch(made["id"], change).status_code == 200
    shown = instances(graph, made["id"])
    assert {each["subject"] for each in shown} == {"Serie"}
    assert len(shown) == 6


def test_that_can_be_switched_off(graph: Client) -> None:
    graph.tenant.settings.series_changed = "keep"
    made = with_days(graph)
    graph.patch(made["id"], hour(at=10))
    shown = instances(graph, made["id"])
    assert [each["subject"] for each in shown] == ["Serie", "eigen", "Serie", "Serie", "Serie"]
    assert {each["start"]["dateTime"][11:16] for each in shown} == {"10:00"}
    graph.patch(made["id"], SHIFTED)
    assert {each["subject"] for each in instances(graph, made["id"])} == {"Serie"}


@pytest.mark.parametrize(
    "change",
    [
        {"subject": "neu"},
        {"showAs": "free"},
        {**hour(), "recurrence": mondays(6)},
        {"recurrence": mondays(5)},
        {"recurrence": {**mondays(), "range": {"type": "noEnd", "startDate": "2026-03-02"}}},
    ],
)
def test_words_and_the_end_of_the_series_leave_the_days_alone(
    graph: Client, change: dict[str, Any]
) -> None:
    made = with_days(graph)
    assert graph.patch(made["id"], change).status_code == 200
    shown = instances(graph, made["id"])
    assert shown[1]["subject"] == "eigen"
    assert shown[2]["originalStart"] == "2026-03-23T08:00:00Z"


def test_a_shorter_series_drops_the_days_behind_its_end(graph: Client) -> None:
    made = with_days(graph)
    graph.patch(made["id"], {"recurrence": mondays(1)})
    master = graph.event(made["id"], DAYS)
    assert (master["cancelledOccurrences"], master["exceptionOccurrences"]) == ([], [])


def test_a_series_cannot_be_moved_without_its_start_date(graph: Client) -> None:
    made = series(graph)
    answer = graph.patch(made["id"], hour(day="2026-03-03"))
    assert refusal(answer) == (400, "ErrorInvalidRequest")
    occurrence = instances(graph, made["id"])[1]
    stale = {**hour(day="2026-03-03"), "recurrence": mondays()}
    assert graph.patch(made["id"], stale).status_code == 400
    assert graph.event(occurrence["id"])["subject"] == "Serie"


def test_a_single_event_becomes_a_series_in_place_and_back(graph: Client) -> None:
    single = graph.create()
    made = graph.patch(single["id"], {"recurrence": mondays()}).json()
    assert (made["id"], made["iCalUId"]) == (single["id"], single["iCalUId"])
    assert made["type"] == "seriesMaster"
    occurrence = instances(graph, made["id"])[2]["id"]
    back = graph.patch(made["id"], {"recurrence": None}).json()
    assert (back["type"], back["recurrence"]) == ("singleInstance", None)
    assert graph.get(f"/events/{quote(occurrence, safe='')}").status_code == 404


def test_deleting_the_master_deletes_the_series(graph: Client) -> None:
    made = series(graph)
    occurrence = instances(graph, made["id"])[1]["id"]
    assert graph.delete(made["id"]).status_code == 204
    assert graph.get(f"/events/{quote(occurrence, safe='')}").status_code == 404


def test_default_ids_of_occurrences_follow_their_series(graph: Client) -> None:
    made = series(graph)["id"]
    occurrence = graph.person.occurrence(made, date(2026, 3, 9))
    before = graph.person.default_id(occurrence)
    graph.person.move(made, graph.person.add_calendar("Privat"))
    assert graph.person.default_id(occurrence) != before
    assert graph.event(occurrence)["seriesMasterId"] == made


def test_a_person_moves_a_series_as_outlook_does(graph: Client) -> None:
    made = series(graph)["id"]
    tuesday = datetime(2026, 3, 3, 11)
    pattern = {**MONDAYS, "daysOfWeek": ["tuesday"]}
    graph.person.change(
        made,
        start=tuesday,
        end=tuesday.replace(hour=12),
        recurrence={"pattern": pattern, "range": {"type": "noEnd"}},
    )
    assert starts(graph, made)[:2] == ["2026-03-03T11:00", "2026-03-10T11:00"]
    graph.person.change(made, start=tuesday.replace(hour=15), end=tuesday.replace(hour=16))
    assert starts(graph, made)[:2] == ["2026-03-03T15:00", "2026-03-10T15:00"]


def test_another_zone_of_the_recurrence_keeps_that_zones_clock(graph: Client) -> None:
    recurrence = mondays(10)
    recurrence["range"]["recurrenceTimeZone"] = "Eastern Standard Time"
    made = graph.create(**{**hour(at=18), "recurrence": recurrence})
    # 12:00 in New York, whose summer time begins three weeks earlier.
    times = [start[11:] for start in starts(graph, made["id"])]
    assert times == ["18:00"] + ["17:00"] * 3 + ["18:00"] * 6


def test_a_person_splits_a_series_as_outlook_does(graph: Client) -> None:
    made = series(graph, recurrence=mondays(6), location={"displayName": "Zimmer 4"})["id"]
    rest = graph.person.split(made, date(2026, 3, 23))
    assert starts(graph, made) == [f"2026-03-{day}T09:00" for day in ("02", "09", "16")]
    assert starts(graph, rest) == [f"2026-{day}T09:00" for day in ("03-23", "03-30", "04-06")]
    shown = graph.event(rest)
    assert shown["location"]["displayName"] == "Zimmer 4"
    assert shown["iCalUId"] != graph.event(made)["iCalUId"]
    assert shown["recurrence"]["range"]["numberOfOccurrences"] == 3
