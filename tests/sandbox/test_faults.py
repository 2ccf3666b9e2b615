"""Faults on demand, and the control endpoint that switches them."""

import json
import threading
from datetime import UTC, datetime
from typing import Any, Literal
from urllib.parse import quote

import httpx
import pytest

from calsync_agent.sandbox.faults import Rule
from tests.sandbox.client import Client, hour, refusal


def control(graph: Client, method: str, path: str, sent: object = None) -> Any:
    answer = graph.http.request(method, f"{graph.server.control_url}/{path}", json=sent)
    assert answer.status_code in {200, 201, 202, 204}, answer.text
    return answer.json() if answer.content else None


@pytest.mark.parametrize(("when", "there"), [("before", 0), ("after", 1)])
def test_a_connection_is_dropped_before_or_after_the_effect(
    graph: Client, when: Literal["before", "after"], there: int
) -> None:
    graph.tenant.fault(Rule(action="drop", when=when, method="POST", path="/events$"))
    with pytest.raises(httpx.RemoteProtocolError):
        graph.post_event()
    assert len(graph.person.events()) == there
    assert graph.post_event().status_code == 201


def test_a_lost_answer_can_be_a_504(graph: Client) -> None:
    rule = Rule(action="status", when="after", status=504, code="UnknownError", method="POST")
    graph.tenant.fault(rule)
    assert refusal(graph.post_event(transactionId="t")) == (504, "UnknownError")
    assert len(graph.person.events()) == 1
    assert graph.post_event(transactionId="t").status_code == 201
    assert len(graph.person.events()) == 1


def test_a_batch_can_be_cut_at_any_of_its_calls_or_as_a_whole(graph: Client) -> None:
    steps = [
        {
            "id": str(n),
            "method": "POST",
            "url": graph.path("/events"),
            "headers": {"Content-Type": "application/json"},
            "body": {"subject": f"Nr. {n}", **hour()},
        }
        for n in range(6)
    ]
    graph.tenant.fault(Rule(action="drop", path=r"^/\$batch$", scope="http", when="after"))
    with pytest.raises(httpx.RemoteProtocolError):
        graph.batch(*steps)
    assert len(graph.person.events()) == 6
    graph.tenant.fault(Rule(action="drop", path="/events$", nth=5))
    with pytest.raises(httpx.RemoteProtocolError):
        graph.batch(*steps)
    assert 10 <= len(graph.person.events()) <= 11


def test_a_rule_acts_on_the_nth_request_that_fits_and_so_many_times(graph: Client) -> None:
    rule = graph.tenant.fault(Rule(action="status", method="GET", path="/events$", nth=2, times=2))
    graph.post_event()
    statuses = [graph.get("/events").status_code for _ in range(5)]
    assert statuses == [200, 503, 503, 200, 200]
    assert (rule.met, rule.acted) == (5, 2)


def test_a_rule_can_be_about_one_mailbox(graph: Client) -> None:
    graph.tenant.fault(Rule(action="status", mailbox=graph.person.upn, times=None))
    assert graph.get("/events").status_code == 503
    assert graph.get(f"/users/{graph.person.id}/events").status_code == 503
    assert graph.get(f"/users/{graph.tenant.user('bernd.huber').upn}/events").status_code == 200
    graph.tenant.clear_faults()
    assert graph.get("/events").status_code == 200


def test_truncated_json_cannot_be_read(graph: Client) -> None:
    graph.create()
    graph.tenant.fault(Rule(action="truncate"))
    answer = graph.get("/events")
    assert answer.status_code == 200
    with pytest.raises(json.JSONDecodeError):
        answer.json()


def test_an_empty_page_hides_what_is_there(graph: Client) -> None:
    graph.create()
    graph.tenant.fault(Rule(action="empty", path="delta"))
    found = graph.round()
    assert found.items == []
    assert len(graph.round().items) == 1


def test_a_hanging_request_is_let_go_on_demand(graph: Client) -> None:
    graph.tenant.fault(Rule(action="hang", method="POST", when="after"))
    outcome: list[object] = []

    def post() -> None:
        try:
            graph.post_event()
        except httpx.RemoteProtocolError as error:
            outcome.append(error)

    waiting = threading.Thread(target=post)
    waiting.start()
    while not graph.tenant.faults.hanging:
        waiting.join(0.01)
    assert len(graph.person.events()) == 1
    assert not outcome
    graph.tenant.faults.release()
    waiting.join()
    assert len(outcome) == 1


