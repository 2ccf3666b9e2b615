"""Profiles that wait for an admin (B7, F8)."""

from collections.abc import Iterator

from calsync_agent.health.problems.problem import Kind, Problem, Weight
from calsync_agent.health.situation import Situation
from calsync_agent.i18n import counted, message


def held(situation: Situation) -> Iterator[Problem]:
    """Each says how much waits."""
    for one in situation.profiles:
        if one.held:
            yield Problem(
                Kind.PROFILE_HELD,
                Weight.ERROR,
                counted(
                    "The profile of {name} is held: {count} change waits for your answer",
                    "The profile of {name} is held: {count} changes wait for your answer",
                    one.held,
                    name=one.name,
                ),
                message("Confirm or discard on the page Profiles (F7)"),
                since=one.held_since,
                profiles=(one.row.id,),
                about=str(one.row.id),
            )
