"""The feed of a mailbox's changes: calendarView delta, page by page (graph-facts 1)."""

from collections.abc import Collection, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from http import HTTPStatus
from typing import Any, Final
from urllib.parse import quote, urlencode

from calsync_agent.appointment.model import EventId
from calsync_agent.appointment.people import Directory
from calsync_agent.exchange.events import Event, Kind, UnreadableEvent, read_event
from calsync_agent.exchange.requests import Answer, Request


@dataclass(frozen=True, slots=True)
class Page:
    """One page of changes, each item once.

    `series`: masters of which something changed, to be read whole; `changed_series`: those of which
    a changed occurrence is shown; `shown`: when the occurrences of each series begin (UTC, or
    midnight). `tombstones`: events that left the view, whether deleted, moved, or never in it.
    Either `next_link` or `delta_link` is set.
    """

    events: tuple[Event | UnreadableEvent, ...] = ()
    series: frozenset[EventId] = frozenset()
    changed_series: frozenset[EventId] = frozenset()
    shown: Mapping[EventId, Collection[datetime]] = field(default_factory=dict)
    tombstones: frozenset[EventId] = frozenset()
    next_link: str | None = None
    delta_link: str | None = None

    @property
    def size(self) -> int:
        """How many items tell of a change."""
        return len(self.events) + len(self.series) + len(self.tombstones)


@dataclass(slots=True)
class _Items:
    """The items of a page while it is read; the last mention of an event counts."""

    events: dict[EventId, Event | UnreadableEvent] = field(default_factory=dict)
    series: set[EventId] = field(default_factory=set)
    changed_series: set[EventId] = field(default_factory=set)
    shown: dict[EventId, set[datetime]] = field(default_factory=dict)
    tombstones: set[EventId] = field(default_factory=set)


def first(mailbox: str, start: datetime, end: datetime) -> Request:
    """The request for a fresh listing of a window (UTC)."""
    bounds = urlencode(
        {"startDateTime": f"{start:%Y-%m-%dT%H:%M:%S}Z", "endDateTime": f"{end:%Y-%m-%dT%H:%M:%S}Z"}
    )
    path = f"/users/{quote(mailbox, safe='')}/calendarView/delta?{bounds}"
    return Request("GET", path, paged=True)


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
    return link if isinstance(link, str) else None


_TOKEN_GONE: Final = ("SyncStateNotFound", "resyncRequired", "ErrorInvalidSyncStateData")


def token_refused(answer: Answer) -> bool:
    """Whether Graph no longer knows the position: a fresh listing has to begin (B3).

    410 for an old one; 400 for a malformed one, whatever its code (graph-facts 1.6).
    """
    gone = answer.status in {HTTPStatus.GONE, HTTPStatus.BAD_REQUEST}
    return gone or (not answer.ok and answer.named(*_TOKEN_GONE))


def read_page(body: Mapping[str, Any], people: Directory) -> Page:
    """The page that Graph sent."""
    items = _Items()
    for item in body.get("value") or ():
        _take(item, items, people)
    return Page(
        events=tuple(items.events.values()),
        series=frozenset(items.series),
        changed_series=frozenset(items.changed_series),
        shown=items.shown,
        tombstones=frozenset(items.tombstones),
        next_link=body.get("@odata.nextLink"),
        delta_link=body.get("@odata.deltaLink"),
    )


def _take(item: Mapping[str, Any], items: _Items, people: Directory) -> None:
    event_id = EventId(str(item.get("id") or ""))
    if not event_id:
        return
    # Some changes outside the window come as an item of which all is null.
    if "@removed" in item or (item.get("start") is None and item.get("type") is None):
        items.events.pop(event_id, None)
        items.tombstones.add(event_id)
        return
    items.tombstones.discard(event_id)
    match item.get("type"):
        case Kind.MASTER:
            items.series.add(event_id)
        case Kind.OCCURRENCE | Kind.EXCEPTION as kind:
            if item.get("seriesMasterId"):
                master = EventId(str(item["seriesMasterId"]))
                items.series.add(master)
                if (begin := _begin(item.get("start"))) is not None:
                    items.shown.setdefault(master, set()).add(begin)
                if kind == Kind.EXCEPTION:
                    items.changed_series.add(master)
        case _:
            items.events.pop(event_id, None)
            items.events[event_id] = read_event(item, people)


def _begin(start: object) -> datetime | None:
    """When an occurrence begins (UTC, or midnight); None where that cannot be read (B8)."""
    match start:
        case {"dateTime": str(text)}:
            try:
                return datetime.fromisoformat(text).replace(tzinfo=None)
            except ValueError:
                return None
    return None
