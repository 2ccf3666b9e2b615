"""`Graph.send`: what goes out, and to whom (A4, A5, B9)."""

import asyncio
import json
from collections.abc import Mapping

import httpx
import pytest

from calsync_agent.errors import ForeignLink, Unreachable
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
