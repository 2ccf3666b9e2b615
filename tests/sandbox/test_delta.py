"""calendarView/delta (GRAPH.md 1, 13)."""

from datetime import UTC, date, datetime
from typing import Any
from urllib.parse import quote

import pytest

from tests.sandbox.client import WINDOW, Client, Event, hour, refusal

WEEKLY: dict[str, Any] = {
    "pattern": {
        "type": "weekly",
        "interval": 1,
        "daysOfWeek": ["monday"],
        "firstDayOfWeek": "monday",
    },
    "range": {"type": "numbered", "numberOfOccurrences": 4},
}
MONDAY = datetime(2026, 3, 2, 9)
DELTA = f"/calendarView/delta?{WINDOW}"


def weekly(graph: Client, subject: str = "Serie") -> str:
    return graph.person.create(
        subject, MONDAY, MONDAY.replace(hour=10), recurrence=WEEKLY, attendees=[]
    )


def days(items: list[Event]) -> list[str]:
    return [item["start"]["dateTime"][:10] for item in items if "start" in item]


def test_a_first_round_brings_the_window_in_pages(graph: Client) -> None:
    for n in range(7):
        graph.create(f"Nr. {n}", **hour(day=f"2026-03-0{n + 1}"))
    found = graph.round(size=3)
    assert [len(page) for page in found.pages] == [3, 3, 1]
    assert [item["subject"] for item in found.items] == [f"Nr. {n}" for n in range(7)]
    first = found.items[0]
    assert first["@odata.type"] == "#microsoft.graph.event"
    assert {k: v for k, v in first.items() if k != "@odata.type"} == {
        k: v for k, v in graph.event(first["id"]).items() if k != "@odata.context"
    }


def test_without_a_page_size_ten_come_at_a_time(graph: Client) -> None:
    for n in range(11):
        graph.create(f"Nr. {n}")
    assert len(graph.get(DELTA).json()["value"]) == 10


def test_both_ends_of_the_window_are_mandatory_and_their_names_have_no_case(
    graph: Client,
) -> None:
    graph.create()
    lower = "/calendarview/delta?startdatetime=2026-01-01T00:00:00Z&enddatetime=2027-01-01"
    assert len(graph.get(lower).json()["value"]) == 1
    missing = graph.get("/calendarView/delta?startDateTime=2026-01-01T00:00:00Z")
    assert refusal(missing) == (400, "ErrorInvalidParameter")


def test_the_offset_decides_the_window(graph: Client) -> None:
    graph.create(**hour(at=9))  # 08:00 to 09:00 UTC
    ends = "/calendarView/delta?startDateTime=2026-03-01T00:00:00Z&endDateTime={}"
    at_eight = quote("2026-03-02T09:00:00+01:00")
    assert graph.get(ends.format(at_eight)).json()["value"] == []
    at_nine = quote("2026-03-02T09:00:00-01:00")
    assert len(graph.get(ends.format(at_nine)).json()["value"]) == 1


@pytest.mark.parametrize(
    "form",
    [
        "/calendarView/delta()?",
        "/calendar/calendarView/delta?",
        "/calendarView/microsoft.graph.delta?",
    ],
)
def test_delta_is_called_in_several_forms(graph: Client, form: str) -> None:
    graph.create()
    assert len(graph.get(form + WINDOW).json()["value"]) == 1


def test_the_following_rounds_bring_only_what_changed(graph: Client) -> None:
    kept, changed, deleted = (graph.create(name)["id"] for name in "abc")
    link = graph.round().link
    graph.patch(changed, {"subject": "neu"})
    graph.delete(deleted)
    new = graph.create("d")["id"]
    found = graph.round(link)
    assert [item["id"] for item in found.items] == [changed, deleted, new]
    assert found.items[1] == {
        "@odata.type": "#microsoft.graph.event",
        "id": deleted,
        "@removed": {"reason": "deleted"},
    }
    assert kept not in {item["id"] for item in found.items}
    assert graph.round(found.link).items == []


def test_several_changes_of_one_event_come_as_one(graph: Client) -> None:
    made = graph.create()
    link = graph.round().link
    for n in range(5):
        graph.patch(made["id"], {"subject": f"Nr. {n}"})
    assert [item["subject"] for item in graph.round(link).items] == ["Nr. 4"]


