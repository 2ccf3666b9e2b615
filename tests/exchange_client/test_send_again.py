"""`Graph.send`: what is sent again, and when (B8, B9)."""

import asyncio

import pytest

from calsync_agent.errors import (
    MailboxClosed,
    MailboxTrouble,
    MailboxUnavailable,
    TokenRefused,
    refused_as_such,
)
from calsync_agent.exchange.transport.requests import Answer, Request
from tests.exchange_client.fake import (
    ANNA,
    EVENTS,
    FakeGraph,
    FakeTokens,
    Says,
    client,
    gets,
    now,
    paths,
    statuses,
)

pytestmark = pytest.mark.anyio

SLOW_DOWN = Says.error(429, "ApplicationThrottled")


async def test_b9_a_throttled_request_waits_as_told(server: FakeGraph) -> None:
    server.says(f"{EVENTS}/0", Says.error(429, "ApplicationThrottled", retry_after="7"), Says())
    outcomes = await client(server).send(ANNA, gets(1))
    assert statuses(outcomes) == [200]
    assert now() == pytest.approx(7.5)  # and half a second by chance


async def test_b9_only_the_throttled_part_of_a_batch_is_repeated(server: FakeGraph) -> None:
    server.says(f"{EVENTS}/3", Says.error(429, "ApplicationThrottled", retry_after="3"), Says())
    server.says(f"{EVENTS}/5", Says.error(429, "ApplicationThrottled", retry_after="9"), Says())
    outcomes = await client(server).send(ANNA, gets(8))
    assert statuses(outcomes) == [200] * 8
    assert [part["url"] for part in server.parts[1]] == [f"{EVENTS}/3", f"{EVENTS}/5"]
    assert now() == pytest.approx(9.5)  # the longest of them
    assert server.sent(f"{EVENTS}/0") == 1


async def test_b9_a_batch_that_is_throttled_as_a_whole_is_repeated_as_a_whole(
    server: FakeGraph,
) -> None:
    server.says("/$batch", Says.error(429, "TooManyRequests", retry_after="2"))
    sending = asyncio.create_task(client(server).send(ANNA, [Request("POST", EVENTS, {})] * 3))
    await asyncio.sleep(1)
    del server.script["/$batch"]
    assert statuses(await sending) == [200] * 3
    assert now() == pytest.approx(2.5)


async def test_b9_a_throttled_mailbox_is_left_alone_by_all_who_send(server: FakeGraph) -> None:
    graph = client(server)
    server.says(f"{EVENTS}/0", Says.error(503, "MailboxConcurrency", Retry_After="20"), Says())

    async def later() -> float:
        await asyncio.sleep(1)
        await graph.send(ANNA, [Request("GET", f"{EVENTS}/1")])
        return now()

    _, ended = await asyncio.gather(graph.send(ANNA, gets(1)), later())
    assert ended == pytest.approx(20.5)


async def test_b9_beyond_the_budget_the_mailbox_is_given_up_for_now(server: FakeGraph) -> None:
    server.says(f"{EVENTS}/0", Says.error(429, "ApplicationThrottled", retry_after="300"))
    graph = client(server)
    with pytest.raises(MailboxTrouble) as caught:
        await graph.send(ANNA, gets(1))
    assert caught.value.retry_after == pytest.approx(300.5)
    assert ANNA in str(caught.value)
    with pytest.raises(MailboxUnavailable) as again:  # and not asked before its time
        await graph.send(ANNA, gets(1))
    assert again.value.retry_after == pytest.approx(300.5)
    assert len(server.calls) == 1
    assert now() == 0


async def test_b9_without_retry_after_it_waits_longer_each_time(server: FakeGraph) -> None:
    server.says(f"{EVENTS}/0", SLOW_DOWN)
    with pytest.raises(MailboxUnavailable):
        await client(server).send(ANNA, gets(1))
    assert now() == pytest.approx(0.75 * (1 + 2 + 4 + 8 + 16 + 32))
    assert now() <= 60


async def test_b8_errors_of_an_item_are_given_to_the_caller(server: FakeGraph) -> None:
    server.says(f"{EVENTS}/0", Says.error(404, "ErrorItemNotFound", request_id="r-7"))
    server.says(f"{EVENTS}/1", Says.error(400, "ErrorInvalidIdMalformed"))
    server.says(f"{EVENTS}/2", Says.error(424, "FailedDependency"))
    outcomes = await client(server).send(ANNA, gets(4))
    assert statuses(outcomes) == [404, 400, 424, 200]
    first = outcomes[0]
    assert isinstance(first, Answer)
    assert first.named("erroritemnotfound")
    assert first.error_message == "because ErrorItemNotFound"
    assert first.request_id == "r-7"


async def test_b9_a_closed_mailbox_is_told_from_a_missing_item(server: FakeGraph) -> None:
    for path in paths(ANNA, 3):
        server.says(path, Says.error(404, "MailboxNotEnabledForRESTAPI"))
    with pytest.raises(MailboxClosed, match="licence"):
        await client(server).send(ANNA, gets(3))


async def test_b8_one_refused_item_does_not_close_a_mailbox_that_is_open(
    server: FakeGraph,
) -> None:
    server.says(f"{EVENTS}/1", Says.error(403, "ErrorAccessDenied"))
    assert statuses(await client(server).send(ANNA, gets(3))) == [200, 403, 200]


async def test_b9_an_expired_token_is_renewed_once_and_the_request_repeated(
    server: FakeGraph, tokens: FakeTokens
) -> None:
    server.good_tokens = {"token-2"}
    graph = client(server, tokens)
    outcomes = await graph.send(ANNA, [Request("POST", EVENTS, {})])
    assert statuses(outcomes) == [200]
    assert tokens.forced == 1
    assert statuses(await graph.send(ANNA, gets(3))) == [200] * 3
    assert len(server.calls) == 3


async def test_b9_many_who_meet_an_expired_token_renew_it_once(
    server: FakeGraph, tokens: FakeTokens
) -> None:
    server.good_tokens = {"token-2"}
    graph = client(server, tokens)
    await asyncio.gather(*(graph.send(f"user{n}", gets(2)) for n in range(8)))
    assert tokens.forced == 1


async def test_b9_a_token_that_is_refused_twice_is_said(
    server: FakeGraph, tokens: FakeTokens
) -> None:
    server.good_tokens = set()
    with pytest.raises(TokenRefused, match=f"mailbox {ANNA} is closed to calsync") as met:
        await client(server, tokens).send(ANNA, gets(3))
    refusal = refused_as_such([met.value])
    assert refusal is not None
    assert "Calendars.ReadWrite" in str(refusal.message)
    assert refused_as_such([met.value, None]) is None
    assert tokens.forced == 1
    assert len(server.calls) == 2


async def test_b9_a_part_that_finds_the_token_expired_is_repeated_alone(
    server: FakeGraph, tokens: FakeTokens
) -> None:
    server.says(f"{EVENTS}/1", Says.error(401, "InvalidAuthenticationToken"), Says())
    assert statuses(await client(server, tokens).send(ANNA, gets(3))) == [200] * 3
    assert [len(parts) for parts in server.parts] == [3, 1]
    assert tokens.forced == 1


async def test_b8_a_batch_that_is_refused_as_such_is_sent_one_by_one(server: FakeGraph) -> None:
    server.says("/$batch", Says.error(400, "BadRequest"))
    assert statuses(await client(server).send(ANNA, gets(3))) == [200] * 3
    assert len(server.calls) == 4
