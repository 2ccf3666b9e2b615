"""Creating, changing, reading and deleting events, as strict as Graph (GRAPH.md 2, 4)."""

import re
from typing import Any
from urllib.parse import quote

import pytest

from calsync_agent.sandbox.faults import Rule
from tests.sandbox.client import ZONE, Client, hour, moment, refusal

PROPERTY = "String {66f5a359-4659-4830-9070-00047ec6ac6e} Name calsync"


def test_an_event_reads_back_as_it_was_written(graph: Client) -> None:
    written = {
        "subject": "Jour fixe 😀",
        "location": {"displayName": "Zimmer 4"},
        "importance": "High",
        "sensitivity": "PRIVATE",
        "showAs": "workingelsewhere",
        "categories": ["Rot", "Blau"],
        "reminderMinutesBeforeStart": 30,
        "isReminderOn": "false",
        "@odata.type": "#microsoft.graph.event",
    }
    made = graph.create(**written)
    read = graph.event(made["id"])
    assert read == made
    assert read["subject"] == "Jour fixe 😀"
    assert read["location"]["displayName"] == "Zimmer 4"
    assert (read["importance"], read["sensitivity"]) == ("high", "private")
    assert (read["showAs"], read["categories"]) == ("workingElsewhere", ["Rot", "Blau"])
    assert (read["reminderMinutesBeforeStart"], read["isReminderOn"]) == (30, False)
    assert read["type"] == "singleInstance"
    assert read["originalStartTimeZone"] == ZONE
    assert read["@odata.etag"] == f'W/"{read["changeKey"]}"'
    assert (read["isOrganizer"], read["responseStatus"]["response"]) == (True, "none")
    assert read["organizer"]["emailAddress"]["address"] == graph.person.upn


def test_a_patch_merges_and_moves_the_change_key(graph: Client) -> None:
    made = graph.create(location={"displayName": "Zimmer 4"})
    answer = graph.patch(made["id"], {"subject": None})
    assert answer.status_code == 200
    changed = answer.json()
    assert changed["subject"] is None
    assert changed["location"]["displayName"] == "Zimmer 4"
    assert changed["changeKey"] != made["changeKey"]
    assert changed["lastModifiedDateTime"] > made["lastModifiedDateTime"]
    assert changed["iCalUId"] == made["iCalUId"]


def test_a_deleted_event_is_not_found_any_more(graph: Client) -> None:
    made = graph.create()
    assert graph.delete(made["id"]).status_code == 204
    assert refusal(graph.delete(made["id"])) == (404, "ErrorItemNotFound")
    other = graph.create()
    assert graph.act(other["id"], "permanentDelete").status_code == 204
    assert refusal(graph.patch(other["id"], {})) == (404, "ErrorItemNotFound")


def test_times_come_out_in_utc_or_the_preferred_zone(graph: Client) -> None:
    made = graph.create(**hour(at=9))
    assert made["start"] == {"dateTime": "2026-03-02T08:00:00.0000000", "timeZone": "UTC"}
    tokyo = graph.event(made["id"], Prefer='outlook.timezone="Tokyo Standard Time"')
    assert tokyo["start"] == {
        "dateTime": "2026-03-02T17:00:00.0000000",
        "timeZone": "Tokyo Standard Time",
    }
    unknown = graph.get("/events", Prefer='outlook.timezone="Nowhere"')
    assert refusal(unknown) == (400, "TimeZoneNotSupportedException")


@pytest.mark.parametrize(
    ("zone", "accepted"),
    [
        ("W. Europe Standard Time", True),
        ("w. europe standard time", True),
        ("UTC", True),
        ("Europe/Berlin", True),
        ("Europe/Vienna", False),
        ("Europe/Nowhere", False),
        ("tzone://Microsoft/Custom", False),
        ("Customized Time Zone", False),
    ],
)
def test_windows_names_and_the_documented_iana_names_are_known(
    graph: Client, zone: str, *, accepted: bool
) -> None:
    answer = graph.post_event(**hour(zone=zone))
    if accepted:
        assert answer.json()["originalStartTimeZone"] == zone
    else:
        assert refusal(answer) == (400, "TimeZoneNotSupportedException")


