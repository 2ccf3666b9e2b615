"""`Graph.poll`: many mailboxes, few requests, and none that waits for another (A4, A5)."""

import asyncio
from collections.abc import Mapping

import httpx
import pytest

from calsync_agent.errors import ConfigurationRefused, SignInRefused
from calsync_agent.exchange.client import Graph
from calsync_agent.exchange.health import QUICK
from calsync_agent.exchange.poll import Polled
from calsync_agent.exchange.requests import Answer, Request
from calsync_agent.exchange.troubles import (
    ForeignLink,
    GraphTrouble,
    MailboxClosed,
    Unreachable,
)
from calsync_agent.i18n import message
from tests.exchange_client.fake import FakeGraph, FakeTokens, Says, client, now

pytestmark = pytest.mark.anyio

HOST = "https://graph.microsoft.com/v1.0"


def delta(user: str) -> str:
    return f"/users/{user}/calendarView/delta?$deltatoken=1"


def links(count: int) -> dict[str, Request]:
    users = [f"user{number}" for number in range(count)]
    return {user: Request("GET", HOST + delta(user), paged=True) for user in users}


def ok(results: Mapping[str, Polled]) -> list[str]:
    return [user for user, each in results.items() if isinstance(each, Answer) and each.ok]


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


@pytest.mark.parametrize(
    "line",
    [
        httpx.ReadTimeout(""),
        httpx.RemoteProtocolError("closed"),
        Says.error(502, "BadGateway"),
        Says.error(504, "GatewayTimeout"),
        Says(200, raw=b'{"responses": ['),
    ],
    ids=str,
)
async def test_a4_when_a_batch_fails_as_a_whole_each_is_asked_alone(
    server: FakeGraph, line: Says | Exception
) -> None:
    graph = client(server)
    server.says("/$batch", line)
    server.says(delta("user2"), Says.error(504, "GatewayTimeout"))
    results = await graph.poll(links(5))
    assert sorted(ok(results)) == ["user0", "user1", "user3", "user4"]
    assert isinstance(results["user2"], GraphTrouble)
    assert len(server.calls) == 6


@pytest.mark.parametrize("status", [429, 503])
async def test_b9_when_graph_throttles_all_nobody_is_asked_before_its_time(
    server: FakeGraph, status: int
) -> None:
    graph = client(server)
    server.says("/$batch", Says.error(status, "TooManyRequests", retry_after="10"))
    results = await graph.poll(links(5))
    assert ok(results) == []
    assert len(server.calls) == 1
    assert ok(await graph.poll(links(5))) == []
    assert len(server.calls) == 1
    del server.script["/$batch"]
    await asyncio.sleep(11)
    assert len(ok(await graph.poll(links(5)))) == 5
    assert len(server.calls) == 2  # none of them was taken for ailing


async def test_b3_what_is_an_answer_stays_one(server: FakeGraph) -> None:
    server.says(delta("user0"), Says.error(410, "SyncStateNotFound"))
    server.says(delta("user1"), Says.error(400, "ErrorInvalidUrlQuery"))
    results = await client(server).poll(links(3))
    found = {user: each.status for user, each in results.items() if isinstance(each, Answer)}
    assert found == {"user0": 410, "user1": 400, "user2": 200}


async def test_b9_a_closed_mailbox_costs_no_request_of_its_own(server: FakeGraph) -> None:
    graph = client(server)
    server.says(delta("user1"), Says.error(403, "ErrorAccessDenied", request_id="r-1"))
    for _ in range(2):
        server.calls.clear()
        results = await graph.poll(links(3))
        trouble = results["user1"]
        assert isinstance(trouble, MailboxClosed)
        assert "access policy" in str(trouble)
        assert "r-1" in str(trouble)
        assert len(server.calls) == 1


async def test_b9_a_foreign_link_is_trouble_of_its_mailbox_only(server: FakeGraph) -> None:
    requests = links(3) | {"user1": Request("GET", "https://evil.example/delta")}
    results = await client(server).poll(requests)
    assert isinstance(results["user1"], ForeignLink)
    assert len(ok(results)) == 2
    assert {call.url.host for call in server.calls} == {"graph.microsoft.com"}


async def test_b9_an_unreachable_host_makes_no_mailbox_ailing(server: FakeGraph) -> None:
    graph = client(server)
    server.says("/$batch", httpx.ConnectError("refused"))
    results = await graph.poll(links(40))
    assert {type(each) for each in results.values()} == {Unreachable}
    assert len({str(each) for each in results.values()}) == 1  # to be said once
    assert len(server.calls) == 2
    del server.script["/$batch"]
    assert len(ok(await graph.poll(links(40)))) == 40
    assert len(server.calls) == 4


async def test_b9_an_expired_token_is_renewed_in_between(
    server: FakeGraph, tokens: FakeTokens
) -> None:
    server.good_tokens = {"token-2"}
    assert len(ok(await client(server, tokens).poll(links(45)))) == 45
    assert tokens.forced == 1


@pytest.mark.parametrize("count", [1, 5, 45])
async def test_b9_a_refused_app_is_a_refusal(
    server: FakeGraph, tokens: FakeTokens, count: int
) -> None:
    server.good_tokens = set()
    with pytest.raises(SignInRefused, match="exchange"):
        await client(server, tokens).poll(links(count))


async def test_b9_a_sign_in_that_fails_is_the_polls(server: FakeGraph) -> None:
    refusal = SignInRefused(message("no sign-in"))
    with pytest.raises(SignInRefused, match="no sign-in"):
        await client(server, FakeTokens(error=refusal)).poll(links(45))
    unreadable = ConfigurationRefused(message("no file"))
    with pytest.raises(ConfigurationRefused, match="no file"):
        await client(server, FakeTokens(error=unreadable)).poll(links(45))
    trouble = Unreachable(message("no sign-in"))
    results = await client(server, FakeTokens(error=trouble)).poll(links(45))
    assert {type(each) for each in results.values()} == {Unreachable}
    assert server.calls == []


async def test_b9_one_mailbox_that_refuses_the_token_is_its_own_trouble(
    server: FakeGraph, tokens: FakeTokens
) -> None:
    server.says(delta("user1"), Says.error(401, "UnknownError"))
    results = await client(server, tokens).poll(links(5))
    assert type(results["user1"]) is GraphTrouble
    assert len(ok(results)) == 4


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
