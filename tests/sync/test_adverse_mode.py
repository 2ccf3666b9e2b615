"""Whatever Exchange has been seen to do, scenario by scenario and trouble by trouble (B1, B8, B9).

Golden scenarios are lived through with all troubles at once, chosen by a seed, and each trouble by
itself where it can come. `CALSYNC_ADVERSE=20` takes all of them, with so many seeds of each, on
PostgreSQL too.
"""

import asyncio
import os
from collections.abc import Iterator
from itertools import product
from pathlib import Path
from typing import Final

import pytest

from calsync_agent.sandbox.adverse.registry import TROUBLES
from calsync_agent.sandbox.adverse.trouble import Content
from tests.support import golden
from tests.support.adverse import apart, calmed
from tests.support.golden_meetings import MEETINGS
from tests.support.golden_series import SERIES
from tests.support.ordeal import Ordeal, ordeal
from tests.support.rig import CONTENT, UNTIMED, Adverse, Rig, rigged
from tests.support.servers import Server, SQLite

SEEDS: Final = range(1, 1 + int(os.environ.get("CALSYNC_ADVERSE", "1")))
SCENARIOS: Final = {one.name: one for one in (*golden.SCENARIOS, *SERIES, *MEETINGS)}
USUAL: Final = (
    "both ways",
    "moved away and back",
    "days of series",
    "meetings of three",
    "meetings answered",
    "meetings handed over",
)
"""Which ones all troubles together come to in each run."""
ON_POSTGRESQL: Final = ("both ways",)
OFTEN: Final = 0.5

MANY: Final = "CALSYNC_ADVERSE" in os.environ
ALONE: Final = ("both ways", *(("series with exceptions", "meetings answered") if MANY else ()))
"""Where each trouble comes by itself: singles, series, meetings."""


@pytest.fixture(autouse=True)
def _statements_fit_sql_server() -> None:
    """Every statement is looked at in other tests; here it would take a third of the time."""


@pytest.fixture
def undergone(
    request: pytest.FixtureRequest, server: Server | SQLite, tmp_path: Path
) -> Iterator[Ordeal]:
    """A scenario, ready to be lived through again and again."""
    url = server.fresh(installed=True)
    with ordeal(SCENARIOS[request.param], url, tmp_path) as made:
        yield made
    server.drop(url)


@pytest.fixture
def rig(server: Server | SQLite, tmp_path: Path) -> Iterator[Rig]:
    """A company without people yet."""
    url = server.fresh(installed=True)
    with rigged(url, tmp_path) as made:
        yield made
    server.drop(url)


def on(dialect: str) -> pytest.MarkDecorator:
    """On this database only."""
    return pytest.mark.parametrize("dialect", [dialect], indirect=True)


def through(undergone: Ordeal) -> None:
    """The scenario with all troubles, once for each seed."""
    number = list(SCENARIOS).index(undergone.scenario.name)
    for seed in SEEDS:
        different = undergone.run_adversely(Adverse(1000 * number + seed))
        assert not different, f"seed {1000 * number + seed}:\n{different}"


@on("sqlite")
@pytest.mark.parametrize("undergone", list(SCENARIOS) if MANY else USUAL, indirect=True)
def test_b1_a_scenario_ends_in_step_whatever_exchange_does(undergone: Ordeal) -> None:
    through(undergone)


@on("postgresql")
@pytest.mark.parametrize(
    "undergone", list(SCENARIOS) if len(SEEDS) > 1 else ON_POSTGRESQL, indirect=True
)
def test_b1_a_scenario_ends_in_step_on_postgresql_whatever_exchange_does(
    undergone: Ordeal,
) -> None:
    through(undergone)


@on("sqlite")
@pytest.mark.parametrize("undergone", ALONE, indirect=True)
def test_b8_each_trouble_by_itself_keeps_nothing_from_step(undergone: Ordeal) -> None:
    for name, seed in product(sorted(UNTIMED - CONTENT), SEEDS):
        different = undergone.run_adversely(Adverse(seed, frozenset({name}), OFTEN))
        assert not different, f"{name}, seed {seed}:\n{different}"


@on("sqlite")
@pytest.mark.parametrize("name", [each.name for each in TROUBLES if isinstance(each, Content)])
def test_b8_an_odd_event_keeps_nothing_else_from_step_and_is_read_once(rig: Rig, name: str) -> None:
    rig.be_adverse(Adverse(1, frozenset({name}), 1))
    scenario = SCENARIOS["both ways"]
    scenario.start(rig)
    asyncio.run(rig.until_quiet())
    for step in scenario.steps:
        step(rig)
        asyncio.run(rig.until_quiet())
    asyncio.run(calmed(rig))
    assert apart(rig) == []
    rig.tenant.reset_counters()
    asyncio.run(rig.until_quiet())
    assert rig.tenant.counters.writes == 0
    assert not [mail for mail in rig.tenant.outbox if mail.cause.startswith("app")]
