"""The feed of a mailbox's changes: calendarView delta, page by page (GRAPH.md 1)."""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime
from functools import partial
from hashlib import sha256
from http import HTTPStatus
from json import dumps
from typing import Any, Final
from urllib.parse import quote, urlencode

from calsync_agent.appointment.model import EventId
from calsync_agent.appointment.people import Directory
from calsync_agent.domain.calendar import Page
from calsync_agent.domain.event import NAMELESS, Event, UnreadableEvent
from calsync_agent.exchange.calendar.event_codec import (
    Kind,
    event_named,
    id_of,
    read_event,
    unplaced,
)
from calsync_agent.exchange.transport.requests import Answer, Request
from calsync_agent.fence import guarded, reason


@dataclass(slots=True)
class _Items:
    """The items of a page while it is read; the last mention of an event counts."""

    events: dict[EventId, Event | UnreadableEvent] = field(default_factory=dict)
    series: set[EventId] = field(default_factory=set)
    changed_series: set[EventId] = field(default_factory=set)
    shown: dict[EventId, set[datetime]] = field(default_factory=dict)
    samples: dict[EventId, EventId] = field(default_factory=dict)
    tombstones: set[EventId] = field(default_factory=set)
    hollow: set[EventId] = field(default_factory=set)

    def forget(self, event: EventId) -> None:
        """What was said of an event before does not count any more."""
        self.events.pop(event, None)
        self.hollow.discard(event)


def first(mailbox: str, start: datetime, end: datetime) -> Request:
    """The request for a fresh listing of a window (UTC)."""
    bounds = urlencode(
        {"startDateTime": f"{start:%Y-%m-%dT%H:%M:%S}Z", "endDateTime": f"{end:%Y-%m-%dT%H:%M:%S}Z"}
    )
    path = f"/users/{quote(mailbox, safe='')}/calendarView/delta?{bounds}"
    return Request("GET", path, paged=True)


def counting(mailbox: str, start: datetime, end: datetime) -> Request:
    """The request that tells how many items a window (UTC) holds."""
    path = (
        f"/users/{quote(mailbox, safe='')}/calendarView"
        f"?startDateTime={start:%Y-%m-%dT%H:%M:%S}Z"
        f"&endDateTime={end:%Y-%m-%dT%H:%M:%S}Z&$count=true&$top=1&$select=id"
    )
    return Request("GET", path)


def least(mailbox: str) -> Request:
    """The request that needs the same permission as the feed, and brings next to nothing."""
    bounds = urlencode(
        {"startDateTime": "2026-01-01T00:00:00Z", "endDateTime": "2026-01-02T00:00:00Z"}
    )
    path = f"/users/{quote(mailbox, safe='')}/calendarView?{bounds}&$top=1&$select=id"
    return Request("GET", path)


def following(link: str) -> Request:
    """The request for the page behind a next or delta link, which is called as it is."""
    return Request("GET", link, paged=True)


def unchanged(answer: Answer) -> str | None:
    """The new position, where an answer tells that nothing has changed; else None."""
    if not answer.ok or not answer.body or answer.body.get("value"):
        return None
    link = answer.body.get("@odata.deltaLink")
    goes_on = answer.body.get("@odata.nextLink") is not None
    return link if isinstance(link, str) and link and not goes_on else None


_TOKEN_GONE: Final = ("SyncStateNotFound", "resyncRequired", "ErrorInvalidSyncStateData")


def token_refused(answer: Answer) -> bool:
    """Whether Graph no longer knows the position: a fresh listing has to begin (B3).

    410 for an old one; 400 for a malformed one, whatever its code (GRAPH.md 1.6).
    """
    gone = answer.status in {HTTPStatus.GONE, HTTPStatus.BAD_REQUEST}
    return gone or (not answer.ok and answer.named(*_TOKEN_GONE))


def read_page(body: Mapping[str, Any], people: Directory) -> Page:
    """The page that Graph sent. Each item costs itself alone, whatever it is (B8)."""
    items = _Items()
    found = body.get("value")
    for item in found if isinstance(found, list) else ():
        guarded(partial(_take, item, items, people), partial(_put_aside, item, items))
    page = Page(
        events=tuple(items.events.values()),
        series=frozenset(items.series),
        changed_series=frozenset(items.changed_series),
        shown=items.shown,
        samples=items.samples,
        tombstones=frozenset(items.tombstones),
        hollow=frozenset(items.hollow),
        next_page=_link(body, "@odata.nextLink"),
        position=_link(body, "@odata.deltaLink"),
        items=len(found) if isinstance(found, list) else 0,
    )
    # What cannot be read is named, whatever else is said of it; it is asked for later anyway (B8).
    page = replace(page, tombstones=page.tombstones - (items.events.keys() - page.readable))
    return page.doubting(page.hollow | page.tombstones & page.readable)


def _link(body: Mapping[str, Any], name: str) -> str | None:
    found = body.get(name)
    return found if isinstance(found, str) and found else None


def _take(item: Any, items: _Items, people: Directory) -> None:  # noqa: ANN401 - whatever it is
    event_id = id_of(item)
    if event_id is None:
        unread = read_event(item, people)
        number = EventId(NAMELESS + sha256(dumps(item, sort_keys=True).encode()).hexdigest())
        if isinstance(unread, UnreadableEvent):
            items.events[number] = replace(unread, id=number)
        return
    if "@removed" in item:
        items.tombstones.add(event_id)
        return
    earlier = items.events.get(event_id)
    items.forget(event_id)
    # Some changes outside the window come as an item of which all is null.
    if item.get("start") is None and item.get("type") is None:
        items.hollow.add(event_id)
        return
    match item.get("type"):
        case Kind.MASTER:
            items.series.add(event_id)
        case Kind.OCCURRENCE | Kind.EXCEPTION as kind:
            _take_occurrence(item, event_id, items, changed=kind == Kind.EXCEPTION)
        case _:
            items.events[event_id] = _newer(earlier, read_event(item, people))


def _newer(
    earlier: Event | UnreadableEvent | None, later: Event | UnreadableEvent
) -> Event | UnreadableEvent:
    """Of two versions on one page the newer one: no order is promised (GRAPH.md 1.3)."""
    match earlier, later:
        case Event(modified_at=known), Event(modified_at=told) if known and told and told < known:
            return earlier
    return later


def _take_occurrence(
    item: Mapping[str, Any], event_id: EventId, items: _Items, *, changed: bool
) -> None:
    master = id_of({"id": item.get("seriesMasterId")})
    if master is None:
        items.events[event_id] = unplaced(item, event_id)
        return
    items.series.add(master)
    items.samples[master] = event_id
    if (begin := _begin(item.get("start"))) is not None:
        items.shown.setdefault(master, set()).add(begin)
    if changed:
        items.changed_series.add(master)


def _put_aside(item: Any, items: _Items, error: Exception) -> None:  # noqa: ANN401 - as above
    """The step itself fails over an item: nobody knows what it says."""
    event_id = id_of(item) or EventId(NAMELESS + sha256(repr(item).encode()).hexdigest())
    items.forget(event_id)
    items.events[event_id] = UnreadableEvent(event_id, reason(error), event_named(item))


def _begin(start: object) -> datetime | None:
    """When an occurrence begins (UTC, or midnight); None where that cannot be read (B8)."""
    match start:
        case {"dateTime": str(text)}:
            try:
                return datetime.fromisoformat(text).replace(tzinfo=None)
            except ValueError:
                return None
    return None
