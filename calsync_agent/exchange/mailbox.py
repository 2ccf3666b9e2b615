"""One mailbox, as the sync sees it: read events, write events, list changes."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, TypeAlias, TypeGuard

from calsync_agent.appointment.content import Field
from calsync_agent.appointment.model import ActivityId, EventId
from calsync_agent.appointment.people import Directory
from calsync_agent.errors import MailboxTrouble
from calsync_agent.exchange import delta, keeping, writes
from calsync_agent.exchange.calls import Calls, Sender
from calsync_agent.exchange.delta import Page
from calsync_agent.exchange.events import Event, UnreadableEvent, read_event
from calsync_agent.exchange.heavy import weighed, weight
from calsync_agent.exchange.keeping import Careful
from calsync_agent.exchange.occurrences import Occurrences
from calsync_agent.exchange.operations import (
    AnswerEvent,
    ChangeEvent,
    CreateEvent,
    DeleteEvent,
    Operation,
    Result,
    Written,
)
from calsync_agent.exchange.requests import Answer, Lost, Outcome, Request
from calsync_agent.i18n import message

Read: TypeAlias = Event | UnreadableEvent | None


class PositionLost(Exception):
    """Graph does not know the position in the feed any more; a fresh listing has to begin (B3)."""


@dataclass(frozen=True, slots=True)
class Mailbox:
    """The mailbox of one profile. Every method that asks may raise MailboxTrouble."""

    graph: Sender
    name: str
    people: Directory

    @property
    def calls(self) -> Calls:
        """The way to it."""
        return Calls(self.graph, self.name)

    async def probe(self) -> None:
        """Find out whether the calendar may be read, by reading as little of it as there is."""
        (answer,) = await self.calls.ask([delta.least(self.name)])
        if not answer.ok:
            raise self._failed(answer)

    async def page(self, request: Request) -> Page:
        """A page of the feed. Raises PositionLost."""
        return await self.read_page((await self.calls.ask([request]))[0])

    async def read_page(self, answer: Answer) -> Page:
        """The page in an answer. Raises PositionLost."""
        if delta.token_refused(answer):
            raise PositionLost
        if not answer.ok or not answer.body:
            raise self._failed(answer)
        body = answer.body
        return await weighed(weight(body), lambda: delta.read_page(body, self.people))

    async def read(self, events: Collection[EventId]) -> dict[EventId, Read]:
        """The events as they are now, series with their exceptions; None for what is gone."""
        wanted = sorted(events)
        answers = await self.calls.ask([writes.reading(self.name, event) for event in wanted])
        pairs = zip(wanted, answers, strict=True)
        return {event: await self._read(event, answer) for event, answer in pairs}

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
        answers = await self.calls.ask([writes.lookup(self.name, a) for a in sorted(activities)])
        found: set[EventId] = set()
        for answer in answers:
            if not answer.ok:
                raise self._failed(answer)
            items: Any = (answer.body or {}).get("value") or ()
            found |= {EventId(str(item["id"])) for item in items}
        return [event for event in (await self.read(found)).values() if event is not None]

    async def listed(self, series: Event, start: datetime, end: datetime) -> Event:
        """A series with the exceptions that its occurrences from `start` to `end` (UTC) show."""
        return await self._occurrences.listed(series, start, end)

    async def carry_out(self, operations: Sequence[Operation]) -> list[Result]:
        """Write events; one result for each operation."""
        careful = await keeping.careful(self.calls, operations)
        sent = [each for each in careful if each.result is None and not _in_parts(each.operation)]
        outcomes = iter(await self.calls.send([self._request(each) for each in sent]))
        results: list[Result] = []
        for each in careful:
            if each.result is not None:
                results.append(each.result)
            elif _in_parts(each.operation):
                event, appointment = each.operation.event, each.operation.appointment
                results.append(each.told(await self._occurrences.bring(event, appointment)))
            else:
                results.append(each.told(await self._completed(each.operation, next(outcomes))))
        return results

    async def _completed(self, operation: Operation, outcome: Outcome) -> Result:
        """What came of an operation once its occurrences are written too."""
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
            if not isinstance(now, Event):
                return Lost(message("the series could not be read again after it was changed"))
            event = now
        return await self._occurrences.bring(event, operation.appointment)

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

    async def _read(self, event: EventId, answer: Answer) -> Read:
        body = answer.body
        if answer.ok and body:
            return await weighed(weight(body), lambda: read_event(body, self.people))
        if writes.item_gone(answer):
            return None
        return UnreadableEvent(event, writes.told(answer))

    def _failed(self, answer: Answer) -> MailboxTrouble:
        return MailboxTrouble(
            message(
                "the mailbox {mailbox} cannot be read: {code}: {text}"
                " (status {status}, request-id {request_id})",
                mailbox=self.name,
                code=answer.code or "-",
                text=answer.error_message,
                status=answer.status,
                request_id=answer.request_id,
            )
        )


def _in_parts(operation: Operation) -> TypeGuard[ChangeEvent]:
    """Whether nothing of the event itself is to be written, only some of its occurrences."""
    return isinstance(operation, ChangeEvent) and operation.fields == {Field.EXCEPTIONS}


def _has_occurrences(operation: Operation) -> TypeGuard[CreateEvent | ChangeEvent]:
    """Whether occurrences may have to be written after the event."""
    if isinstance(operation, DeleteEvent | AnswerEvent) or operation.appointment.rule is None:
        return False
    before = operation.event.appointment.exceptions if isinstance(operation, ChangeEvent) else ()
    return bool(operation.appointment.exceptions or before)
