"""Keeps what an online meeting has put into its body while its text is written (D7).

The body is read as Exchange keeps it, and written with the block in its place. Where it is not
certain that the block stays whole, the body is left alone; the rest of the write goes on.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Final, TypeGuard

from calsync_agent.appointment.fields import Field
from calsync_agent.appointment.model import EventId
from calsync_agent.domain.operation import (
    ChangeEvent,
    Operation,
    Overtaken,
    Partly,
    Refused,
    Result,
    Written,
)
from calsync_agent.exchange.calendar import writes
from calsync_agent.exchange.calendar.bodies import rewritten
from calsync_agent.exchange.calendar.heavy import weighed
from calsync_agent.exchange.transport.calls import Calls
from calsync_agent.exchange.transport.requests import Answer
from calsync_agent.i18n import Message, message

_BODY: Final = frozenset({Field.BODY})

UNCERTAIN: Final = message(
    "its text is left as it is in Exchange: it cannot be told for certain which part of it belongs"
    " to the online meeting, and without that part the meeting would end; change it in Outlook"
)


@dataclass(frozen=True, slots=True)
class Careful:
    """An operation that endangers no online meeting.

    `html`: the body to be written, where it holds a join block. `left`: why the body is not
    written; it is no longer among the operation's fields then. `result`: what came of it, where
    nothing remains to be sent.
    """

    operation: Operation
    html: str | None = None
    left: Message | None = None
    result: Result | None = None

    def told(self, result: Result) -> Result:
        """What came of it, with what was left."""
        if self.left is None:
            return result
        match result:
            case Written(event):
                return Partly(event, self.left, _BODY)
            case Partly(event, reason, fields):
                both = message("{some}; {more}", some=reason, more=self.left)
                return Partly(event, both, fields | _BODY)
        return result


async def careful(calls: Calls, operations: Sequence[Operation]) -> list[Careful]:
    """The operations, in their order, with the bodies of online meetings looked after."""
    ids = [each.event.id for each in operations if _writes_text(each)]
    stored = iter(await stored_bodies(calls, ids))
    return [
        await _careful(each, next(stored)) if _writes_text(each) else Careful(each)
        for each in operations
    ]


async def stored_bodies(calls: Calls, events: Sequence[EventId]) -> list[Answer]:
    """The answers that hold the bodies of events as Exchange keeps them."""
    return await calls.ask([writes.reading_html(calls.mailbox, event) for event in events])


async def kept_html(answer: Answer, link: str | None, present: str, wanted: str) -> str | Message:
    """The HTML to be written for `wanted`, or why the body has to be left alone."""
    stored = writes.stored_html(answer)
    if stored is None:
        return writes.told(answer)
    made = await weighed(
        len(stored) + len(wanted), lambda: rewritten(stored, link, present, wanted)
    )
    return UNCERTAIN if made is None else made


async def _careful(operation: ChangeEvent, answer: Answer) -> Careful:
    event, appointment = operation.event, operation.appointment
    if writes.item_gone(answer):
        return Careful(operation, result=Overtaken())
    made = await kept_html(
        answer, event.own_link, event.appointment.body, operation.appointment.body
    )
    if isinstance(made, str):
        return Careful(operation, html=made)
    # Occurrences without a text of their own have the series': it stays what it is for them too.
    rest = replace(
        operation,
        appointment=replace(appointment, body=event.appointment.body),
        fields=operation.fields - _BODY,
    )
    return Careful(rest, left=made, result=None if rest.fields else Refused(made, _BODY))


def _writes_text(operation: Operation) -> TypeGuard[ChangeEvent]:
    return (
        isinstance(operation, ChangeEvent)
        and Field.BODY in operation.fields
        and operation.event.is_online_meeting
    )
