"""`Graph.send`: the requests of one mailbox (B1, B2, B9)."""

import asyncio
import json
from collections.abc import Mapping, Sequence

import httpx
import pytest

from calsync_agent.errors import MailboxTrouble, SignInRefused
from calsync_agent.exchange.requests import Answer, Lost, Outcome, Request
from calsync_agent.exchange.troubles import (
    ForeignLink,
    GraphTrouble,
    MailboxClosed,
    Unreachable,
)
from tests.exchange_client.fake import FakeGraph, FakeTokens, Says, client, now, paths

pytestmark = pytest.mark.anyio

ANNA = "anna@contoso.example"
EVENTS = f"/users/{ANNA}/events"
SLOW_DOWN = Says.error(429, "ApplicationThrottled")


def gets(count: int) -> list[Request]:
    return [Request("GET", path) for path in paths(ANNA, count)]


def statuses(outcomes: Sequence[Outcome | None]) -> list[int | None]:
    return [each.status if isinstance(each, Answer) else None for each in outcomes]


def body_of(call: httpx.Request) -> Mapping[str, object]:
    read: Mapping[str, object] = json.loads(call.content)
    return read


async def test_b9_nothing_to_send_is_no_request(server: FakeGraph, tokens: FakeTokens) -> None:
    graph = client(server, tokens)
    assert await graph.send(ANNA, []) == []
    assert server.calls == []
    await graph.aclose()
    assert tokens.closed


async def test_a5_one_request_goes_directly(server: FakeGraph) -> None:
    path = f"{EVENTS}/AAMk%2B%3D%2Fx"
    outcomes = await client(server).send(ANNA, [Request("GET", path)])
    assert [call.url.raw_path for call in server.calls] == [f"/v1.0{path}".encode()]
    assert statuses(outcomes) == [200]


async def test_a5_every_call_carries_what_graph_needs(server: FakeGraph) -> None:
    patch = Request("PATCH", f"{EVENTS}/1", {"subject": "Ü"}, {"If-Match": 'W/"1"'})
    await client(server).send(ANNA, [patch])
    headers = server.calls[0].headers
    assert headers["Prefer"] == (
        'IdType="ImmutableId", outlook.timezone="UTC", outlook.body-content-type="text"'
    )
    assert headers["Authorization"] == "Bearer token-1"
    assert headers["User-Agent"] == "calsync/0.1.0"
    assert headers["If-Match"] == 'W/"1"'
    assert headers["Content-Type"] == "application/json"
    assert len(headers["client-request-id"]) == 36
    assert body_of(server.calls[0]) == {"subject": "Ü"}


async def test_a5_every_part_of_a_batch_carries_what_graph_needs(server: FakeGraph) -> None:
    requests = [
        Request("GET", f"{EVENTS}/1", html=True),
        Request("GET", f"{EVENTS}/2", paged=True),
        Request("POST", f"/users/{ANNA}/events/3/cancel", {}),
        Request("DELETE", f"{EVENTS}/4", headers={"If-Match": 'W/"1"'}),
    ]
    await client(server).send(ANNA, requests)
    (parts,) = server.parts
    headers = [part["headers"] for part in parts]
    preferences = [each["Prefer"] for each in headers if isinstance(each, dict)]
    always = 'IdType="ImmutableId", outlook.timezone="UTC", outlook.body-content-type='
    assert preferences == [
        f'{always}"html"',
        f'{always}"text", odata.maxpagesize=100',
        f'{always}"text"',
        f'{always}"text"',
    ]
    own = {each["client-request-id"] for each in headers if isinstance(each, dict)}
    assert len(own) == 4
    assert [part.get("body") for part in parts] == [None, None, {}, None]
    assert "body" not in parts[0]
    assert isinstance(headers[2], dict)
    assert headers[2]["Content-Type"] == "application/json"
    assert isinstance(headers[3], dict)
    assert headers[3]["If-Match"] == 'W/"1"'
    assert "Prefer" in server.calls[0].headers


async def test_a5_several_go_in_batches_of_twenty_and_answers_find_their_requests(
    server: FakeGraph,
) -> None:
    outcomes = await client(server).send(ANNA, gets(41))
    assert [call.url.path for call in server.calls] == [
        "/v1.0/$batch",
        "/v1.0/$batch",
        f"/v1.0{EVENTS}/40",
    ]
    assert [each.body for each in outcomes if isinstance(each, Answer)] == [
        {"path": f"{EVENTS}/{number}"} for number in range(41)
    ]


async def test_a5_large_bodies_are_spread_over_batches(server: FakeGraph) -> None:
    large = {"body": {"content": "x" * 1_400_000}}
    await client(server).send(ANNA, [Request("POST", EVENTS, large) for _ in range(5)])
    assert [len(parts) for parts in server.parts] == [2, 2]
    assert max(len(call.content) for call in server.calls) < 3_000_000


