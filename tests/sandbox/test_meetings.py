"""Meetings: copies, mail, answers (GRAPH.md 4.4, 4.5)."""

from datetime import date, datetime
from typing import Any

import pytest

from calsync_agent.sandbox.people import Person
from tests.sandbox.client import Client, Event, hour, refusal

START = datetime(2026, 3, 2, 9)
END = datetime(2026, 3, 2, 10)
WEEKLY = {
    "pattern": {"type": "weekly", "interval": 1, "daysOfWeek": ["monday"]},
    "range": {"type": "numbered", "numberOfOccurrences": 4},
}


@pytest.fixture
def bernd(graph: Client) -> Person:
    return graph.tenant.user("bernd.huber")


@pytest.fixture
def clara(graph: Client) -> Person:
    return graph.tenant.add_mailbox("clara.doppler", "Clara Doppler", "cd@contoso.example")


def invited(*addresses: str) -> list[dict[str, Any]]:
    return [{"emailAddress": {"address": address}, "type": "required"} for address in addresses]


def meeting(graph: Client, *guests: Person | str, **more: object) -> Event:
    names = [guest if isinstance(guest, str) else guest.upn for guest in guests]
    return graph.create(attendees=invited(*names), **more)


def only(person: Person) -> Event:
    (event,) = person.events()
    return event


def answers(event: Event) -> dict[str, str]:
    return {
        each["emailAddress"]["address"]: each["status"]["response"] for each in event["attendees"]
    }


def mails(graph: Client) -> list[tuple[str, str]]:
    """Kind and recipient of the mail since the last look."""
    found = [(mail.kind, mail.recipient.partition("@")[0]) for mail in graph.tenant.outbox]
    graph.tenant.clear_outbox()
    return found


# -- copies ---------------------------------------------------------------------------------------


def test_an_invitation_puts_a_copy_into_the_attendees_mailbox(graph: Client, bernd: Person) -> None:
    made = meeting(graph, bernd, body={"contentType": "text", "content": "Agenda"}, showAs="oof")
    copy = only(bernd)
    assert copy["id"] != made["id"]
    assert copy["iCalUId"] == made["iCalUId"]
    assert (copy["isOrganizer"], made["isOrganizer"]) == (False, True)
    assert copy["organizer"]["emailAddress"]["address"] == graph.person.upn
    assert copy["responseStatus"]["response"] == "notResponded"
    assert made["responseStatus"]["response"] == "organizer"
    assert (copy["subject"], copy["bodyPreview"]) == ("Besprechung", "Agenda\r\n")
    assert copy["showAs"] == "tentative"
    assert answers(made) == {bernd.upn: "none"}
    assert [item["id"] for item in graph.of(bernd.upn).round().items] == [copy["id"]]


def test_attendees_are_known_by_any_of_their_addresses_and_case(
    graph: Client, clara: Person
) -> None:
    meeting(graph, "CD@contoso.example")
    assert only(clara)["subject"] == "Besprechung"
    clara.respond(only(clara)["id"], "accepted")
    assert answers(only(graph.person)) == {"CD@contoso.example": "accepted"}


def test_updates_reach_the_copies_and_leave_what_is_their_own(graph: Client, bernd: Person) -> None:
    made = meeting(graph, bernd)
    copy = only(bernd)["id"]
    bernd.respond(copy, "accepted")
    bernd.change(copy, reminderMinutesBeforeStart=60, categories=["Rot"], subject="meins")
    graph.patch(made["id"], {"location": {"displayName": "Zimmer 5"}, "sensitivity": "private"})
    shown = bernd.event(copy)
    assert (shown["subject"], shown["location"]["displayName"]) == ("Besprechung", "Zimmer 5")
    assert (shown["reminderMinutesBeforeStart"], shown["categories"]) == (60, ["Rot"])
    assert (shown["showAs"], shown["sensitivity"]) == ("busy", "normal")
    assert shown["responseStatus"]["response"] == "accepted"


def test_a_change_of_a_copy_changes_only_that_copy(graph: Client, bernd: Person) -> None:
    made = meeting(graph, bernd)
    mails(graph)
    client = graph.of(bernd.upn)
    assert client.patch(only(bernd)["id"], {"subject": "meins", **hour(at=11)}).status_code == 200
    assert graph.event(made["id"])["subject"] == "Besprechung"
    assert mails(graph) == []


