"""An agent goes on with old settings."""

from collections.abc import Iterator
from datetime import timedelta
from typing import Final

from calsync_agent.health.problems.problem import Kind, Problem, Weight
from calsync_agent.health.provider import interval_of
from calsync_agent.health.situation import Situation
from calsync_agent.i18n import message

PATIENCE: Final = timedelta(seconds=15)
"""An agent takes settings over within one interval; it gets some more."""


def not_taken_over(situation: Situation) -> Iterator[Problem]:
    """One has had time to take the newest settings over, and has not."""
    since = situation.behind_since
    interval = interval_of(situation.provider) or timedelta(0)
    if since is None or situation.pulse.now - since < interval + PATIENCE:
        return
    for agent in situation.pulse.behind:
        yield Problem(
            Kind.SETTINGS_BEHIND,
            Weight.WARNING,
            message(
                "The agent on {host} works with settings of revision {old}, not {new}",
                host=agent.host,
                old=agent.settings_revision,
                new=situation.pulse.settings_revision,
            ),
            message("Its own log says what keeps it from taking them over"),
            since=since,
            about=str(agent.id),
        )
