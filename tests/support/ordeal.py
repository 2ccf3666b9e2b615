"""A golden scenario, run undisturbed, and with one fault at one point."""

import asyncio
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from calsync_agent.state import tables as state
from tests.support.adverse import apart, calmed
from tests.support.ends import End, difference, end_of
from tests.support.golden import Scenario
from tests.support.kinds import Kind, Place
from tests.support.points import Fault
from tests.support.rig import Adverse, Rig, Snapshot, rigged


@dataclass
class Ordeal:
    """A scenario ready to be run again and again, and what it comes to undisturbed."""

    scenario: Scenario
    rig: Rig
    begin: Snapshot
    end: End
    places: list[Place]

    def run_adversely(self, adverse: Adverse, fault: Fault | None = None) -> str:
        """All steps while Exchange is adverse, with a fault; what is not in step when all is well.

        People who act before the last thing they did has arrived may end up elsewhere than
        undisturbed, but never apart.
        """
        rig = self.rig
        rig.adverse = adverse
        try:
            rig.restore(self.begin)
            rig.points.fault = fault
            _go(rig, self.scenario)
            asyncio.run(calmed(rig))
        except AssertionError as error:
            return str(error)
        finally:
            rig.adverse = None
        return "\n".join(apart(rig))

    def run(self, fault: Fault | None = None) -> str:
        """All steps, with a fault; what is different in the end from the undisturbed run.

        On a slow machine agents show more often that they live, and several mailboxes are read in
        any order: the n-th point is then another one, but a point all the same.
        """
        rig = self.rig
        rig.restore(self.begin)
        rig.points.fault = fault
        try:
            _go(rig, self.scenario, patient=fault is not None and fault.kind is Kind.FAILED)
        except AssertionError as error:
            return str(error)
        return difference(self.end, end_of(rig), self.scenario.vague)


def _go(rig: Rig, scenario: Scenario, *, patient: bool = False) -> None:
    """Step after step; where items have failed for long enough, until they are tried again (B8)."""
    for step in scenario.steps:
        step(rig)
        asyncio.run(rig.until_quiet())
        if patient and rig.world.rows(state.quarantine):
            rig.wait(minutes=2)
            asyncio.run(rig.until_quiet())


@contextmanager
def ordeal(scenario: Scenario, url: str, folder: Path) -> Iterator[Ordeal]:
    """The scenario on a fresh database."""
    with rigged(url, folder) as rig:
        scenario.start(rig)
        if not scenario.first:
            asyncio.run(rig.until_quiet())
        begin = rig.snapshot()
        rig.restore(begin)
        _go(rig, scenario)
        yield Ordeal(scenario, rig, begin, end_of(rig), list(rig.points.places))
