"""What an admin does is a line in the log, with the name of the account that it was done under."""

from collections.abc import Collection, Mapping

import sqlalchemy as sa

from calsync_agent.appointment.model import ActivityId, ProfileId
from calsync_agent.database.clock import UtcNow
from calsync_agent.domain.hold import Verdict
from calsync_agent.i18n import Message, message
from calsync_agent.platform.account import account
from calsync_agent.state import holds, log
from calsync_agent.state.log import Kind, Level, LogEntry


def note(connection: sa.Connection, text: Message, profile: ProfileId | None = None) -> None:
    """Note what somebody has done, by a sentence that names their account."""
    note_each(connection, [(profile, text)])


def note_each(
    connection: sa.Connection, texts: Collection[tuple[ProfileId | None, Message]]
) -> None:
    """Note what somebody has done to several profiles."""
    if not texts:
        return
    now = connection.execute(sa.select(UtcNow())).scalar_one()
    entries = [LogEntry(Level.INFO, Kind.SYNC, text, profile) for profile, text in texts]
    log.write(connection, entries, now)


def answer(
    connection: sa.Connection,
    profile: ProfileId,
    verdict: Verdict,
    only: Collection[ActivityId] | None = None,
) -> int:
    """Say what is to become of all that waits, or of some, and note it; returns how much."""
    count = holds.answer(connection, profile, verdict, only)
    if count:
        if verdict is Verdict.CONFIRMED:
            text = message(
                "{account} has confirmed what waited: {count}", account=account(), count=count
            )
        else:
            text = message(
                "{account} has discarded what waited: {count}", account=account(), count=count
            )
        note(connection, text, profile)
    return count


def changes(before: Mapping[str, object], after: Mapping[str, object]) -> str:
    """What differs in columns, as a line tells it: `active 0 → 1`."""
    return ", ".join(
        f"{name} {_shown(before[name])} → {_shown(value)}"
        for name, value in after.items()
        if before[name] != value
    )


def _shown(value: object) -> str:
    if value is None:
        return "-"
    return str(int(value)) if isinstance(value, bool) else str(value)
