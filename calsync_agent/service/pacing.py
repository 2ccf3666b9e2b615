"""When the next round is due, and whether the rounds keep up with the interval (A4).

A round that takes longer than the interval lets the next one begin late. What is still being asked
is not asked again, so that nothing piles up; that is said once, and that it is over.
"""

from typing import Final

from calsync_agent.i18n import Message, message
from calsync_agent.state.log import Level

_PART: Final = 4
"""A quarter of the mailboxes still being asked is no longer the affair of a few."""

_FEW: Final = 20
"""Of fewer mailboxes each has said for itself that it does not answer."""


class Pace:
    """`due_at`: when all mailboxes are to be asked again, by the loop's time."""

    def __init__(self) -> None:
        self.due_at = 0.0
        self._late = False
        self._behind = False

    def ended(self, begun: float, now: float, interval: float) -> Message | None:
        """A round has begun all there was, and took so long for it; what is to be said of that."""
        took = now - begun
        before, self._late = self._late, took > (interval / 2 if self._late else interval)
        if self._late and not before:
            return message(
                "a round took {took} s, longer than the interval of {interval} s: the next one"
                " begins as soon as it is over. This computer or the database has too much to do,"
                " or the interval is too short for so many mailboxes",
                took=round(took, 1),
                interval=interval,
            )
        return None

    def asked(self, still: int, of: int, interval: float) -> tuple[Level, Message] | None:
        """A round begins while so many mailboxes are still being asked; what is to be said."""
        many = still > _FEW and still * _PART > of
        before, self._behind = self._behind, many or (self._behind and still * 2 * _PART > of)
        if self._behind and not before:
            return Level.WARNING, message(
                "Exchange does not answer for all mailboxes within the interval of {interval} s:"
                " {count} of {all} are still being asked. Each is asked again when it has"
                " answered, so changes arrive later",
                interval=interval,
                count=still,
                all=of,
            )
        if before and not self._behind:
            return Level.INFO, message("Exchange answers within the interval again")
        return None