def test_what_happens_outside_the_window_comes_as_a_tombstone(graph: Client) -> None:
    inside = graph.create()["id"]
    link = graph.round().link
    outside = graph.create(**hour(day="2031-03-03"))["id"]
    graph.patch(inside, hour(day="2031-03-04"))
    found = graph.round(link)
    assert found.gone == [outside, inside]
    assert graph.event(inside)["start"]["dateTime"].startswith("2031")
    graph.patch(inside, hour())
    assert [item["id"] for item in graph.round(found.link).items] == [inside]


def test_an_event_moved_to_another_calendar_is_gone_here_and_new_there(graph: Client) -> None:
    made = graph.create()["id"]
    other = graph.person.add_calendar("Privat")
    there = f"/calendars/{quote(other, safe='')}/calendarView/delta?{WINDOW}"
    link, other_link = graph.round().link, graph.get(there).json()["@odata.deltaLink"]
    graph.person.move(made, other)
    assert graph.round(link).gone == [made]
    assert [item["id"] for item in graph.round(other_link).items] == [made]
    graph.person.move(made, graph.person.mailbox.default_calendar)
    back = graph.round(link)
    assert (back.gone, [item["id"] for item in back.items]) == ([], [made])


def test_with_default_ids_a_moved_event_goes_under_its_old_id(graph: Client) -> None:
    made = graph.create()["id"]
    graph.prefer = "x"
    link = graph.round().link
    old = graph.person.default_id(made)
    other = graph.person.add_calendar("Privat")
    graph.person.move(made, other)
    graph.person.move(made, graph.person.mailbox.default_calendar)
    found = graph.round(link)
    assert found.gone == [old]
    assert [item["id"] for item in found.items] == [old, graph.person.default_id(made)]


def test_links_serve_both_forms_of_ids(graph: Client) -> None:
    made = graph.create()["id"]
    link = graph.round().link
    graph.patch(made, {"subject": "neu"})
    graph.prefer = "x"
    assert [item["id"] for item in graph.round(link).items] == [graph.person.default_id(made)]


# -- series ---------------------------------------------------------------------------------------


def test_masters_and_exceptions_come_whole_and_occurrences_bare(graph: Client) -> None:
    series = weekly(graph)
    graph.person.change(graph.person.occurrence(series, date(2026, 3, 9)), subject="verlegt")
    found = graph.round()
    assert found.kinds == ["seriesMaster", "occurrence", "exception", "occurrence", "occurrence"]
    assert days(found.items) == [
        "2026-03-02",
        "2026-03-02",
        "2026-03-09",
        "2026-03-16",
        "2026-03-23",
    ]
    assert set(found.items[1]) == {
        "@odata.type",
        "@odata.etag",
        "id",
        "seriesMasterId",
        "type",
        "start",
        "end",
    }
    exception = found.items[2]
    assert exception["subject"] == "verlegt"
    assert exception["seriesMasterId"] == series
    assert exception["originalStart"] == "2026-03-09T08:00:00Z"
    assert exception["iCalUId"] != found.items[0]["iCalUId"]


def test_the_master_comes_with_its_first_day_even_from_outside_the_window(graph: Client) -> None:
    series = graph.person.create(
        "Geburtstag",
        date(2012, 5, 4),
        date(2012, 5, 5),
        recurrence={
            "pattern": {"type": "absoluteYearly", "interval": 1, "dayOfMonth": 4, "month": 5},
            "range": {"type": "noEnd"},
        },
    )
    found = graph.round()
    assert found.items[0]["id"] == series
    assert days(found.items) == ["2012-05-04", "2026-05-04"]


def test_any_change_to_a_series_brings_it_again_as_a_whole(graph: Client) -> None:
    series = weekly(graph)
    link = graph.round().link
    graph.person.change(graph.person.occurrence(series, date(2026, 3, 9)), showAs="free")
    assert graph.round(link).kinds == [
        "seriesMaster",
        "occurrence",
        "exception",
        "occurrence",
        "occurrence",
    ]


def test_a_cancelled_occurrence_leaves_no_tombstone_unless_that_is_switched_on(
    graph: Client,
) -> None:
    series = weekly(graph)
    gone = graph.person.occurrence(series, date(2026, 3, 9))
    link = graph.round().link
    graph.person.delete(gone)
    found = graph.round(link)
    assert found.kinds == ["seriesMaster", "occurrence", "occurrence", "occurrence"]
    assert days(found.items) == ["2026-03-02", "2026-03-02", "2026-03-16", "2026-03-23"]
    graph.tenant.settings.occurrence_tombstones = True
    assert graph.round(link).gone == [gone]


