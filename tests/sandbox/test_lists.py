"""Lists: filters, selections, pages, views."""

from datetime import date, datetime
from urllib.parse import quote

import pytest

from tests.sandbox.client import Client, Event, hour, refusal


def events(graph: Client, query: str) -> list[Event]:
    answer = graph.get(f"/events?{query}")
    assert answer.status_code == 200, answer.text
    found: list[Event] = answer.json()["value"]
    return found


def filtered(graph: Client, condition: str) -> list[str]:
    return [str(event["subject"]) for event in events(graph, f"$filter={quote(condition)}")]


def test_an_event_is_found_by_its_ical_uid(graph: Client) -> None:
    made = graph.create("gesucht")
    graph.create("andere")
    assert filtered(graph, f"iCalUId eq '{made['iCalUId']}'") == ["gesucht"]


def test_filters_combine(graph: Client) -> None:
    graph.create("O'Hara", showAs="free")
    graph.create("Später", **hour(day="2026-04-01"), categories=["Rot"])
    assert filtered(graph, "subject eq 'O''Hara'") == ["O'Hara"]
    assert filtered(graph, "start/dateTime ge '2026-03-15T00:00:00'") == ["Später"]
    assert filtered(graph, "start/dateTime lt '2026-03-15' and showAs eq 'free'") == ["O'Hara"]
    assert filtered(graph, "categories/any(c:c eq 'Rot')") == ["Später"]
    assert filtered(graph, "not (isAllDay eq true) and (showAs ne 'free')") == ["Später"]
    assert filtered(graph, "startswith(subject,'spä') or type eq 'seriesMaster'") == ["Später"]
    assert filtered(graph, "lastModifiedDateTime ge 2100-01-01T00:00:00Z") == []


@pytest.mark.parametrize(
    "condition",
    [
        "transactionId eq 'x'",
        "bodyPreview eq 'x'",
        "subject",
        "subject eq",
        "subject eq 'x' and",
        "subject like 'x'",
        "(subject eq 'x'",
        "isAllDay gt true or subject eq 5 5",
        "singleValueExtendedProperties/any(ep: ep/name eq 'x')",
    ],
)
def test_other_filters_are_refused(graph: Client, condition: str) -> None:
    graph.create()
    assert graph.get(f"/events?$filter={quote(condition)}").status_code == 400


@pytest.mark.parametrize(
    "query",
    [
        "$select=subjekt",
        "$expand=nonsense",
        "$top=0",
        "$top=1001",
        "$top=x",
        "$search=x",
        "$format=json",
        "$orderby=bodyPreview",
        "$top=1&$top=2",
    ],
)
def test_other_query_options_are_refused(graph: Client, query: str) -> None:
    assert graph.get(f"/events?{query}").status_code == 400


def test_a_selection_brings_these_properties_and_the_id(graph: Client) -> None:
    graph.create()
    (event,) = events(graph, "$select=subject,start")
    assert set(event) == {"@odata.etag", "id", "subject", "start"}


def test_a_list_comes_in_pages_with_a_count(graph: Client) -> None:
    for n in range(23):
        graph.create(f"Nr. {n:02}")
    first = graph.get("/events?$count=true").json()
    assert (first["@odata.count"], len(first["value"])) == (23, 10)
    subjects, link = [], "/events?$top=7&$orderby=subject desc"
    while link:
        page = graph.get(link).json()
        subjects += [event["subject"] for event in page["value"]]
        link = page.get("@odata.nextLink")
    assert subjects == [f"Nr. {n:02}" for n in reversed(range(23))]
    sized = graph.get("/events", Prefer="odata.maxpagesize=5").json()
    assert len(sized["value"]) == 5


def test_a_view_shows_what_happens_in_a_window_by_start(graph: Client) -> None:
    graph.create("Zweites", **hour(at=11))
    graph.create("Erstes", **hour(at=8))
    graph.create("Später", **hour(day="2026-03-09"))
    monday = datetime(2026, 2, 23, 10)
    series = graph.person.create(
        "Serie",
        monday,
        monday.replace(hour=11),
        recurrence={
            "pattern": {"type": "weekly", "interval": 1, "daysOfWeek": ["monday"]},
            "range": {"type": "noEnd"},
        },
    )
    view = "/calendarView?startDateTime=2026-03-02T00:00:00Z&endDateTime=2026-03-03T00:00:00Z"
    shown = graph.get(view).json()["value"]
    assert [event["subject"] for event in shown] == ["Erstes", "Serie", "Zweites"]
    assert (shown[1]["type"], shown[1]["seriesMasterId"]) == ("occurrence", series)
    assert shown[1]["occurrenceId"] == f"OID.{series}.2026-03-02"
    (chosen,) = graph.get(f"{view}&$select=createdDateTime,subject&$top=1").json()["value"]
    assert set(chosen) == {"@odata.etag", "id", "subject"}
    assert refusal(graph.get("/calendarView")) == (400, "ErrorInvalidParameter")


def test_events_lists_masters_and_not_their_occurrences(graph: Client) -> None:
    start = datetime(2026, 3, 2, 9)
    series = graph.person.create(
        "Serie",
        start,
        start,
        recurrence={"pattern": {"type": "daily", "interval": 1}, "range": {"type": "noEnd"}},
    )
    graph.person.change(graph.person.occurrence(series, date(2026, 3, 3)), subject="anders")
    assert [event["type"] for event in events(graph, "")] == ["seriesMaster"]
