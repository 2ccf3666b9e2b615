"""A roll-out in steps: so many profiles a day begin to sync, as long as all goes well (I1).

Kept in the database, and carried on by whichever agent runs: the row `roll_out` of `calsync_meta`
holds how many a day, and the profile that it was stopped by; `calsync_rollout` its profiles. A day
is the 24 hours before, by the database's clock. It ends with the last profile, or when it is told
to, and stops at the first of its profiles that is held or fails.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final

import sqlalchemy as sa

from calsync_agent.appointment.model import ProfileId
from calsync_agent.consolidate.tables import employee
from calsync_agent.database.clock import UtcNow
from calsync_agent.database.statements import chunks
from calsync_agent.i18n import message
from calsync_agent.rollout import deeds, rows
from calsync_agent.rollout.deeds import Outcome
from calsync_agent.rollout.rows import Row
from calsync_agent.state import acts, facts, log
from calsync_agent.state import meta as facts_of_all
from calsync_agent.state.log import Kind, Level, LogEntry
from calsync_agent.state.profile_status import Condition
from calsync_agent.state.tables import fare, hold, meta, profile, roll_out

DAY: Final = timedelta(hours=24)
_NAME: Final = "roll_out"


@dataclass(frozen=True, slots=True)
class Plan:
    """How many begin a day; `stopped_by`: the profile that was held or failed."""

    a_day: int
    stopped_by: ProfileId | None = None


@dataclass(frozen=True, slots=True)
class Progress:
    """How far a roll-out has come; `plan` is None where none is under way.

    `stopped_by`: the code of the employee whose profile was held or failed.
    """

    plan: Plan | None
    begun: int
    waiting: int
    next_at: datetime | None = None
    stopped_by: str | None = None


def read_plan(connection: sa.Connection) -> Plan | None:
    """The roll-out that is under way, stopped ones included."""
    a_day, _, stopped = (facts.read(connection, _NAME) or "").partition(" ")
    number, by = facts.number(a_day), facts.number(stopped)
    return Plan(number, None if by is None else ProfileId(by)) if number else None


def begin(connection: sa.Connection, a_day: int, account: str) -> Outcome:
    """Start a roll-out of all that may begin, or start it again; the first of them begin."""
    facts_of_all.take_turn(connection)
    done = Outcome()
    _known, found = deeds.startable(connection, done)
    there = {ProfileId(n) for n in connection.execute(sa.select(roll_out.c.profile_id)).scalars()}
    new = [{"profile_id": row.id} for row in found if row.id not in there]
    if new:
        connection.execute(sa.insert(roll_out), new)
    again = [row.id for row in found if row.id in there]
    for part in chunks(again):
        theirs = sa.update(roll_out).where(roll_out.c.profile_id.in_(part))
        connection.execute(theirs.values(begun_at=None))
    _store(connection, Plan(a_day) if found else None)
    text = message(
        "{account} has begun a roll-out of {count} profiles, {a_day} a day",
        account=account,
        count=len(found),
        a_day=a_day,
    )
    if found:
        acts.note(connection, text)
        done.changed = len(_step(connection, account))
    return done


def end(connection: sa.Connection, account: str) -> bool:
    """End the roll-out; what has begun goes on. Whether there was one."""
    facts_of_all.take_turn(connection)
    there = read_plan(connection) is not None
    _store(connection, None)
    connection.execute(sa.delete(roll_out).where(roll_out.c.begun_at.is_(None)))
    if there:
        text = message("{account} has ended the roll-out", account=account)
        acts.note(connection, text)
    return there


def is_due(connection: sa.Connection) -> bool:
    """Whether a running roll-out has something to do; reads alone."""
    plan = read_plan(connection)
    if plan is None or plan.stopped_by is not None:
        return False
    return bool(_portion(connection, plan)) or bool(_troubled(connection)) or _is_over(connection)


def advance(connection: sa.Connection) -> int:
    """Let the next ones begin, or stop; returns how many have begun."""
    facts_of_all.take_turn(connection)
    return len(_step(connection, None))


def progress(connection: sa.Connection) -> Progress:
    """How far the roll-out has come."""
    plan = read_plan(connection)
    begun_at = roll_out.c.begun_at
    begun, waiting = connection.execute(
        sa.select(sa.func.count(begun_at), sa.func.count() - sa.func.count(begun_at)).select_from(
            roll_out
        )
    ).one()
    next_at = None
    if plan is not None and plan.stopped_by is None and waiting:
        since = _now(connection) - DAY
        lately = sa.select(begun_at).where(begun_at > since).order_by(begun_at.desc())
        recent = list(connection.execute(lately).scalars())
        if len(recent) >= plan.a_day:
            next_at = recent[plan.a_day - 1] + DAY
    by = None if plan is None or plan.stopped_by is None else _code(connection, plan.stopped_by)
    return Progress(plan, int(begun), int(waiting), next_at, by)


def _step(connection: sa.Connection, account: str | None) -> list[Row]:
    plan = read_plan(connection)
    if plan is None or plan.stopped_by is not None:
        return []
    troubled = _troubled(connection)
    if troubled:
        _stop(connection, plan, troubled[0])
        return []
    portion = _portion(connection, plan)
    begun = _begin(connection, portion, account) if portion else []
    if _is_over(connection):
        _store(connection, None)
        _log(connection, [LogEntry(Level.INFO, Kind.SYNC, message("the roll-out is complete"))])
    return begun


def _stop(connection: sa.Connection, plan: Plan, by: ProfileId) -> None:
    _store(connection, Plan(plan.a_day, by))
    text = message(
        "the roll-out has stopped, because this profile is held or fails; when that is put right,"
        " begin it again: calsync-agent profiles activate --a-day {a_day}",
        a_day=plan.a_day,
    )
    _log(connection, [LogEntry(Level.WARNING, Kind.SYNC, text, profile=by)])


def _begin(
    connection: sa.Connection, portion: Sequence[ProfileId], account: str | None
) -> list[Row]:
    known = rows.read(connection, held=True)
    by_id = {row.id: row for row in known.rows.values()}
    begun = [by_id[number] for number in portion if number in by_id]
    now = _now(connection)
    for part in chunks(portion):
        theirs = sa.update(roll_out).where(roll_out.c.profile_id.in_(part))
        connection.execute(theirs.values(begun_at=now))
    some = [row for row in begun if not row.active]
    deeds.set_active(connection, some)
    by = message("the roll-out") if account is None else account
    texts = {row.employee: deeds.activated(known.code(row.employee), by) for row in some}
    rows.tell(connection, texts)
    return some


def _portion(connection: sa.Connection, plan: Plan) -> list[ProfileId]:
    """Those who are next, as many as today's number still allows."""
    since = _now(connection) - DAY
    lately = sa.select(sa.func.count()).where(roll_out.c.begun_at > since)
    left = plan.a_day - connection.execute(lately).scalar_one()
    if left <= 0:
        return []
    waiting = sa.select(roll_out.c.profile_id).where(roll_out.c.begun_at.is_(None))
    found = connection.execute(waiting.order_by(roll_out.c.profile_id).limit(left)).scalars()
    return [ProfileId(number) for number in found]


