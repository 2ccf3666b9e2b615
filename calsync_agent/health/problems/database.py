"""The database, or Consolidate in it, is not as it has to be."""

from collections.abc import Iterator

from calsync_agent.health.problems.problem import Kind, Problem, Weight
from calsync_agent.health.situation import Situation
from calsync_agent.i18n import message


def refused(situation: Situation) -> Iterator[Problem]:
    """Tables, version, licence, module, triggers (B10); the reason says what to do."""
    if situation.health.refused is not None:
        yield Problem(
            Kind.DATABASE_REFUSED,
            Weight.ERROR,
            message("Nothing is synced"),
            situation.health.refused,
        )


def copied(situation: Situation) -> Iterator[Problem]:
    """A copy writes nothing until somebody says which one it is (B12)."""
    if situation.health.copied:
        yield Problem(
            Kind.DATABASE_COPIED,
            Weight.ERROR,
            message("This database is a copy, or was restored elsewhere; nothing is written to it"),
            message(
                "Say calsync-agent adopt --copy for a second installation, or adopt --restored for"
                " the same one"
            ),
        )
