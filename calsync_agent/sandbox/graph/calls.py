"""What Graph does with a call: one function per route.

The caller holds the world's lock. Refusals come as `GraphRefusal`.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from typing import Final

from calsync_agent.sandbox.graph import directory
from calsync_agent.sandbox.graph.delta import delta
from calsync_agent.sandbox.graph.listing import (
    list_events,
    list_instances,
    list_view,
    one_event,
    written_event,
)
from calsync_agent.sandbox.graph.preferences import read_preferences
from calsync_agent.sandbox.graph.rendering import Renderer
from calsync_agent.sandbox.graph.requests import GraphReply, Request
from calsync_agent.sandbox.model import events, occurrences, responses, shapes
from calsync_agent.sandbox.model.entries import CalendarEntry, entry_of
from calsync_agent.sandbox.model.items import Calendar, Item, Mailbox
from calsync_agent.sandbox.model.moments import read_moment
from calsync_agent.sandbox.model.refusals import GraphRefusal, change_key_conflict, invalid_request
from calsync_agent.sandbox.model.responses import Answer as Response
from calsync_agent.sandbox.model.world import Action, World

_ANSWERS: Final[dict[str, Response]] = {
    "accept": "accepted",
    "tentativelyAccept": "tentativelyAccepted",
    "decline": "declined",
}
_RESPONSE: Final = frozenset({"comment", "sendResponse", "proposedNewTime"})


def answer_call(world: World, request: Request, who: str) -> GraphReply:
    """The answer to one call. `who` stands in the causes of mails."""
    match request.segments:
        case ("users",):
            return directory.list_users(world, request)
        case ("users", name):
            return directory.one_user(world, request, name)
        case ("users", name, *rest):
            place = _place(world, request, name, who)
            return _in_mailbox(place, tuple(rest))
        case ("me", *_):
            raise invalid_request("/me request is only valid with delegated authentication flow.")
        case _:
            raise _no_route(request)


@dataclass(frozen=True, slots=True)
class _Place:
    """A call on its way down to a calendar of a mailbox."""

    request: Request
    renderer: Renderer
    mailbox: Mailbox
    calendar: Calendar
    action: Action


def _place(world: World, request: Request, name: str, who: str) -> _Place:
    mailbox = world.mailbox(name)
    renderer = Renderer(world, mailbox, read_preferences(request.headers.get("prefer", "")))
    calendar = mailbox.calendars[mailbox.default_calendar]
    action = Action(world, mailbox, f"{who}: {request.method} {request.segments[-1][:40]}")
    return _Place(request, renderer, mailbox, calendar, action)


def _in_mailbox(place: _Place, rest: tuple[str, ...]) -> GraphReply:
    request = place.request
    match request.method, rest:
        case "GET", ("calendars",):
            return directory.list_calendars(place.renderer, request)
        case "POST", ("calendars",):
            name = shapes.text(request.json().get("name"))
            made = place.renderer.world.add_calendar(place.mailbox, name)
            return GraphReply(201, directory.calendar_json(place.renderer, made))
        case _, ("calendars", calendar_id, *deeper):
            calendar = place.mailbox.calendars.get(calendar_id)
            if calendar is None:
                message = "The specified folder could not be found in the store."
                raise GraphRefusal(404, "ErrorItemNotFound", message)
            there = _Place(request, place.renderer, place.mailbox, calendar, place.action)
            return _in_calendar(there, tuple(deeper))
        case _, ("calendar", *deeper):
            return _in_calendar(place, tuple(deeper))
        case "GET", ("outlook", function) if function.startswith("supportedTimeZones"):
            return directory.supported_zones(request, function)
        case _:
            return _in_calendar(place, rest)


def _in_calendar(place: _Place, rest: tuple[str, ...]) -> GraphReply:
    request, renderer, calendar = place.request, place.renderer, place.calendar
    match request.method, rest:
        case "GET", ():
            return GraphReply(200, directory.calendar_json(renderer, calendar))
        case "GET", ("calendarView",):
            return list_view(request, renderer, calendar.id)
        case "GET", ("calendarView", "delta"):
            return delta(request, renderer, calendar)
        case "GET", ("events",):
            return list_events(request, renderer, calendar.id)
        case "POST", ("events",):
            item = events.create(place.action, calendar.id, request.json())
            return written_event(request, renderer, entry_of(item, None), 201)
        case _, ("events", event_id, *deeper):
            item, day = renderer.world.find(place.mailbox, event_id)
            return _on_event(place, item, day, tuple(deeper))
        case _:
            raise _no_route(request)


def _on_event(place: _Place, item: Item, day: date | None, rest: tuple[str, ...]) -> GraphReply:
    request, renderer = place.request, place.renderer
    entry = entry_of(item, day)
    match request.method, rest:
        case "GET", ():
            return one_event(request, renderer, entry)
        case "GET", ("instances",):
            return list_instances(request, renderer, item)
        case "GET", ("calendar",):
            calendar = place.mailbox.calendars[item.calendar]
            return GraphReply(200, directory.calendar_json(renderer, calendar))
        case "PATCH", ():
            _check_if_match(place, entry)
            if day is None:
                events.change(place.action, item, request.json())
            else:
                occurrences.change_occurrence(place.action, item, day, request.json())
            return written_event(request, renderer, entry_of(item, day), 200)
        case ("DELETE", ()) | ("POST", ("permanentDelete",)):
            _check_if_match(place, entry)
            if day is None:
                events.delete(place.action, item)
            else:
                occurrences.cancel_occurrence(place.action, item, day)
            return GraphReply(204)
        case "POST", ("cancel",):
            shapes.members(request.json(), "cancel", frozenset({"comment", "Comment"}))
            responses.cancel_meeting(place.action, item, day)
            return GraphReply(202)
        case "POST", (("accept" | "tentativelyAccept" | "decline") as name,):
            send = _reads_response(request.json())
            responses.respond(place.action, item, day, _ANSWERS[name], send=send)
            return GraphReply(202)
        case _:
            raise _no_route(request)


def _reads_response(sent: Mapping[str, object]) -> bool:
    """Whether the organizer is to be told."""
    lowered = {name[:1].lower() + name[1:]: value for name, value in sent.items()}
    given = shapes.members(lowered, "event.accept", _RESPONSE)
    send = given.get("sendResponse")
    told = True if send is None else shapes.boolean(send)
    if given.get("proposedNewTime") is not None:
        slot = shapes.members(given["proposedNewTime"], "timeSlot", frozenset({"start", "end"}))
        read_moment(slot.get("start"))
        if not told:
            raise invalid_request(
                "Your request can't be completed. A new time can only be proposed with a response."
            )
    return told


def _check_if_match(place: _Place, entry: CalendarEntry) -> None:
    wanted = place.request.headers.get("if-match")
    if wanted is None or wanted == "*" or not place.renderer.world.settings.strict_if_match:
        return
    if wanted != place.renderer.etag(entry):
        raise change_key_conflict()


def _no_route(request: Request) -> GraphRefusal:
    if request.method not in {"GET", "POST", "PATCH", "DELETE"}:
        return GraphRefusal(405, "Request_BadRequest", "Specified HTTP method is not allowed.")
    last = request.segments[-1] if request.segments else ""
    return GraphRefusal(400, "BadRequest", f"Resource not found for the segment '{last}'.")
