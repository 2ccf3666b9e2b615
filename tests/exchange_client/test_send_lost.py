"""`Graph.send`: what is known of a request whose answer got lost (B1, B2)."""

import httpx
import pytest

from calsync_agent.domain.operation import Lost
from calsync_agent.errors import MailboxUnavailable, Unreachable
from calsync_agent.exchange.transport.requests import Answer, Request
from tests.exchange_client.fake import (
    ANNA,
    EVENTS,
    FakeGraph,
    Says,
    client,
    gets,
    paths,
    statuses,
)

pytestmark = pytest.mark.anyio

SLOW_DOWN = Says.error(429, "ApplicationThrottled")


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
    with pytest.raises(MailboxUnavailable, match="did not answer in time"):
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
    with pytest.raises(MailboxUnavailable) as caught:
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
    with pytest.raises(MailboxUnavailable) as caught:
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


@pytest.mark.parametrize("status", [400, 403, 404, 409, 412])
async def test_b9_a_refusal_whose_reason_is_cut_off_is_asked_for_again(
    server: FakeGraph, status: int
) -> None:
    cut_off = Says(status, raw=b'{"error": {"code": "ErrorItemNotF')
    server.says(EVENTS, cut_off, Says.error(status, "ErrorItemNotFound"))
    (outcome,) = await client(server).send(ANNA, [Request("GET", EVENTS)])
    assert isinstance(outcome, Answer)
    assert outcome.code == "ErrorItemNotFound"


async def test_b2_a_post_whose_refusal_is_cut_off_is_lost(server: FakeGraph) -> None:
    server.says(EVENTS, Says(400, raw=b'{"error": {"code": "Err'))
    (outcome,) = await client(server).send(ANNA, [Request("POST", EVENTS, {})])
    assert isinstance(outcome, Lost)
    assert server.sent(EVENTS) == 1


async def test_b9_a_refusal_by_a_page_of_a_proxy_is_not_asked_for_again(server: FakeGraph) -> None:
    server.says(EVENTS, Says(403, raw=b"<html>Blocked</html>"))
    (outcome,) = await client(server).send(ANNA, [Request("GET", EVENTS)])
    assert isinstance(outcome, Answer)
    assert server.sent(EVENTS) == 1
