"""First contact: what people entered on both sides by hand is paired, not copied (B4).

Two are the same when start, end, all-day flag, recurrence, and subject apart from case and spacing
are equal. Each is paired at most once.
"""

from collections import defaultdict
from collections.abc import Callable
from typing import NewType, TypeAlias

from calsync_agent.appointment import hours, rrule
from calsync_agent.appointment.model import ActivityId, Appointment, EventId
from calsync_agent.appointment.text import SUBJECT_LIMIT, alike, cut

Likeness = NewType("Likeness", int)


def likeness(appointment: Appointment) -> Likeness:
    """Equal for appointments that are the same on first contact."""
    a = appointment
    moments: tuple[object, ...] = (a.start, a.end)
    if not a.all_day:
        # The same instants may be written in different zones; a series stays in its own.
        moments = hours.instants(a.start, a.end, a.zone)
    rule = rrule.write(a.rule, None) if a.rule else None
    return Likeness(hash((alike(cut(a.subject, SUBJECT_LIMIT)), *moments, a.all_day, rule)))


class Candidates:
    """Appointments of Consolidate that have no event yet, to be paired with events.

    Holds a number and an id for each, not the appointments themselves.
    """

    def __init__(self) -> None:
        self.ambiguous: set[ActivityId] = set()
        """Those that were alike to another, or to several events: which is which is a guess."""
        self._waiting: dict[Likeness, list[ActivityId]] = defaultdict(list)
        self._paired: dict[EventId, ActivityId] = {}
        self._last: dict[Likeness, ActivityId] = {}

    def add(self, activity: ActivityId, appointment: Appointment) -> None:
        """One more appointment that waits for its event."""
        alike_ones = self._waiting[likeness(appointment)]
        alike_ones.append(activity)
        if len(alike_ones) > 1:
            self.ambiguous |= set(alike_ones)

    def take(self, event: EventId, appointment: Appointment) -> ActivityId | None:
        """The appointment that is the same as an event; it waits no longer.

        Asked again, as a repeated transaction does, it gives the same answer.
        """
        if event in self._paired:
            return self._paired[event]
        kind = likeness(appointment)
        waiting = self._waiting.get(kind)
        if not waiting:
            if kind in self._last:
                self.ambiguous.add(self._last[kind])
            return None
        found = self._paired[event] = self._last[kind] = waiting.pop(0)
        return found

    def rest(self) -> set[ActivityId]:
        """Those that are only in Consolidate."""
        return {activity for waiting in self._waiting.values() for activity in waiting}


Match: TypeAlias = Callable[[EventId, Appointment], ActivityId | None]


def no_match(_event: EventId, _appointment: Appointment) -> ActivityId | None:
    """Outside of first contact nothing is paired by its looks."""
    return None
