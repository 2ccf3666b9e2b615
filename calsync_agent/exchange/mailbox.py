"""One mailbox, as the sync sees it: read events, write events, list changes."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from http import HTTPStatus
from typing import Any, Final, Protocol, TypeAlias

from calsync_agent.appointment.content import Field
from calsync_agent.appointment.model import ActivityId, Appointment, EventId
from calsync_agent.appointment.people import Directory
from calsync_agent.errors import MailboxTrouble
from calsync_agent.exchange import delta, writes
from calsync_agent.exchange.delta import Page
from calsync_agent.exchange.events import Event, UnreadableEvent, read_event
from calsync_agent.exchange.requests import Answer, Lost, Outcome, Request
from calsync_agent.i18n import message

GONE: Final = ("ErrorItemNotFound",)


class Sender(Protocol):
    """What carries requests to Graph (`client.Graph`)."""

    async def send(self, mailbox: str, requests: Sequence[Request]) -> list[Outcome]:
        """The outcome of each request, after all retries. Raises MailboxTrouble."""


@dataclass(frozen=True, slots=True)
class CreateEvent:
    """Make an event for an appointment."""

    activity: ActivityId
    appointment: Appointment
    transaction_id: str


@dataclass(frozen=True, slots=True)
class ChangeEvent:
    """Bring some fields of an event to what the appointment holds."""

    event: Event
    appointment: Appointment
    fields: frozenset[Field]


@dataclass(frozen=True, slots=True)
class DeleteEvent:
    """Delete an event."""

    event_id: EventId
    etag: str


Operation: TypeAlias = CreateEvent | ChangeEvent | DeleteEvent
Read: TypeAlias = Event | UnreadableEvent | None


class PositionLost(Exception):
    """Graph does not know the position in the feed any more; a fresh listing has to begin (B3)."""


@dataclass(frozen=True, slots=True)
class Mailbox:
    """The mailbox of one profile. Every method may raise MailboxTrouble."""

    graph: Sender
    name: str
    people: Directory

    async def page(self, request: Request) -> Page:
        """A page of the feed. Raises PositionLost."""
        answer = self._answered((await self.graph.send(self.name, [request]))[0])
        return self.read_page(answer)

    def read_page(self, answer: Answer) -> Page:
        """The page in an answer. Raises PositionLost."""
        if delta.token_refused(answer):
            raise PositionLost
        if not answer.ok or not answer.body:
            raise self._failed(answer)
        return delta.read_page(answer.body, self.people)

    async def read(self, events: Collection[EventId]) -> dict[EventId, Read]:
        """The events as they are now; None for one that is there no more."""
        wanted = sorted(events)
        requests = [Request("GET", writes.event_path(self.name, event)) for event in wanted]
        outcomes = await self.graph.send(self.name, requests) if requests else []
        return {
            event: self._read(event, self._answered(outcome))
            for event, outcome in zip(wanted, outcomes, strict=True)
        }

    async def in_a_calendar(self, events: Collection[EventId]) -> set[EventId]:
        """Those of these events that still lie in one of the mailbox's calendars.

        An event in Deleted Items may still be read by its immutable id; its calendar cannot.
        """
        wanted = sorted(events)
        requests = [
            Request("GET", f"{writes.event_path(self.name, event)}/calendar") for event in wanted
        ]
        outcomes = await self.graph.send(self.name, requests) if requests else []
        return {
            event
            for event, outcome in zip(wanted, outcomes, strict=True)
            if not _item_gone(self._answered(outcome))
        }

    async def made_for(self, activities: Collection[ActivityId]) -> dict[ActivityId, Event]:
        """The events that were made for these appointments, as far as they are there."""
        wanted = sorted(activities)
        requests = [writes.lookup(self.name, activity) for activity in wanted]
        outcomes = await self.graph.send(self.name, requests) if requests else []
        found: dict[ActivityId, Event] = {}
        for activity, outcome in zip(wanted, outcomes, strict=True):
            answer = self._answered(outcome)
            if not answer.ok:
                raise self._failed(answer)
            for item in _items(answer.body):
                event = read_event(item, self.people)
                if isinstance(event, Event):
                    found[activity] = event
        return found

    async def carry_out(self, operations: Sequence[Operation]) -> list[writes.Result]:
        """Write events; one result for each operation."""
        if not operations:
            return []
        bodies = await self._bodies_with_join_block(operations)
        requests = [self._request(operation, bodies) for operation in operations]
        outcomes = await self.graph.send(self.name, requests)
        return [
            _of_deletion(outcome)
            if isinstance(operation, DeleteEvent)
            else writes.result(outcome, self.people)
            for operation, outcome in zip(operations, outcomes, strict=True)
        ]

    async def _bodies_with_join_block(
        self, operations: Sequence[Operation]
    ) -> Mapping[EventId, str]:
        """The bodies, as HTML, of online meetings whose text is about to be written."""
        wanted = [
            operation.event.id
            for operation in operations
            if isinstance(operation, ChangeEvent)
            and Field.BODY in operation.fields
            and operation.event.is_online_meeting
        ]
        requests = [
            Request("GET", f"{writes.event_path(self.name, event)}?$select=body", html=True)
            for event in wanted
        ]
        outcomes = await self.graph.send(self.name, requests) if requests else []
        bodies: dict[EventId, str] = {}
        for event, outcome in zip(wanted, outcomes, strict=True):
            answer = self._answered(outcome)
            if answer.ok and answer.body:
                body: Any = answer.body.get("body") or {}
                bodies[event] = str(body.get("content") or "")
        return bodies

    def _request(self, operation: Operation, bodies: Mapping[EventId, str]) -> Request:
        match operation:
            case CreateEvent(activity, appointment, transaction_id):
                return writes.creation(self.name, appointment, activity, transaction_id)
            case ChangeEvent(event, appointment, fields):
                html = bodies.get(event.id)
                return writes.change(self.name, event, appointment, fields, html)
            case DeleteEvent(event_id, etag):
                return writes.deletion(self.name, event_id, etag)

    def _read(self, event: EventId, answer: Answer) -> Read:
        if answer.ok and answer.body:
            return read_event(answer.body, self.people)
        if _item_gone(answer):
            return None
        return UnreadableEvent(event, writes.told(answer))

    def _answered(self, outcome: Outcome) -> Answer:
        if isinstance(outcome, Lost):
            raise MailboxTrouble(outcome.reason)
        return outcome

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


def _item_gone(answer: Answer) -> bool:
    return answer.status == HTTPStatus.NOT_FOUND and answer.named(*GONE)


def _of_deletion(outcome: Outcome) -> writes.Result:
    if isinstance(outcome, Answer) and (outcome.ok or _item_gone(outcome)):
        return writes.Gone()
    return writes.result(outcome, Directory())


def _items(body: Mapping[str, Any] | None) -> Sequence[Mapping[str, Any]]:
    return (body or {}).get("value") or ()
