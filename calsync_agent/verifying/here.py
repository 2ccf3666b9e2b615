"""Consolidate's side, read from the rows as they are."""

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from typing import Any, Final
from uuid import UUID
from zoneinfo import ZoneInfo

import sqlalchemy as sa

from calsync_agent.consolidate.tables import (
    activity,
    activity_exception,
    activity_participant,
    activity_type,
    employee,
    employee_email,
)
from calsync_agent.database.stored import as_stored
from calsync_agent.state.tables import (
    hold,
    link,
    profile,
    profile_state,
    quarantine,
    type_in_exchange,
    waiting,
)
from calsync_agent.verifying import expanding
from calsync_agent.verifying.texts import own_words, plain
from calsync_agent.verifying.values import Happening, Manner, Moment, Side

SOME: Final = 500
LONGEST_REMINDER: Final = 2_629_800


@dataclass(frozen=True, slots=True)
class Span:
    """What is compared: from one UTC time to another, clear of the borders by two days."""

    start: datetime
    end: datetime

    def inside(self, moment: Moment) -> bool:
        """Whether it lies clear of the borders, where zones would matter."""
        day = moment.date() if isinstance(moment, datetime) else moment
        margin = timedelta(days=2)
        return (self.start + margin).date() <= day <= (self.end - margin).date()


@dataclass(frozen=True, slots=True)
class Row:
    """One appointment with its children, as its tables hold it."""

    own: Mapping[str, Any]
    exceptions: Mapping[datetime, Mapping[str, Any]]
    participants: Sequence[Mapping[str, Any]]
    categories: tuple[str, ...] = ()
    bound: frozenset[str] = frozenset()

    @property
    def there(self) -> bool:
        """Whether an event of it may be in Exchange at all."""
        return self.own["deleted_at"] is None and self.own["calendar_sync"] != "none"

    def side(self, span: Span, join_url: str) -> Side:
        """What it says; `join_url` of the event's, by which its text is known."""
        row, all_day = self.own, bool(self.own["all_day"])
        rule = (row["recurrence"] or "").strip()
        kept = (
            self._series(rule, span, join_url)
            if rule
            else {moment(row["starts_at"], row): self._single({}, row["starts_at"], join_url)}
        )
        reminder = row["reminder_minutes"]
        return Side(
            series=bool(rule),
            all_day=all_day,
            happenings=kept,
            manner=Manner(
                importance=row["importance"],
                private=bool(row["private"]) or row["calendar_sync"] == "private",
                show_as=row["show_as"],
                reminder=None if reminder is None else min(max(reminder, 0), LONGEST_REMINDER),
            ),
            people={
                one["employee_id"]: one["response"]
                for one in self.participants
                if one["employee_id"] not in {None, row["responsible_id"]}
            },
            organizer=(row["organizer_email"] or "").strip().casefold(),
            join_url=row["online_meeting_url"] or "",
            categories=self.categories,
            bound=self.bound,
        )

    def _series(self, rule: str, span: Span, join_url: str) -> dict[Moment, Happening]:
        row = self.own
        found = {}
        for start in expanding.starts(
            rule, row["starts_at"], zone(row), span.start, span.end, all_day=bool(row["all_day"])
        ):
            own = self.exceptions.get(start, {})
            if not own.get("cancelled"):
                found[moment(start, row)] = self._single(own, start, join_url)
        return found

    def _single(self, own: Mapping[str, Any], start: datetime, join_url: str) -> Happening:
        row = self.own
        texts = {
            name: row[name] if own.get(name) is None else own[name]
            for name in ("subject", "location", "body")
        }
        begin = own.get("starts_at") or start
        length = row["ends_at"] - row["starts_at"]
        return Happening(
            start=moment(begin, row),
            end=moment(own.get("ends_at") or begin + length, row),
            subject=plain(texts["subject"]),
            location=plain(texts["location"]),
            body=plain(own_words(texts["body"], join_url)),
        )