def test_a_cancelled_meeting_stays_in_the_copies_marked_as_cancelled(
    graph: Client, bernd: Person
) -> None:
    made = meeting(graph, bernd, subject="Treffen")
    assert graph.act(made["id"], "cancel", comment="leider").status_code == 202
    assert graph.person.events() == []
    copy = only(bernd)
    assert copy["isCancelled"] is True
    assert (copy["subject"], copy["showAs"]) == ("Canceled: Treffen", "free")
    bernd.delete(copy["id"])
    assert bernd.events() == []
    assert mails(graph) == [("invitation", "bernd.huber"), ("cancellation", "bernd.huber")]


def test_deleting_a_copy_tells_nobody(graph: Client, bernd: Person) -> None:
    made = meeting(graph, bernd)
    mails(graph)
    assert graph.of(bernd.upn).delete(only(bernd)["id"]).status_code == 204
    assert mails(graph) == []
    assert answers(graph.event(made["id"])) == {bernd.upn: "none"}


def test_only_the_organizer_can_cancel(graph: Client, bernd: Person) -> None:
    meeting(graph, bernd)
    answer = graph.of(bernd.upn).act(only(bernd)["id"], "cancel")
    assert answer.status_code == 400
    assert "organizer" in answer.json()["error"]["message"]


def test_hidden_attendees_see_only_themselves(graph: Client, bernd: Person, clara: Person) -> None:
    meeting(graph, bernd, clara, hideAttendees=True)
    assert list(answers(only(bernd))) == [bernd.upn]
    assert list(answers(only(clara))) == [clara.upn]


# -- mail -----------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "change",
    [
        {"subject": "neu"},
        {"body": {"contentType": "text", "content": "neu"}},
        {"location": {"displayName": "neu"}},
        hour(at=11),
        {"isAllDay": False},
        {"recurrence": None},
    ],
)
def test_these_changes_mail_everybody(graph: Client, bernd: Person, change: dict[str, Any]) -> None:
    made = meeting(graph, bernd, "x@elsewhere.example")
    assert mails(graph) == [("invitation", "bernd.huber"), ("invitation", "x")]
    graph.patch(made["id"], change)
    assert mails(graph) == [("update", "bernd.huber"), ("update", "x")]


@pytest.mark.parametrize(
    "change",
    [
        {"showAs": "free"},
        {"sensitivity": "private"},
        {"importance": "high"},
        {"categories": ["Rot"]},
        {"reminderMinutesBeforeStart": 5},
        {"isReminderOn": False},
        {
            "singleValueExtendedProperties": [
                {"id": "String {66f5a359-4659-4830-9070-00047ec6ac6e} Name x", "value": "1"}
            ]
        },
    ],
)
def test_these_changes_mail_nobody(graph: Client, bernd: Person, change: dict[str, Any]) -> None:
    made = meeting(graph, bernd, "x@elsewhere.example")
    mails(graph)
    assert graph.patch(made["id"], change).status_code == 200
    assert mails(graph) == []


def test_changed_attendees_mail_only_who_came_and_who_went(
    graph: Client, bernd: Person, clara: Person
) -> None:
    made = meeting(graph, bernd, "x@elsewhere.example")
    bernd.respond(only(bernd)["id"], "accepted")
    mails(graph)
    changed = graph.patch(made["id"], {"attendees": invited(bernd.upn, clara.upn)}).json()
    assert mails(graph) == [("cancellation", "x"), ("invitation", "clara.doppler")]
    assert answers(changed) == {bernd.upn: "accepted", clara.upn: "none"}
    graph.patch(made["id"], {"attendees": invited(clara.upn)})
    assert mails(graph) == [("cancellation", "bernd.huber")]
    assert only(bernd)["isCancelled"] is True
    graph.patch(made["id"], {"attendees": invited(clara.upn, bernd.upn)})
    again = only(bernd)
    assert (again["isCancelled"], again["subject"]) == (False, "Besprechung")


def test_an_appointment_without_attendees_mails_nobody(graph: Client) -> None:
    made = graph.create()
    graph.patch(made["id"], {"subject": "neu"})
    graph.delete(made["id"])
    assert mails(graph) == []


def test_deleting_by_the_organizer_mails_cancellations(graph: Client, bernd: Person) -> None:
    made = meeting(graph, bernd)
    mails(graph)
    graph.delete(made["id"])
    assert mails(graph) == [("cancellation", "bernd.huber")]


def test_mail_is_known_to_stay_inside_or_go_out(graph: Client, bernd: Person) -> None:
    meeting(graph, bernd, "liste@contoso.example", "x@elsewhere.example")
    assert [mail.inside for mail in graph.tenant.outbox] == [True, True, False]


