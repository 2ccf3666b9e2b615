"""Brings the occurrences of a series in a mailbox to what is wanted (E3, E4)."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from functools import reduce
from itertools import islice
from typing import Any, Final
from urllib.parse import urlencode

from calsync_agent.appointment import zones
from calsync_agent.appointment.expansion import starts_between
from calsync_agent.appointment.model import Appointment, ChangedOccurrence, EventId
from calsync_agent.appointment.naming import event_name, shown
from calsync_agent.appointment.occurrences import present_text
from calsync_agent.appointment.people import Directory
from calsync_agent.appointment.series import length
from calsync_agent.domain.event import Event, Instance, UnreadableEvent
from calsync_agent.domain.operation import (
    Examined,
    Gone,
    Lost,
    Overtaken,
    Partly,
    Removed,
    Result,
    Written,
    WrittenUnread,
)
from calsync_agent.exchange.calendar import writes
from calsync_agent.exchange.calendar.datetimes import day, wall_clock
from calsync_agent.exchange.calendar.event_codec import Kind, read_event
from calsync_agent.exchange.calendar.heavy import weighed, weight
from calsync_agent.exchange.calendar.instances import (
    by_rule,
    instance_of,
    original_start,
    with_instances,
)
from calsync_agent.exchange.calendar.keeping import kept_html, stored_bodies
from calsync_agent.exchange.calendar.recreation import OCCURRENCE_PROPERTIES, Carried, carried_over
from calsync_agent.exchange.calendar.series_difference import OccurrenceWrite, difference
from calsync_agent.exchange.transport.calls import Calls, items_of
from calsync_agent.exchange.transport.requests import Answer, Request
from calsync_agent.i18n import Message, Value, message

PAGE: Final = 1000
"""Occurrences to a page of a listing: as many as Graph allows, so that a window's days fit in."""

ZONE_MARGIN: Final = timedelta(days=1)
"""How far inside a listing's bounds an occurrence has to lie to be missed in it."""

FIRST: Final = 5
"""How many occurrences are written before it is known whether that makes new versions of others."""

FEW: Final = 3
"""So many occurrences are looked up one by one."""

DENSE: Final = 20
"""Of so many listed occurrences one has to be wanted, for a listing to be worth its bytes."""

BOUNDARY: Final = "ErrorOccurrenceCrossingBoundary"
"""An occurrence may not be moved to or past the day of its neighbour (GRAPH.md 3.4)."""


