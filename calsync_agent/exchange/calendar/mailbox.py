"""One mailbox, as the sync sees it: read events, write events, list changes."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from functools import partial
from http import HTTPStatus
from typing import Final, TypeGuard

from calsync_agent.appointment.fields import Field
from calsync_agent.appointment.model import ActivityId, EventId, ICalUid
from calsync_agent.appointment.naming import event_name
from calsync_agent.appointment.people import Directory
from calsync_agent.domain.calendar import Changes, Conditions, Page, PositionLost
from calsync_agent.domain.event import Event, Read, UnreadableEvent, nameless
from calsync_agent.domain.operation import (
    AnswerEvent,
    ChangeEvent,
    CreateEvent,
    DeleteEvent,
    Examined,
    ExamineEvent,
    Lost,
    Operation,
    Refused,
    Result,
    Written,
    WrittenUnread,
)
from calsync_agent.exchange.calendar import delta, finding, guests, keeping, writes
from calsync_agent.exchange.calendar.event_codec import Kind, id_of, read_event, unplaced
from calsync_agent.exchange.calendar.heavy import weighed, weight
from calsync_agent.exchange.calendar.keeping import Careful
from calsync_agent.exchange.calendar.occurrences import Occurrences
from calsync_agent.exchange.calendar.recreation import Carried
from calsync_agent.exchange.transport.calls import Calls, Sender, items_of, unread
from calsync_agent.exchange.transport.requests import Answer, Outcome, Request
from calsync_agent.fence import guarded, guarded_call, reason
from calsync_agent.i18n import Message, message


@dataclass(frozen=True, slots=True)
class Mailbox:
    """The mailbox of one profile. Every method that asks may raise MailboxTrouble."""

    graph: Sender
    name: str
    people: Directory
    conditions: Conditions = field(default_factory=Conditions)

    @property
    def calls(self) -> Calls:
        """The way to it."""
        return Calls(self.graph, self.name)

    async def probe(self) -> None:
        """Find out whether the calendar may be read, by reading as little of it as there is."""
        (answer,) = await self.calls.ask([delta.least(self.name)])
        if not answer.ok:
            raise unread(self.name, answer)

    async def count(self, start: datetime, end: datetime) -> int | None:
        """How many items a listing of the window (UTC) brings; None where Graph does not say."""
        (answer,) = await self.calls.ask([delta.counting(self.name, start, end)])
        count = (answer.body or {}).get("@odata.count") if answer.ok else None
        return count if isinstance(count, int) else None

    async def first_page(self, start: datetime, end: datetime) -> Page:
        """The first page of a listing of the window (UTC). Raises PositionLost."""
        return await self._page(delta.first(self.name, start, end))

    async def page(self, at: str) -> Page:
        """The page behind a next or delta link. Raises PositionLost."""
        return await self._page(delta.following(at))

    async def page_of(self, changes: Changes) -> Page:
        """The page that a poll was answered with. Raises PositionLost."""
        if not isinstance(changes.answer, Answer):
            raise TypeError("what a poll of Exchange has found is an answer of Graph's")
        return await self._read_page(changes.answer)

    async def _page(self, request: Request) -> Page:
        return await self._read_page((await self.calls.ask([request]))[0])

    async def _read_page(self, answer: Answer) -> Page:
        if delta.token_refused(answer):
            raise PositionLost(unread(self.name, answer))
        if not answer.ok or not answer.body:
            raise unread(self.name, answer)
        body = answer.body
        return await weighed(weight(body), lambda: delta.read_page(body, self.people))

    async def read(self, events: Collection[EventId]) -> dict[EventId, Read]:
        """The events as they are now, series with their exceptions; None for what is gone.

        Of an occurrence it is the series that is read, in its place. What the feed showed without
        an id cannot be asked for; a listing shows it again, if it is still there.
        """
        unaskable = {event for event in events if nameless(event)}
        answers = await self._asked(set(events) - unaskable)
        series = {event: answer for event, answer in answers.items() if _is_occurrence(answer)}
        masters = {
            event: id_of({"id": _property(a, "seriesMasterId")}) for event, a in series.items()
        }
        missing = {master for master in masters.values() if master is not None} - answers.keys()
        answers |= await self._asked(missing)
        found = {
            event: await self._read(event, answer)
            for event, answer in answers.items()
            if event not in series
        }
        for event, master in masters.items():
            there = master is not None and found.get(master) is not None
            found[event] = None if there else unplaced(series[event].body, event)
        return found | dict.fromkeys(unaskable)

    async def _asked(self, events: Collection[EventId]) -> dict[EventId, Answer]:
        wanted = sorted(events)
        answers = await self.calls.ask([writes.reading(self.name, event) for event in wanted])
        return dict(zip(wanted, answers, strict=True))

    async def in_a_calendar(self, events: Collection[EventId]) -> set[EventId]:
        """Those of these events that still lie in one of the mailbox's calendars.

        An event in Deleted Items may still be read by its immutable id; its calendar cannot.
        """
        wanted = sorted(events)
        paths = [f"{writes.event_path(self.name, event)}/calendar" for event in wanted]
        answers = await self.calls.ask([Request("GET", path) for path in paths])
        pairs = zip(wanted, answers, strict=True)
        return {event for event, answer in pairs if not writes.item_gone(answer)}

    async def made_for(self, activities: Collection[ActivityId]) -> list[Event | UnreadableEvent]:
        """The events that were made for these appointments, as far as they are there."""
        wanted = sorted(activities)
        listed = await self.calls.items([writes.lookup(self.name, number) for number in wanted])
        found: dict[EventId, ActivityId] = {}
        for number, items in zip(wanted, listed, strict=True):
            found |= {event: number for event in map(id_of, items) if event is not None}
        events = (await self.read(found.keys())).items()
        return [
            replace(event, made_for=found.get(number)) if isinstance(event, Event) else event
            for number, event in events
            if event is not None
        ]

    async def with_uids(self, uids: Collection[ICalUid]) -> list[Event | UnreadableEvent]:
        """The events with these iCalUIds, whichever calendar of the mailbox they lie in."""
        if not uids:
            return []
        requests = [finding.calendars(self.name), *finding.by_uids(self.name, uids)]
        calendars, *here = await self.calls.items(requests)
        requests = [
            request
            for number in finding.others(calendars)
            for request in finding.by_uids(self.name, uids, number)
        ]
        answers = await self.calls.ask(requests)
        for answer in answers:
            # A calendar may have been deleted since it was listed.
            if items_of(answer) is None and not writes.item_gone(answer):
                raise unread(self.name, answer)
        there = [items_of(answer) or [] for answer in answers]
        numbers = {id_of(item) for items in (*here, *there) for item in items}
        events = await self.read({number for number in numbers if number is not None})
        return [event for event in events.values() if event is not None]

    async def listed(self, series: Event, spans: Sequence[tuple[datetime, datetime]]) -> Read:
        """A series with the exceptions that its occurrences in these times (UTC) show."""
        return await self._occurrences.listed(series, spans)

    async def carry_out(self, operations: Sequence[Operation]) -> list[Result]:
        """Write events; one result for each operation, which costs itself alone (B8)."""
        careful = await keeping.careful(self.calls, operations)
        prepared = [self._prepared(each) for each in careful]
        outcomes, put_back = await self._sent(careful, prepared)
        without = await self._without_meeting(prepared, outcomes)
        results: list[Result] = []
        for position, (each, request) in enumerate(zip(careful, prepared, strict=True)):
            if request is not None and not isinstance(request, Request):
                results.append(request)
                continue
            outcome = outcomes.get(position)
            if position in without and outcome is None:  # there was nothing else to be written
                made = Written(_changed(each.operation).event, without=without[position])
                results.append(each.told(made))
                continue
            result = await guarded_call(
                partial(self._completed, each.operation, outcome),
                partial(_unread, each.operation, outcome),
            )
            if isinstance(result, Written) and position in put_back:
                result = replace(result, put_back=put_back[position])
            if isinstance(result, Written) and position in without:
                result = replace(result, without=without[position])
            results.append(each.told(result))
        return results

    async def _sent(
        self, careful: Sequence[Careful], prepared: Sequence[Request | Result | None]
    ) -> tuple[dict[int, Outcome], dict[int, tuple[str, ...]]]:
        """The outcomes by position: of most together, of those that endanger guests one by one.

        And who had to be put back.
        """
        requests = {at: each for at, each in enumerate(prepared) if isinstance(each, Request)}
        inviting = {
            at: each
            for at in requests
            if isinstance(each := careful[at].operation, ChangeEvent) and _replaces_a_list(each)
        }
        if inviting and self.conditions.honoured is None:
            await guests.find_out(self.calls, self.conditions)
        if self.conditions.honoured:
            inviting = {}
        together = [at for at in requests if at not in inviting]
        sent = await self.calls.send([requests[at] for at in together])
        outcomes = dict(zip(together, sent, strict=True))
        put_back: dict[int, tuple[str, ...]] = {}
        for at, operation in inviting.items():
            outcomes[at], put_back[at] = await guests.changed_carefully(
                self.calls, operation, requests[at]
            )
        return outcomes, put_back

    async def _without_meeting(
        self, prepared: Sequence[Request | Result | None], outcomes: dict[int, Outcome]
    ) -> dict[int, Message]:
        """Send once more, without asking for a meeting, what was refused with it; why it was (I3).

        What came of it takes the place of the refusal among the outcomes.
        """
        refused: dict[int, Message] = {}
        again: dict[int, Request] = {}
        for at, outcome in list(outcomes.items()):
            request = prepared[at]
            if not (isinstance(request, Request) and writes.asks_for_meeting(request)):
                continue
            if not isinstance(outcome, Answer) or outcome.status not in _REFUSED:
                continue
            refused[at] = writes.told(outcome)
            rest = writes.without_meeting(request)
            if rest is None:
                del outcomes[at]
            else:
                again[at] = rest
        sent = await self.calls.send(list(again.values()))
        outcomes.update(zip(again, sent, strict=True))
        return refused

    def _prepared(self, careful: Careful) -> Request | Result | None:
        """The request for an operation, or what came of it without one; None: it has only parts."""
        if careful.result is not None:
            return careful.result
        if _in_parts(careful.operation) or isinstance(careful.operation, ExamineEvent):
            return None

        def request() -> Request | Result:
            return self._request(careful)

        return guarded(request, lambda error: Refused(reason(error)))

    async def _completed(self, operation: Operation, outcome: Outcome | None) -> Result:
        """What came of an operation once its occurrences, if not its only part, are written too."""
        if isinstance(operation, ExamineEvent):
            found = await self._occurrences.examined(operation.event)
            return Examined(found.to_text()) if isinstance(found, Carried) else Refused(found)
        if outcome is None:
            if not isinstance(operation, ChangeEvent):
                raise ValueError("only a change may consist of occurrences alone")
            return await self._occurrences.bring(
                operation.event, operation.appointment, operation.carried
            )
        if isinstance(operation, DeleteEvent):
            return writes.result_of_deletion(outcome, self.people)
        if isinstance(operation, AnswerEvent):
            return writes.result_of_answer(outcome, self.people)
        heavy = weight(outcome.body) if isinstance(outcome, Answer) else 0
        result = await weighed(heavy, lambda: writes.result(outcome, self.people))
        if not isinstance(result, Written) or not _has_occurrences(operation):
            return result
        event = result.event
        if isinstance(operation, ChangeEvent):
            # A change of time or rule discards exceptions; only reading tells which are left.
            now = await self._occurrences.read(event.id)
            if isinstance(now, UnreadableEvent):
                return WrittenUnread(event.id, now.reason)
            if now is None:
                return Lost(message("the series could not be read again after it was changed"))
            event = now
        carried = operation.carried if isinstance(operation, ChangeEvent) else None
        return await self._occurrences.bring(event, operation.appointment, carried)

    @property
    def _occurrences(self) -> Occurrences:
        return Occurrences(self.calls, self.people)

    def _request(self, careful: Careful) -> Request:
        match careful.operation:
            case CreateEvent() as operation:
                return writes.creation(self.name, operation)
            case ChangeEvent() as operation:
                return writes.change(self.name, operation, careful.html)
            case DeleteEvent(event_id, etag):
                return writes.deletion(self.name, event_id, etag)
            case AnswerEvent() as operation:
                return writes.answer(self.name, operation)
            case ExamineEvent():
                raise ValueError("what is only looked at has no request of its own")

    async def _read(self, event: EventId, answer: Answer) -> Read:
        body = answer.body or {}
        if answer.ok:
            read = await weighed(weight(body), lambda: read_event(body, self.people))
            return replace(read, id=event) if isinstance(read, UnreadableEvent) else read
        if writes.item_gone(answer):
            return None
        name = event_name(None, None, event, private=True)
        return UnreadableEvent(event, writes.told(answer), name)


_REFUSED: Final = frozenset(
    {
        HTTPStatus.BAD_REQUEST,
        HTTPStatus.FORBIDDEN,
        HTTPStatus.UNPROCESSABLE_ENTITY,
        HTTPStatus.NOT_IMPLEMENTED,
    }
)
"""How a meeting may be refused that an event without one would not be."""


def _changed(operation: Operation) -> ChangeEvent:
    if not isinstance(operation, ChangeEvent):
        raise ValueError("only a change may consist of an online meeting alone")
    return operation


def _unread(operation: Operation, outcome: Outcome | None, error: Exception) -> Result:
    """What came of an operation whose answer is beyond us: it counts as done (B2a)."""
    if isinstance(outcome, Lost):
        return outcome
    if outcome is not None and not outcome.ok:
        return Refused(reason(error))
    known = operation.event_id if isinstance(operation, DeleteEvent) else None
    if isinstance(operation, ChangeEvent | AnswerEvent | ExamineEvent):
        known = operation.event.id
    return WrittenUnread(known or id_of(outcome.body if outcome else None), reason(error))


def _is_occurrence(answer: Answer) -> bool:
    return answer.ok and _property(answer, "type") in (Kind.OCCURRENCE, Kind.EXCEPTION)


def _property(answer: Answer, name: str) -> object:
    return (answer.body or {}).get(name)


def _in_parts(operation: Operation) -> TypeGuard[ChangeEvent]:
    """Whether nothing of the event itself is to be written, only some of its occurrences."""
    return isinstance(operation, ChangeEvent) and operation.fields == {Field.EXCEPTIONS}


def _replaces_a_list(change: ChangeEvent) -> bool:
    """Whether what others have added meanwhile would be lost."""
    return change.attendees is not None or change.categories is not None


def _has_occurrences(operation: Operation) -> TypeGuard[CreateEvent | ChangeEvent]:
    """Whether occurrences may have to be written after the event."""
    if not isinstance(operation, CreateEvent | ChangeEvent) or operation.appointment.rule is None:
        return False
    before = operation.event.appointment.exceptions if isinstance(operation, ChangeEvent) else ()
    return bool(operation.appointment.exceptions or before)
