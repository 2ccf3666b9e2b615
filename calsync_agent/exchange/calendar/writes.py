"""Writing events: what is sent, and what Graph's answer means.

Creation carries a transaction id and the appointment's id in an extended property, so that an
answer that got lost is found again (B2). A change carries only the fields that changed (F7).
"""

from collections.abc import Collection, Iterable
from dataclasses import replace
from http import HTTPStatus
from typing import Any, Final
from urllib.parse import quote, urlencode

from calsync_agent.appointment.fields import BOTH_WAYS, Field
from calsync_agent.appointment.model import ActivityId, Appointment, EventId, Response
from calsync_agent.appointment.people import Directory
from calsync_agent.domain.event import Attendee, Instance, UnreadableEvent
from calsync_agent.domain.operation import (
    Answered,
    AnswerEvent,
    ChangeEvent,
    CreateEvent,
    Gone,
    Lost,
    Overtaken,
    Refused,
    Result,
    Written,
    WrittenUnread,
)
from calsync_agent.exchange.calendar.event_codec import read_event
from calsync_agent.exchange.calendar.fields import ASKING, EVENT_PROPERTIES, IN_EVENT
from calsync_agent.exchange.calendar.recreation import Carried
from calsync_agent.exchange.transport.requests import Answer, Outcome, Request
from calsync_agent.i18n import Message, message

ACTIVITY_PROPERTY: Final = "String {5f0fd02e-7ac7-4b5f-9c1b-0c2a4f2c51a6} Name calsyncActivity"
"""The MAPI named property that holds the id of the appointment behind an event."""


def creation(mailbox: str, operation: CreateEvent) -> Request:
    """The request that makes an event for an appointment."""
    body = event_body(operation.appointment, BOTH_WAYS)
    if operation.attendees:
        body["attendees"] = attendees(operation.attendees)
    body["transactionId"] = operation.transaction_id
    if operation.carried is not None:
        body = Carried.from_text(operation.carried).on(body, operation.appointment)
    key = {"id": ACTIVITY_PROPERTY, "value": str(operation.activity)}
    body["singleValueExtendedProperties"] = [key]
    return Request("POST", events_path(mailbox), body)


def change(mailbox: str, operation: ChangeEvent, html: str | None) -> Request:
    """The request that brings some fields of an event to what the appointment holds.

    `html` is the body to be written, where it holds a join block that has to stay.
    """
    event, appointment = operation.event, operation.appointment
    body = event_body(appointment, operation.fields)
    if operation.attendees is not None:
        body["attendees"] = attendees(operation.attendees)
    if operation.categories is not None:
        body["categories"] = list(operation.categories)
    if html is not None and "body" in body:
        body["body"] = {"contentType": "html", "content": html}
    return Request("PATCH", event_path(mailbox, event.id), body, _guarded(event.etag))


def asks_for_meeting(request: Request) -> bool:
    """Whether a write makes an event an online meeting (I3)."""
    return any(name in (request.body or {}) for name in ASKING)


def without_meeting(request: Request) -> Request | None:
    """The same without that; None where nothing else is written."""
    body = {name: value for name, value in (request.body or {}).items() if name not in ASKING}
    return replace(request, body=body) if body else None


def attendees(wanted: Iterable[Attendee]) -> list[Any]:
    """The list of attendees in Graph's form; whoever is known to it goes back as they came (F3)."""
    return [each.original or _new_attendee(each) for each in wanted]


def _new_attendee(wanted: Attendee) -> dict[str, Any]:
    address = {"address": wanted.address, "name": wanted.name}
    return {"emailAddress": address, "type": "required"}


_ANSWERS: Final = {
    Response.ACCEPTED: "accept",
    Response.TENTATIVE: "tentativelyAccept",
    Response.DECLINED: "decline",
}


def answer(mailbox: str, operation: AnswerEvent) -> Request:
    """The request that answers an invitation and tells the organizer."""
    action = _ANSWERS[operation.response]
    path = f"{event_path(mailbox, operation.event.id)}/{action}"
    return Request("POST", path, {"comment": "", "sendResponse": True})


def occurrence(mailbox: str, instance: Instance, body: dict[str, Any] | None) -> Request:
    """The request that changes one occurrence, or cancels it where there is no body."""
    path, guard = event_path(mailbox, instance.id), _guarded(instance.etag)
    method = "DELETE" if body is None else "PATCH"
    return Request(method, path, body, guard)