@dataclass(frozen=True, slots=True)
class Occurrences:
    """The occurrences of the series in one mailbox. Every method may raise MailboxTrouble."""

    calls: Calls
    people: Directory

    async def bring(self, event: Event, wanted: Appointment, carried: str | None = None) -> Result:
        """Write what differs, occurrence by occurrence, and read the series again.

        Where only another series can become what is wanted (G9), this one is examined first, and
        removed where it is `carried` what it has besides.
        """
        needed = difference(wanted, event.appointment)
        problems: list[Message] = []
        if needed.restored and event.attendees:
            problems = [_not_restored(moment) for moment in needed.restored]
        elif needed.restored:
            if carried is not None and Carried.from_text(carried).etag == event.etag:
                return await self._remove(event)
            found = await self.examined(event)
            if isinstance(found, Carried):
                return Examined(found.to_text())
            problems = [_left(moment, found) for moment in needed.restored]
        if needed.writes:
            now = await self._written(event, needed.writes, problems)
            if not isinstance(now, Event):
                return now
            event = now
        return Partly(event, _joined(problems)) if problems else Written(event)

    async def _written(
        self, event: Event, needed: Sequence[OccurrenceWrite], problems: list[Message]
    ) -> Event | Result:
        """The series once its occurrences are written; what could not be done is added.

        Each write is for the version that was read. Where Exchange gives every occurrence another
        version as soon as one of them is written, the rest is compared with what was read before,
        and written at once.
        """
        found = await self._instances_at(event, [write.original_start for write in needed])
        left = await self._write(event, needed[:FIRST], found, problems)
        if left:
            left += needed[FIRST:]
        elif len(needed) > FIRST:
            left = await self._write(event, needed[FIRST:], found, problems)
        now = await self.read(event.id)
        if left and isinstance(now, Event):
            if any(_meddled(event, now, write.original_start) for write in left):
                return Overtaken()
            compared = {moment: replace(each, etag="") for moment, each in found.items()}
            await self._write(now, left, compared, problems)
            now = await self.read(event.id)
        if isinstance(now, UnreadableEvent):
            return WrittenUnread(event.id, now.reason)
        return now or Lost(message("the series could not be read again after it was changed"))

    async def read(self, event_id: EventId) -> Event | UnreadableEvent | None:
        """A series with its exceptions; None where it is gone."""
        answer = (await self.calls.ask([writes.reading(self.calls.mailbox, event_id)]))[0]
        body = answer.body
        if answer.ok and body:
            return await weighed(weight(body), lambda: read_event(body, self.people))
        return None

    async def examined(self, event: Event) -> Carried | Message:
        """What would be set again on an event made in this one's place, or why none may be (D6)."""
        path = writes.event_path(self.calls.mailbox, event.id)
        days = f"$select={OCCURRENCE_PROPERTIES}&$expand=exceptionOccurrences"
        requests = [Request("GET", path, html=True), Request("GET", f"{path}?{days}", html=True)]
        whole, expanded = await self.calls.ask(requests)
        for answer in (whole, expanded):
            if not answer.ok or not answer.body:
                return writes.told(answer)
        occurrences: Any = (expanded.body or {}).get("exceptionOccurrences")
        return carried_over(whole.body or {}, occurrences or ())

    async def listed(
        self, series: Event, spans: Sequence[tuple[datetime, datetime]]
    ) -> Event | UnreadableEvent:
        """A series with the exceptions that its occurrences in these times (UTC) show.

        What the rule gives in that time and Exchange does not list has been cancelled; an answer
        that lists nothing at all says nothing of it (B5).
        """
        items: list[Mapping[str, Any]] = []
        for start, end in spans:
            found = await self._all_instances(series, start, end)
            if isinstance(found, UnreadableEvent):
                return found
            items += found
        master = {
            "exceptionOccurrences": [item for item in items if item.get("type") == Kind.EXCEPTION],
            "cancelledOccurrences": list(_unlisted(series, items, spans)),
        }
        appointment, ids = with_instances(series.appointment, master, series.own_link)
        return replace(series, appointment=appointment, instances=ids)

    async def _all_instances(
        self, series: Event, start: datetime, end: datetime
    ) -> list[Mapping[str, Any]] | UnreadableEvent:
        items: list[Mapping[str, Any]] = []
        request = self._instances(series.id, start, end)
        while True:
            answer = (await self.calls.ask([request]))[0]
            body: Any = answer.body or {}
            listed = items_of(answer)
            if listed is None:
                return UnreadableEvent(series.id, writes.told(answer), _name(series))
            items += listed
            if not body.get("@odata.nextLink"):
                return items
            request = Request("GET", str(body["@odata.nextLink"]))

    async def _remove(self, event: Event) -> Result:
        request = writes.deletion(self.calls.mailbox, event.id, event.etag)
        result = writes.result_of_deletion((await self.calls.send([request]))[0], self.people)
        return Removed() if isinstance(result, Gone) else result

    async def _write(
        self,
        event: Event,
        needed: Sequence[OccurrenceWrite],
        found: Mapping[datetime, Instance],
        problems: list[Message],
    ) -> list[OccurrenceWrite]:
        """Send the writes; returns those that another version stood in the way of."""
        possible = [write for write in needed if write.original_start in found]
        problems += [_missing(w.original_start) for w in needed if w.original_start not in found]
        possible, left = await self._careful(event, possible, found)
        problems += left
        requests = [
            writes.occurrence(self.calls.mailbox, found[write.original_start], write.body)
            for write in possible
        ]
        answers = await self.calls.ask(requests)
        overtaken: list[OccurrenceWrite] = []
        for write, answer in zip(possible, answers, strict=True):
            if answer.ok or (write.body is None and writes.item_gone(answer)):
                continue
            if writes.overtaken(answer):
                overtaken.append(write)
            else:
                problems.append(_refused(write.original_start, answer))
        return overtaken

    async def _instances_at(
        self, event: Event, moments: Sequence[datetime]
    ) -> dict[datetime, Instance]:
        """Occurrences as items: the changed ones are known, others are looked up.

        Where many are wanted of what lies close together, they are listed by the page; what is left
        is looked up by day.
        """
        found = {moment: event.instances[moment] for moment in moments if moment in event.instances}
        unknown = [moment for moment in moments if moment not in found]
        if _close_together(event.appointment, unknown):
            found |= await self._listed_at(event, unknown)
            unknown = [moment for moment in unknown if moment not in found]
        answers = await self.calls.ask([self._around(event, moment) for moment in unknown])
        for moment, answer in zip(unknown, answers, strict=True):
            items: Any = (answer.body or {}).get("value") or ()
            for item in items:
                if _is_at(event.appointment, item, moment):
                    found[moment] = instance_of(item)
        return found

    async def _listed_at(
        self, event: Event, moments: Sequence[datetime]
    ) -> dict[datetime, Instance]:
        """Those of the moments that a listing from the first to the last of them shows."""
        start, end = _bounds(event.appointment, min(moments), max(moments))
        listed = await self._all_instances(event, start, end)
        if isinstance(listed, UnreadableEvent):
            return {}
        wanted = set(moments)
        items = ((_start_in_rule(event.appointment, item), item) for item in listed)
        return {at: instance_of(item) for at, item in items if at is not None and at in wanted}

    def _around(self, event: Event, moment: datetime) -> Request:
        return self._instances(event.id, *_bounds(event.appointment, moment, moment))

    def _instances(self, series: EventId, start: datetime, end: datetime) -> Request:
        bounds = urlencode(
            {
                "startDateTime": f"{start.isoformat(timespec='seconds')}Z",
                "endDateTime": f"{end.isoformat(timespec='seconds')}Z",
                "$top": PAGE,
            },
            safe="$",
        )
        return Request("GET", f"{writes.event_path(self.calls.mailbox, series)}/instances?{bounds}")

    async def _careful(
        self, event: Event, needed: Sequence[OccurrenceWrite], found: Mapping[datetime, Instance]
    ) -> tuple[list[OccurrenceWrite], list[Message]]:
        """The writes that endanger no online meeting, and what had to be left (D7)."""
        texts = [write for write in needed if write.body and "body" in write.body]
        if not event.is_online_meeting or not texts:
            return list(needed), []
        stored = await stored_bodies(
            self.calls, [found[write.original_start].id for write in texts]
        )
        answers = dict(zip((write.original_start for write in texts), stored, strict=True))
        safe: list[OccurrenceWrite] = []
        problems: list[Message] = []
        for write in needed:
            moment, body = write.original_start, write.body
            if body is None or moment not in answers:
                safe.append(write)
                continue
            present = present_text(event.appointment, moment)
            wanted = str(body["body"]["content"])
            made = await kept_html(answers[moment], event.own_link, present, wanted)
            rest = {name: value for name, value in body.items() if name != "body"}
            if isinstance(made, str):
                html = {"contentType": "html", "content": made}
                safe.append(OccurrenceWrite(moment, {**rest, "body": html}))
                continue
            problems.append(_left(moment, made))
            if rest:
                safe.append(OccurrenceWrite(moment, rest))
        return safe, problems