async def test_b9_links_of_our_host_become_relative_in_a_batch(server: FakeGraph) -> None:
    link = f"https://GRAPH.microsoft.com:443/v1.0/users/{ANNA}/calendarView/delta?$deltatoken=a%2Bb"
    outside = f"https://graph.microsoft.com/beta/users/{ANNA}/events"
    await client(server).send(
        ANNA, [Request("GET", link), Request("GET", f"{EVENTS}/1"), Request("GET", outside)]
    )
    assert [part["url"] for part in server.parts[0]] == [
        f"/users/{ANNA}/calendarView/delta?$deltatoken=a%2Bb",
        f"{EVENTS}/1",
    ]
    assert server.calls[1].url.path == f"/beta/users/{ANNA}/events"


@pytest.mark.parametrize(
    "link",
    [
        "https://evil.example/v1.0/users/a/events",
        "http://graph.microsoft.com/v1.0/users/a/events",
        "https://graph.microsoft.com:8443/v1.0/users/a/events",
        "https://graph.microsoft.com@evil.example/v1.0/",
        "https://graph.microsoft.com.evil.example/v1.0/",
        "https://graph.microsoft.com\\@evil.example/v1.0/",
        "https://graph.microsoft.com",
        "users/a/events",
        "https://graph.microsoft.com/v1.0/ü",
        "https://graph.microsoft.com/v1.0/a b",
        "https://graph.microsoft.com/v1.0/a\r\nHost: evil.example",
        "",
    ],
)
async def test_b9_the_token_goes_to_no_other_address(server: FakeGraph, link: str) -> None:
    with pytest.raises(ForeignLink) as caught:
        await client(server).send(ANNA, [Request("GET", link)])
    assert caught.value.answers == [None]
    assert server.calls == []


@pytest.mark.parametrize("path", ["//evil.example/v1.0", "/@evil.example/", "/..//evil.example/"])
async def test_b9_an_odd_path_stays_with_graphs_host(server: FakeGraph, path: str) -> None:
    await client(server).send(ANNA, [Request("GET", path)])
    assert server.calls[0].url.host == server.calls[0].headers["Host"] == "graph.microsoft.com"


async def test_b9_a_redirect_is_not_followed(server: FakeGraph) -> None:
    server.says(f"{EVENTS}/0", Says(302, headers={"location": "https://login.example/?u=1"}))
    with pytest.raises(Unreachable, match=r"302, https://login\.example/\)"):
        await client(server).send(ANNA, gets(1))
    assert len(server.calls) == 1


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
    with pytest.raises(GraphTrouble) as again:  # and not asked before its time
        await graph.send(ANNA, gets(1))
    assert again.value.retry_after == pytest.approx(300.5)
    assert len(server.calls) == 1
    assert now() == 0


async def test_b9_without_retry_after_it_waits_longer_each_time(server: FakeGraph) -> None:
    server.says(f"{EVENTS}/0", SLOW_DOWN)
    with pytest.raises(GraphTrouble):
        await client(server).send(ANNA, gets(1))
    assert now() == pytest.approx(0.75 * (1 + 2 + 4 + 8 + 16 + 32))
    assert now() <= 60


async def test_b2_a_post_without_answer_is_lost_and_never_repeated(server: FakeGraph) -> None:
    server.says(EVENTS, httpx.ReadTimeout(""))
    (outcome,) = await client(server).send(ANNA, [Request("POST", EVENTS, {})])
    assert isinstance(outcome, Lost)
    assert "graph.microsoft.com" in str(outcome.reason)
    assert server.sent(EVENTS) == 1


@pytest.mark.parametrize("status", [408, 500, 502, 503, 504, 509])
async def test_b2_a_post_that_may_have_been_carried_out_is_lost(
    server: FakeGraph, status: int
) -> None:
    server.says(EVENTS, Says.error(status, "Oops", request_id="r-1"))
    (outcome,) = await client(server).send(ANNA, [Request("POST", EVENTS, {})])
    assert isinstance(outcome, Lost)
    assert f"{status} Oops (request-id r-1)" in str(outcome.reason)
    assert server.sent(EVENTS) == 1


async def test_b2_a_throttled_post_is_repeated(server: FakeGraph) -> None:
    server.says(EVENTS, SLOW_DOWN, Says(201, {"id": "1"}))
    outcomes = await client(server).send(ANNA, [Request("POST", EVENTS, {})])
    assert statuses(outcomes) == [201]
    assert server.sent(EVENTS) == 2


@pytest.mark.parametrize(
    "line",
    [
        httpx.ReadTimeout(""),
        httpx.RemoteProtocolError("closed"),
        httpx.ReadError("reset"),
        httpx.WriteError("broken pipe"),
        OSError("TLS"),
        Says(200, raw=b'{"responses": [{"id": "0", "status": 201, "bo'),
        Says(200, raw=b"<html>Please log in</html>"),
        Says.error(504, "GatewayTimeout"),
        Says.error(500, "InternalServerError"),
        Says(200, {"responses": []}),
        Says(200, {"responses": "?"}),
        Says(200, {"responses": [{"id": "x"}, {"id": "99", "status": 200}, 7]}),
        Says(200, raw=b"[]"),
    ],
    ids=str,
)
async def test_b2_when_a_batch_gets_lost_its_posts_are_lost_and_its_gets_repeated(
    server: FakeGraph, line: Says | Exception
) -> None:
    server.says("/$batch", line)
    post, get = Request("POST", EVENTS, {}), Request("GET", f"{EVENTS}/0")
    first, second = await client(server).send(ANNA, [post, get])
    assert isinstance(first, Lost)
    assert isinstance(second, Answer)
    assert [call.url.path for call in server.calls] == ["/v1.0/$batch", f"/v1.0{EVENTS}/0"]


