"""Somebody is to be told of problems, and a message does not get through (H2)."""

from collections.abc import Iterator

from calsync_agent.health.problems.problem import Kind, Problem, Weight
from calsync_agent.health.situation import Situation


def failing(situation: Situation) -> Iterator[Problem]:
    """As the agent that tells has noted it."""
    for one in situation.channels:
        yield Problem(
            Kind.ALERT_CHANNEL,
            Weight.WARNING,
            one.text,
            one.mend,
            since=one.begun_at,
            about=one.about,
        )