def test_an_exception_moved_out_of_the_window_comes_as_a_tombstone(graph: Client) -> None:
    narrow = (
        "/calendarView/delta?startDateTime=2026-03-01T00:00:00Z&endDateTime=2026-03-24T00:00:00Z"
    )
    series = weekly(graph)
    link = graph.get(narrow).json()["@odata.deltaLink"]
    last = graph.person.occurrence(series, date(2026, 3, 23))
    later = datetime(2026, 3, 25, 9)
    graph.person.change(last, start=later, end=later.replace(hour=10))
    found = graph.round(link)
    assert found.gone == [last]
    assert days(found.items) == ["2026-03-02", "2026-03-02", "2026-03-09", "2026-03-16"]


def test_a_deleted_series_leaves_one_tombstone(graph: Client) -> None:
    series = weekly(graph)
    link = graph.round().link
    graph.person.delete(series)
    assert graph.round(link).items == [
        {"@odata.type": "#microsoft.graph.event", "id": series, "@removed": {"reason": "deleted"}}
    ]


def test_a_long_series_is_split_over_pages(graph: Client) -> None:
    graph.person.create(
        "täglich",
        MONDAY,
        MONDAY.replace(hour=10),
        recurrence={"pattern": {"type": "daily", "interval": 1}, "range": {"type": "noEnd"}},
    )
    found = graph.round(size=100)
    assert [len(page) for page in found.pages] == [100, 100, 100, 6]
    assert len({item["id"] for item in found.items}) == 306


# -- generations ----------------------------------------------------------------------------------


def test_an_idle_poll_makes_a_fresh_link_but_no_generation(graph: Client) -> None:
    graph.create()
    first = link = graph.round().link
    for _ in range(6):
        found = graph.round(link)
        assert found.items == []
        assert found.link != link
        link = found.link
    assert graph.round(first).items == []


def test_only_the_last_three_generations_are_kept(graph: Client) -> None:
    made = graph.create()["id"]
    links = [graph.round().link]
    for n in range(3):
        graph.patch(made, {"subject": f"Nr. {n}"})
        links.append(graph.round(links[-1]).link)
    assert graph.get(links[1]).status_code == 200
    answer = graph.get(links[0])
    assert refusal(answer) == (410, "SyncStateNotFound")
    assert answer.json()["error"]["message"] == (
        "The sync state generation is not found; generation=1;[highest=4][4][2][3]."
    )


def test_a_link_that_was_used_before_still_brings_everything(graph: Client) -> None:
    made = graph.create()["id"]
    link = graph.round().link
    graph.patch(made, {"subject": "neu"})
    assert [item["subject"] for item in graph.round(link).items] == ["neu"]
    assert [item["subject"] for item in graph.round(link).items] == ["neu"]


def test_next_links_go_stale_as_well(graph: Client) -> None:
    made = [graph.create(f"Nr. {n}")["id"] for n in range(4)]
    page = graph.get(DELTA, Prefer="odata.maxpagesize=2").json()
    for n in range(3):
        graph.patch(made[0], {"subject": f"neu {n}"})
        graph.get(DELTA)
    assert refusal(graph.get(page["@odata.nextLink"])) == (410, "SyncStateNotFound")


def test_generations_can_be_forgotten(graph: Client) -> None:
    link = graph.round().link
    graph.tenant.forget_generations("anna.berger")
    assert refusal(graph.get(link)) == (410, "SyncStateNotFound")
    assert graph.round().items == []


@pytest.mark.parametrize("token", ["garbage", "", "AAAA", "%00%ff"])
def test_garbage_for_a_token_is_a_bad_request(graph: Client, token: str) -> None:
    answer = graph.get(f"/calendarView/delta?$deltatoken={token}")
    assert answer.status_code == 400


def test_a_token_of_another_mailbox_is_refused(graph: Client) -> None:
    link = graph.round().link
    own, other = quote(graph.person.upn, safe=""), graph.tenant.user("bernd.huber").upn
    assert own in link
    assert graph.get(link.replace(own, other)).status_code == 400


# -- options and misbehaviour ---------------------------------------------------------------------


@pytest.mark.parametrize(
    "option", ["$filter=subject eq 'x'", "$orderby=subject", "$expand=calendar", "$search=x"]
)
def test_delta_takes_no_query_options(graph: Client, option: str) -> None:
    answer = graph.get(f"{DELTA}&{quote(option, safe='$=')}")
    assert refusal(answer) == (400, "ErrorInvalidUrlQuery")


