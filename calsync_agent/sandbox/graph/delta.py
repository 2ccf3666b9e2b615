"""`calendarView/delta`: what changed in a window since a generation of the mailbox's state.

A generation is a place in the calendar's log, so that a poll costs what happened since, and an
idle one nothing. Only the last three of a window are kept.
"""

import random
from bisect import bisect_left
from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Final
from urllib.parse import quote

from calsync_agent.sandbox.graph.delta_tokens import DeltaToken, read_token, write_token
from calsync_agent.sandbox.graph.listing import preferred, read_window
from calsync_agent.sandbox.graph.options import DEFAULT_TOP
from calsync_agent.sandbox.graph.rendering import EVENT_TYPE, Renderer
from calsync_agent.sandbox.graph.requests import GraphReply, Request
from calsync_agent.sandbox.model.entries import CalendarEntry, Window, entries_within, entry_of
from calsync_agent.sandbox.model.items import Calendar, Change, Item, SyncState
from calsync_agent.sandbox.model.refusals import GraphRefusal, invalid_query
from calsync_agent.sandbox.model.shapes import JsonObject

KEPT_GENERATIONS: Final = 3
_REFUSED: Final = ("$filter", "$orderby", "$expand", "$search")


@dataclass(frozen=True, slots=True)
class Gone:
    """Something to report as removed."""

    id: str


def delta(request: Request, renderer: Renderer, calendar: Calendar) -> GraphReply:
    """One page of a round."""
    _check_options(request, renderer)
    secret = renderer.world.ids.seed
    written = request.query.get("$skiptoken") or request.query.get("$deltatoken")
    if written is None:
        window = read_window(request)
        token = DeltaToken(
            mailbox=renderer.mailbox.id,
            calendar=calendar.id,
            window=f"{window.low.isoformat()}/{window.high.isoformat()}",
            generation=0,
            paging=False,
        )
    else:
        token = read_token(written, secret)
        if (token.mailbox, token.calendar) != (renderer.mailbox.id, calendar.id):
            raise GraphRefusal(400, "SyncStateInvalid", "The sync state data is invalid.")
    round_ = _Round(renderer, calendar, _begun(renderer, calendar, token))
    values, following = round_.page()
    name = "$skiptoken" if following.paging else "$deltatoken"
    link = "@odata.nextLink" if following.paging else "@odata.deltaLink"
    fresh = replace(following, nonce=random.getrandbits(32))
    path = "/".join(quote(segment, safe="") for segment in request.segments)
    body: JsonObject = {
        "@odata.context": f"{request.base}/$metadata#Collection(event)",
        link: f"{request.base}/{path}?{name}={write_token(fresh, secret)}",
        "value": values,
    }
    applied = preferred(renderer).get("Preference-Applied")
    tracked = "odata.track-changes" + (f", {applied}" if applied else "")
    return GraphReply(200, body, {"Preference-Applied": tracked})


def forget_generations(calendar: Calendar) -> None:
    """Let every link handed out so far be answered with 410."""
    for state in calendar.states.values():
        state.generations.clear()


def _check_options(request: Request, renderer: Renderer) -> None:
    refused = [name for name in _REFUSED if name in request.query]
    if "$select" in request.query and renderer.world.settings.delta_select == "refuse":
        refused.append("$select")
    if refused:
        raise GraphRefusal(
            400,
            "ErrorInvalidUrlQuery",
            "The following parameters are not supported with change tracking over the "
            f"'CalendarView' resource: '{', '.join(refused)}'.",
        )
    if "$skiptoken" in request.query and "$deltatoken" in request.query:
        raise invalid_query("$skiptoken and $deltatoken exclude each other.")


def _begun(renderer: Renderer, calendar: Calendar, token: DeltaToken) -> DeltaToken:
    """The token of the round's next page: a round begins by fixing the generation it leads to."""
    state = calendar.states.setdefault(token.window, SyncState())
    known = token.generation in state.generations
    if not known and (token.generation > 0 or token.paging):
        raise _not_found(state, token.generation)
    if token.paging:
        return token
    since = state.generations[token.generation] if known else None
    place = _visible_place(renderer, calendar)
    if state.generations.get(state.highest) != place:
        state.highest += 1
        state.generations[state.highest] = place
        for old in sorted(state.generations)[:-KEPT_GENERATIONS]:
            del state.generations[old]
    return replace(
        token,
        generation=state.highest,
        paging=True,
        since=since,
        position=since or 0,
    )


def _visible_place(renderer: Renderer, calendar: Calendar) -> int:
    """How far into the log delta sees already."""
    delay = timedelta(seconds=renderer.world.settings.visibility_delay)
    limit = renderer.world.clock.now() - delay
    place = len(calendar.log)
    while delay and place and calendar.log[place - 1].at > limit:
        place -= 1
    return place


