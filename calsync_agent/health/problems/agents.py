"""No agent works, or not the one that should."""

from collections.abc import Iterator

from calsync_agent import __version__, datetimes
from calsync_agent.health.problems.problem import Kind, Problem, Weight
from calsync_agent.health.situation import Situation
from calsync_agent.i18n import message

START = "calsync-agent run"


def missing(situation: Situation) -> Iterator[Problem]:
    """None runs, and none is only silent."""
    if not situation.pulse.agents:
        yield Problem(
            Kind.NO_AGENT,
            Weight.ERROR,
            message("No agent is running"),
            message("Start the service, or by hand: {command}", command=START),
        )


def silent(situation: Situation) -> Iterator[Problem]:
    """One has not been heard of, and did not say goodbye."""
    pulse = situation.pulse
    for agent in pulse.silent:
        time = datetimes.since(agent.seen_at, pulse.now)
        yield Problem(
            Kind.AGENT_SILENT,
            Weight.WARNING if pulse.alive else Weight.ERROR,
            message("The agent on {host} is silent since {time}", host=agent.host, time=time),
            message(
                "Look whether its service runs (process {pid}) and reaches the database, and"
                " whether the database's disk is full",
                pid=agent.pid,
            ),
            since=agent.seen_at,
            about=str(agent.id),
        )


def other_version(situation: Situation) -> Iterator[Problem]:
    """One is older or newer than this program."""
    for agent in situation.pulse.alive:
        if agent.version != __version__:
            yield Problem(
                Kind.AGENT_VERSION,
                Weight.WARNING,
                message(
                    "The agent on {host} is of version {theirs}, this program of {ours}",
                    host=agent.host,
                    theirs=agent.version,
                    ours=__version__,
                ),
                message("Install the same version, and restart the service"),
                about=str(agent.id),
            )
