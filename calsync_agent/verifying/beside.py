"""Both sides of a stretch of days beside each other, appointment by appointment: for people to see.

What differs is found by the same comparison as `verify`'s.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from datetime import date, datetime, timedelta
from typing import Any, Final
from uuid import UUID

from calsync_agent.exchange.transport.calls import Sender
from calsync_agent.i18n import _
from calsync_agent.verifying import there
from calsync_agent.verifying.comparing import Found, compare
from calsync_agent.verifying.here import Row, Span
from calsync_agent.verifying.there import Seen
from calsync_agent.verifying.values import Happening, Link, Moment, Side
from calsync_agent.verifying.verify import Rows

MARGIN: Final = timedelta(days=2)
"""Within so much of a border nothing is compared: zones would matter there (`Span.inside`)."""


@dataclass(frozen=True, slots=True)
class Entry:
    """An appointment, or one of a series, as one side has it. Times are UTC; all-day: days."""

    start: Moment
    end: Moment
    subject: str
    location: str


@dataclass(frozen=True, slots=True)
class Beside:
    """Both sides of one. `fields`: what differs; `reason`: why the sync lets it be for now."""

    activity: UUID | None
    event: str | None
    series: bool
    private: bool
    here: Entry | None
    there: Entry | None
    fields: tuple[str, ...] = ()
    reason: str = ""


async def beside(graph: Sender, rows: Rows, start: datetime, end: datetime) -> list[Beside]:
    """All between two moments (UTC), in the order of their starts. Raises MailboxTrouble."""
    wide = Span(start - MARGIN, end + MARGIN)
    near = replace(rows, span=wide)
    wanted = [link.event for link in rows.links if link.event and _is_near(near, link)]
    seen = await there.read(graph, rows.mailbox, wide.start, wide.end, wanted)
    found = [one for one in _all(near, seen) if _in(one, start, end)]
    return sorted(found, key=_when)


def alone(rows: Rows, start: datetime, end: datetime) -> list[Beside]:
    """The same where the mailbox cannot be read: Consolidate's side alone."""
    near = replace(rows, span=Span(start - MARGIN, end + MARGIN))
    found = [one for one in _all(near, {}) if one.here and _in(one, start, end)]
    return sorted(found, key=_when)


def _all(rows: Rows, seen: Mapping[str, Seen]) -> Iterator[Beside]:
    for link in rows.links:
        row = rows.rows.get(link.activity)
        event = None if link.event is None else seen.get(link.event)
        yield from _pair(rows, link, row, event)
    for key in rows.wanted:
        reason = rows.events_aside.get(str(key), "")
        if not reason and not rows.outbound:
            reason = _("outbound is switched off")
        yield from _pair(
            rows, Link(key, None, "", voice=False, reason=reason), rows.rows[key], None
        )
    linked = {link.event for link in rows.links}
    for number, event in seen.items():
        if number in linked or event.cancelled:
            continue
        reason = rows.events_aside.get(number, "")
        if not reason and not rows.inbound:
            reason = _("inbound is switched off")
        yield from _event(rows, number, event, reason)


def _pair(
    rows: Rows, link: Link, row: Row | Exception | None, event: Seen | None
) -> Iterator[Beside]:
    if not isinstance(row, Row) or not row.there:
        if event is not None and link.event is not None and not event.cancelled:
            reason = link.reason or (str(row) if isinstance(row, Exception) else "")
            yield from _event(rows, link.event, event, reason, link.activity)
        return
    try:
        mine = row.side(rows.span, event.join_url if event else "")
        theirs = event.side(rows.people, rows.employee) if event else None
    except (ValueError, TypeError, KeyError, ArithmeticError) as error:
        yield _unread(link, row, str(error))
        return
    private = _is_private(row, event)
    made = Beside(link.activity, link.event, mine.series, private, None, None, (), link.reason)
    if theirs is None:
        for happening in mine.happenings.values():
            yield replace(made, here=_entry(happening, private=private))
        return
    mine = replace(mine, people={n: said for n, said in mine.people.items() if n in rows.reachable})
    differing = list(compare(mine, theirs, link.role, rows.span, voice=link.voice))
    for key, one, other in _together(mine, theirs):
        fields = dict.fromkeys(found.field for found in differing if _concerns(found, key))
        yield replace(
            made,
            here=None if one is None else _entry(one, private=private),
            there=None if other is None else _entry(other, private=private),
            fields=tuple(fields),
        )


def _together(
    mine: Side, theirs: Side
) -> Iterator[tuple[Moment | None, Happening | None, Happening | None]]:
    """What is one on both sides: of a series by original start."""
    if not mine.series and not theirs.series:
        yield None, next(iter(mine.happenings.values())), next(iter(theirs.happenings.values()))
        return
    for key in mine.happenings.keys() | theirs.happenings.keys():
        yield key, mine.happenings.get(key), theirs.happenings.get(key)


def _concerns(found: Found, key: Moment | None) -> bool:
    return found.occurrence is None or found.occurrence == key


def _event(
    rows: Rows, number: str, event: Seen, reason: str, activity: UUID | None = None
) -> Iterator[Beside]:
    try:
        side = event.side(rows.people, rows.employee)
    except (ValueError, TypeError, KeyError, ArithmeticError) as error:
        reason, side = (
            reason or str(error),
            Side(series=False, all_day=False, happenings={}, manner=None),
        )
    for one in side.happenings.values():
        entry = _entry(one, private=event.private)
        yield Beside(activity, number, side.series, event.private, None, entry, (), reason)


def _unread(link: Link, row: Row, reason: str) -> Beside:
    """What cannot be brought to a common language stands where its row says."""
    private = _is_private(row, None)
    own: Mapping[str, Any] = row.own
    happening = Happening(own["starts_at"], own["ends_at"], str(own["subject"] or ""), "", "")
    entry = _entry(happening, private=private)
    return Beside(
        activity=link.activity,
        event=link.event,
        series=False,
        private=private,
        here=entry,
        there=None,
        fields=("unreadable",),
        reason=link.reason or reason,
    )


def _is_private(row: Row, event: Seen | None) -> bool:
    hidden = bool(row.own["private"]) or row.own["calendar_sync"] == "private"
    return hidden or (event is not None and event.private)


def _entry(one: Happening, *, private: bool) -> Entry:
    if private:
        return Entry(one.start, one.end, _("private appointment"), "")
    return Entry(one.start, one.end, one.subject, one.location)


def _is_near(rows: Rows, link: Link) -> bool:
    """Whether its row is in the stretch, so that its event is to be looked for wherever it is."""
    row = rows.rows.get(link.activity)
    if not isinstance(row, Row) or not row.there:
        return False
    try:
        happenings = row.side(rows.span, "").happenings.values()
    except (ValueError, TypeError, KeyError, ArithmeticError):
        return False
    return any(
        _moment(one.start) < rows.span.end and _moment(one.end) >= rows.span.start
        for one in happenings
    )


def _in(one: Beside, start: datetime, end: datetime) -> bool:
    sides = [side for side in (one.here, one.there) if side is not None]
    return any(
        _moment(side.start) < end
        and max(_moment(side.end), _moment(side.start)) >= start
        and (_moment(side.end) > start or _moment(side.start) >= start)
        for side in sides
    )


def _when(one: Beside) -> tuple[datetime, str]:
    side = one.here or one.there
    return (datetime(1, 1, 1), "") if side is None else (_moment(side.start), side.subject)


def _moment(when: Moment) -> datetime:
    if isinstance(when, datetime):
        return when
    day: date = when
    return datetime(day.year, day.month, day.day)