def test_the_token_endpoint_fails_on_demand_too(graph: Client) -> None:
    graph.tenant.fault(Rule(action="status", scope="http", path="oauth2/v2.0/token"))
    good = {"client_id": graph.server.client_id, "client_secret": graph.server.client_secret}
    assert graph.token(**good).status_code == 503
    assert graph.token(**good).status_code == 200


# -- control --------------------------------------------------------------------------------------


def test_faults_are_set_and_cleared_over_http(graph: Client) -> None:
    made = control(graph, "POST", "faults", {"action": "status", "path": "/events$", "times": None})
    assert made["status"] == 503
    assert graph.get("/events").status_code == 503
    assert control(graph, "GET", "faults")["value"][0]["acted"] == 1
    control(graph, "DELETE", "faults")
    assert graph.get("/events").status_code == 200
    url = f"{graph.server.control_url}/faults"
    assert graph.http.post(url, json={"action": "explode"}).status_code == 400
    assert graph.http.get(f"{graph.server.control_url}/nonsense").status_code == 404


def test_counters_say_what_was_asked(graph: Client) -> None:
    made = graph.create()["id"]
    graph.patch(made, {"subject": "neu"})
    graph.round()
    counted = control(graph, "GET", "counters")
    assert counted["kinds"] == {
        "POST /users/{user}/events": 1,
        "PATCH /users/{user}/events/{event}": 1,
        "GET /users/{user}/calendarView/delta": 1,
    }
    assert (counted["http"], counted["calls"], counted["writes"]) == (3, 3, 2)
    assert counted["tokens"] == 1
    assert counted["mailboxes"] == {graph.person.id: 3}
    control(graph, "DELETE", "counters")
    assert control(graph, "GET", "counters")["calls"] == 0


def test_settings_and_the_clock_are_moved_over_http(graph: Client) -> None:
    assert control(graph, "PATCH", "settings", {"duplicate_items": True})["duplicate_items"] is True
    assert graph.tenant.settings.duplicate_items
    url = f"{graph.server.control_url}/settings"
    assert graph.http.patch(url, json={"nonsense": 1}).status_code == 400
    assert graph.http.patch(url, json={"latency": -1}).status_code == 400
    control(graph, "POST", "clock", {"stop": "2026-05-01T10:00:00+00:00"})
    assert control(graph, "POST", "clock", {"advance": 60})["now"] == "2026-05-01T10:01:00+00:00"
    assert graph.tenant.clock.now() == datetime(2026, 5, 1, 10, 1, tzinfo=UTC)
    control(graph, "POST", "clock", {"resume": True})


def test_mailboxes_are_made_and_closed_over_http(graph: Client) -> None:
    made = control(graph, "POST", "mailboxes", {"name": "eva", "aliases": ["e@contoso.example"]})
    assert made["addresses"] == ["eva@contoso.example", "e@contoso.example"]
    assert len(control(graph, "GET", "mailboxes")["value"]) == 4
    control(graph, "PATCH", "mailboxes/eva", {"open": False})
    assert refusal(graph.get("/users/eva@contoso.example/events")) == (403, "ErrorAccessDenied")


def test_a_person_acts_over_http_without_counting_as_the_app(graph: Client) -> None:
    made = control(graph, "POST", "as/bernd.huber/events", {"subject": "von Hand", **hour()})
    assert made["organizer"]["emailAddress"]["name"] == "Bernd Huber"
    assert graph.tenant.counters.calls == 0
    control(graph, "DELETE", f"as/bernd.huber/events/{quote(made['id'], safe='')}")
    assert graph.tenant.user("bernd.huber").events() == []


def test_tokens_and_generations_are_taken_back_over_http(graph: Client) -> None:
    link = graph.round().link
    control(graph, "POST", "delta/forget", {"mailbox": "anna.berger"})
    assert refusal(graph.get(link)) == (410, "SyncStateNotFound")
    control(graph, "POST", "tokens/revoke")
    assert refusal(graph.get("/events")) == (401, "InvalidAuthenticationToken")


def test_the_outbox_is_read_and_emptied_over_http(graph: Client) -> None:
    graph.create(attendees=[{"emailAddress": {"address": "x@elsewhere.example"}}])
    (mail,) = control(graph, "GET", "outbox")["value"]
    assert (mail["to"], mail["kind"], mail["inside"]) == (
        "x@elsewhere.example",
        "invitation",
        False,
    )
    assert mail["cause"] == "app: POST events"
    control(graph, "DELETE", "outbox")
    assert graph.tenant.outbox == []
