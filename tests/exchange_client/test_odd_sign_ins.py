"""B9a: what the sign-in answers has bounds, too, and MSAL reads it by itself."""

import asyncio
import json
import time

import httpx
import pytest
from hypothesis import HealthCheck, given
from hypothesis import settings as hypothesis_settings
from hypothesis import strategies as st

from calsync_agent.errors import SignInRefused, Unreachable
from calsync_agent.exchange.transport.client import Graph
from calsync_agent.exchange.transport.requests import Request
from tests.exchange_client.authority import Authority, tokens_of
from tests.exchange_client.fake import ANNA, EVENTS, SETTINGS, FakeGraph, clock, statuses

pytestmark = pytest.mark.anyio

ODD = [
    "[" * 100_000 + "]" * 100_000,
    '{"access_token": ' + "[" * 100_000 + "]" * 100_000 + "}",
    '{"access_token": "t", "expires_in": ' + "9" * 6000 + "}",
    '{"access_token": null}',
    '{"access_token": ["t"], "expires_in": 3600}',
    '{"access_token": "line\\nbreak", "expires_in": 3600}',
    '{"access_token": "\\u00fc", "expires_in": 3600}',
    '{"error": [1], "error_description": {"a": 1}, "error_codes": "x"}',
    '{"error": "invalid_client", "error_codes": [1e308, null]}',
    '{"error": "invalid_client", "error_description": "AADSTS' + "7" * 5000 + ': x"}',
    "[]",
    "null",
    '"token"',
    "",
    "<html>Log in</html>",
    "{}",
]


@pytest.mark.parametrize("text", ODD, ids=lambda text: text[:50])
@pytest.mark.parametrize("of", ["token", "tenant"])
async def test_b9a_an_odd_answer_of_the_sign_in_is_said(
    authority: Authority, text: str, of: str
) -> None:
    if of == "token":
        authority.lines = [(200, text)]
    else:
        authority.discovery = (200, text)
    tokens = tokens_of(authority)
    with pytest.raises((SignInRefused, Unreachable)) as caught:
        await tokens.token()
    assert "\n" not in str(caught.value)
    authority.lines, authority.discovery = [], None
    await asyncio.sleep(60)
    assert await tokens.token()  # it passes by itself
    await tokens.aclose()


@pytest.mark.parametrize("told", [0, -5, True, "0", "3600", 1e3, 10**12])
async def test_b9a_a_token_is_taken_however_long_it_is_said_to_last(
    authority: Authority, told: object
) -> None:
    authority.lines = [(200, {"access_token": "good", "expires_in": told})]
    tokens = tokens_of(authority)
    assert await tokens.token() == "good"
    assert await tokens.token() == "good"
    assert len(authority.asked) == 1
    await tokens.aclose()


json_values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=5),
    lambda inner: st.lists(inner, max_size=3),
    max_leaves=3,
)
fields = st.fixed_dictionaries(
    {},
    optional={
        name: json_values | st.just("t")
        for name in (
            "access_token", "expires_in", "ext_expires_in", "refresh_in", "token_type", "scope",
            "id_token", "client_info", "refresh_token", "error", "error_description",
            "error_codes", "trace_id", "suberror", "claims", "foci",
        )
    },
)  # fmt: skip


@given(fields)
@hypothesis_settings(
    suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None, max_examples=60
)
async def test_b9a_whatever_the_token_endpoint_answers_is_a_token_or_said(
    fields: dict[str, object],
) -> None:
    authority = Authority(lines=[(200, json.dumps(fields))])
    tokens = tokens_of(authority)
    try:
        assert await tokens.token() == fields.get("access_token")
    except (SignInRefused, Unreachable):
        assert authority.asked
    finally:
        await tokens.aclose()


async def test_b9_a_clock_set_back_costs_one_fresh_token(
    server: FakeGraph, authority: Authority, monkeypatch: pytest.MonkeyPatch
) -> None:
    """MSAL goes by the wall clock, and keeps a token for good that has ended."""
    tokens = tokens_of(authority)
    await tokens.token()
    begun = time.time()
    await asyncio.sleep(3301)
    monkeypatch.setattr(time, "time", lambda: begun - 7200)
    server.good_tokens = {"token-2"}
    graph = Graph(SETTINGS, tokens, transport=httpx.MockTransport(server), clock=clock())
    for _ in range(2):
        outcomes = await graph.send(ANNA, [Request("GET", EVENTS)])
        assert statuses(outcomes) == [200]
    assert len(authority.asked) == 2
    assert len(server.calls) == 3
    await graph.aclose()


async def test_b9_a_clock_set_ahead_costs_no_token(
    authority: Authority, monkeypatch: pytest.MonkeyPatch
) -> None:
    tokens = tokens_of(authority)
    await tokens.token()
    begun = time.time()
    monkeypatch.setattr(time, "time", lambda: begun + 45 * 86_400)
    assert await tokens.token() == "token-1"
    await asyncio.sleep(3301)
    assert await tokens.token() == "token-2"
    await tokens.aclose()