@pytest.mark.parametrize(
    "wrong",
    [
        {"subjekt": "x"},
        {"Subject": "x"},
        {"start": {"dateTime": "2026-03-02T09:00:00", "zone": "UTC"}},
        {"showAs": "away"},
        {"importance": 1},
        {"isAllDay": "perhaps"},
        {"categories": "Rot"},
        {"reminderMinutesBeforeStart": "15"},
        {"subject": 5},
        {"subject": "x" * 256},
        {"subject": "😀" * 128},
        {"start": moment("2026-03-02")},
        {"start": moment("02.03.2026 09:00")},
        {"start": moment("2026-02-30T09:00:00")},
        {"start": moment("0001-01-01T00:00:00")},
        {"start": None},
        {"end": moment("2026-03-02T08:00:00")},
        {"singleValueExtendedProperties": [{"id": "calsync", "value": "x"}]},
        {"attendees": [{"emailAddress": {"address": "x@y.example"}, "type": "boss"}]},
        {"attendees": [{"emailAddress": {"address": f"a{n}@y.example"}} for n in range(501)]},
    ],
)
def test_what_graph_refuses_is_refused(graph: Client, wrong: dict[str, Any]) -> None:
    made = graph.create()
    whole = {**hour(), **wrong}
    if wrong != {"start": moment("2026-03-02")}:  # a date alone is midnight
        assert graph.call("POST", "/events", whole).status_code == 400
        assert graph.patch(made["id"], wrong).status_code == 400
        assert graph.event(made["id"]) == made
    assert len(graph.get("/events").json()["value"]) == 1


def test_a_subject_of_255_utf_16_units_fits(graph: Client) -> None:
    assert graph.post_event("😀" * 127 + "x").status_code == 201


def test_a_body_that_is_no_json_is_refused(graph: Client) -> None:
    answer = graph.http.post(
        f"{graph.server.graph_url}{graph.path('/events')}",
        content=b"{",
        headers={"Content-Type": "application/json"},
    )
    assert answer.status_code == 400


def test_read_only_properties_are_ignored(graph: Client) -> None:
    made = graph.create(iCalUId="mine", organizer={"emailAddress": {"address": "x@y.example"}})
    assert made["iCalUId"] != "mine"
    assert made["organizer"]["emailAddress"]["address"] == graph.person.upn


def test_a_location_wipes_the_other_locations_and_several_are_joined(graph: Client) -> None:
    made = graph.create(locations=[{"displayName": "Zimmer 1"}, {"displayName": "Zimmer 2"}])
    assert made["location"]["displayName"] == "Zimmer 1; Zimmer 2"
    changed = graph.patch(made["id"], {"location": {"displayName": "Zimmer 3"}}).json()
    assert [place["displayName"] for place in changed["locations"]] == ["Zimmer 3"]


# -- all-day (GRAPH.md 2.4) -------------------------------------------------------------------


def all_day(first: str, after: str, zone: str = ZONE) -> dict[str, Any]:
    return {
        "isAllDay": True,
        "start": moment(f"{first}T00:00:00", zone),
        "end": moment(f"{after}T00:00:00", zone),
    }


@pytest.mark.parametrize(
    "wrong",
    [
        all_day("2026-03-02", "2026-03-02"),
        {**all_day("2026-03-02", "2026-03-03"), "start": moment("2026-03-02T01:00:00")},
        {**all_day("2026-03-02", "2026-03-03"), "end": moment("2026-03-03T00:00:00", "UTC")},
    ],
)
def test_all_day_means_midnight_to_midnight_in_one_zone(
    graph: Client, wrong: dict[str, Any]
) -> None:
    assert refusal(graph.post_event(**wrong)) == (400, "ErrorInvalidRequest")


@pytest.mark.parametrize("zone", ["UTC", "Tokyo Standard Time", "Hawaiian Standard Time"])
def test_all_day_events_read_midnight_in_every_zone(graph: Client, zone: str) -> None:
    made = graph.create(**all_day("2026-03-02", "2026-03-04"))
    shown = graph.event(made["id"], Prefer=f'outlook.timezone="{zone}"')
    assert shown["start"] == {"dateTime": "2026-03-02T00:00:00.0000000", "timeZone": zone}
    assert shown["end"]["dateTime"] == "2026-03-04T00:00:00.0000000"


