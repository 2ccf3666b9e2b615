"""Whatever people do on both sides, and whatever goes wrong: in the end both hold the same (B1).

`CALSYNC_MACHINE=1000` runs so many examples of each machine, longer ones, others each time.
"""

import os
from collections.abc import Iterator
from pathlib import Path

import pytest
from hypothesis import HealthCheck, settings
from hypothesis.stateful import run_state_machine_as_test

from tests.support.machine.adversity import Adversely
from tests.support.machine.bound import bind
from tests.support.machine.categories import Categorised
from tests.support.machine.company import Company, prepared
from tests.support.machine.meetings import Meetings
from tests.support.machine.mishaps import Mishaps
from tests.support.machine.series import Series
from tests.support.machine.singles import Singles
from tests.support.machine.terms import Terms
from tests.support.rig import Rig, rigged
from tests.support.servers import Server, SQLite

AT_NIGHT = os.environ.get("CALSYNC_MACHINE")


class People(Meetings, Mishaps):
    """Meetings, holds, history, backups."""


class Everything(People, Series):
    """All of it together."""


class AdverseSingles(Singles, Adversely):
    """Singles, while Exchange is adverse."""


class AdverseSeries(Series, Adversely):
    """Series, while Exchange is adverse."""


class AdverseEverything(Everything, Terms, Adversely):
    """All of it together, and terms of their own, while Exchange is adverse."""


MACHINES = (Categorised, Series, People, Everything)
ADVERSE = (AdverseSingles, AdverseSeries, AdverseEverything)


def examples(number: int, steps: int) -> settings:
    """So many examples, always the same ones, unless more are asked for."""
    return settings(
        max_examples=int(AT_NIGHT or number),
        stateful_step_count=2 * steps if AT_NIGHT else steps,
        derandomize=AT_NIGHT is None,
        deadline=None,
        database=None,
        print_blob=True,
        suppress_health_check=list(HealthCheck),
    )


@pytest.fixture(autouse=True)
def _statements_fit_sql_server() -> None:
    """Every statement is looked at in other tests; here it would take a third of the time."""


@pytest.fixture
def rig(server: Server | SQLite, tmp_path: Path) -> Iterator[Rig]:
    """A rig on one database for all examples."""
    url = server.fresh(installed=True)
    with rigged(url, tmp_path) as made:
        yield made
    server.drop(url)


@pytest.mark.timeout(0 if AT_NIGHT else 300)
@pytest.mark.parametrize("dialect", ["sqlite"], indirect=True)
@pytest.mark.parametrize("machine", MACHINES, ids=lambda machine: machine.__name__)
def test_b1_both_sides_end_up_in_step_whatever_happens(rig: Rig, machine: type[Company]) -> None:
    bind(rig)
    begin = prepared(rig, *machine.codes)
    run_state_machine_as_test(lambda: machine(rig, begin), settings=examples(30, 25))


@pytest.mark.timeout(0 if AT_NIGHT else 300)
@pytest.mark.parametrize("dialect", ["sqlite", "postgresql"], indirect=True)
@pytest.mark.parametrize("machine", ADVERSE, ids=lambda machine: machine.__name__)
def test_b1_both_sides_end_up_in_step_whatever_exchange_does(
    rig: Rig, machine: type[Company], dialect: str
) -> None:
    begin = prepared(rig, *machine.codes)
    number = 10 if dialect == "sqlite" else 3
    run_state_machine_as_test(lambda: machine(rig, begin), settings=examples(number, 20))