def test_select_is_ignored_or_refused(graph: Client) -> None:
    graph.create()
    assert "body" in graph.get(f"{DELTA}&$select=subject").json()["value"][0]
    graph.tenant.settings.delta_select = "refuse"
    assert graph.get(f"{DELTA}&$select=subject").status_code == 400


def test_irregular_pages_are_short_or_empty_and_nothing_is_missing(graph: Client) -> None:
    graph.tenant.settings.irregular_pages = True
    for n in range(60):
        graph.person.create(f"Nr. {n}", MONDAY, MONDAY)
    sizes = set()
    for hour_ in range(8):
        window = f"startDateTime=2026-01-01T0{hour_}:00:00Z&endDateTime=2027-01-01T00:00:00Z"
        first = graph.get(f"/calendarView/delta?{window}", Prefer="odata.maxpagesize=4").json()
        found = graph.round(first["@odata.nextLink"], size=4)
        subjects = [item["subject"] for item in (*first["value"], *found.items)]
        assert subjects == [f"Nr. {n}" for n in range(60)]
        sizes |= {len(page) for page in found.pages}
    assert sizes == {0, 2, 4}


def test_an_idle_poll_is_one_page_however_irregular(graph: Client) -> None:
    graph.tenant.settings.irregular_pages = True
    for n in range(20):
        graph.create(f"Nr. {n}")
        link = graph.round().link
        assert graph.round(link).pages == [[]]


def test_duplicates_come_on_two_pages(graph: Client) -> None:
    graph.tenant.settings.duplicate_items = True
    for n in range(5):
        graph.create(f"Nr. {n}")
    found = graph.round(size=3)
    subjects = [[item["subject"][-1] for item in page] for page in found.pages]
    assert subjects == [["0", "1", "2"], ["2", "3", "4"]]


def test_a_write_is_seen_only_after_the_delay(graph: Client) -> None:
    graph.tenant.settings.visibility_delay = 30
    link = graph.round().link
    made = graph.create()["id"]
    assert graph.round().items == []
    hidden = graph.round(link)
    assert hidden.items == []
    graph.tenant.clock.advance(30)
    assert [item["id"] for item in graph.round(hidden.link).items] == [made]
    assert [item["id"] for item in graph.round().items] == [made]


def test_a_round_is_not_disturbed_by_what_happens_meanwhile(graph: Client) -> None:
    made = [graph.create(f"Nr. {n}")["id"] for n in range(4)]
    page = graph.get(DELTA, Prefer=f"{graph.prefer}, odata.maxpagesize=2").json()
    graph.delete(made[1])
    graph.delete(made[3])
    new = graph.create("neu")["id"]
    rest = graph.round(page["@odata.nextLink"], size=2)
    assert [item["id"] for item in rest.items] == [made[2]]
    following = graph.round(rest.link)
    assert following.gone == [made[1], made[3]]
    assert [item["id"] for item in following.items][-1] == new


def test_times_and_bodies_follow_the_preferences_of_each_page(graph: Client) -> None:
    graph.create(body={"contentType": "text", "content": "eins"}, **hour(at=9))
    prefer = 'outlook.timezone="Tokyo Standard Time", outlook.body-content-type="text"'
    answer = graph.get(DELTA, Prefer=prefer)
    (shown,) = answer.json()["value"]
    assert shown["start"]["dateTime"] == "2026-03-02T17:00:00.0000000"
    assert shown["body"] == {"contentType": "text", "content": "eins\r\n"}
    assert "odata.track-changes" in answer.headers["preference-applied"]


def test_ten_thousand_events_cost_an_idle_poll_nothing(graph: Client) -> None:
    with graph.tenant.lock:
        for n in range(10_000):
            graph.person.create(f"Nr. {n}", MONDAY, MONDAY)
    found = graph.round(size=1000)
    assert len(found.items) == 10_000
    state = next(iter(_calendar(graph).states.values()))
    assert list(state.generations.values()) == [10_000]
    assert graph.round(found.link).items == []


def _calendar(graph: Client) -> Any:
    mailbox = graph.person.mailbox
    return mailbox.calendars[mailbox.default_calendar]


def test_the_clock_can_stand_still(graph: Client) -> None:
    graph.tenant.clock.stop(datetime(2026, 5, 1, tzinfo=UTC))
    made = graph.create()
    assert made["createdDateTime"] == "2026-05-01T00:00:00.0000000Z"