def _troubled(connection: sa.Connection) -> list[ProfileId]:
    """The roll-out's profiles that are held or fail, of those that are still to be synced."""
    mine = sa.select(roll_out.c.profile_id).join(profile, profile.c.id == roll_out.c.profile_id)
    mine = mine.where(profile.c.active == sa.true(), roll_out.c.begun_at.is_not(None))
    held = sa.select(hold.c.profile_id).where(hold.c.verdict.is_(None))
    failing = sa.select(fare.c.profile_id).where(fare.c.state == Condition.FAILING.value)
    found = mine.where(
        sa.or_(roll_out.c.profile_id.in_(held), roll_out.c.profile_id.in_(failing))
    ).order_by(roll_out.c.profile_id)
    return [ProfileId(number) for number in connection.execute(found).scalars()]


def _is_over(connection: sa.Connection) -> bool:
    waiting = sa.select(roll_out.c.profile_id).where(roll_out.c.begun_at.is_(None)).limit(1)
    return connection.execute(waiting).first() is None


def _code(connection: sa.Connection, number: ProfileId) -> str:
    mine = sa.select(employee.c.code).join(profile, profile.c.employee_id == employee.c.id)
    code = connection.execute(mine.where(profile.c.id == number)).scalar_one_or_none()
    return str(number if code is None else code)


def _store(connection: sa.Connection, plan: Plan | None) -> None:
    connection.execute(sa.delete(meta).where(meta.c.name == _NAME))
    if plan is not None:
        value = str(plan.a_day) if plan.stopped_by is None else f"{plan.a_day} {plan.stopped_by}"
        connection.execute(sa.insert(meta).values(name=_NAME, value=value))


def _log(connection: sa.Connection, entries: list[LogEntry]) -> None:
    log.write(connection, entries, _now(connection))


def _now(connection: sa.Connection) -> datetime:
    now: datetime = connection.execute(sa.select(UtcNow())).scalar_one()
    return now
