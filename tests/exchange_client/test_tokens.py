"""Tokens by MSAL: asked for once, kept, renewed, replaced (B9)."""

import asyncio
import logging
import threading
from pathlib import Path

import httpx
import pytest

from calsync_agent.errors import SignInRefused, Unreachable
from calsync_agent.exchange.transport.auth import scope
from tests.exchange_client.authority import (
    SECRET,
    TENANT,
    Authority,
    refusal,
    tokens_of,
)

pytestmark = pytest.mark.anyio


async def test_b9_a_token_is_asked_for_once_and_kept(authority: Authority) -> None:
    tokens = tokens_of(authority)
    assert await tokens.token() == "token-1"
    assert await tokens.token() == "token-1"
    asked = authority.asked[0]
    assert asked["client_id"] == ["app"]
    assert asked["client_secret"] == [SECRET]
    assert asked["grant_type"] == ["client_credentials"]
    assert asked["scope"] == ["https://graph.microsoft.com/.default"]
    assert [request.url.path for request in authority.requests] == [
        f"/{TENANT}/v2.0/.well-known/openid-configuration",
        f"/{TENANT}/oauth2/v2.0/token",
    ]
    assert authority.requests[0].headers["User-Agent"] == "calsync/0.1.0"
    await tokens.aclose()


async def test_b9_a_token_is_renewed_before_it_ends(authority: Authority) -> None:
    tokens = tokens_of(authority)
    await tokens.token()
    await asyncio.sleep(3299)
    assert await tokens.token() == "token-1"
    await asyncio.sleep(2)
    tokens._application.remove_tokens_for_client()  # MSAL goes by the wall clock
    assert await tokens.token() == "token-2"


async def test_b9_a_short_lived_token_is_used_too(authority: Authority) -> None:
    authority.lines = [(200, {"access_token": "short", "expires_in": "60"})]
    tokens = tokens_of(authority)
    await tokens.token()
    await asyncio.sleep(44)
    await tokens.token()
    assert len(authority.asked) == 1
    await asyncio.sleep(2)
    await tokens.token()
    assert len(authority.asked) == 2


async def test_b9_a_token_that_is_not_accepted_is_replaced(authority: Authority) -> None:
    tokens = tokens_of(authority)
    await tokens.token()
    assert await tokens.token(force=True) == "token-2"
    assert await tokens.token() == "token-2"


async def test_b9_many_who_need_another_token_share_one(authority: Authority) -> None:
    tokens = tokens_of(authority)
    await tokens.token()
    values = await asyncio.gather(*(tokens.token(force=True) for _ in range(5)))
    assert set(values) == {"token-2"}


async def test_b9_many_callers_cause_one_sign_in_in_a_thread(authority: Authority) -> None:
    threads: set[str] = set()
    everybody_asks = threading.Event()

    def on_token() -> None:
        threads.add(threading.current_thread().name)
        assert everybody_asks.wait(10)

    authority.on_token = on_token
    tokens = tokens_of(authority)
    callers = [asyncio.create_task(tokens.token()) for _ in range(20)]
    await asyncio.sleep(0)
    everybody_asks.set()
    assert set(await asyncio.gather(*callers)) == {"token-1"}
    assert len(authority.asked) == 1
    assert threading.main_thread().name not in threads


async def test_b9_a_secret_rotated_in_its_file_is_taken_without_a_restart(
    authority: Authority, tmp_path: Path
) -> None:
    path = tmp_path / "secret.txt"
    path.write_bytes(b"\xef\xbb\xbfold\r\n")
    authority.lines = [
        (401, refusal(7000222)),
        (200, {"access_token": "fresh", "expires_in": 3600}),
    ]
    tokens = tokens_of(authority, secret=None, secret_file=path)
    with pytest.raises(SignInRefused, match="expired"):
        await tokens.token()
    path.write_text("new", encoding="utf-8")
    assert await tokens.token() == "fresh"
    assert [asked["client_secret"] for asked in authority.asked] == [["old"], ["new"]]


async def test_b9_a_refusal_is_not_asked_for_again_in_a_loop(authority: Authority) -> None:
    authority.lines = [(400, refusal(700016, "unauthorized_client"))]
    tokens = tokens_of(authority)
    for _ in range(5):
        with pytest.raises(SignInRefused):
            await tokens.token()
    assert len(authority.asked) == 1
    authority.lines = []
    await asyncio.sleep(31)
    assert await tokens.token() == "token-2"  # mended in the portal; MSAL's memory is no hindrance


async def test_b9_after_a_forced_renewal_that_fails_the_old_token_is_gone(
    authority: Authority,
) -> None:
    tokens = tokens_of(authority)
    await tokens.token()
    authority.lines = [(401, refusal(7000215))]
    for force in (True, False):
        with pytest.raises(SignInRefused):
            await tokens.token(force=force)


async def test_b9_retry_after_of_the_sign_in_is_respected(authority: Authority) -> None:
    authority.lines = [(429, {"error": "slow_down"})]
    tokens = tokens_of(authority)
    for _ in range(2):
        with pytest.raises(Unreachable) as caught:
            await tokens.token()
        assert caught.value.retry_after == 40
        await asyncio.sleep(39)
    assert len(authority.asked) == 1


async def test_b9_callers_in_a_queue_do_not_each_wait_for_a_host_that_is_not_there(
    authority: Authority,
) -> None:
    authority.error = httpx.ConnectError("refused")
    tokens = tokens_of(authority)
    results = await asyncio.gather(*(tokens.token() for _ in range(20)), return_exceptions=True)
    assert {type(each) for each in results} == {Unreachable}
    assert "login.sandbox.example:443" in str(results[0])
    assert len(authority.requests) == 1


async def test_b9_microsofts_own_hosts_are_asked_for_their_aliases(authority: Authority) -> None:
    tokens = tokens_of(authority, authority="https://login.microsoftonline.com/")
    assert await tokens.token() == "token-1"
    assert {request.url.host for request in authority.requests} == {"login.microsoftonline.com"}


async def test_secrets_appear_in_no_error_and_no_log(
    authority: Authority, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.DEBUG)
    authority.lines = [(401, refusal(7000215)), (200, {"access_token": "tok", "expires_in": 9})]
    tokens = tokens_of(authority)
    with pytest.raises(SignInRefused) as caught:
        await tokens.token()
    await asyncio.sleep(31)
    await tokens.token()
    assert SECRET not in caplog.text + repr(caught.value) + str(caught.value)
    assert "tok'" not in caplog.text


def test_a_national_cloud_has_its_own_resource() -> None:
    assert scope("https://graph.microsoft.us/v1.0") == "https://graph.microsoft.us/.default"
    assert scope("https://127.0.0.1:8443/v1.0") == "https://graph.microsoft.com/.default"


async def test_b9_a_sign_in_that_was_left_behind_closes_its_connections(
    authority: Authority,
) -> None:
    under_way, go_on = threading.Event(), threading.Event()

    def slow() -> None:
        under_way.set()
        go_on.wait()

    authority.on_token = slow
    tokens = tokens_of(authority)
    asking = asyncio.create_task(tokens.token())
    await asyncio.get_running_loop().run_in_executor(None, under_way.wait)
    asking.cancel()
    await asyncio.gather(asking, return_exceptions=True)
    await tokens.aclose()
    assert not tokens._wire._client.is_closed
    go_on.set()
    await asyncio.get_running_loop().shutdown_default_executor()
    assert tokens._wire._client.is_closed
