"""B8: a name that cannot be a mailbox's is refused by its profile, before anything is asked."""

import pytest
import sqlalchemy as sa
from hypothesis import given
from hypothesis import strategies as st

from calsync_agent.state import tables as state
from calsync_agent.state.profiles import no_mailbox
from tests.support.world import SOON, World

WRONG = [
    "..",
    ".",
    "...",
    "",
    " ",
    "../users",
    "anna/..",
    "a/b",
    "a\\b",
    "anna?x",
    "anna#x",
    "%2e%2e",
    "a%2fb",
    "anna\tx",
    "anna bernd",
    "anna\n✓ all fine",
    "anna\x1b[2J",
    "anna\u202e",
    "anna\u00a0x",
]


@pytest.mark.parametrize("name", WRONG)
@pytest.mark.parametrize("dialect", ["sqlite"], indirect=True)
@pytest.mark.anyio
async def test_b8_a_name_that_is_no_mailbox_is_refused_unasked_and_the_others_are_synced(
    world: World, name: str
) -> None:
    world.hire("ANNA")
    bernd = world.hire("BERND")
    world.enter("ANNA", "Termin", SOON)
    world.enter("BERND", "Termin", SOON)
    with world.database.writing() as connection:
        mine = sa.update(state.profile).where(state.profile.c.id == 1)
        connection.execute(mine.values(external_user_id=name))
    outcomes = await world.sync()
    first, second = outcomes
    assert (first.in_step, second.in_step) == (False, True)
    assert "calsync_profile 1 names no mailbox" in str(first.line)
    assert len(bernd.events()) == 1


@pytest.mark.parametrize(
    "name",
    [
        "11111111-2222-3333-4444-555555555555",
        "anna@contoso.example",
        "o'hara@contoso.example",
        "anna_gmail.com#EXT#@contoso.onmicrosoft.com",
        "müller@contoso.example",
        "a..b@contoso.example",
    ],
)
def test_b8_what_may_be_a_mailbox_is_left_to_the_tenant(name: str) -> None:
    assert no_mailbox(name) is None


@given(st.text())
def test_b8_no_name_leads_out_of_the_users(name: str) -> None:
    if no_mailbox(name) is None:
        assert name.strip(".")
        assert not set(name.replace("#EXT#", "")) & set("/\\?#%")
        assert name.isprintable()