def test_all_day_events_meet_a_window_by_their_hidden_local_midnight(graph: Client) -> None:
    graph.create("Tokio", **all_day("2026-03-02", "2026-03-03", "Tokyo Standard Time"))
    view = "/calendarView?startDateTime={}&endDateTime={}"
    eve = view.format("2026-03-01T15:30:00Z", "2026-03-01T16:00:00Z")
    evening = view.format("2026-03-02T15:30:00Z", "2026-03-02T23:00:00Z")
    assert len(graph.get(eve).json()["value"]) == 1
    assert graph.get(evening).json()["value"] == []


def test_an_event_turns_all_day_only_with_fitting_times(graph: Client) -> None:
    made = graph.create()
    assert graph.patch(made["id"], {"isAllDay": True}).status_code == 400
    fitting = graph.patch(made["id"], all_day("2026-03-02", "2026-03-03"))
    assert fitting.json()["isAllDay"] is True


# -- transactionId, etags, extended properties ----------------------------------------------------


def test_a_repeated_create_answers_the_event_there_is(graph: Client) -> None:
    first = graph.post_event(transactionId="t1")
    again = graph.post_event(transactionId="t1")
    assert (first.status_code, again.status_code) == (201, 201)
    assert first.json()["id"] == again.json()["id"]
    assert first.json()["transactionId"] == "t1"
    assert len(graph.get("/events").json()["value"]) == 1


def test_a_used_transaction_id_refuses_other_content(graph: Client) -> None:
    made = graph.create(transactionId="t1")
    other = {"transactionId": "t1", "subject": "anders"}
    assert refusal(graph.post_event(**other)) == (409, "ErrorDuplicateTransactionId")
    graph.tenant.settings.reused_transaction = "return"
    assert graph.create(**other)["id"] == made["id"]
    graph.tenant.settings.reused_transaction = "create"
    assert graph.create(**other)["id"] != made["id"]


def test_a_transaction_id_is_free_again_after_deletion_and_never_changes(graph: Client) -> None:
    made = graph.create(transactionId="t1")
    assert graph.patch(made["id"], {"transactionId": "t2"}).status_code == 400
    graph.delete(made["id"])
    assert graph.create(transactionId="t1")["id"] != made["id"]


def test_if_match_lets_only_the_known_version_be_changed(graph: Client) -> None:
    made = graph.create()
    stale = made["@odata.etag"]
    graph.patch(made["id"], {"subject": "neu"}, If_Match=stale)
    for answer in (
        graph.patch(made["id"], {"subject": "neuer"}, If_Match=stale),
        graph.delete(made["id"], If_Match=stale),
    ):
        assert refusal(answer) == (412, "ErrorIrresolvableConflict")
    assert graph.event(made["id"])["subject"] == "neu"
    assert graph.delete(made["id"], If_Match="*").status_code == 204


def test_the_server_touches_a_new_event_once_more_by_itself(graph: Client) -> None:
    graph.tenant.settings.stamp_delay = 2
    made = graph.create()
    link = graph.round().link
    graph.tenant.clock.advance(2)
    stamped = graph.event(made["id"])
    assert stamped["changeKey"] != made["changeKey"]
    assert {name for name in made if made[name] != stamped[name]} == {
        "@odata.etag",
        "changeKey",
        "lastModifiedDateTime",
    }
    assert [item["id"] for item in graph.round(link).items] == [made["id"]]


def test_extended_properties_are_kept_found_and_shown_only_when_asked_for(graph: Client) -> None:
    made = graph.create(singleValueExtendedProperties=[{"id": PROPERTY, "value": "42"}])
    graph.create("andere", singleValueExtendedProperties=[{"id": PROPERTY, "value": "43"}])
    assert "singleValueExtendedProperties" not in graph.event(made["id"])
    expand = quote(f"singleValueExtendedProperties($filter=id eq '{PROPERTY}')")
    shown = graph.event(made["id"], f"?$expand={expand}&$select=subject")
    assert shown["singleValueExtendedProperties"] == [{"id": PROPERTY, "value": "42"}]
    condition = quote(
        f"singleValueExtendedProperties/Any(ep: ep/id eq '{PROPERTY}' and ep/value eq '42')"
    )
    found = graph.get(f"/events?$filter={condition}&$expand={expand}").json()["value"]
    assert [event["id"] for event in found] == [made["id"]]
    graph.patch(made["id"], {"singleValueExtendedProperties": [{"id": PROPERTY, "value": "44"}]})
    again = graph.event(made["id"], f"?$expand={expand}")
    assert again["singleValueExtendedProperties"] == [{"id": PROPERTY, "value": "44"}]
    bare = graph.get("/events?$expand=singleValueExtendedProperties")
    assert bare.status_code == 400


