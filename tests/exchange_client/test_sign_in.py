"""What Microsoft Entra ID's refusals mean, in words that say what to mend where (B10)."""

import asyncio
from collections.abc import Mapping

import pytest

from calsync_agent.errors import SignInRefused, Unreachable
from calsync_agent.exchange.transport.sign_in import MEANINGS
from tests.exchange_client.authority import (
    TENANT,
    Authority,
    refusal,
    tokens_of,
)

pytestmark = pytest.mark.anyio


@pytest.mark.parametrize("code", MEANINGS)
async def test_b10_each_refusal_is_explained(authority: Authority, code: int) -> None:
    authority.lines = [(401, refusal(code))]
    with pytest.raises(SignInRefused) as caught:
        await tokens_of(authority).token()
    sentence = str(caught.value)
    assert str(MEANINGS[code]) in sentence
    assert f"AADSTS{code}" in sentence
    for part in ("t-1", "app", TENANT):
        assert part in sentence
    assert "\n" not in sentence


def test_b10_every_refusal_of_the_fact_sheet_has_its_meaning() -> None:
    known = {7000215, 7000222, 700016, 90002, 900023, 700027, 65001, 70011, 1002012, 500011}
    known |= {50196, 53003, 50128, 50194, 7000218, 7000112, 90055, 700024}
    assert known <= MEANINGS.keys()


@pytest.mark.parametrize(
    ("body", "shown"),
    [
        (refusal(99999), "Something. (Microsoft: AADSTS99999, trace id t-1)"),
        ({"error": "odd"}, "odd (Microsoft: odd, trace id -)"),
        (
            {"error": "odd", "error_description": "AADSTS7000215: x", "error_codes": ["?"]},
            "Certificates & secrets",
        ),
        ({"error": "odd", "error_description": "why not Trace ID: 1"}, "why not (Microsoft: odd"),
        ({"nothing": 1}, "trace id -"),
    ],
)
async def test_b10_unknown_refusals_are_told_in_microsofts_words(
    authority: Authority, body: Mapping[str, object], shown: str
) -> None:
    authority.lines = [(400, body)]
    with pytest.raises(SignInRefused) as caught:
        await tokens_of(authority).token()
    assert shown in str(caught.value)


async def test_b10_an_unknown_tenant_is_explained_though_msal_forgets_the_reason(
    authority: Authority,
) -> None:
    authority.discovery = (400, refusal(90002, "invalid_tenant"))
    with pytest.raises(SignInRefused, match=r"no such tenant.*AADSTS90002"):
        await tokens_of(authority).token()


async def test_b10_a_directory_without_a_reason_is_told_by_its_status(
    authority: Authority,
) -> None:
    authority.discovery = (404, {})
    with pytest.raises(SignInRefused, match="HTTP 404"):
        await tokens_of(authority).token()


@pytest.mark.parametrize("discovery", [{"issuer": "x"}, {"token_endpoint": 1}])
async def test_b10_an_authority_that_is_none_is_refused(
    authority: Authority, discovery: Mapping[str, object]
) -> None:
    authority.discovery = (200, discovery)
    with pytest.raises(SignInRefused, match=r"exchange\.authority"):
        await tokens_of(authority).token()


@pytest.mark.parametrize(
    ("line", "hint"),
    [
        ((200, "<html>Please log in to the WiFi</html>"), "log-in page"),
        ((200, "[]"), "log-in page"),
        ((302, "{}"), "log-in page"),
        ((503, "{}"), "overloaded"),
        ((429, {"error": "slow_down"}), "overloaded"),
        ((400, {"error": "temporarily_unavailable"}), "temporarily_unavailable"),
    ],
)
async def test_b9_an_authority_out_of_order_is_a_trouble(
    authority: Authority, line: tuple[int, Mapping[str, object] | str], hint: str
) -> None:
    if line[0] == 302:
        authority.discovery = line
    authority.lines = [line]
    tokens = tokens_of(authority)
    with pytest.raises(Unreachable, match=hint):
        await tokens.token()
    authority.lines, authority.discovery = [], None
    await asyncio.sleep(41)  # the 429 asked for 40 seconds
    assert await tokens.token()