def _not_found(state: SyncState, generation: int) -> GraphRefusal:
    kept = sorted(state.generations)
    shown = "".join(f"[{each}]" for each in (*kept[-1:], *kept[:-1]))
    return GraphRefusal(
        410,
        "SyncStateNotFound",
        f"The sync state generation is not found; generation={generation};"
        f"[highest={state.highest}]{shown}.",
    )


class _Round:
    """A round of delta at one of its pages."""

    def __init__(self, renderer: Renderer, calendar: Calendar, token: DeltaToken) -> None:
        self._renderer = renderer
        self._calendar = calendar
        self._token = token
        low, _, high = token.window.partition("/")
        self._window = Window(datetime.fromisoformat(low), datetime.fromisoformat(high))
        self._until = calendar.states[token.window].generations[token.generation]

    def page(self) -> tuple[list[JsonObject], DeltaToken]:
        """The values of the page, and the token of what follows."""
        token, size = self._token, self._page_size()
        values: list[JsonObject] = []
        last = (token.position, token.inner)
        for position, unit in self._units():
            inner = token.inner if position == token.position else 0
            for offset in range(inner, len(unit)):
                if len(values) == size:
                    again = self._renderer.world.settings.duplicate_items and size > 1
                    at = last if again else (position, offset)
                    following = replace(token, position=at[0], inner=at[1], page=token.page + 1)
                    return values, following
                values.append(self._shown(unit[offset]))
                last = (position, offset)
        done = replace(token, paging=False, since=None, position=0, inner=0, page=0)
        return values, done

    def _page_size(self) -> int:
        """What was asked for, sometimes less, sometimes nothing (never twice in a row)."""
        size = self._renderer.prefers.page_size or DEFAULT_TOP
        if not self._renderer.world.settings.irregular_pages:
            return size
        token = self._token
        chance = random.Random(f"{token.window} {token.generation} {token.page}").random()  # noqa: S311
        if chance < 0.1 and token.page % 2 == 0:  # noqa: PLR2004
            return 0
        return max(1, size // 2) if chance < 0.3 else size  # noqa: PLR2004

    def _units(self) -> Iterator[tuple[int, list[CalendarEntry | Gone]]]:
        """What is still to be told, item by item, each with the position to resume from."""
        if self._token.since is None:
            yield from self._listed()
        else:
            yield from self._changed(self._token.since)

    def _listed(self) -> Iterator[tuple[int, list[CalendarEntry | Gone]]]:
        mailbox = self._renderer.mailbox
        keys = self._renderer.world.index(mailbox).calendars[self._calendar.id].keys
        log = self._calendar.log
        later = {each.key for each in log[self._until :] if each.previous < 0}
        for key in keys[bisect_left(keys, self._token.position) :]:
            if key not in later:
                yield key, list(self._entries(mailbox.items[key]))

    def _changed(self, since: int) -> Iterator[tuple[int, list[CalendarEntry | Gone]]]:
        for place in range(self._token.position, self._until):
            change = self._calendar.log[place]
            if change.previous < since:  # else it was told where it first changed
                yield place, self._told(change, since)

    def _told(self, change: Change, since: int) -> list[CalendarEntry | Gone]:
        mailbox, prefers = self._renderer.mailbox, self._renderer.prefers
        item = mailbox.items.get(change.key)
        here = item is not None and item.calendar == self._calendar.id
        if item is not None and here and item.moves == change.moves:
            entries: list[CalendarEntry | Gone] = list(self._entries(item))
            if entries:
                return [*entries, *self._gone_days(item, entries, since)]
        elif here and prefers.immutable:
            return []  # went and came back: told under its present number of moves
        return [Gone(self._renderer.id_of(change.key, prefers.moves(change.moves)))]

    def _entries(self, item: Item) -> Iterator[CalendarEntry]:
        within = entries_within(item, self._window)
        if within and item.content.recurrence is not None:
            yield entry_of(item, None)
        yield from within

    def _gone_days(
        self, item: Item, entries: list[CalendarEntry | Gone], since: int
    ) -> Iterator[Gone]:
        """Single occurrences that were written and are not in the window (any more)."""
        there = {each.day for each in entries if isinstance(each, CalendarEntry)}
        index = self._renderer.world.index(self._renderer.mailbox)
        place = index.calendars[self._calendar.id].latest[item.key, item.moves]
        days = set()
        while place >= since:
            change = self._calendar.log[place]
            if change.day is not None and change.day not in there:
                days.add(change.day)
            place = change.previous
        silent = set() if self._renderer.world.settings.occurrence_tombstones else item.removed
        for day in sorted(days - silent):
            yield Gone(self._renderer.event_id(CalendarEntry(item, "occurrence", day)))

    def _shown(self, told: CalendarEntry | Gone) -> JsonObject:
        match told:
            case Gone(id=id_):
                return {"@odata.type": EVENT_TYPE, "id": id_, "@removed": {"reason": "deleted"}}
            case CalendarEntry(type="occurrence"):
                return self._renderer.bare(told)
            case _:
                return {"@odata.type": EVENT_TYPE, **self._renderer.event(told)}
