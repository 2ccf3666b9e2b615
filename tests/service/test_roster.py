"""Who is synced, and whose mailbox it is: worked out once, and always the same."""

from collections.abc import Collection, Mapping
from datetime import datetime

import pytest
import sqlalchemy as sa
from hypothesis import given
from hypothesis import strategies as st

from calsync_agent.appointment.model import EmployeeId, ProfileId
from calsync_agent.appointment.owner import Owner
from calsync_agent.domain.policy import Profile
from calsync_agent.service import rounds as rounds_module
from calsync_agent.service.snapshot import Roster, look
from calsync_agent.state import tables as state
from calsync_agent.state.mailboxes import Claim, _one_mailbox, _order, clashes
from tests.support.world import World

pytestmark = pytest.mark.anyio

NOW = datetime(2026, 11, 23, 8, 0)
_SOME = 6
_NAMES = st.sampled_from(["anna@x", "ANNA@x", "bernd@x", " bernd@x", "clara@x", ""])
_MAYBE = st.none() | st.sampled_from(["1", "2", "a@x", "A@X", "c" * 60, "d" * 60, ""])


@st.composite
def companies(
    draw: st.DrawFn,
) -> tuple[list[Profile], dict[ProfileId, Claim]]:
    numbers = [ProfileId(n) for n in range(1, draw(st.integers(0, _SOME)) + 1)]
    profiles = [Profile(n, EmployeeId(n), draw(_NAMES), active=True) for n in numbers]
    claims = {
        number: Claim(
            number,
            draw(_NAMES),
            Owner(draw(_MAYBE), draw(_MAYBE), draw(_MAYBE)),
            held=draw(st.booleans()),
            same_as=draw(st.none() | st.sampled_from(numbers)),
            in_step_with=draw(st.none() | _NAMES),
        )
        for number in numbers
        if draw(st.booleans())
    }
    return profiles, claims


def compared_by_pairs(
    syncing: Collection[Profile], claims: Mapping[ProfileId, Claim]
) -> dict[ProfileId, ProfileId]:
    """What `clashes` finds by looking where two may meet: each compared with each."""
    refused: dict[ProfileId, ProfileId] = {}
    first: list[Profile] = []
    for one in sorted(syncing, key=lambda each: _order(each, claims)):
        if not one.mailbox:
            continue
        taken = next((other.id for other in first if _one_mailbox(one, other, claims)), None)
        if taken is None:
            first.append(one)
        else:
            refused[one.id] = taken
    return refused


@given(companies())
def test_i4_clashes_are_those_that_a_comparison_of_all_pairs_finds(
    company: tuple[list[Profile], dict[ProfileId, Claim]],
) -> None:
    assert clashes(*company) == compared_by_pairs(*company)


@pytest.mark.parametrize("dialect", ["sqlite"], indirect=True)
async def test_a5_an_idle_round_works_out_nothing_anew(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in ("ANNA", "BERND", "CLARA"):
        world.hire(name)
    made: list[ProfileId] = []
    real = rounds_module.job
    monkeypatch.setattr(
        rounds_module, "job", lambda *given: made.append(given[2].id) or real(*given)
    )
    with world.agent() as rounds:
        for _ in range(3):
            made.clear()
            await rounds.begin()
            await rounds.finished()
        view = rounds.view
        assert view is not None
        await rounds.begin()
        await rounds.finished()
        assert made == []
        assert rounds.view is not view
        assert rounds.view is not None
        assert rounds.view.roster is view.roster
        await rounds.close(5)


_CHANGES = (
    "UPDATE employee SET calendarsync_allowed = false",
    "UPDATE employee SET name = 'Anna Neu'",
    "UPDATE employee SET email = 'neu@contoso.example'",
    "INSERT INTO employee_email (employee_id, email) SELECT id, 'alias@x.example' FROM employee",
    "INSERT INTO employee (code, name, email, active, calendarsync_allowed)"
    " VALUES ('NEW', 'New', 'new@x.example', true, true)",
    "DELETE FROM employee_email",
    "UPDATE calsync_profile SET inbound = false",
    "UPDATE calsync_profile SET active = false",
    "UPDATE calsync_mailbox SET user_id = 'other'",
    "DELETE FROM calsync_mailbox",
)
"""What people, and other agents, do by SQL."""


async def test_c5_each_change_is_seen_by_the_next_look(world: World) -> None:
    world.hire("ANNA")
    with world.database.writing() as connection:
        connection.execute(sa.insert(state.mailbox).values(profile_id=1, spelling="a"))
    roster: Roster | None = None
    for change in (None, *_CHANGES):
        with world.database.writing() as connection:
            if change is not None:
                connection.exec_driver_sql(change)
        with world.database.reading() as connection:
            seen = look(connection, NOW, last=roster).roster
            again = look(connection, NOW, last=seen).roster
        assert seen is not roster, change
        assert again is seen, change
        roster = seen
