"""How far each profile has come: its position in Exchange's feed, its window, its comparisons."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final

import sqlalchemy as sa

from calsync_agent.appointment.model import ProfileId
from calsync_agent.appointment.owner import spelled
from calsync_agent.domain.policy import Profile
from calsync_agent.state.tables import link, profile_state, quarantine

_COLUMNS: Final = tuple(profile_state.c)


@dataclass(frozen=True, slots=True)
class Progress:
    """Where one profile stands with a mailbox. All times UTC.

    `delta_link` belongs to the window beside it and is None before the first listing is complete;
    `listed_at`: when it was drawn. `compared_at` is None while all of Consolidate's side has to be
    compared.
    """

    profile: ProfileId
    mailbox: str = ""
    delta_link: str | None = None
    window_start: datetime | None = None
    window_end: datetime | None = None
    listed_at: datetime | None = None
    compared_at: datetime | None = None


def read_all(connection: sa.Connection) -> dict[ProfileId, Progress]:
    """The progress of every profile that has made any."""
    rows = connection.execute(sa.select(*_COLUMNS)).mappings()
    found = (_progress(row) for row in rows)
    return {progress.profile: progress for progress in found}


def write(connection: sa.Connection, progress: Progress) -> None:
    """Store a profile's progress."""
    values: dict[str, Any] = {
        "mailbox": progress.mailbox,
        "delta_link": progress.delta_link,
        "window_start": progress.window_start,
        "window_end": progress.window_end,
        "listed_at": progress.listed_at,
        "compared_at": progress.compared_at,
    }
    mine = profile_state.c.profile_id == progress.profile
    if connection.execute(sa.update(profile_state).where(mine).values(values)).rowcount == 0:
        connection.execute(sa.insert(profile_state).values(profile_id=progress.profile, **values))


def moved_from(far: Progress, profile: Profile) -> bool:
    """Whether a profile has come so far with what is spelt as another mailbox than it has now."""
    if far.mailbox == profile.mailbox:
        return False
    return spelled(far.mailbox) not in {"", spelled(profile.mailbox)}


def forget(connection: sa.Connection, profile: ProfileId) -> None:
    """Forget all that is known of a profile's mailbox, as if it had never been synced."""
    for table in (link, quarantine, profile_state):
        connection.execute(sa.delete(table).where(table.c.profile_id == profile))


def _progress(row: sa.RowMapping) -> Progress:
    return Progress(
        profile=ProfileId(row["profile_id"]),
        mailbox=row["mailbox"],
        delta_link=row["delta_link"],
        window_start=row["window_start"],
        window_end=row["window_end"],
        listed_at=row["listed_at"],
        compared_at=row["compared_at"],
    )
