"""Nobody is synced."""

from collections.abc import Iterator

from calsync_agent.health.problems.problem import Kind, Problem, Weight
from calsync_agent.health.situation import Situation
from calsync_agent.i18n import message


def without_profiles(situation: Situation) -> Iterator[Problem]:
    """No profile is there that may be synced."""
    if any(one.syncing for one in situation.profiles):
        return
    if situation.profiles:
        told = message("No profile is active")
    else:
        told = message("There is no profile yet")
    yield Problem(
        Kind.NO_PROFILE,
        Weight.WARNING,
        told,
        message("Add or activate one on the page Profiles (F7)"),
    )
