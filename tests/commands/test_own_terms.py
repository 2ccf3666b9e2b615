"""A7: a profile's own directions and window, as `once`, `preview` and `explain` go by them."""

import json
from datetime import timedelta

import pytest
import sqlalchemy as sa

from calsync_agent.state import tables as state
from tests.commands.conftest import Run
from tests.support.world import SOON, World

pytestmark = pytest.mark.parametrize("dialect", ["sqlite", "postgresql"], indirect=True)

LONG_AGO = SOON - timedelta(days=150)


def own(world: World, code: str, **values: object) -> None:
    """Give a profile terms of its own."""
    mine = state.profile.c.employee_id == world.employees[code]
    with world.database.writing() as connection:
        connection.execute(sa.update(state.profile).where(mine).values(values))


def test_a7_once_syncs_each_profile_its_own_ways(run: Run, world: World) -> None:
    path, anna, bernd = world.folder / "agent.toml", world.tenant.user("anna"), world.hire("BERND")
    for code in ("ANNA", "BERND"):
        world.enter(code, f"hier {code}", SOON)
        world.enter(code, f"früher {code}", LONG_AGO)
        world.tenant.user(code.lower()).create(f"dort {code}", SOON, SOON + timedelta(hours=2))
    own(world, "ANNA", outbound=False)
    own(world, "BERND", inbound=False, past_months=12)
    assert run("once", "--config", path).status == 0
    assert [event["subject"] for event in anna.events()] == ["dort ANNA"]
    told = {event["subject"] for event in bernd.events()}
    assert told == {"dort BERND", "hier BERND", "früher BERND"}
    assert "dort ANNA" in {row["subject"] for row in world.activities()}
    assert "dort BERND" not in {row["subject"] for row in world.activities()}
    own(world, "ANNA", outbound=None, past_months=12)
    own(world, "BERND", inbound=None, past_months=None)
    (told_of_anna, _) = json.loads(run("preview", "--json", "--config", path).out)
    assert {line["subject"] for line in told_of_anna["only_consolidate"]} == {
        "hier ANNA",
        "früher ANNA",
    }
    assert run("once", "--config", path).status == 0
    assert (len(anna.events()), len(bernd.events()), len(world.activities())) == (3, 3, 6)


def test_a7_preview_tells_what_other_terms_would_mean_and_changes_nothing(
    run: Run, world: World
) -> None:
    path = world.folder / "agent.toml"
    world.enter("ANNA", "hier", SOON)
    world.enter("ANNA", "früher", LONG_AGO)
    world.tenant.user("anna").create("dort", SOON, SOON + timedelta(hours=2))

    def foreseen(*words: str) -> tuple[int, int]:
        (told,) = json.loads(run("preview", "--json", *words, "--config", path).out)
        return len(told["only_consolidate"]), len(told["only_exchange"])

    own(world, "ANNA", inbound=False)
    assert foreseen() == (1, 0)
    assert foreseen("--inbound=-") == (1, 1)
    assert foreseen("--inbound=1", "--outbound=0") == (0, 1)
    assert foreseen("--past-months=12") == (2, 0)
    assert run("preview", "--past-months=200", "--config", path).status == 2
    assert foreseen() == (1, 0)


@pytest.mark.parametrize(
    ("terms", "state_", "said"),
    [
        ({"outbound": False}, "waiting", "outbound is switched off"),
        ({"past_months": 0}, "not sent", "it ended before"),
        ({"outbound": None}, "to be sent", "first sync is not done yet"),
    ],
)
def test_a7_h4_explain_goes_by_the_profiles_own_terms(
    run: Run, world: World, terms: dict[str, object], state_: str, said: str
) -> None:
    world.enter("ANNA", "Termin", SOON - timedelta(days=60))
    own(world, "ANNA", **terms)
    told = run("explain", "Termin", "--lang", "en", "--config", world.folder / "agent.toml")
    assert said in told.out
    assert state_ in told.out


@pytest.mark.parametrize("way", ["inbound", "outbound"])
def test_a7_h5_verify_tells_what_waits_as_the_profile_says(
    run: Run, world: World, way: str
) -> None:
    path = world.folder / "agent.toml"
    own(world, "ANNA", **{way: False})
    world.enter("ANNA", "hier", SOON)
    world.tenant.user("anna").create("dort", SOON, SOON + timedelta(hours=2))
    assert run("once", "--config", path).status == 0
    mine = json.loads(run("verify", "--json", "--config", path).out)
    own(world, "ANNA", **{way: None})
    world.provider(**{way: False})
    assert mine == json.loads(run("verify", "--json", "--config", path).out)
    world.provider(**{way: True})
    assert mine != json.loads(run("verify", "--json", "--config", path).out)
