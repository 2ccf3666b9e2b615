"""`Graph.poll`: when batches, mailboxes, the host or the sign-in fail (A4, B9)."""

import asyncio

import httpx
import pytest

from calsync_agent.errors import (
    ConfigurationRefused,
    FeedTrouble,
    ForeignLink,
    MailboxClosed,
    MailboxUnavailable,
    SignInRefused,
    TokenRefused,
    Unreachable,
)
from calsync_agent.exchange.transport.requests import Answer, Request
from calsync_agent.i18n import message
from tests.exchange_client.fake import (
    FakeGraph,
    FakeTokens,
    Says,
    client,
    delta,
    links,
    now,
    ok,
)

pytestmark = pytest.mark.anyio


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
async def test_a4_when_a_batch_fails_as_a_whole_those_who_are_to_blame_are_found(
    server: FakeGraph, line: Says | Exception
) -> None:
    graph = client(server)
    server.says("/$batch", line)
    server.says(delta("user2"), Says.error(504, "GatewayTimeout"))
    answered: set[str] = set()
    troubled: set[str] = set()
    for _ in range(8):
        server.calls.clear()
        results = await graph.poll(links(5))
        answered |= set(ok(results))
        troubled |= {user for user, each in results.items() if isinstance(each, FeedTrouble)}
        assert len(server.calls) <= 3
        await asyncio.sleep(5)
    assert sorted(answered) == ["user0", "user1", "user3", "user4"]
    assert troubled == {"user2"}


async def test_a4_two_are_asked_alone_at_once_when_their_batch_fails(server: FakeGraph) -> None:
    server.says("/$batch", Says.error(502, "BadGateway"))
    assert len(ok(await client(server).poll(links(2)))) == 2
    assert len(server.calls) == 3


async def test_b8_what_nobody_foresaw_is_trouble_of_its_mailbox(server: FakeGraph) -> None:
    graph = client(server)
    server.says(delta("user1"), RuntimeError("nobody foresaw this"))
    for _ in range(4):
        results = await graph.poll(links(3))
        await asyncio.sleep(5)
    assert sorted(ok(results)) == ["user0", "user2"]
    assert "RuntimeError: nobody foresaw this" in str(results["user1"])


async def test_b9_what_graph_asked_for_long_ago_makes_no_rest_longer(server: FakeGraph) -> None:
    graph = client(server)
    for _ in range(12):
        server.says("/$batch", Says.error(429, "TooManyRequests", retry_after="10"))
        assert ok(await graph.poll(links(5))) == []
        del server.script["/$batch"]
        await asyncio.sleep(11)
        assert len(ok(await graph.poll(links(5)))) == 5


async def test_b9_a_throttled_batch_is_not_split_up_at_once(server: FakeGraph) -> None:
    server.says("/$batch", Says.error(429, "TooManyRequests"))  # without Retry-After
    results = await client(server).poll(links(5))
    assert {type(each) for each in results.values()} == {MailboxUnavailable}
    assert len(server.calls) == 1


async def test_a4_a_slow_sign_in_is_no_mailboxs_fault(server: FakeGraph) -> None:
    class SlowTokens(FakeTokens):
        async def token(self, *, force: bool = False) -> str:
            await asyncio.sleep(100 if now() < 100 else 0)
            return await super().token(force=force)

    assert len(ok(await client(server, SlowTokens()).poll(links(40)))) == 40
    assert len(server.calls) == 2


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


async def test_b9_an_unreachable_host_is_no_mailboxs_fault_when_it_is_asked_alone(
    server: FakeGraph,
) -> None:
    graph = client(server)
    server.says(delta("user0"), httpx.ConnectError("refused"), Says())
    assert isinstance((await graph.poll(links(1)))["user0"], Unreachable)
    server.calls.clear()
    assert len(ok(await graph.poll(links(2)))) == 2
    assert len(server.calls) == 1


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


@pytest.mark.parametrize("count", [1, 45])
async def test_b9_a_sign_in_that_fails_in_between_is_the_polls(
    server: FakeGraph, count: int
) -> None:
    class Expiring(FakeTokens):
        async def token(self, *, force: bool = False) -> str:
            if force:
                raise SignInRefused(message("the secret has expired"))
            return await super().token()

    server.good_tokens = set()
    with pytest.raises(SignInRefused, match="the secret has expired"):
        await client(server, Expiring()).poll(links(count))


async def test_a5_who_has_nothing_to_ask_does_not_sign_in(server: FakeGraph) -> None:
    tokens = FakeTokens(error=SignInRefused(message("no sign-in")))
    assert await client(server, tokens).poll({}) == {}


async def test_b9_one_mailbox_that_refuses_the_token_is_its_own_trouble(
    server: FakeGraph, tokens: FakeTokens
) -> None:
    server.says(delta("user1"), Says.error(401, "UnknownError"))
    results = await client(server, tokens).poll(links(5))
    assert isinstance(results["user1"], TokenRefused)
    assert "mailbox user1 is closed" in str(results["user1"].message)
    assert len(ok(results)) == 4
