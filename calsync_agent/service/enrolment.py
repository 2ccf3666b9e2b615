"""Profiles that this agent begins to sync: how far they have come, and with which mailbox."""

import logging
from collections.abc import Iterable
from functools import partial
from typing import Final
from uuid import UUID

import sqlalchemy as sa

from calsync_agent.database.engine import Database
from calsync_agent.i18n import message
from calsync_agent.service.standing import Standing
from calsync_agent.state import agents, progress
from calsync_agent.state.profiles import Profile
from calsync_agent.state.progress import Progress

_log: Final = logging.getLogger(__name__)


async def enrolled(database: Database, owner: UUID, profiles: Iterable[Profile]) -> list[Standing]:
    """A standing for each of these profiles, which are leased to `owner`.

    One that was given another mailbox has its first sync again: what it was linked to lies in the
    old one, and must not pass for deleted. Raises LeaseLost, DatabaseTrouble.
    """
    known = await database.read(progress.read_all)
    found = []
    for profile in profiles:
        far = known.get(profile.id) or Progress(profile.id, profile.mailbox)
        if far.mailbox.casefold() not in {"", profile.mailbox.casefold()}:
            await database.write(partial(_forget, owner=owner, profile=profile))
            _log.info(
                message(
                    "profile {profile} has another mailbox, {mailbox}: its first sync begins",
                    profile=profile.id,
                    mailbox=profile.mailbox,
                )
            )
            far = Progress(profile.id, profile.mailbox)
        found.append(Standing(profile, "", far, far.delta_link))
    return found


def _forget(connection: sa.Connection, owner: UUID, profile: Profile) -> None:
    agents.hold(connection, owner, profile.id)
    progress.forget(connection, profile.id)
