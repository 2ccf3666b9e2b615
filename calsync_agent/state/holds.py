"""What waits for an admin: deletions and mails that were too many for one cycle (B7, F8)."""

from collections.abc import Collection, Iterable, Mapping
from typing import Any

import sqlalchemy as sa

from calsync_agent.appointment.model import ActivityId, ProfileId
from calsync_agent.database.encoding import holdable
from calsync_agent.database.statements import chunks
from calsync_agent.domain.hold import Held, HoldKind, Verdict
from calsync_agent.state.tables import hold


def read(connection: sa.Connection, profile: ProfileId | None = None) -> list[Held]:
    """Everything that waits, of one profile or of all."""
    found = sa.select(*hold.c).order_by(hold.c.since)
    if profile is not None:
        found = found.where(hold.c.profile_id == profile)
    return [_held(row) for row in connection.execute(found).mappings()]


def with_answers() -> sa.Select[Any]:
    """The profiles for which an admin has said something that is not carried out yet."""
    return sa.select(hold.c.profile_id).where(hold.c.verdict.is_not(None))


def on(
    connection: sa.Connection, activities: Collection[ActivityId]
) -> set[tuple[ProfileId, ActivityId]]:
    """For whom any of these appointments waits."""
    found: set[tuple[ProfileId, ActivityId]] = set()
    for some in chunks(list(activities)):
        wanted = sa.select(hold.c.profile_id, hold.c.activity_id)
        rows = connection.execute(wanted.where(hold.c.activity_id.in_(some)))
        found.update((ProfileId(profile), ActivityId(activity)) for profile, activity in rows)
    return found


def put(connection: sa.Connection, held: Iterable[Held]) -> None:
    """Let appointments wait; those that do already stay as they are."""
    by_profile: dict[ProfileId, dict[ActivityId, Held]] = {}
    for one in held:
        by_profile.setdefault(one.profile, {})[one.activity] = one
    for profile, wanted in by_profile.items():
        known = {one.activity for one in read(connection, profile)}
        new = [_row(connection, one) for number, one in wanted.items() if number not in known]
        if new:
            connection.execute(sa.insert(hold), new)


def answer(
    connection: sa.Connection,
    profile: ProfileId,
    verdict: Verdict,
    only: Collection[ActivityId] | None = None,
) -> int:
    """An admin says what is to become of all that waits, or of some; returns how much that is."""
    mine = sa.update(hold).where(hold.c.profile_id == profile, hold.c.verdict.is_(None))
    said = mine.values(verdict=verdict.value)
    if only is None:
        return connection.execute(said).rowcount
    return sum(
        connection.execute(said.where(hold.c.activity_id.in_(some))).rowcount
        for some in chunks(sorted(set(only)))
    )


def release(
    connection: sa.Connection, profile: ProfileId, activities: Collection[ActivityId]
) -> None:
    """Appointments that wait no longer."""
    for some in chunks(list(activities)):
        mine = hold.c.profile_id == profile, hold.c.activity_id.in_(some)
        connection.execute(sa.delete(hold).where(*mine))


def _row(connection: sa.Connection, held: Held) -> Mapping[str, object]:
    return {
        "profile_id": held.profile,
        "activity_id": held.activity,
        "kind": held.kind.value,
        "subject": holdable(connection, held.subject[:250]),
        "since": held.since,
        "verdict": held.verdict and held.verdict.value,
    }


def _held(row: sa.RowMapping) -> Held:
    return Held(
        profile=ProfileId(row["profile_id"]),
        activity=ActivityId(row["activity_id"]),
        kind=HoldKind(row["kind"]),
        subject=row["subject"],
        since=row["since"],
        verdict=Verdict(row["verdict"]) if row["verdict"] else None,
    )
