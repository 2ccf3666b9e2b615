"""Lists of events: `/events`, `/calendarView`, `/instances`, and one event with what it expands."""

from collections.abc import Callable, Iterable
from dataclasses import replace
from typing import Final
from urllib.parse import quote, urlencode

from calsync_agent.sandbox.graph.options import Options, read_options
from calsync_agent.sandbox.graph.rendering import Renderer, extended_json
from calsync_agent.sandbox.graph.requests import GraphReply, Request
from calsync_agent.sandbox.model.entries import CalendarEntry, Window, entries_within, entry_of
from calsync_agent.sandbox.model.identifiers import occurrence_uid
from calsync_agent.sandbox.model.items import Item
from calsync_agent.sandbox.model.moments import as_utc, parse_time
from calsync_agent.sandbox.model.refusals import GraphRefusal, invalid_request
from calsync_agent.sandbox.model.shapes import JsonObject

_NOT_IN_VIEWS: Final = frozenset({"createdDateTime", "lastModifiedDateTime"})


def list_events(request: Request, renderer: Renderer, calendar: str) -> GraphReply:
    """`/events`: single events and masters."""
    options = read_options(request.query)
    items = renderer.world.index(renderer.mailbox).items_of(calendar)
    return _page(request, renderer, options, (entry_of(item, None) for item in items))


def list_view(request: Request, renderer: Renderer, calendar: str) -> GraphReply:
    """`/calendarView`: what happens in the window, series expanded, by start."""
    options = read_options(request.query)
    window = read_window(request)
    items = renderer.world.index(renderer.mailbox).items_of(calendar)
    entries = [entry for item in items for entry in entries_within(item, window)]
    entries.sort(key=lambda entry: entry.times[0].instant)
    if options.select is not None:
        # "do not support $select" on views (GRAPH.md 2.2).
        options = replace(options, select=options.select - _NOT_IN_VIEWS)
    return _page(request, renderer, options, entries)


def list_instances(request: Request, renderer: Renderer, item: Item) -> GraphReply:
    """`/events/{id}/instances`: occurrences and exceptions of one series within the window."""
    options = read_options(request.query)
    window = read_window(request)
    if item.content.recurrence is None:
        raise invalid_request("Your request can't be completed. The event is not recurring.")
    return _page(request, renderer, options, entries_within(item, window))


def one_event(request: Request, renderer: Renderer, entry: CalendarEntry) -> GraphReply:
    """`/events/{id}`."""
    options = read_options(request.query)
    shown = _shown(renderer, options, entry)
    if entry.type == "seriesMaster":
        _add_days(renderer, options, entry, shown)
    user = quote(renderer.mailbox.id)
    context = f"{request.base}/$metadata#users('{user}')/events/$entity"
    return GraphReply(200, {"@odata.context": context, **shown}, preferred(renderer))


def written_event(
    request: Request, renderer: Renderer, entry: CalendarEntry, status: int
) -> GraphReply:
    """What POST and PATCH answer."""
    context = f"{request.base}/$metadata#users('{quote(renderer.mailbox.id)}')/events/$entity"
    body = {"@odata.context": context, **renderer.event(entry)}
    return GraphReply(status, body, preferred(renderer))


def read_window(request: Request) -> Window:
    """The window of the query; without an offset its ends are UTC. 400 where it is missing."""
    ends = []
    for name in ("startDateTime", "endDateTime"):
        written = request.query.get(name.lower())
        if written is None:
            raise GraphRefusal(
                400,
                "ErrorInvalidParameter",
                f"This request requires a time window specified by the query string parameters "
                f"StartDateTime and EndDateTime; {name} is missing.",
            )
        # A "+" that was not percent-encoded arrives as a blank.
        ends.append(as_utc(parse_time(written.replace(" ", "+"))))
    low, high = ends
    if high < low:
        raise GraphRefusal(
            400, "ErrorInvalidParameter", "The end of the time window is before its start."
        )
    return Window(low, high)


def preferred(renderer: Renderer) -> dict[str, str]:
    """The header that says which preferences were followed."""
    applied = renderer.prefers.applied
    return {"Preference-Applied": applied} if applied else {}


def _page(
    request: Request, renderer: Renderer, options: Options, entries: Iterable[CalendarEntry]
) -> GraphReply:
    found = list(entries)
    if options.predicate is not None:
        holds = options.predicate
        found = [entry for entry in found if holds(_row(entry))]
    if options.orderby is not None:
        name, descending = options.orderby
        found.sort(key=lambda entry: str(_row(entry)(name)), reverse=descending)
    top = renderer.prefers.page_size or options.top
    page = found[options.skip : options.skip + top]
    body: JsonObject = {"@odata.context": f"{request.base}/$metadata#Collection(event)"}
    if options.count:
        body["@odata.count"] = len(found)
    body["value"] = [_shown(renderer, options, entry) for entry in page]
    if options.skip + top < len(found):
        query = {**request.query, "$skip": str(options.skip + top)}
        path = "/".join(quote(segment, safe="$") for segment in request.segments)
        body["@odata.nextLink"] = f"{request.base}/{path}?{urlencode(query)}"
    return GraphReply(200, body, preferred(renderer))


def _shown(renderer: Renderer, options: Options, entry: CalendarEntry) -> JsonObject:
    event = renderer.event(entry)
    if options.extended is not None:
        found = extended_json(entry.content, options.extended)
        if found:
            event["singleValueExtendedProperties"] = found
    shown = options.chosen(event)
    if "singleValueExtendedProperties" in event:
        shown["singleValueExtendedProperties"] = event["singleValueExtendedProperties"]
    return shown


def _add_days(
    renderer: Renderer, options: Options, entry: CalendarEntry, shown: JsonObject
) -> None:
    """ExceptionOccurrences (selected and expanded) and cancelledOccurrences (selected)."""
    item = entry.item
    empty = renderer.world.settings.empty_series_arrays
    selected = options.select or frozenset()
    if "cancelledOccurrences" in selected:
        days = [] if empty else sorted(item.removed)
        gone = [renderer.occurrence_id(CalendarEntry(item, "occurrence", day)) for day in days]
        shown["cancelledOccurrences"] = gone
    if "exceptionOccurrences" in selected and options.exceptions:
        changed = [] if empty else sorted(item.exceptions)
        shown["exceptionOccurrences"] = [
            _shown(renderer, options, CalendarEntry(item, "exception", day)) for day in changed
        ]


def _row(entry: CalendarEntry) -> Callable[[str], object]:
    """The values that a filter may ask an event for."""
    item = entry.item
    readers: dict[str, Callable[[], object]] = {
        "singleValueExtendedProperties": lambda: extended_json(entry.content, None),
        "iCalUId": lambda: occurrence_uid(item.uid, entry.day) if entry.day else item.uid,
        "subject": lambda: entry.content.subject,
        "type": lambda: entry.type,
        "isAllDay": lambda: entry.content.all_day,
        "isCancelled": lambda: item.cancelled,
        "isOrganizer": lambda: item.is_organizer,
        "showAs": lambda: entry.content.show_as,
        "sensitivity": lambda: entry.content.sensitivity,
        "importance": lambda: entry.content.importance,
        "categories": lambda: list(entry.content.categories),
        "start/dateTime": lambda: entry.times[0].instant,
        "end/dateTime": lambda: entry.times[1].instant,
        "createdDateTime": lambda: item.created,
        "lastModifiedDateTime": lambda: item.modified,
    }
    return lambda path: readers[path]()