# -- ids (GRAPH.md 5) --------------------------------------------------------------------------


def test_default_ids_change_with_a_move_and_immutable_ones_do_not(graph: Client) -> None:
    made = graph.create()
    default = graph.event(made["id"], Prefer="x")["id"]
    assert default != made["id"]
    assert graph.event(default)["id"] == made["id"]
    graph.person.move(made["id"], graph.person.add_calendar("Privat"))
    assert graph.event(made["id"])["subject"] == "Besprechung"
    assert refusal(graph.get(f"/events/{quote(default, safe='')}")) == (404, "ErrorItemNotFound")
    moved = graph.get(f"/events/{quote(made['id'], safe='')}/calendar").json()
    assert moved["name"] == "Privat"


def test_ids_are_long_case_sensitive_and_safe_in_a_url(graph: Client) -> None:
    made = graph.create()
    default = graph.event(made["id"], Prefer="x")["id"]
    for id_ in (default, made["id"]):
        assert 140 <= len(id_) <= 160
        assert re.fullmatch("[A-Za-z0-9_-]+=?", id_)
        assert {"-", "_"} <= set(id_)
    assert default.endswith("=")
    plain = default.replace("-", "+").replace("_", "/")
    for wrong in (made["id"].swapcase(), "AAMk", made["id"][:-1], default + "A", plain):
        answer = graph.get(f"/events/{quote(wrong, safe='')}")
        assert refusal(answer) == (400, "ErrorInvalidIdMalformed")
    assert graph.get(f"/events/{default}").status_code == 200


def test_b3_a_mailbox_that_moves_to_another_server_has_new_ids_and_the_same_events(
    graph: Client,
) -> None:
    transaction = "11111111-2222-3333-4444-555555555555"
    made = graph.create("Termin", transactionId=transaction)
    link = graph.round().link
    graph.tenant.relocate("anna.berger")
    assert refusal(graph.get(f"/events/{made['id']}")) == (404, "ErrorItemNotFound")
    assert refusal(graph.get(link)) == (410, "SyncStateNotFound")
    (there,) = graph.round().items
    assert there["id"] != made["id"]
    kept = ("subject", "iCalUId", "transactionId")
    assert [there[name] for name in kept] == [made[name] for name in kept]


def test_b3_an_event_from_the_wastebasket_is_gone_and_there_under_a_new_id(graph: Client) -> None:
    made = graph.create("Termin")
    link = graph.round().link
    id_ = graph.person.bring_back(made["id"])
    first, second = graph.round(link).items
    assert first["id"] == made["id"]
    assert "@removed" in first
    assert second["id"] == id_ != made["id"]
    assert second["iCalUId"] == made["iCalUId"]


def test_an_id_is_worth_nothing_in_another_mailbox(graph: Client) -> None:
    made = graph.create()
    bernd = graph.tenant.user("bernd.huber").id
    answer = graph.get(f"/users/{bernd}/events/{quote(made['id'], safe='')}")
    assert refusal(answer) == (404, "ErrorItemNotFound")


def test_the_same_seed_and_history_give_the_same_ids(graph: Client) -> None:
    first = graph.create()
    from_scratch = type(graph.tenant)().with_default_people()
    person = from_scratch.user("anna.berger")
    start = graph.tenant.clock.now().replace(tzinfo=None)
    assert person.create("x", start, start) == first["id"]


def test_transient_conflicts_can_be_provoked(graph: Client) -> None:
    made = graph.create()
    conflict = "ErrorIrresolvableConflict"
    graph.tenant.fault(Rule(action="status", method="PATCH", status=412, code=conflict))
    assert refusal(graph.patch(made["id"], {"subject": "x"})) == (412, conflict)
    assert graph.patch(made["id"], {"subject": "x"}).status_code == 200