def test_odd_attendees_are_kept(graph: Client) -> None:
    odd = [
        {"emailAddress": {"name": "Ohne Adresse"}},
        {"emailAddress": {"name": "Alt", "address": "/O=CONTOSO/CN=RECIPIENTS/CN=ALT"}},
    ]
    made = graph.create(attendees=odd)
    kept = [each["emailAddress"]["address"] for each in made["attendees"]]
    assert kept == [None, "/O=CONTOSO/CN=RECIPIENTS/CN=ALT"]
    assert len(graph.tenant.outbox) == 1


# -- answers --------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("action", "response", "shown"),
    [("accept", "accepted", "busy"), ("tentativelyAccept", "tentativelyAccepted", "tentative")],
)
def test_an_answer_reaches_the_organizer(
    graph: Client, bernd: Person, action: str, response: str, shown: str
) -> None:
    made = meeting(graph, bernd)
    mails(graph)
    client = graph.of(bernd.upn)
    link = graph.round().link
    copy = only(bernd)["id"]
    assert client.act(copy, action, comment="ja", sendResponse=True).status_code == 202
    assert (bernd.event(copy)["responseStatus"]["response"], bernd.event(copy)["showAs"]) == (
        response,
        shown,
    )
    assert answers(graph.event(made["id"])) == {bernd.upn: response}
    assert mails(graph) == [("response", "anna.berger")]
    assert [item["id"] for item in graph.round(link).items] == [made["id"]]


def test_an_answer_without_sending_stays_with_the_attendee(graph: Client, bernd: Person) -> None:
    made = meeting(graph, bernd)
    mails(graph)
    bernd.respond(only(bernd)["id"], "accepted", send=False)
    assert only(bernd)["responseStatus"]["response"] == "accepted"
    assert answers(graph.event(made["id"])) == {bernd.upn: "none"}
    assert mails(graph) == []


def test_declining_removes_the_copy(graph: Client, bernd: Person) -> None:
    made = meeting(graph, bernd)
    client = graph.of(bernd.upn)
    assert client.act(only(bernd)["id"], "decline", sendResponse=True).status_code == 202
    assert bernd.events() == []
    assert answers(graph.event(made["id"])) == {bernd.upn: "declined"}


def test_the_organizer_cannot_answer_nor_anybody_a_cancelled_meeting(
    graph: Client, bernd: Person
) -> None:
    made = meeting(graph, bernd)
    assert refusal(graph.act(made["id"], "accept")) == (400, "ErrorInvalidRequest")
    graph.delete(made["id"])
    answer = graph.of(bernd.upn).act(only(bernd)["id"], "accept")
    assert answer.status_code == 400


def test_another_time_asks_everybody_anew(graph: Client, bernd: Person) -> None:
    made = meeting(graph, bernd)
    bernd.respond(only(bernd)["id"], "accepted")
    graph.patch(made["id"], {"subject": "neu"})
    assert only(bernd)["responseStatus"]["response"] == "accepted"
    graph.patch(made["id"], hour(at=11))
    assert answers(graph.event(made["id"])) == {bernd.upn: "none"}
    assert only(bernd)["responseStatus"]["response"] == "notResponded"
    graph.tenant.settings.answers_reset = False
    bernd.respond(only(bernd)["id"], "accepted")
    graph.patch(made["id"], hour(at=12))
    assert answers(graph.event(made["id"])) == {bernd.upn: "accepted"}


def test_somebody_outside_invites_and_hears_the_answer(graph: Client, bernd: Person) -> None:
    eve = graph.tenant.outsider("eve@elsewhere.example", "Eve")
    made = eve.create("Angebot", START, END, attendees=[bernd.upn, graph.person.upn])
    copy = only(bernd)
    assert copy["organizer"]["emailAddress"] == {"name": "Eve", "address": "eve@elsewhere.example"}
    assert copy["iCalUId"] == only(graph.person)["iCalUId"]
    bernd.respond(copy["id"], "accepted")
    assert answers(eve.event(made))[bernd.upn] == "accepted"
    assert mails(graph)[-1] == ("response", "eve")
    eve.delete(made)
    assert only(bernd)["isCancelled"] is True
    assert refusal(graph.get("/users/eve@elsewhere.example/events")) == (404, "ErrorInvalidUser")


# -- series ---------------------------------------------------------------------------------------


def weekly(graph: Client, *guests: Person) -> str:
    return graph.person.create(
        "Serie", START, END, recurrence=WEEKLY, attendees=[guest.upn for guest in guests]
    )


