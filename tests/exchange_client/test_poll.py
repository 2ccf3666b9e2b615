"""`Graph.poll`: many mailboxes, few requests, and none that waits for another (A4, A5)."""

import asyncio
from collections.abc import Mapping

import pytest

from calsync_agent.errors import MailboxTrouble
from calsync_agent.exchange.transport.client import Graph
from calsync_agent.exchange.transport.health import QUICK
from calsync_agent.exchange.transport.poll import Answered
from calsync_agent.exchange.transport.requests import Answer, Request
from tests.exchange_client.fake import (
    HOST,
    FakeGraph,
    Says,
    VirtualLoop,
    client,
    delta,
    links,
    now,
    ok,
)

pytestmark = pytest.mark.anyio


async def polled(
    graph: Graph, requests: Mapping[str, Request]
) -> tuple[Mapping[str, Answered], dict[str, float]]:
    """The results, and when each was known."""
    known: dict[str, float] = {}

    def listener(mailbox: str, _result: Answered) -> None:
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


INTERVAL = 5


async def interval(graph: Graph, requests: Mapping[str, Request]) -> Mapping[str, Answered]:
    """The results of a poll, after which the rest of the interval has passed."""
    begun = now()
    results = await graph.poll(requests)
    assert now() - begun < INTERVAL
    await asyncio.sleep(begun + INTERVAL - now())
    return results


