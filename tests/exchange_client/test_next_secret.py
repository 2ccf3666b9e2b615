"""Two secrets side by side: the next one follows within the same sign-in; when one ends (H3)."""

from datetime import datetime, timedelta
from pathlib import Path

import pytest

from calsync_agent.errors import ConfigurationRefused, SignInRefused
from calsync_agent.exchange.calendar.registration import end_of
from tests.exchange_client.authority import SECRET, Authority, refusal, tokens_of

pytestmark = pytest.mark.anyio

NOW = datetime(2026, 12, 1)
OK = (200, {"access_token": "token", "expires_in": 3600})


def asked(authority: Authority) -> list[str]:
    return [form["client_secret"][0] for form in authority.asked]


@pytest.mark.parametrize("number", [7000215, 7000222])
async def test_h3_a_secret_that_is_refused_is_followed_by_the_next_one_at_once(
    authority: Authority, number: int
) -> None:
    authority.lines = [(401, refusal(number)), OK]
    tokens = tokens_of(authority, next_secret="next")
    assert not tokens.spare
    assert await tokens.token() == "token"
    assert tokens.spare
    assert await tokens.token(force=True) == "token"
    assert asked(authority) == [SECRET, "next", "next"]
    assert tokens.secrets() == ("next",)


async def test_h3_where_both_are_refused_the_present_one_is_told(authority: Authority) -> None:
    authority.lines = [(401, refusal(7000222)), (401, refusal(7000215))]
    tokens = tokens_of(authority, next_secret="next")
    with pytest.raises(SignInRefused, match="7000222"):
        await tokens.token()
    assert not tokens.spare


@pytest.mark.parametrize("number", [700016, 90002, 7000112, 65001])
async def test_h3_a_refusal_that_is_not_about_the_secret_asks_for_no_other(
    authority: Authority, number: int
) -> None:
    authority.lines = [(400, refusal(number))]
    with pytest.raises(SignInRefused):
        await tokens_of(authority, next_secret="next").token()
    assert asked(authority) == [SECRET]


async def test_h3_when_the_next_one_ends_too_the_present_one_is_tried_again(
    authority: Authority,
) -> None:
    authority.lines = [(401, refusal(7000222)), OK, (401, refusal(7000222)), OK]
    tokens = tokens_of(authority, next_secret="next")
    await tokens.token()
    await tokens.token(force=True)
    assert asked(authority) == [SECRET, "next", "next", SECRET]
    assert not tokens.spare


async def test_h3_a_present_secret_that_was_replaced_is_used_again(
    authority: Authority, tmp_path: Path
) -> None:
    file = tmp_path / "secret.txt"
    file.write_text("old")
    authority.lines = [(401, refusal(7000222)), OK]
    tokens = tokens_of(authority, secret=None, secret_file=file, next_secret="next")
    await tokens.token()
    file.write_text("new")
    await tokens.token(force=True)
    assert asked(authority) == ["old", "next", "new"]
    assert not tokens.spare


async def test_h3_a_next_secret_that_cannot_be_read_is_named_when_it_is_needed(
    authority: Authority, tmp_path: Path
) -> None:
    tokens = tokens_of(authority, next_secret_file=tmp_path / "gone.txt")
    await tokens.token()
    authority.lines = [(401, refusal(7000222))]
    with pytest.raises(ConfigurationRefused, match=r"client_secret_next_file = .*gone\.txt"):
        await tokens.token(force=True)


def held(*ends: object, hint: object = "abc") -> list[dict[str, object]]:
    return [{"hint": hint, "endDateTime": end} for end in ends]


EARLY, LATE = "2026-12-11T00:00:00Z", "2027-12-01T00:00:00.0000000Z"


@pytest.mark.parametrize(
    ("listed", "days"),
    [
        (held(EARLY), 10),
        (held("2026-12-11T02:00:00+02:00"), 10),
        (held(EARLY, LATE), 10),
        (held("2026-11-30T00:00:00Z", LATE), 365),
        (held("2026-11-30T00:00:00Z", "2026-11-29T00:00:00Z"), -1),
        (held(EARLY, hint="xyz"), None),
        (held(EARLY, hint=None), None),
        (held(None, 7, "soon", "9999-99-99", "0001-01-01T00:00:00+14:00"), None),
        ([{}], None),
        ([], None),
    ],
)
def test_h3_the_end_of_a_secret_is_told_by_its_first_characters(
    listed: list[dict[str, object]], days: int | None
) -> None:
    end = None if days is None else NOW + timedelta(days=days)
    assert end_of("abcdef", listed, NOW) == end
