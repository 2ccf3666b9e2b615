"""What an admin does to many profiles at once: adds, imports, exports, activates (I1).

Each is one transaction. What cannot be done is left and named, and costs nothing else; done twice
it changes nothing. Each profile that changes is a line in the log with the account's name.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field, replace
from typing import Final
from uuid import UUID

import sqlalchemy as sa

from calsync_agent.appointment.model import EmployeeId, ProfileId
from calsync_agent.appointment.owner import spelled
from calsync_agent.database.statements import chunks
from calsync_agent.domain.calendar import Account
from calsync_agent.i18n import Message, Value, message
from calsync_agent.rollout import rows
from calsync_agent.rollout.matching import Match, Verdict, match
from calsync_agent.rollout.profile_csv import Line, Wrong
from calsync_agent.rollout.rows import Profiles, Row
from calsync_agent.state import acts
from calsync_agent.state.profiles import no_mailbox
from calsync_agent.state.tables import profile

LONGEST: Final = 320
"""Characters of `calsync_profile.external_user_id`."""


@dataclass(slots=True)
class Outcome:
    """What was done. `left`: what was not, each with who or which line it is about."""

    made: int = 0
    changed: int = 0
    same: int = 0
    left: list[tuple[str, Message]] = field(default_factory=list)


def look(connection: sa.Connection, accounts: Iterable[Account]) -> list[Match]:
    """What the employees who may have a profile and have none are matched with."""
    known = rows.read(connection, held=False)
    return match(known.lacking, accounts, known.names)


def add(connection: sa.Connection, accounts: Iterable[Account], account: str) -> Outcome:
    """A profile for each clear match, inactive."""
    known, done = rows.read(connection, held=True), Outcome()
    matches = match(known.lacking, accounts, known.names)
    made: list[Row] = []
    told: dict[EmployeeId, Message] = {}
    for one in matches:
        who = one.employee
        reason = one.why
        if one.verdict is Verdict.CLEAR:
            reason = no_mailbox(one.mailbox) or _not_to_be(known, who.id, one.mailbox)
        if reason is not None:
            done.left.append((who.code, reason))
            continue
        made.append(Row(ProfileId(0), who.id, one.mailbox, active=False))
        known.put(who.id, one.mailbox)
        told[who.id] = message(
            "{account} has added the profile of {employee} with the mailbox {mailbox}, inactive",
            account=account,
            employee=who.code,
            mailbox=one.mailbox,
        )
    rows.insert(connection, known.provider, made)
    rows.tell(connection, told)
    done.made = len(made)
    return done


def take_in(connection: sa.Connection, lines: Iterable[Line | Wrong], account: str) -> Outcome:
    """What a file says, line by line; whose line is wrong is left as they are."""
    known, done = rows.read(connection, held=True), Outcome()
    codes = {one.code.strip().casefold(): one.id for one in known.staff.people.employees.values()}
    seen: dict[EmployeeId, int] = {}
    made: list[Row] = []
    told: dict[EmployeeId, Message] = {}
    for line in lines:
        who = codes.get(line.employee.casefold()) if isinstance(line, Line) else None
        reason = _wrong(line, who, known, seen)
        if reason is not None or who is None or isinstance(line, Wrong):
            done.left.append((str(line.number), reason or message("there is no such employee")))
            continue
        seen[who] = line.number
        before = known.rows.get(who)
        now = _meant(line, who, before)
        if now == before:
            done.same += 1
            continue
        known.put(who, now.mailbox)
        told[who] = _told(now, before, line.employee, account)
        if before is None:
            made.append(now)
            done.made += 1
        else:
            _update(connection, now)
            done.changed += 1
    rows.insert(connection, known.provider, made)
    rows.tell(connection, told)
    return done


def exported(connection: sa.Connection) -> list[tuple[object, ...]]:
    """All profiles as the columns of the file, by employee."""
    known = rows.read(connection, held=False)
    every = sorted(
        known.rows.values(), key=lambda row: (known.code(row.employee).casefold(), row.id)
    )
    return [(known.code(r.employee), r.mailbox, r.active, r.inbound, r.outbound) for r in every]


def startable(connection: sa.Connection, done: Outcome) -> tuple[Profiles, list[Row]]:
    """The inactive profiles that may begin to sync; those that may not are left, each named."""
    known = rows.read(connection, held=True)
    paused = rows.begun(connection)
    found = []
    for row in sorted(known.rows.values(), key=lambda one: one.id):
        if row.active:
            continue
        reason = no_mailbox(row.mailbox)
        if row.employee not in known.staff.permitted:
            reason = message("the employee is inactive or not permitted to sync")
        elif row.id in paused:
            reason = message("it was synced before and then paused; resume it by itself")
        if reason is None:
            found.append(row)
        else:
            done.left.append((known.code(row.employee), reason))
    return known, found


def activate(connection: sa.Connection, account: str) -> Outcome:
    """Let all that may begin to sync do so."""
    done = Outcome()
    known, found = startable(connection, done)
    set_active(connection, found)
    texts = {row.employee: activated(known.code(row.employee), account) for row in found}
    rows.tell(connection, texts)
    done.changed = len(found)
    return done


def set_active(connection: sa.Connection, some: Sequence[Row]) -> None:
    """Let these profiles be synced."""
    for part in chunks([row.id for row in some]):
        connection.execute(sa.update(profile).where(profile.c.id.in_(part)).values(active=True))


def activated(code: str, account: Value) -> Message:
    """That somebody has let a profile begin."""
    return message(
        "{account} has activated the profile of {employee}", account=account, employee=code
    )


def _wrong(
    line: Line | Wrong, who: EmployeeId | None, known: Profiles, seen: dict[EmployeeId, int]
) -> Message | None:
    """Why a line is left."""
    if isinstance(line, Wrong):
        return line.reason
    if who is None:
        return message("there is no employee {code}", code=repr(line.employee[:40]))
    if who in seen:
        return message(
            "the employee {code} stands in line {line} already",
            code=line.employee,
            line=seen[who],
        )
    reason = no_mailbox(line.mailbox)
    if reason is None and not _may_be_a_name(line.mailbox):
        reason = message("neither a GUID nor a user principal name such as anna@example.com")
    if reason is not None:
        return message(
            "external_user_id is {value}: {reason}", value=repr(line.mailbox[:80]), reason=reason
        )
    return _not_to_be(known, who, line.mailbox)


def _not_to_be(known: Profiles, who: EmployeeId, name: str) -> Message | None:
    """Why an employee cannot have this mailbox (C5, I4)."""
    if who not in known.rows and who not in known.staff.permitted:
        return message("the employee is inactive or not permitted to sync")
    owner = known.owner(name)
    if owner is not None and owner != who:
        other = known.staff.people.find(owner)
        return message(
            "the profile of {code} ({name}) has this mailbox already",
            code=known.code(owner),
            name=other.name if other else "",
        )
    return None


def _may_be_a_name(name: str) -> bool:
    if len(name) > LONGEST:
        return False
    local, _at, domain = name.rpartition("@")
    if local and domain:
        return True
    try:
        return bool(UUID(name))
    except ValueError:
        return False


def _meant(line: Line, who: EmployeeId, before: Row | None) -> Row:
    """The profile as a line wants it; what it does not say stays, and begins inactive."""
    now = before or Row(ProfileId(0), who, line.mailbox, active=False)
    if spelled(now.mailbox) != spelled(line.mailbox):
        now = replace(now, mailbox=line.mailbox)
    if line.active is not None:
        now = replace(now, active=line.active)
    for name in line.directions:
        now = replace(now, **{name: getattr(line, name)})
    return now


def _told(now: Row, before: Row | None, code: str, account: str) -> Message:
    if before is None:
        return message(
            "{account} has imported the profile of {employee} with the mailbox {mailbox}"
            " (active: {active})",
            account=account,
            employee=code,
            mailbox=now.mailbox,
            active=int(now.active),
        )
    names = ("mailbox", "active", "inbound", "outbound")
    was, is_now = ({name: getattr(one, name) for name in names} for one in (before, now))
    return message(
        "{account} has changed the profile of {employee} by an import: {changes}",
        account=account,
        employee=code,
        changes=acts.changes(was, is_now),
    )


def _update(connection: sa.Connection, row: Row) -> None:
    values = {
        "external_user_id": row.mailbox,
        "active": row.active,
        "inbound": row.inbound,
        "outbound": row.outbound,
    }
    connection.execute(sa.update(profile).where(profile.c.id == row.id).values(values))