def _bounds(series: Appointment, first: datetime, last: datetime) -> tuple[datetime, datetime]:
    """From when to when (UTC) a listing shows the occurrences from the first to the last start."""
    # An all-day occurrence counts at local midnight of a zone that nobody tells.
    margin = timedelta(hours=14) if series.all_day else timedelta(minutes=1)
    end = zones.to_utc(last, series.zone) + length(series)
    return zones.to_utc(first, series.zone) - margin, end + margin


def _close_together(series: Appointment, moments: Sequence[datetime]) -> bool:
    """Whether a listing of all between the first and the last asks less than look-ups of each."""
    if len(moments) < FEW or series.rule is None:
        return False
    most = len(moments) * DENSE
    between = starts_between(series.rule, series.start, min(moments), max(moments))
    return sum(1 for _ in islice(between, most + 1)) <= most


def _meddled(before: Event, now: Event, moment: datetime) -> bool:
    """Whether somebody else has changed an occurrence since."""
    return _own(before, moment) != _own(now, moment)


def _own(series: Event, moment: datetime) -> ChangedOccurrence | None:
    exceptions = series.appointment.exceptions
    return next((each for each in exceptions if each.original_start == moment), None)


def _unlisted(
    series: Event,
    items: Sequence[Mapping[str, Any]],
    spans: Sequence[tuple[datetime, datetime]],
) -> Iterator[str]:
    """The occurrences that should have been listed and are not, as Graph names cancelled ones."""
    appointment = series.appointment
    if appointment.rule is None:
        return
    listed = {_start_in_rule(appointment, item) for item in items}
    for start, end in spans:
        earliest = zones.from_utc(start, appointment.zone) + ZONE_MARGIN
        latest = zones.from_utc(end, appointment.zone) - ZONE_MARGIN
        for moment in starts_between(appointment.rule, appointment.start, earliest, latest):
            if moment not in listed:
                yield f"OID.{series.id}.{moment.date().isoformat()}"


def _start_in_rule(series: Appointment, item: Mapping[str, Any]) -> datetime | None:
    if item.get("originalStart"):
        return original_start(series, item)
    if series.all_day:
        return day(item["start"], series.zone)
    return by_rule(series, wall_clock(item["start"], series.zone))


def _is_at(series: Appointment, item: Mapping[str, Any], moment: datetime) -> bool:
    return _start_in_rule(series, item) == moment


def _joined(problems: Sequence[Message]) -> Message:
    return reduce(lambda told, more: message("{some}; {more}", some=told, more=more), problems)


def _not_restored(moment: datetime) -> Message:
    return message(
        "Exchange cannot bring back the occurrence of {moment} that was cancelled, and a meeting"
        " is not made anew",
        moment=shown(moment),
    )


def _missing(moment: datetime) -> Message:
    return message("Exchange has no occurrence on {moment}", moment=shown(moment))


def _left(moment: datetime, reason: Message) -> Message:
    return message("the occurrence of {moment}: {reason}", moment=shown(moment), reason=reason)


def _refused(moment: datetime, answer: Answer) -> Message:
    if answer.named(BOUNDARY):
        return message(
            "the occurrence of {moment} cannot be moved to or past the day of its neighbour",
            moment=shown(moment),
        )
    return _left(moment, writes.told(answer))


def _name(series: Event) -> Value:
    known = series.appointment
    return event_name(known.subject, str(known.start), series.id, private=known.private)
