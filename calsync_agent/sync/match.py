"""First contact: what people entered on both sides by hand is paired, not copied (B4).

Two are the same when start, end, all-day flag, recurrence, and subject apart from case and spacing
are equal. Each is paired at most once.
"""

from collections import defaultdict
from collections.abc import Callable
from typing import NewType, TypeAlias

from calsync_agent.appointment import rrule, zones
from calsync_agent.appointment.model import ActivityId, Appointment, EventId
from calsync_agent.appointment.text import SUBJECT_LIMIT, alike, cut

Likeness = NewType("Likeness", int)


def likeness(appointment: Appointment) -> Likeness:
    """Equal for appointments that are the same on first contact."""
    a = appointment
    moments: tuple[object, ...] = (a.start, a.end)
    if not a.all_day:
        # The same instants may be written in different zones; a series stays in its own.
        moments = (zones.to_utc(a.start, a.zone), zones.to_utc(a.end, a.zone))
    rule = rrule.write(a.rule, None) if a.rule else None
    return Likeness(hash((alike(cut(a.subject, SUBJECT_LIMIT)), *moments, a.all_day, rule)))


class Candidates:
    """Appointments of Consolidate that have no event yet, to be paired with events.

    Holds a number and an id for each, not the appointments themselves.
    """

    def __init__(self) -> None:
        self._waiting: dict[Likeness, list[ActivityId]] = defaultdict(list)
        self._paired: dict[EventId, ActivityId] = {}

    def add(self, activity: ActivityId, appointment: Appointment) -> None:
        """One more appointment that waits for its event."""
        self._waiting[likeness(appointment)].append(activity)

    def take(self, event: EventId, appointment: Appointment) -> ActivityId | None:
        """The appointment that is the same as an event; it waits no longer.

        Asked again, as a repeated transaction does, it gives the same answer.
        """
        if event not in self._paired:
            waiting = self._waiting.get(likeness(appointment))
            if not waiting:
                return None
            self._paired[event] = waiting.pop(0)
        return self._paired[event]

    def rest(self) -> set[ActivityId]:
        """Those that are only in Consolidate."""
        return {activity for waiting in self._waiting.values() for activity in waiting}


Match: TypeAlias = Callable[[EventId, Appointment], ActivityId | None]


def no_match(_event: EventId, _appointment: Appointment) -> ActivityId | None:
    """Outside of first contact nothing is paired by its looks."""
    return None
