"""The ids of appointments that come from Exchange.

Always the same for the same event, so that neither a repetition nor lost links double it; and the
same for all copies of a meeting, so that two mailboxes that bring it at once meet at the row.
"""

from typing import Final
from uuid import UUID, uuid5

from calsync_agent.appointment.model import ActivityId, EmployeeId, EventId
from calsync_agent.domain.event import Event, UnreadableEvent

_INBOUND: Final = UUID("8a8d6f3e-4a0e-4d0f-9a53-6a0c1d1f4f2b")


def own_id(event: Event | UnreadableEvent, employee: EmployeeId) -> ActivityId:
    """The id of the appointment that comes from an event in an employee's mailbox."""
    if isinstance(event, UnreadableEvent) or not event.ical_uid:
        return of_event(event.id)
    # Half a character, which nothing can hold, is told by its number.
    uid = event.ical_uid.encode(errors="backslashreplace").decode()
    if event.meeting:
        return ActivityId(uuid5(_INBOUND, uid))
    return ActivityId(uuid5(_INBOUND, f"{employee}:{uid}"))


def of_event(event: EventId) -> ActivityId:
    """The same by nothing but the event's own id, where that of its meeting is taken."""
    return ActivityId(uuid5(_INBOUND, event))
