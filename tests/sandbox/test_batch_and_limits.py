"""`$batch` and Exchange's limits (GRAPH.md 7, 8)."""

from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest

from calsync_agent.sandbox.faults import Rule
from tests.sandbox.client import Client, hour, refusal

JSON = {"Content-Type": "application/json"}


def step(id_: str, method: str, url: str, **more: Any) -> dict[str, Any]:
    return {"id": id_, "method": method, "url": url, **more}


def create(graph: Client, id_: str, subject: str, **more: Any) -> dict[str, Any]:
    body = {"subject": subject, **hour()}
    return step(id_, "POST", graph.path("/events"), headers=JSON, body=body, **more)


def test_a_batch_answers_each_call_for_itself(graph: Client) -> None:
    steps = [create(graph, str(n), f"Nr. {n}") for n in range(10)]
    steps += [
        step("x", "GET", "users/nobody/events"),
        step("y", "GET", graph.path("/events?$top=50")),
    ]
    answer = graph.call("POST", "/$batch", {"requests": steps}).json()["responses"]
    assert [each["id"] for each in answer] != [each["id"] for each in steps]
    found = {each["id"]: each for each in answer}
    assert {found[str(n)]["status"] for n in range(10)} == {201}
    assert found["x"]["status"] == 404
    assert found["x"]["body"]["error"]["code"] == "ErrorInvalidUser"
    assert len(found["y"]["body"]["value"]) == 10
    assert found["1"]["headers"]["Content-Type"] == "application/json"
    assert graph.tenant.counters.http == 1
    assert graph.tenant.counters.calls == 12


def test_preferences_belong_to_each_call(graph: Client) -> None:
    made = graph.create()["id"]
    prefer = {"Prefer": 'IdType="ImmutableId"'}
    found = graph.batch(
        step("a", "GET", graph.path("/events"), headers=prefer),
        step("b", "GET", graph.path("/events")),
    )
    assert found["a"]["body"]["value"][0]["id"] == made
    assert found["b"]["body"]["value"][0]["id"] != made


def test_links_in_a_batch_are_absolute(graph: Client) -> None:
    for n in range(2):
        graph.create(f"Nr. {n}")
    found = graph.batch(step("a", "GET", graph.path("/events?$top=1")))
    assert found["a"]["body"]["@odata.nextLink"].startswith(graph.server.graph_url + "/users/")


@pytest.mark.parametrize(
    "steps",
    [
        [],
        [step(str(n), "GET", "/users") for n in range(21)],
        [step("a", "GET", "/users"), step("A", "GET", "/users")],
        [step("a", "GET", "https://graph.microsoft.com/v1.0/users")],
        [step("a", "POST", "/users/x/events", body={})],
        [step("", "GET", "/users")],
        [{"id": "a", "url": "/users"}],
        [step("a", "FETCH", "/users")],
        [step("a", "GET", "/users", dependsOn=["b"])],
        [step("a", "GET", "/users", extra=1)],
    ],
)
def test_a_malformed_batch_is_refused_as_a_whole(graph: Client, steps: list[Any]) -> None:
    assert graph.call("POST", "/$batch", {"requests": steps}).status_code == 400


def test_what_depends_on_a_failure_fails_and_is_not_done(graph: Client) -> None:
    found = graph.batch(
        step("a", "GET", "/users/nobody/events"),
        create(graph, "b", "nicht", dependsOn=["a"]),
        create(graph, "c", "doch"),
        create(graph, "d", "auch", dependsOn=["c"]),
    )
    assert {id_: each["status"] for id_, each in found.items()} == {
        "a": 404,
        "b": 424,
        "c": 201,
        "d": 201,
    }
    assert len(graph.person.events()) == 2


def test_an_action_needs_a_body_even_without_parameters(graph: Client) -> None:
    made = graph.create()["id"]
    url = graph.path(f"/events/{made}/cancel")
    prefer = {"Prefer": graph.prefer, **JSON}
    assert graph.batch(step("a", "POST", url, headers=prefer))["a"]["status"] == 400
    assert graph.batch(step("a", "POST", url, headers=prefer, body={}))["a"]["status"] == 202


def at_once(graph: Client, number: int) -> list[Any]:
    with ThreadPoolExecutor(number) as pool:
        return list(pool.map(lambda _: graph.get("/events"), range(number)))


def test_more_than_four_at_once_for_a_mailbox_are_throttled(graph: Client) -> None:
    graph.tenant.settings.latency = 0.2
    answers = at_once(graph, 6)
    statuses = sorted(answer.status_code for answer in answers)
    assert statuses == [200, 200, 200, 200, 429, 429]
    throttled = next(answer for answer in answers if answer.status_code == 429)
    assert refusal(throttled) == (429, "ApplicationThrottled")
    assert set(throttled.json()["error"]) == {"code", "message"}
    assert throttled.headers["retry-after"] == "1"
    counters = graph.tenant.counters
    assert counters.at_once[graph.person.id] == 5
    assert counters.throttled == 2


def test_throttling_can_come_as_503_and_without_retry_after(graph: Client) -> None:
    settings = graph.tenant.settings
    settings.latency, settings.throttle_status, settings.retry_after = 0.2, 503, None
    throttled = [answer for answer in at_once(graph, 6) if answer.status_code == 503]
    assert len(throttled) == 2
    assert "retry-after" not in throttled[0].headers


def test_a_batch_runs_four_calls_at_a_time_and_is_not_throttled_by_itself(graph: Client) -> None:
    graph.tenant.settings.latency = 0.02
    found = graph.batch(*(step(str(n), "GET", graph.path("/events")) for n in range(20)))
    assert {each["status"] for each in found.values()} == {200}
    assert graph.tenant.counters.at_once[graph.person.id] == 4


def test_a_mailbox_takes_so_many_requests_in_ten_minutes(graph: Client) -> None:
    graph.tenant.settings.mailbox_requests = 3
    steps = [step(str(n), "GET", graph.path("/events")) for n in range(5)]
    bernd = step("b", "GET", f"/users/{graph.tenant.user('bernd.huber').id}/events")
    found = graph.batch(*steps, bernd)
    assert [found[str(n)]["status"] for n in range(5)] == [200, 200, 200, 429, 429]
    assert found["b"]["status"] == 200
    assert 0 < int(found["4"]["headers"]["Retry-After"]) <= 600
    graph.tenant.clock.advance(600)
    assert graph.get("/events").status_code == 200


def test_one_call_of_a_batch_can_be_throttled_alone(graph: Client) -> None:
    rule = Rule(
        action="status",
        status=429,
        code="ApplicationThrottled",
        path="/events$",
        nth=2,
        retry_after=7,
    )
    graph.tenant.fault(rule)
    found = graph.batch(*(create(graph, str(n), f"Nr. {n}") for n in range(3)))
    assert sorted(each["status"] for each in found.values()) == [201, 201, 429]
    (throttled,) = (each for each in found.values() if each["status"] == 429)
    assert throttled["headers"]["Retry-After"] == "7"
    assert len(graph.person.events()) == 2