def reading(mailbox: str, event_id: EventId) -> Request:
    """The request that reads an event, a series with its exceptions."""
    query = urlencode(
        {"$select": EVENT_PROPERTIES, "$expand": "exceptionOccurrences"}, safe="$,", quote_via=quote
    )
    return Request("GET", f"{event_path(mailbox, event_id)}?{query}")


def reading_html(mailbox: str, event_id: EventId) -> Request:
    """The request that reads an event's body as it is stored."""
    return Request("GET", f"{event_path(mailbox, event_id)}?$select=body", html=True)


def stored_html(answer: Answer) -> str | None:
    """The body in the answer to `reading_html`; None where there is none."""
    body: Any = (answer.body or {}).get("body") if answer.ok else None
    return str(body.get("content") or "") if body else None


def deletion(mailbox: str, event_id: EventId, etag: str) -> Request:
    """The request that deletes an event, as long as it is the version that was read."""
    return Request("DELETE", event_path(mailbox, event_id), headers=_guarded(etag))


def lookup(mailbox: str, activity: ActivityId) -> Request:
    """The request that finds the events made for an appointment."""
    wanted = (
        f"singleValueExtendedProperties/Any(ep: ep/id eq '{ACTIVITY_PROPERTY}'"
        f" and ep/value eq '{activity}')"
    )
    return Request(
        "GET", f"{events_path(mailbox)}?{urlencode({'$filter': wanted}, quote_via=quote)}"
    )


def events_path(mailbox: str) -> str:
    """The events of a mailbox's default calendar."""
    return f"/users/{quote(mailbox, safe='')}/events"


def event_path(mailbox: str, event_id: EventId) -> str:
    """One event; ids hold characters that a path cannot."""
    return f"{events_path(mailbox)}/{quote(event_id, safe='')}"


def result(answer: Outcome, people: Directory) -> Result:
    """What an answer to a write means."""
    if isinstance(answer, Lost):
        return answer
    if answer.ok:
        event = read_event(answer.body or {}, people)
        if isinstance(event, UnreadableEvent):
            return WrittenUnread(event.id or None, event.reason)
        return Written(event)
    if answer.status in {HTTPStatus.NOT_FOUND, HTTPStatus.GONE}:
        return Overtaken()
    if answer.named("ErrorDuplicateTransactionId"):
        return Lost(told(answer))
    if overtaken(answer):
        return Overtaken()
    if answer.named("ErrorOccurrenceTimeSpanTooBig"):
        return Refused(message("its occurrences overlap: each lasts until after the next begins"))
    return Refused(told(answer))


def result_of_deletion(answer: Outcome, people: Directory) -> Result:
    """What an answer to a deletion means; what is not there any more is deleted."""
    gone = isinstance(answer, Answer) and (answer.ok or item_gone(answer))
    return Gone() if gone else result(answer, people)


def result_of_answer(answer: Outcome, people: Directory) -> Result:
    """What an answer to an answer means: it has no body."""
    return Answered() if isinstance(answer, Answer) and answer.ok else result(answer, people)


def event_body(appointment: Appointment, fields: Collection[Field]) -> dict[str, Any]:
    """The properties of an event that hold `fields`."""
    wanted = set(fields)
    if Field.TIME in wanted and appointment.rule is not None:
        # The range begins on the day of the start; one without the other is refused.
        wanted.add(Field.RECURRENCE)
    body: dict[str, Any] = {}
    for field, held in IN_EVENT.items():
        if field in wanted and held.write is not None:
            body.update(held.write(appointment))
    return body


def _guarded(etag: str) -> dict[str, str]:
    return {"If-Match": etag} if etag else {}


def item_gone(answer: Answer) -> bool:
    """Whether the event asked for is not there; a missing mailbox is told by other codes."""
    return answer.status == HTTPStatus.NOT_FOUND and answer.named("ErrorItemNotFound")


def overtaken(answer: Answer) -> bool:
    """Whether another version is there than the one that was to be written (GRAPH.md 4.3)."""
    return answer.status in {HTTPStatus.PRECONDITION_FAILED, HTTPStatus.CONFLICT}


def told(answer: Answer) -> Message:
    """What Graph said against a request, with its request-id."""
    return message(
        "Exchange refuses it: {code}: {text} (status {status}, request-id {request_id})",
        code=answer.code or "-",
        text=answer.error_message,
        status=answer.status,
        request_id=answer.request_id,
    )
