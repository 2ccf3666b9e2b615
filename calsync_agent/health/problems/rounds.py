"""An agent runs and does not get round."""

from collections.abc import Iterator
from datetime import timedelta
from typing import Final

from calsync_agent import datetimes
from calsync_agent.health.problems.problem import Kind, Problem, Weight
from calsync_agent.health.provider import interval_of
from calsync_agent.health.situation import Situation
from calsync_agent.i18n import message

PATIENCE: Final = timedelta(minutes=1)
ROUNDS: Final = 3


def standing_still(situation: Situation) -> Iterator[Problem]:
    """It has asked no mailbox for a while, although there is something to be asked."""
    interval = interval_of(situation.provider)
    if situation.health.refused or situation.health.copied or interval is None:
        return
    if not any(one.syncing for one in situation.profiles):
        return
    pulse = situation.pulse
    patience = max(PATIENCE, ROUNDS * interval)
    for agent in pulse.alive:
        last = agent.round_at or agent.started_at
        if pulse.now - last > patience:
            yield Problem(
                Kind.STANDING_STILL,
                Weight.ERROR,
                message(
                    "The agent on {host} runs, but has synced nothing since {time}",
                    host=agent.host,
                    time=datetimes.since(last, pulse.now),
                ),
                message("Check connection on the page Provider (F6, F3) says what is missing"),
                since=last,
                about=str(agent.id),
            )


def slow(situation: Situation) -> Iterator[Problem]:
    """A round takes longer than the interval."""
    interval = interval_of(situation.provider)
    if interval is None:
        return
    for agent in situation.pulse.alive:
        took = timedelta(milliseconds=agent.round_ms or 0)
        if took > interval:
            yield Problem(
                Kind.ROUND_SLOW,
                Weight.WARNING,
                message(
                    "A round takes {took}, longer than the interval of {interval}",
                    took=datetimes.seconds(took),
                    interval=datetimes.seconds(interval),
                ),
                message("Make the interval longer on the page Provider (F6)"),
                about=str(agent.id),
            )