def zone(row: Mapping[str, Any]) -> ZoneInfo:
    """The row's zone. Raises ValueError where there is none of that name."""
    try:
        return ZoneInfo(row["time_zone"].strip())
    except (KeyError, OSError) as error:
        raise ValueError(str(error)) from None


def moment(wall: datetime, row: Mapping[str, Any]) -> Moment:
    """A wall-clock time of the row in UTC, or its date."""
    if row["all_day"]:
        return wall.date()
    return wall.replace(tzinfo=zone(row)).astimezone(UTC).replace(tzinfo=None)


def rows(connection: sa.Connection, ids: Iterable[UUID]) -> dict[UUID, Row | Exception]:
    """The rows with these ids; what cannot be read costs itself alone (B8)."""
    found: dict[UUID, Row | Exception] = {}
    wanted = sorted(set(ids))
    for at in range(0, len(wanted), SOME):
        _read(connection, wanted[at : at + SOME], found)
    bound = _bound(connection)
    if not bound:
        return found
    names = frozenset(name.casefold() for name in bound.values())

    def with_category(row: Row | Exception) -> Row | Exception:
        if isinstance(row, Exception):
            return row
        own = bound.get(row.own["type_id"])
        return replace(row, categories=() if own is None else (own,), bound=names)

    return {number: with_category(row) for number, row in found.items()}


def _bound(connection: sa.Connection) -> dict[int, str]:
    """The categories of the types that are sent."""
    columns = as_stored(connection, [type_in_exchange.c.category])
    wanted = (
        sa.select(type_in_exchange.c.type_id, *columns)
        .join(activity_type, activity_type.c.id == type_in_exchange.c.type_id)
        .where(activity_type.c.calendar_sync.in_(["normal", "private"]))
    )
    told = {row[0]: row[1] for row in connection.execute(wanted)}
    return {
        number: name.strip()
        for number, name in told.items()
        if isinstance(name, str) and name.strip() and name.isprintable()
    }