def copied(person: Person, day: date) -> Event:
    return person.event(person.occurrence(str(only(person)["id"]), day))


def test_a_series_and_its_changed_days_reach_the_copies(graph: Client, bernd: Person) -> None:
    made = weekly(graph, bernd)
    second = graph.person.occurrence(made, date(2026, 3, 9))
    graph.person.change(second, subject="anders")
    copy = copied(bernd, date(2026, 3, 9))
    assert (copy["subject"], copy["type"]) == ("anders", "exception")
    assert copy["iCalUId"] == graph.person.event(second)["iCalUId"]
    assert [mail.day for mail in graph.tenant.outbox] == [None, date(2026, 3, 9)]


def test_a_change_of_the_series_mails_once_and_once_per_changed_day(
    graph: Client, bernd: Person
) -> None:
    made = weekly(graph, bernd)
    for day in (9, 16):
        graph.person.change(graph.person.occurrence(made, date(2026, 3, day)), subject="anders")
    mails(graph)
    graph.patch(made, {"location": {"displayName": "Zimmer 5"}})
    assert mails(graph) == [("update", "bernd.huber")] * 3
    assert copied(bernd, date(2026, 3, 9))["location"]["displayName"] == "Zimmer 5"
    assert copied(bernd, date(2026, 3, 9))["subject"] == "anders"


def test_a_cancelled_day_is_marked_in_the_copies(graph: Client, bernd: Person) -> None:
    made = weekly(graph, bernd)
    mails(graph)
    graph.delete(graph.person.occurrence(made, date(2026, 3, 9)))
    copy = copied(bernd, date(2026, 3, 9))
    assert (copy["isCancelled"], copy["subject"]) == (True, "Canceled: Serie")
    assert mails(graph) == [("cancellation", "bernd.huber")]
    assert only(bernd)["isCancelled"] is False


def test_one_day_can_be_answered_by_itself(graph: Client, bernd: Person) -> None:
    made = weekly(graph, bernd)
    day = date(2026, 3, 9)
    series = str(only(bernd)["id"])
    bernd.respond(series, "accepted")
    bernd.respond(bernd.occurrence(series, day), "declined")
    assert len(bernd.view(datetime(2026, 3, 1), datetime(2026, 4, 1))) == 3
    second = graph.person.event(graph.person.occurrence(made, day))
    assert (second["type"], answers(second)) == ("exception", {bernd.upn: "declined"})
    assert answers(graph.event(made)) == {bernd.upn: "accepted"}


def test_a_guest_of_one_day_gets_that_day_only(graph: Client, bernd: Person, clara: Person) -> None:
    made = weekly(graph, bernd)
    day = date(2026, 3, 9)
    second = graph.person.occurrence(made, day)
    mails(graph)
    graph.person.change(second, attendees=[bernd.upn, clara.upn])
    assert mails(graph) == [("invitation", "clara.doppler")]
    copy = only(clara)
    assert (copy["type"], copy["iCalUId"]) == (
        "singleInstance",
        graph.person.event(second)["iCalUId"],
    )
    clara.respond(str(copy["id"]), "accepted")
    assert answers(graph.person.event(second))[clara.upn] == "accepted"
    graph.person.change(second, attendees=[bernd.upn])
    assert only(clara)["isCancelled"] is True


def test_a_guest_left_out_of_one_day_loses_that_day_only(graph: Client, bernd: Person) -> None:
    made = weekly(graph, bernd)
    second = graph.person.occurrence(made, date(2026, 3, 9))
    graph.person.change(second, attendees=[])
    assert copied(bernd, date(2026, 3, 9))["isCancelled"] is True
    assert copied(bernd, date(2026, 3, 16))["isCancelled"] is False


def test_a_moved_series_is_moved_in_the_copies(graph: Client, bernd: Person) -> None:
    made = weekly(graph, bernd)
    later = START.replace(hour=15)
    graph.person.change(made, start=later, end=later.replace(hour=16))
    starts = {
        str(event["start"]) for event in bernd.view(datetime(2026, 3, 1), datetime(2026, 3, 20))
    }
    assert len(starts) == 3
    assert only(bernd)["start"] == graph.person.event(made)["start"]


def test_a_guest_who_deleted_a_copy_gets_it_again_with_the_next_update(
    graph: Client, bernd: Person
) -> None:
    made = meeting(graph, bernd)
    bernd.delete(str(only(bernd)["id"]))
    graph.patch(made["id"], {"subject": "neu"})
    assert only(bernd)["subject"] == "neu"
