"""Which mailboxes are ailing: polled alone, and not before their time, until they are well (A5).

Only what ails is on record, so a mailbox without an entry is well.
"""

from collections import deque
from dataclasses import dataclass
from statistics import median
from typing import Final

QUICK: Final = 3.0  # seconds within which a mailbox that is well answers
LONGEST: Final = 30.0
"""Seconds after which whoever has not answered is slow, however slow all the others are."""
_TIMES: Final = 3  # as long as the others take
_REMEMBERED: Final = 15  # answers


@dataclass(frozen=True, slots=True)
class Ailment:
    """A mailbox that was slow, throttled or failing."""

    failures: int  # in a row; 0: it answers, but slowly
    not_before: float  # monotonic seconds; it is not asked earlier


def failed(before: Ailment | None, now: float, rest: float) -> Ailment:
    """It was throttled, failed, or did not answer: not to be asked for `rest` seconds."""
    if before is None:
        return Ailment(1, now + rest)
    return Ailment(before.failures + 1, max(now + rest, before.not_before))


def answered(now: float, took: float) -> Ailment | None:
    """It answered, alone, within `took` seconds; None: it is well again."""
    return None if took <= QUICK else Ailment(0, now)


class Usual:
    """How long answers take of late: where all are slow, no mailbox is to blame for it.

    All may be slow because the tenant is, the network, or this computer, which has too much to do.
    """

    def __init__(self) -> None:
        self._seconds: deque[float] = deque(maxlen=_REMEMBERED)

    def note(self, seconds: float) -> None:
        """An answer took so long."""
        self._seconds.append(seconds)

    def patience(self, least: float) -> float:
        """Seconds after which an answer is late that else would be after `least`."""
        if not self._seconds:
            return least
        return max(least, min(_TIMES * median(self._seconds), LONGEST))


class HealthRecords:
    """What is known of each mailbox that ails."""

    def __init__(self) -> None:
        self._ailments: dict[str, Ailment] = {}

    def well(self, mailbox: str) -> bool:
        """Whether nothing ails the mailbox."""
        return mailbox not in self._ailments

    def answers(self, mailbox: str) -> bool:
        """Whether it answers at once, if only with errors: so it keeps nobody waiting."""
        ailment = self._ailments.get(mailbox)
        return ailment is None or ailment.failures > 0

    def rest(self, mailbox: str, now: float) -> float:
        """Seconds for which the mailbox is still to be left alone; 0 for none."""
        ailment = self._ailments.get(mailbox)
        return 0.0 if ailment is None else max(0.0, ailment.not_before - now)

    def failures(self, mailbox: str) -> int:
        """How often in a row the mailbox has failed."""
        ailment = self._ailments.get(mailbox)
        return 0 if ailment is None else ailment.failures

    def since(self, mailbox: str) -> float:
        """Since when the mailbox may be asked again; 0 where nothing is known of it."""
        ailment = self._ailments.get(mailbox)
        return 0.0 if ailment is None else ailment.not_before

    def failed(self, mailbox: str, now: float, rest: float) -> None:
        """Leave the mailbox alone for `rest` seconds."""
        self._ailments[mailbox] = failed(self._ailments.get(mailbox), now, rest)

    def answered(self, mailbox: str, now: float, took: float) -> None:
        """It answered a call of its own within `took` seconds."""
        ailment = answered(now, took)
        if ailment is None:
            self._ailments.pop(mailbox, None)
        else:
            self._ailments[mailbox] = ailment
