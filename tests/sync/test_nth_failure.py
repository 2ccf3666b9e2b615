"""A fault at exactly the n-th request or commit, for every n: in the end all is as without it (B1).

Undisturbed, a scenario comes to an end state. With a fault at one point - before its effect, after
it with the answer lost, or with the agent dead - and agents that are started until nothing is left
to do, it comes to the same: nothing is lost, nothing doubled, every edit is there or kept.

Some scenarios undergo every kind of fault at every point, the others one kind at each point, the
kinds in turn. `CALSYNC_NTH_FAILURE=all` runs every kind with every scenario, on PostgreSQL too.
"""

import os
from collections import Counter
from collections.abc import Iterator, Sequence
from typing import Final

import pytest

from tests.support import golden
from tests.support.golden_meetings import MEETINGS
from tests.support.golden_series import SERIES
from tests.support.kinds import Kind
from tests.support.machine.sides import differences
from tests.support.ordeal import Ordeal, ordeal
from tests.support.points import Fault
from tests.support.rig import Adverse
from tests.support.servers import Server, SQLite

SCENARIOS: Final = (*golden.SCENARIOS, *SERIES, *MEETINGS)
CORE: Final = (Kind.KILL_BEFORE, Kind.KILL_AFTER, Kind.CUT_BEFORE, Kind.CUT_AFTER)
REST: Final = tuple(kind for kind in Kind if kind not in CORE)
ALL: Final = os.environ.get("CALSYNC_NTH_FAILURE") == "all"
BY_NAME: Final = {scenario.name: scenario for scenario in SCENARIOS}
BROAD: Final = ("both ways", "first sync of look-alikes", "deletion against change, inbound first")
WHOLE: Final = (*BROAD, "series with exceptions")
IN_TURN: Final = tuple(name for name in BY_NAME if name not in WHOLE)
ADVERSE: Final = ("both ways",)
FEW: Final = 8
"""At how many points of a scenario a fault comes while Exchange is adverse."""
ON_POSTGRESQL: Final = ("conflicts, outbound first",)


@pytest.fixture(autouse=True)
def _statements_fit_sql_server() -> None:
    """Every statement is looked at in other tests; here it would take a third of the time."""


@pytest.fixture
def undergone(
    request: pytest.FixtureRequest,
    server: Server | SQLite,
    tmp_path_factory: pytest.TempPathFactory,
) -> Iterator[Ordeal]:
    """A scenario, ready to be run again and again."""
    url = server.fresh(installed=True)
    with ordeal(BY_NAME[request.param], url, tmp_path_factory.mktemp("agents")) as made:
        yield made
    server.drop(url)


def scenarios(names: Sequence[str]) -> pytest.MarkDecorator:
    """Each of these scenarios."""
    return pytest.mark.parametrize("undergone", names, indirect=True)


def on(dialect: str) -> pytest.MarkDecorator:
    """On this database only."""
    return pytest.mark.parametrize("dialect", [dialect], indirect=True)


def every(kinds: Sequence[Kind]) -> pytest.MarkDecorator:
    """Each of these kinds of fault."""
    return pytest.mark.parametrize("kind", kinds, ids=[kind.name.lower() for kind in kinds])


def survives(undergone: Ordeal, *kinds: Kind) -> None:
    """The end is the same with such a fault at any point; of several kinds, one at each in turn."""
    for number, place in enumerate(undergone.places, start=1):
        # Requests and commits take turns too: no kind may meet only one of them.
        kind = kinds[(number + number // len(kinds)) % len(kinds)]
        if place in kind.places:
            different = undergone.run(Fault(number, kind))
            trace = "\n".join(undergone.rig.points.trace)
            assert not different, f"{kind.value} at {number}:\n{different}\n{trace}"


@on("sqlite")
@scenarios([scenario.name for scenario in SCENARIOS])
def test_a1_undisturbed_both_sides_end_up_in_step(undergone: Ordeal) -> None:
    assert differences(undergone.rig) == []
    names = Counter(row["subject"].casefold().strip() for row in undergone.rig.world.activities())
    entered = {"jour  fixe": 1, "jour fixe": names["jour fixe"]}
    assert all(amount == entered.get(name, 1) for name, amount in names.items())
    assert names["jour fixe"] + names["jour  fixe"] in {0, 3}
    assert not undergone.end["open"]
    assert not undergone.end["quarantined"]


@pytest.mark.timeout(300)
@on("sqlite")
@scenarios(list(BY_NAME) if ALL else WHOLE)
@every(CORE)
def test_b1_nothing_is_lost_or_doubled_by_a_fault_at_any_point(
    undergone: Ordeal, kind: Kind
) -> None:
    survives(undergone, kind)


@pytest.mark.timeout(300)
@on("sqlite")
@scenarios(IN_TURN)
def test_b1_nothing_is_lost_or_doubled_by_faults_in_turn(undergone: Ordeal) -> None:
    survives(undergone, *CORE)


@pytest.mark.timeout(300)
@on("sqlite")
@scenarios(list(BY_NAME) if ALL else BROAD[:1])
@every(REST)
def test_b9_nothing_is_lost_or_doubled_by_whatever_else_goes_wrong(
    undergone: Ordeal, kind: Kind
) -> None:
    survives(undergone, kind)


@pytest.mark.timeout(300)
@pytest.mark.parametrize("dialect", ["sqlite", "postgresql"], indirect=True)
@scenarios(ADVERSE if not ALL else WHOLE)
def test_b1_nothing_is_lost_or_doubled_by_a_fault_while_exchange_is_adverse(
    undergone: Ordeal,
) -> None:
    places = list(enumerate(undergone.places, start=1))
    for number, place in places if ALL else places[:: len(places) // FEW or 1]:
        kind = CORE[number % len(CORE)]
        if place in kind.places:
            different = undergone.run_adversely(Adverse(number), Fault(number, kind))
            trace = "\n".join(undergone.rig.points.trace)
            assert not different, f"{kind.value} at {number}:\n{different}\n{trace}"


@pytest.mark.timeout(300)
@on("postgresql")
@scenarios(list(BY_NAME) if ALL else ON_POSTGRESQL)
@every(tuple(Kind) if ALL else (Kind.KILL_AFTER, Kind.CUT_AFTER))
def test_b1_nothing_is_lost_or_doubled_on_postgresql_either(undergone: Ordeal, kind: Kind) -> None:
    survives(undergone, kind)


def test_every_scenario_has_a_name_of_its_own() -> None:
    assert len(BY_NAME) == len(SCENARIOS)
