"""Problems that stay listed until they are gone: a file for each kind."""

from typing import Final

from calsync_agent.health.problems import (
    agents,
    aside,
    channels,
    database,
    differing,
    expiry,
    failing,
    held,
    idle,
    provider,
    rounds,
    settings,
)
from calsync_agent.health.problems.problem import Finder, Kind, Problem, Weight
from calsync_agent.health.situation import Situation

FINDERS: Final[tuple[Finder, ...]] = (
    database.refused,
    database.copied,
    agents.missing,
    agents.silent,
    agents.other_version,
    provider.unusable,
    provider.both_off,
    settings.not_taken_over,
    rounds.standing_still,
    rounds.slow,
    failing.failing,
    held.held,
    aside.quarantined,
    differing.differing,
    expiry.expiring,
    channels.failing,
    idle.without_profiles,
)
"""In the order in which they should be looked at."""


def problems(situation: Situation) -> list[Problem]:
    """All of them, what matters most first."""
    found = [problem for finder in FINDERS for problem in finder(situation)]
    return sorted(found, key=lambda problem: problem.weight.value)


__all__ = ["Kind", "Problem", "Weight", "problems"]
