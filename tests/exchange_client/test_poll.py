"""`Graph.poll`: many mailboxes, few requests, and none that waits for another (A4, A5)."""

import asyncio
from collections.abc import Mapping

import pytest

from calsync_agent.exchange.client import Graph
from calsync_agent.exchange.health import QUICK
from calsync_agent.exchange.poll import Polled
from calsync_agent.exchange.requests import Answer, Request
from calsync_agent.exchange.troubles import (
    GraphTrouble,
)
from tests.exchange_client.fake import (
    HOST,
    FakeGraph,
    Says,
    client,
    delta,
    links,
    now,
    ok,
)

pytestmark = pytest.mark.anyio


async def polled(
    graph: Graph, requests: Mapping[str, Request]
) -> tuple[Mapping[str, Polled], dict[str, float]]:
    """The results, and when each was known."""
    known: dict[str, float] = {}

    def listener(mailbox: str, _result: Polled) -> None:
        known[mailbox] = now()

    results = await graph.poll(requests, listener=listener)
    assert known.keys() == results.keys()
    return results, known


@pytest.mark.parametrize(("count", "calls"), [(0, 0), (1, 1), (20, 1), (21, 2), (41, 3), (400, 20)])
async def test_a5_n_mailboxes_take_a_twentieth_as_many_requests(
    server: FakeGraph, count: int, calls: int
) -> None:
    graph = client(server)
    for _ in range(3):
        server.calls.clear()
        results = await graph.poll(links(count))
        assert len(server.calls) == calls
        assert len(ok(results)) == len(results) == count


async def test_a5_one_mailbox_is_a_plain_get(server: FakeGraph) -> None:
    await client(server).poll(links(1))
    assert [(call.method, str(call.url)) for call in server.calls] == [
        ("GET", HOST + delta("user0"))
    ]
    assert "odata.maxpagesize=100" in server.calls[0].headers["Prefer"]


async def test_a5_each_mailbox_gets_its_own_answer(server: FakeGraph) -> None:
    results = await client(server).poll(links(45))
    for user, result in results.items():
        assert isinstance(result, Answer)
        assert result.body == {"path": delta(user)}


async def test_a4_a_slow_mailbox_leaves_the_common_batch_and_comes_back(
    server: FakeGraph,
) -> None:
    graph = client(server)
    server.says(delta("user7"), Says(after=40))
    results, known = await polled(graph, links(20))
    # The batch is given up after its limit; then all are asked alone, and only the slow one waits.
    assert len(ok(results)) == 20
    assert {at for user, at in known.items() if user != "user7"} == {15.0}
    assert known["user7"] == 55.0

    server.calls.clear()
    begun = now()
    results, known = await polled(graph, links(20))
    assert len(server.calls) == 2  # nineteen together, the slow one alone
    assert {at - begun for user, at in known.items() if user != "user7"} == {0.0}
    assert known["user7"] == begun + 40

    server.says(delta("user7"), Says(after=QUICK / 2))
    await graph.poll(links(20))
    server.calls.clear()
    assert len(ok(await graph.poll(links(20)))) == 20
    assert len(server.calls) == 1  # well again


async def test_a4_a_throttled_mailbox_is_not_asked_before_its_time(server: FakeGraph) -> None:
    graph = client(server)
    server.says(delta("user3"), Says.error(429, "ApplicationThrottled", retry_after="30"), Says())
    results, known = await polled(graph, links(20))
    trouble = results["user3"]
    assert isinstance(trouble, GraphTrouble)
    assert trouble.retry_after == pytest.approx(30.5)
    assert len(ok(results)) == 19
    assert set(known.values()) == {0.0}

    await asyncio.sleep(29)
    server.calls.clear()
    results = await graph.poll(links(20))
    resting = results["user3"]
    assert isinstance(resting, GraphTrouble)
    assert resting.retry_after == pytest.approx(1.5)
    assert len(server.calls) == 1
    assert server.sent(delta("user3")) == 1

    await asyncio.sleep(2)
    server.calls.clear()
    assert len(ok(await graph.poll(links(20)))) == 20
    assert len(server.calls) == 2  # once alone,
    server.calls.clear()
    await graph.poll(links(20))
    assert len(server.calls) == 1  # then with the others


async def test_a4_a_failing_mailbox_is_asked_less_and_less_often(server: FakeGraph) -> None:
    graph = client(server)
    server.says(delta("user1"), Says.error(500, "ErrorInternalServerError"))
    rests = []
    for _ in range(12):
        results = await graph.poll(links(3))
        trouble = results["user1"]
        assert isinstance(trouble, GraphTrouble)
        assert trouble.retry_after is not None
        rests.append(trouble.retry_after)
        await asyncio.sleep(trouble.retry_after)
        assert len(ok(results)) == 2
    assert rests[:4] == [0.75, 1.5, 3.0, 6.0]
    assert max(rests) == 225.0
    assert server.sent(delta("user1")) == 12


async def test_a4_ailing_mailboxes_never_hold_up_the_others(server: FakeGraph) -> None:
    graph = client(server)
    requests = links(80)
    slow = [f"user{number}" for number in range(40)]
    for user in slow:
        server.says(delta(user), Says(after=30))
    await graph.poll(requests)
    begun = now()
    _, known = await polled(graph, requests)
    assert {known[user] - begun for user in known if user not in slow} == {0.0}


async def test_a4_a_mailbox_busy_with_our_own_writes_is_asked_apart(server: FakeGraph) -> None:
    graph = client(server)
    server.says("/users/user4/events/0", Says(after=9))
    gets = [Request("GET", f"/users/user4/events/{number}") for number in (0, 1)]
    sending = asyncio.create_task(graph.send("user4", gets))
    await asyncio.sleep(1)
    results, known = await polled(graph, links(20))
    assert len(ok(results)) == 20
    assert {at for user, at in known.items() if user != "user4"} == {1.0}
    assert known["user4"] == 9.0
    await sending


async def test_a5_a_mailbox_throttled_while_sending_leaves_the_common_batch(
    server: FakeGraph,
) -> None:
    graph = client(server)
    server.says("/users/user4/events", Says.error(503, "ServerBusy", retry_after="60"))
    await graph.send("user4", [Request("POST", "/users/user4/events", {})])
    server.calls.clear()
    results = await graph.poll(links(20))
    assert isinstance(results["user4"], GraphTrouble)
    assert len(server.calls) == 1
    assert server.sent(delta("user4")) == 0


async def test_a4_a_cancelled_poll_gives_its_places_back(server: FakeGraph) -> None:
    graph = client(server, at_once=1)
    server.says(delta("user0"), Says(after=10), Says())
    for seconds in (0, 1):
        polling = asyncio.create_task(graph.poll(links(21)))
        await asyncio.sleep(seconds)
        polling.cancel()
        await asyncio.wait([polling])
    server.calls.clear()
    assert len(ok(await graph.poll(links(21)))) == 21
    assert len(server.calls) == 2
