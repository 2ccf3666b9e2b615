"""What goes wrong, and when: chosen by Hypothesis before an agent acts."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

from hypothesis import strategies as st

from tests.support.kinds import Kind

LASTING: Final = frozenset({Kind.OUTAGE_BEFORE, Kind.OUTAGE_AFTER})
LONGEST: Final = 24
"""How many points of an agent's a script reaches over."""


@dataclass
class Script:
    """What happens at which point from now on; where it cannot happen there, at the next one."""

    due: Mapping[int, Kind]
    passed: int = 0
    late: Kind | None = None

    def strike(self, line: str) -> Kind | None:
        """What happens at this point of the trace."""
        self.passed += 1
        self.late = self.due.get(self.passed, self.late)
        if self.late is None or _place(line) not in self.late.places:
            return None
        struck, self.late = self.late, None
        return struck


def _place(line: str) -> str:
    return line.split()[1]


def scripts() -> st.SearchStrategy[Mapping[int, Kind]]:
    """Mostly nothing or one thing; the simplest case is that all goes well."""
    kinds = st.sampled_from([kind for kind in Kind if kind not in LASTING])
    return st.dictionaries(st.integers(1, LONGEST), kinds, max_size=3)
