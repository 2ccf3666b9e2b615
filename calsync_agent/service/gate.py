"""Whether this agent may write: one value, looked at before every write (G5, B11).

The rounds open the gate when a look into the database has found nothing against the sync. Whoever
finds something shuts it: a round, the watch beside the rounds, or the end of the agent. Cycles
under way end before their next write then, and are cut off a little later (B1).
"""

from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Final

from calsync_agent.errors import CalsyncError, DatabaseRefused, Refusal
from calsync_agent.i18n import Message, message
from calsync_agent.service.leases import Leases
from calsync_agent.service.profile_run import Standing

CUT_AFTER: Final = 2.0
"""Seconds that a cycle has to come to an end by itself."""


class Stopped(CalsyncError):
    """The cycle ends before its next write; nobody is to blame."""


@dataclass(frozen=True, slots=True)
class _Shut:
    """Why no cycle may write. `refusal`: what a look into the database has found against it."""

    reason: Message
    refusal: Refusal | None = None
    for_good: bool = False


class Gate:
    """Open, or shut for a reason. `leases`: whether it was shown of late that this agent lives."""

    def __init__(self, leases: Leases) -> None:
        self._leases = leases
        self._shut: _Shut | None = None
        self._cut: Callable[[float], None] = _nothing_runs

    def guards(self, cut: Callable[[float], None]) -> None:
        """What is under way is ended by `cut` when the gate shuts, after so many seconds."""
        self._cut = cut

    @property
    def refusal(self) -> Refusal | None:
        """What the last look into the database has found against the sync."""
        return self._shut.refusal if self._shut else None

    @property
    def may_note(self) -> bool:
        """Whether the database is ours to note anything in, if only that this agent lives."""
        return not isinstance(self.refusal, DatabaseRefused)

    def permit(self, standing: Standing) -> None:
        """Raise Stopped where the profile's cycle may write no more, Silent where others may."""
        if self._shut is not None:
            raise Stopped(self._shut.reason)
        if standing.withdrawn:
            raise Stopped(message("its settings have changed"))
        self._leases.check()

    def refuse(self, refusal: Refusal, *, of_database: bool = True) -> None:
        """Shut it; `of_database`: a look into the database has found the refusal (G5)."""
        self._close(_Shut(refusal.message, refusal if of_database else None), CUT_AFTER)

    def looked(self) -> None:
        """A look has found nothing against the sync: what an earlier one had found is over."""
        if self._shut is not None:
            self._shut = replace(self._shut, refusal=None)

    def open(self) -> None:
        """Cycles may write, unless something was found against it since the look."""
        if self._shut is not None and self._shut.refusal is None and not self._shut.for_good:
            self._shut = None

    def end(self, grace: float) -> None:
        """Shut it for good, because the agent ends; cycles have `grace` seconds."""
        refusal, self._shut = self.refusal, None
        reason = message("the agent is being stopped")
        self._close(_Shut(reason, refusal, for_good=True), grace)

    def _close(self, shut: _Shut, cut_after: float) -> None:
        before, self._shut = self._shut, shut
        if before is None:
            self._cut(cut_after)
        elif before.for_good:
            self._shut = replace(before, refusal=shut.refusal)


def _nothing_runs(_after: float) -> None:
    pass