def least(count: int) -> int:
    """The HTTP requests of a poll of which all are well."""
    return -(-count // 20)


@pytest.mark.parametrize("count", [2, 3, 5, 20, 21, 45])
@pytest.mark.parametrize("slow", [1, 2])
async def test_a4_when_one_does_not_answer_the_others_are_asked_without_it(
    server: FakeGraph, count: int, slow: int
) -> None:
    graph = client(server)
    for number in range(slow):
        server.says(delta(f"user{number * (count - 1)}"), Says(after=10_000))
    hung = {f"user{number * (count - 1)}" for number in range(slow)}
    waited_for: set[str] = set()
    for _ in range(9):
        server.calls.clear()
        results = await interval(graph, links(count))
        assert len(server.calls) <= least(count) + 2
        waited_for = results.keys() - set(ok(results))
        # Who is well is never said to be in trouble.
        assert {user for user in waited_for if isinstance(results[user], MailboxTrouble)} <= hung
    assert waited_for == hung
    server.calls.clear()
    assert results.keys() - set(ok(await interval(graph, links(count)))) == hung
    assert len(server.calls) <= least(count)  # what they will answer is still waited for
    await graph.aclose()


async def test_a4_after_one_interval_those_that_answer_are_known(server: FakeGraph) -> None:
    graph = client(server)
    server.says(delta("user1"), Says(after=10_000))
    assert ok(await interval(graph, links(3))) == []
    assert sorted(ok(await interval(graph, links(3)))) == ["user0", "user2"]
    assert len(server.calls) == 4
    server.calls.clear()
    assert sorted(ok(await interval(graph, links(3)))) == ["user0", "user2"]
    assert len(server.calls) == 1
    await graph.aclose()


@pytest.mark.parametrize("count", [3, 20, 45, 200])
@pytest.mark.parametrize("seconds", [3.5, 6, 12, 10_000])
async def test_a5_a_slow_tenant_is_sent_no_more_than_a_quick_one(
    server: FakeGraph, count: int, seconds: float
) -> None:
    graph = client(server)
    for user in links(count):
        server.says(delta(user), Says(after=seconds))
    heard: set[str] = set()
    for _ in range(15):
        server.calls.clear()
        heard |= set(ok(await interval(graph, links(count))))
        assert len(server.calls) <= least(count) + 2
    if seconds <= 12:
        assert len(heard) == count
    assert max(server.most[user] for user in links(count)) <= 4
    await graph.aclose()


async def test_a4_a_slow_mailbox_comes_back_when_it_is_quick_again(server: FakeGraph) -> None:
    graph = client(server)
    server.says(delta("user7"), Says(after=28))
    for _ in range(6):
        results = await interval(graph, links(20))
    assert len(ok(results)) == 19
    assert "answers slowly" in str(results["user7"])
    await asyncio.sleep(28)
    server.calls.clear()
    assert len(ok(await interval(graph, links(20)))) == 20  # the answer has come in between
    assert len(server.calls) == 1

    server.says(delta("user7"), Says(after=QUICK / 2))
    await interval(graph, links(20))
    server.calls.clear()
    assert len(ok(await interval(graph, links(20)))) == 20
    assert len(server.calls) == 1  # well again


async def test_a4_a_loop_that_was_held_up_makes_nobody_slow(server: FakeGraph) -> None:
    """What was measured is the agent's own time; the answers had come long ago."""
    graph = client(server)
    server.says(delta("user1"), Says(after=1))
    polling = asyncio.create_task(graph.poll(links(1) | links(3)))
    await asyncio.sleep(0.5)
    loop = asyncio.get_running_loop()
    assert isinstance(loop, VirtualLoop)
    loop.elapsed += 60  # something else takes a minute of it
    assert len(ok(await polling)) == 3
    server.calls.clear()
    assert len(ok(await graph.poll(links(3)))) == 3
    assert len(server.calls) == 1


async def test_a4_a_late_answer_to_another_question_is_not_taken(server: FakeGraph) -> None:
    graph = client(server)
    server.says(delta("user0"), Says(after=1000))
    assert ok(await graph.poll(links(1))) == []
    other = Request("GET", "/users/user0/calendarView/delta?$deltatoken=2")
    results = await graph.poll({"user0": other})
    assert server.under_way["calls"] == 0  # nobody waits for the first one any more
    found = results["user0"]
    assert isinstance(found, Answer)
    assert found.body == {"path": other.path}
    await graph.aclose()


async def test_a4_a_slow_mailbox_takes_no_turn_of_the_others(server: FakeGraph) -> None:
    graph = client(server, at_once=1)
    server.says(delta("user0"), Says(after=1000))
    server.says("/users/user0/events", Says(after=1000))
    await graph.poll(links(1))
    writing = asyncio.create_task(graph.send("user0", [Request("POST", "/users/user0/events", {})]))
    await asyncio.sleep(1)
    begun = now()
    await graph.send("user1", [Request("GET", "/users/user1/events")])
    assert now() == begun
    _, known = await polled(graph, links(20))
    assert {at - begun for user, at in known.items() if user != "user0"} == {0.0}
    writing.cancel()
    await graph.aclose()


async def test_a4_long_writing_takes_no_turn_of_the_poll(server: FakeGraph) -> None:
    graph = client(server, at_once=1)
    server.says("/users/writer/events", Says(after=1000))
    post = Request("POST", "/users/writer/events", {})
    writing = asyncio.create_task(graph.send("writer", [post]))
    await asyncio.sleep(1)
    assert len(ok(await graph.poll(links(20)))) == 20
    assert now() == 1
    writing.cancel()
    await graph.aclose()


async def test_a4_closing_ends_what_is_still_waited_for(server: FakeGraph) -> None:
    graph = client(server)
    server.says(delta("user0"), Says(after=1000))
    await graph.poll(links(1))
    await graph.aclose()
    assert now() == QUICK
    assert server.under_way["calls"] == 0


async def test_a4_a_throttled_mailbox_is_not_asked_before_its_time(server: FakeGraph) -> None:
    graph = client(server)
    server.says(delta("user3"), Says.error(429, "ApplicationThrottled", retry_after="30"), Says())
    results, known = await polled(graph, links(20))
    trouble = results["user3"]
    assert isinstance(trouble, MailboxTrouble)
    assert trouble.retry_after == pytest.approx(30.5)
    assert len(ok(results)) == 19
    assert set(known.values()) == {0.0}

    await asyncio.sleep(29)
    server.calls.clear()
    results = await graph.poll(links(20))
    resting = results["user3"]
    assert isinstance(resting, MailboxTrouble)
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
        assert isinstance(trouble, MailboxTrouble)
        assert trouble.retry_after is not None
        rests.append(trouble.retry_after)
        await asyncio.sleep(trouble.retry_after)
        assert len(ok(results)) == 2
    assert rests[:4] == [0.75, 1.5, 3.0, 6.0]
    assert max(rests) == 225.0
    assert server.sent(delta("user1")) == 12


async def test_a4_a_mailbox_busy_with_our_own_writes_is_asked_apart(server: FakeGraph) -> None:
    graph = client(server)
    server.says("/users/user4/events/0", Says(after=3))
    gets = [Request("GET", f"/users/user4/events/{number}") for number in range(4)]
    sending = asyncio.create_task(graph.send("user4", gets))
    await asyncio.sleep(1)
    results, known = await polled(graph, links(20))
    assert len(ok(results)) == 20
    assert {at for user, at in known.items() if user != "user4"} == {1.0}
    assert known["user4"] == 3.0
    await sending


async def test_a5_a_mailbox_throttled_while_sending_leaves_the_common_batch(
    server: FakeGraph,
) -> None:
    graph = client(server)
    server.says("/users/user4/events", Says.error(503, "ServerBusy", retry_after="60"))
    await graph.send("user4", [Request("POST", "/users/user4/events", {})])
    server.calls.clear()
    results = await graph.poll(links(20))
    assert isinstance(results["user4"], MailboxTrouble)
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


async def test_b3_sending_does_not_wait_for_a_poll_that_hangs(server: FakeGraph) -> None:
    graph = client(server)
    server.says(delta("user0"), Says(after=10_000))
    await graph.poll(links(1))
    begun = now()
    posts = [Request("PATCH", f"/users/user0/events/{number}", {}) for number in range(20)]
    outcomes = await graph.send("user0", posts)
    assert [each.status for each in outcomes if isinstance(each, Answer)] == [200] * 20
    assert now() == begun
    assert server.most["user0"] <= 4  # the poll's own request is one of them (B9)
    await graph.aclose()


async def test_b3_a_feed_that_fails_is_no_reason_not_to_send(server: FakeGraph) -> None:
    graph = client(server)
    server.says(delta("user0"), Says.error(504, "GatewayTimeout"))
    for _ in range(10):
        await graph.poll(links(1))
        await asyncio.sleep(60)
    await graph.poll(links(1))
    begun = now()
    await graph.send("user0", [Request("PATCH", "/users/user0/events/0", {})])
    assert now() == begun
    await graph.aclose()
