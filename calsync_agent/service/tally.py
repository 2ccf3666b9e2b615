"""What all cycles of this process have done, for the metrics (H7: codes and numbers alone)."""

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Final

from calsync_agent.plan.job import Count

CHANGES: Final[Mapping[Count, tuple[str, str]]] = {
    Count.CREATED_IN_CONSOLIDATE: ("consolidate", "created"),
    Count.CHANGED_IN_CONSOLIDATE: ("consolidate", "changed"),
    Count.DELETED_IN_CONSOLIDATE: ("consolidate", "deleted"),
    Count.CREATED_IN_EXCHANGE: ("exchange", "created"),
    Count.CHANGED_IN_EXCHANGE: ("exchange", "changed"),
    Count.DELETED_IN_EXCHANGE: ("exchange", "deleted"),
}
"""Side and kind of what counts as a change."""

UP_TO: Final = (0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0, 30.0, 60.0, 120.0, 300.0)
"""The bounds, in seconds, by which cycles are counted."""


@dataclass(slots=True)
class Tally:
    """Changes by profile, side and kind; mails by profile; cycles by how long they took."""

    changes: Counter[tuple[str, str, str]] = field(default_factory=Counter)
    mails: Counter[str] = field(default_factory=Counter)
    cycles: Counter[float] = field(default_factory=Counter)
    seconds: float = 0.0

    def note(self, profile: str, counts: Mapping[Count, int], took: float) -> None:
        """A cycle of a profile, by its employee's code, has ended."""
        for count, (side, kind) in CHANGES.items():
            self.changes[profile, side, kind] += counts.get(count, 0)
        mails = counts.get(Count.MAILS_INSIDE, 0) + counts.get(Count.MAILS_OUTSIDE, 0)
        self.mails[profile] += mails
        self.cycles[next((most for most in UP_TO if took <= most), float("inf"))] += 1
        self.seconds += took