def _read(
    connection: sa.Connection, ids: Sequence[UUID], found: dict[UUID, Row | Exception]
) -> None:
    own = sa.select(*activity.c, activity_type.c.calendar_sync).join_from(
        activity, activity_type, activity.c.type_id == activity_type.c.id, isouter=True
    )
    try:
        read = connection.execute(own.where(activity.c.id.in_(ids))).mappings().all()
        exceptions = _children(connection, activity_exception, ids)
        participants = _children(connection, activity_participant, ids)
    except (ValueError, TypeError, ArithmeticError, AttributeError) as error:
        if len(ids) == 1:
            found[ids[0]] = error
            return
        for half in (ids[: len(ids) // 2], ids[len(ids) // 2 :]):
            _read(connection, half, found)
        return
    for row in read:
        changed = {one["original_start"]: one for one in exceptions[row["id"]]}
        found[row["id"]] = Row(dict(row), changed, participants[row["id"]])


def _children(
    connection: sa.Connection, table: sa.Table, ids: Sequence[UUID]
) -> defaultdict[UUID, list[Mapping[str, Any]]]:
    found: defaultdict[UUID, list[Mapping[str, Any]]] = defaultdict(list)
    wanted = sa.select(*table.c).where(table.c.activity_id.in_(ids)).order_by(table.c.id)
    for row in connection.execute(wanted).mappings():
        found[row["activity_id"]].append(dict(row))
    return found


def addresses(connection: sa.Connection) -> dict[str, int]:
    """Whose address is which, in lower case."""
    found: dict[str, int] = {}
    main = sa.select(employee.c.id, employee.c.email)
    more = sa.select(employee_email.c.employee_id, employee_email.c.email)
    for query in (main, more):
        for number, address in connection.execute(query):
            if (address or "").strip():
                found.setdefault(address.strip().casefold(), number)
    return found


def of_employee(connection: sa.Connection, number: int, whole: Mapping[int, int]) -> set[UUID]:
    """What ought to be in an employee's mailbox, as far as rows tell (F1, F2).

    `whole`: the profiles by employee that are synced.
    """
    theirs = sa.select(activity.c.id).where(
        activity.c.responsible_id == number, activity.c.deleted_at.is_(None)
    )
    takes_part = (
        sa.select(activity.c.id, activity.c.responsible_id)
        .join(activity_participant, activity_participant.c.activity_id == activity.c.id)
        .where(
            activity_participant.c.employee_id == number,
            activity_participant.c.response != "declined",
            activity.c.deleted_at.is_(None),
        )
    )
    others = {key for key, owner in connection.execute(takes_part) if owner not in whole}
    return others.union(connection.execute(theirs).scalars())


def links_of(connection: sa.Connection, number: int) -> Sequence[sa.RowMapping]:
    """The links of a profile, with the other links of the same appointments counted."""
    other = link.alias("other")
    organized = (
        sa.select(sa.func.count())
        .where(other.c.activity_id == link.c.activity_id, other.c.role == "organizer")
        .scalar_subquery()
    )
    before = (
        sa.select(sa.func.count())
        .where(other.c.activity_id == link.c.activity_id, other.c.profile_id < link.c.profile_id)
        .scalar_subquery()
    )
    found = sa.select(
        link.c.activity_id, link.c.event_id, link.c.role, organized.label("led"), before.label("n")
    ).where(link.c.profile_id == number)
    return connection.execute(found.order_by(link.c.activity_id)).mappings().all()


def linked_elsewhere(connection: sa.Connection, ids: Iterable[UUID]) -> set[UUID]:
    """Those of these appointments that any mailbox holds as a meeting."""
    wanted, found = sorted(set(ids)), set[UUID]()
    for at in range(0, len(wanted), SOME):
        some = link.c.activity_id.in_(wanted[at : at + SOME]), link.c.role != "plain"
        found.update(connection.execute(sa.select(link.c.activity_id).where(*some)).scalars())
    return found


def window(connection: sa.Connection, number: int) -> tuple[datetime, datetime] | None:
    """The window of the profile's last listing (UTC); None before the first."""
    s = profile_state.c
    found = sa.select(s.window_start, s.window_end).where(s.profile_id == number)
    row = connection.execute(found).first()
    return None if row is None or None in row else (row[0], row[1])


def aside(
    connection: sa.Connection, number: int
) -> tuple[dict[UUID, str], dict[str, str], set[UUID], set[str]]:
    """Reasons of what is quarantined, by appointment and by event; what is held; what waits."""
    q = quarantine.c
    by_activity, by_event = dict[UUID, str](), dict[str, str]()
    found = sa.select(q.activity_id, q.event_id, q.reason).where(q.profile_id == number)
    for activity_id, event_id, reason in connection.execute(found):
        if activity_id is not None:
            by_activity[activity_id] = reason
        if event_id is not None:
            by_event[event_id] = reason
    held = sa.select(hold.c.activity_id).where(hold.c.profile_id == number)
    copies = sa.select(waiting.c.event_id).where(waiting.c.profile_id == number)
    return (
        by_activity,
        by_event,
        set(connection.execute(held).scalars()),
        set(connection.execute(copies).scalars()),
    )


def profiles(connection: sa.Connection) -> Sequence[Mapping[str, Any]]:
    """The profiles that are to be synced (C5)."""
    found = (
        sa.select(
            profile.c.id,
            profile.c.employee_id,
            profile.c.external_user_id,
            profile.c.inbound,
            profile.c.outbound,
            employee.c.code,
        )
        .join(employee, employee.c.id == profile.c.employee_id)
        .where(
            profile.c.active == sa.true(),
            employee.c.active == sa.true(),
            employee.c.calendarsync_allowed == sa.true(),
        )
        .order_by(profile.c.id)
    )
    return [dict(row) for row in connection.execute(found).mappings()]
