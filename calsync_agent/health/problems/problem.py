"""What a problem is, and what finds one."""

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from enum import Enum
from typing import TypeAlias

from calsync_agent.health.situation import Situation
from calsync_agent.i18n import Message


class Weight(Enum):
    """How much a problem matters."""

    ERROR = 1
    """Something is not synced."""
    WARNING = 2
    """It is, but somebody should look."""


@dataclass(frozen=True, slots=True)
class Problem:
    """It is listed until it is gone. `mend`: what is to be done about it."""

    weight: Weight
    text: Message
    mend: Message


Finder: TypeAlias = Callable[[Situation], Iterable[Problem]]
"""A pure function of how everything is; finds the problems of one kind."""