@pytest.mark.parametrize("method", ["PATCH", "DELETE"])
async def test_b2_a_repeatable_write_is_repeated_and_then_lost(
    server: FakeGraph, method: str
) -> None:
    server.says(f"{EVENTS}/0", httpx.ReadTimeout(""))
    (outcome,) = await client(server).send(ANNA, [Request(method, f"{EVENTS}/0")])
    assert isinstance(outcome, Lost)
    assert server.sent(f"{EVENTS}/0") == 4


async def test_b9_a_read_without_answer_is_trouble_of_the_mailbox(server: FakeGraph) -> None:
    server.says(f"{EVENTS}/0", httpx.ReadTimeout(""))
    with pytest.raises(GraphTrouble, match="did not answer in time"):
        await client(server).send(ANNA, gets(1))
    assert server.sent(f"{EVENTS}/0") == 4


async def test_b2_trouble_in_the_middle_tells_what_was_carried_out(server: FakeGraph) -> None:
    paths_of = paths(ANNA, 26)
    requests = [Request("PATCH", path, {}) for path in paths_of]
    requests[22] = Request("POST", paths_of[22], {})
    server.says(paths_of[21], Says.error(503, "ServerBusy", retry_after="100"))
    server.says(paths_of[22], httpx.ReadTimeout(""))
    server.says(paths_of[22], Says.error(502, "BadGateway"))
    server.says(paths_of[23], Says.error(429, "ApplicationThrottled", retry_after="100"))
    with pytest.raises(GraphTrouble) as caught:
        await client(server).send(ANNA, requests)
    answers = caught.value.answers
    assert statuses(answers[:21]) == [200] * 21
    assert isinstance(answers[21], Lost)  # 503: perhaps
    assert isinstance(answers[22], Lost)
    assert answers[23] is None  # 429: certainly not
    assert statuses(answers[24:]) == [200, 200]


async def test_b2_a_doubt_outlives_a_later_refusal(server: FakeGraph) -> None:
    path = f"{EVENTS}/0"
    server.says(path, httpx.ReadTimeout(""), Says.error(429, "X", retry_after="100"))
    with pytest.raises(GraphTrouble) as caught:
        await client(server).send(ANNA, [Request("PATCH", path, {})])
    assert isinstance(caught.value.answers[0], Lost)


@pytest.mark.parametrize(
    "error", [httpx.ConnectError("refused"), httpx.ConnectTimeout(""), httpx.ProxyError("407")]
)
async def test_b9_what_was_never_sent_is_not_lost(
    server: FakeGraph, error: httpx.TransportError
) -> None:
    server.says(EVENTS, error)
    with pytest.raises(Unreachable, match=r"graph\.microsoft\.com:443") as caught:
        await client(server).send(ANNA, [Request("POST", EVENTS, {})])
    assert caught.value.answers == [None]
    assert len(server.calls) == 1


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
    with pytest.raises(SignInRefused, match=r"Calendars\.ReadWrite"):
        await client(server, tokens).send(ANNA, gets(3))
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


async def test_b9_never_more_than_four_at_once_to_a_mailbox(server: FakeGraph) -> None:
    for path in paths(ANNA, 40):
        server.says(path, Says(after=1))
    graph = client(server)
    single = [graph.send(ANNA, [request]) for request in gets(40)[:10]]
    batches = [graph.send(ANNA, gets(40)[10:25]), graph.send(ANNA, gets(40)[25:])]
    await asyncio.gather(*single, *batches)
    assert server.most[ANNA] == 4
    assert now() == pytest.approx(3 + 2)  # singles four at a time, batches one at a time


async def test_a4_mailboxes_are_served_side_by_side_up_to_the_bound(server: FakeGraph) -> None:
    users = [f"user{number}" for number in range(12)]
    for user in users:
        server.says(f"/users/{user}/events/0", Says(after=1))
    graph = client(server, at_once=5)
    await asyncio.gather(
        *(graph.send(user, [Request("GET", f"/users/{user}/events/0")]) for user in users)
    )
    assert server.most_calls == 5
    assert now() == pytest.approx(3)


async def test_b9_a_cancelled_send_gives_its_places_back(server: FakeGraph) -> None:
    server.says(f"{EVENTS}/0", Says(after=100), Says())
    graph = client(server, at_once=1)
    sending = asyncio.create_task(graph.send(ANNA, gets(2)))
    waiting = asyncio.create_task(graph.send(ANNA, gets(2)))
    await asyncio.sleep(1)
    waiting.cancel()
    sending.cancel()
    await asyncio.wait([sending, waiting])
    assert statuses(await graph.send(ANNA, gets(2))) == [200, 200]
    await graph.aclose()
