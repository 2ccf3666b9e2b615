"""`Graph.poll` where many are slow or fail at once: nobody is blamed for all, nothing piles up."""

import pytest

from calsync_agent.exchange.transport.poll import SPARE
from calsync_agent.exchange.transport.requests import Answer
from tests.exchange_client.fake import FakeGraph, Says, client, delta, links, ok
from tests.exchange_client.test_poll import interval, least

pytestmark = pytest.mark.anyio

COUNT = 200


@pytest.mark.parametrize("seconds", [3.5, 6, 10])
async def test_a4_where_all_are_slow_the_common_batches_stay_whole(
    server: FakeGraph, seconds: float
) -> None:
    graph = client(server)
    for user in links(COUNT):
        server.says(delta(user), Says(after=seconds))
    heard: set[str] = set()
    for _ in range(8):
        heard |= set(ok(await interval(graph, links(COUNT))))
    assert len(heard) == COUNT
    assert {len(batch) for batch in server.parts} == {20}
    await graph.aclose()


async def test_a4_who_waits_for_its_turn_is_not_slow(server: FakeGraph) -> None:
    graph = client(server, at_once=1)
    for user in links(COUNT):
        server.says(delta(user), Says(after=1.5))
    heard: set[str] = set()
    for _ in range(6):
        heard |= set(ok(await interval(graph, links(COUNT))))
    assert len(heard) == COUNT
    assert {len(batch) for batch in server.parts} == {20}
    await graph.aclose()


async def test_a4_one_that_hangs_is_found_among_many_that_answer(server: FakeGraph) -> None:
    graph = client(server)
    server.says(delta("user7"), Says(after=10_000))
    for _ in range(8):
        results = await interval(graph, links(COUNT))
    assert results.keys() - set(ok(results)) == {"user7"}
    await graph.aclose()


@pytest.mark.parametrize("share", [10, 5, 2])
async def test_a5_errors_everywhere_cost_no_more_requests_and_leave_nobody_out(
    server: FakeGraph, share: int
) -> None:
    """Each mailbox fails every so many times it is asked."""
    graph = client(server)
    for number, user in enumerate(links(COUNT)):
        lines = [Says()] * share
        lines[number % share] = Says.error(500, "ErrorInternalServerError")
        server.says(delta(user), *lines * 20)
    unheard = dict.fromkeys(links(COUNT), 0)
    for _ in range(40):
        server.calls.clear()
        results = await interval(graph, links(COUNT))
        assert len(server.calls) <= least(COUNT) + SPARE
        for user, each in results.items():
            unheard[user] = 0 if isinstance(each, Answer) and each.ok else unheard[user] + 1
        assert max(unheard.values()) <= 4
