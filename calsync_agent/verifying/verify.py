"""Compares one profile's appointments with its mailbox; nothing is written."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Any, Final
from uuid import UUID

import sqlalchemy as sa

from calsync_agent.exchange.transport.calls import Sender
from calsync_agent.i18n import Message, _
from calsync_agent.verifying import here, there
from calsync_agent.verifying.comparing import Found, compare
from calsync_agent.verifying.here import Row, Span
from calsync_agent.verifying.there import Seen
from calsync_agent.verifying.values import Difference, Link, Side

_LONGEST: Final = 200
_MONTH: Final = 31
_WORDS: Final = frozenset({"subject", "location", "body"})


@dataclass(frozen=True, slots=True)
class Rows:
    """All that the database tells of one profile."""

    profile: int
    employee: int
    mailbox: str
    span: Span
    links: tuple[Link, ...]
    rows: Mapping[UUID, Row | Exception]
    wanted: frozenset[UUID]
    people: Mapping[str, int]
    reachable: frozenset[int]
    events_aside: Mapping[str, str]
    outbound: bool
    inbound: bool


def gather(
    connection: sa.Connection,
    one: Mapping[str, Any],
    synced: Mapping[int, int],
    span: Span,
    *,
    inbound: bool,
    outbound: bool,
) -> Rows:
    """Read it; `span` is what is compared where the profile has listed nothing yet."""
    number, employee = one["id"], one["employee_id"]
    listed = here.window(connection, number)
    links = here.links_of(connection, number)
    own = here.of_employee(connection, employee, synced)
    elsewhere = here.linked_elsewhere(connection, own)
    by_activity, by_event, held, copies = here.aside(connection, number)
    reasons = {key: _stored(reason) for key, reason in by_activity.items()}
    for key in held:
        reasons.setdefault(key, _("held: it waits for an administrator"))
    events = {key: _stored(reason) for key, reason in by_event.items()}
    for copy in copies:
        events.setdefault(copy, _("it waits for the organizer's own event"))
    people = here.addresses(connection)
    linked = {row["activity_id"] for row in links}
    read = here.rows(connection, linked | own)
    return Rows(
        profile=number,
        employee=employee,
        mailbox=one["external_user_id"].strip(),
        span=span if listed is None else Span(*listed),
        links=tuple(
            Link(
                row["activity_id"],
                row["event_id"],
                row["role"],
                voice=not row["led"] and not row["n"],
                reason=reasons.get(row["activity_id"]) or events.get(row["event_id"] or "", ""),
            )
            for row in links
        ),
        rows=read,
        wanted=frozenset(
            key
            for key in own - linked
            if key in read and _wanted(read[key], employee, elsewhere, key)
        ),
        people=people,
        reachable=frozenset(people.values()),
        events_aside={**events, **{str(key): reason for key, reason in reasons.items()}},
        outbound=outbound,
        inbound=inbound,
    )


async def differences(graph: Sender, rows: Rows) -> list[Difference]:
    """All that differs. Raises MailboxTrouble where the mailbox cannot be read."""
    linked = [link.event for link in rows.links if link.event is not None]
    seen = await there.read(graph, rows.mailbox, rows.span.start, rows.span.end, linked)
    return [*_of_links(rows, seen), *_only_here(rows), *_only_there(rows, seen)]


def _of_links(rows: Rows, seen: Mapping[str, Seen]) -> Iterator[Difference]:
    for link in rows.links:
        row = rows.rows.get(link.activity)
        event = None if link.event is None else seen.get(link.event)
        if isinstance(row, Exception):
            yield _unread(rows, link, str(row))
            continue
        if row is not None and not row.there:
            row = None
        if row is None and event is None:
            continue
        if row is None or event is None:
            yield _missing(rows, link.activity, link.event, row, event, link.reason)
            continue
        yield from _of_pair(rows, link, row, event)


def _of_pair(rows: Rows, link: Link, row: Row, event: Seen) -> Iterator[Difference]:
    try:
        mine = row.side(rows.span, event.join_url)
        found = list(
            compare(
                _reachable(mine, rows),
                event.side(rows.people, rows.employee),
                link.role,
                rows.span,
                voice=link.voice,
            )
        )
    except (ValueError, TypeError, KeyError, ArithmeticError) as error:
        yield _unread(rows, link, str(error))
        return
    hidden = event.private or bool(row.own["private"]) or row.own["calendar_sync"] == "private"
    for one in found:
        yield Difference(
            rows.profile,
            link.activity,
            link.event,
            _("private appointment") if hidden else str(row.own["subject"] or ""),
            one.field,
            _shown(one, one.here, hidden=hidden),
            _shown(one, one.there, hidden=hidden),
            None if one.occurrence is None else one.occurrence.isoformat(),
            link.reason,
        )


def _only_here(rows: Rows) -> Iterator[Difference]:
    for key in sorted(rows.wanted):
        row = rows.rows[key]
        reason = rows.events_aside.get(str(key), "")
        if isinstance(row, Exception):
            yield _unread(rows, Link(key, None, "", voice=False), str(row))
        elif _in_scope(row, rows.span):
            if not reason and not rows.outbound:
                reason = _("outbound is switched off")
            yield _missing(rows, key, None, row, None, reason)


def _only_there(rows: Rows, seen: Mapping[str, Seen]) -> Iterator[Difference]:
    linked = {link.event for link in rows.links}
    for number, event in sorted(seen.items()):
        if number in linked or event.cancelled:
            continue
        if any(rows.span.inside(start) for start in event.starts):
            reason = rows.events_aside.get(number, "")
            if not reason and not rows.inbound:
                reason = _("inbound is switched off")
            yield _missing(rows, None, number, None, event, reason)


def _missing(
    rows: Rows,
    activity: UUID | None,
    number: str | None,
    row: Row | None,
    event: Seen | None,
    reason: str,
) -> Difference:
    if row is not None:
        private = bool(row.own["private"]) or row.own["calendar_sync"] == "private"
        words = str(row.own["subject"] or "")
    else:
        private = event is not None and event.private
        words = "" if event is None else event.subject
    subject = _("private appointment") if private else words
    return Difference(
        rows.profile,
        activity,
        number,
        subject,
        "missing",
        None if row is None else subject,
        None if event is None else subject,
        reason=reason,
    )


def _unread(rows: Rows, link: Link, reason: str) -> Difference:
    """What cannot be compared is not equal."""
    return Difference(
        rows.profile,
        link.activity,
        link.event,
        "",
        "unreadable",
        None,
        None,
        reason=link.reason or reason,
    )


def _wanted(row: Row | Exception, employee: int, elsewhere: set[UUID], key: UUID) -> bool:
    if isinstance(row, Exception):
        return True
    if not row.there or (row.own["organizer_email"] or "").strip():
        return False
    return row.own["responsible_id"] == employee or key not in elsewhere


def _in_scope(row: Row, span: Span) -> bool:
    """Whether it is to be sent (C1), clear of the window's border."""
    if (row.own["recurrence"] or "").strip() and row.own["status"] == "open":
        return True
    ends: datetime = row.own["ends_at"]
    return ends >= span.start + timedelta(days=2)


def _reachable(side: Side, rows: Rows) -> Side:
    """Without those whom nobody can invite: who has no address."""
    kept = {number: said for number, said in side.people.items() if number in rows.reachable}
    return replace(side, people=kept)


def _shown(found: Found, value: object, *, hidden: bool) -> str | None:
    if value is None:
        return None
    if hidden and found.field in _WORDS:
        return "…"
    text = value.isoformat() if isinstance(value, datetime) else str(value)
    return text if len(text) <= _LONGEST else text[:_LONGEST] + "…"


def _stored(reason: str) -> str:
    return str(Message.from_json(reason))


def whole(now: datetime, past_months: int, future_months: int) -> Span:
    """The window as the settings say, for a profile that has none yet."""
    today = datetime(now.year, now.month, now.day)
    past, future = (timedelta(days=_MONTH * months) for months in (past_months, future_months))
    return Span(today - past, today + future)
