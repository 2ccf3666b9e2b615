"""How several agents share the profiles: evenly, and without taking them out of each other's hands.

An agent takes its share of those that nobody has. Whoever has more than that offers some of it, at
first a single one, and then twice as many each time, as long as those who take them are well: an
agent that has no way to Exchange gets no more than a few.
"""

from collections.abc import Collection, Sequence
from typing import Final

from calsync_agent.appointment.model import ProfileId
from calsync_agent.domain.load import Load

SETTLED_AFTER: Final = 30.0
"""Seconds that an agent has to live before it is offered anything: `once` is soon gone."""


def share(wanted: int, agents: int) -> int:
    """How many profiles each of so many agents has at the most."""
    return -(-wanted // agents)


def taken(
    free: Collection[ProfileId],
    left: Collection[ProfileId],
    *,
    mine: int,
    wanted: int,
    place: int,
    agents: int,
) -> set[ProfileId]:
    """The free profiles that an agent takes; all that are `left`, which no other has wanted.

    `place`: the agent's among all `agents`, so that two do not reach for the same ones first.
    """
    if agents == 1:
        return set(free)
    ordered = sorted(free)
    own = set(ordered[place::agents])
    first = sorted(ordered, key=lambda one: (one not in own, one))
    return {*first[: max(share(wanted, agents) - mine, 0)], *left}


def offered(mine: int, wanted: int, others: Sequence[Load], most: int) -> int:
    """How many profiles an agent offers to the others, at the most so many."""
    each = share(wanted, len(others) + 1)
    lacking = sum(
        max(each - one.profiles, 0) for one in others if one.age >= SETTLED_AFTER and one.well
    )
    return max(min(mine - each, lacking, most), 0)
