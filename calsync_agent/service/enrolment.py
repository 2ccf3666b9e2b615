"""How far a profile has come, and with which mailbox: found when this agent begins to sync it."""

import logging
from collections.abc import Iterable
from contextlib import suppress
from dataclasses import replace
from functools import partial
from typing import Final
from uuid import UUID

import sqlalchemy as sa

from calsync_agent.database.engine import Database
from calsync_agent.i18n import message
from calsync_agent.service.standing import Standing
from calsync_agent.state import agents, progress
from calsync_agent.state.agents import LeaseLost
from calsync_agent.state.profiles import Profile
from calsync_agent.state.progress import Progress

_log: Final = logging.getLogger(__name__)

PAGE_SIZE: Final = 100


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


async def save_positions(database: Database, owner: UUID, standings: Iterable[Standing]) -> None:
    """Store positions that it would take more than a page to reach again."""
    for standing in standings:
        if standing.unsaved > PAGE_SIZE and not standing.left:
            far = replace(standing.progress, delta_link=standing.position)
            with suppress(LeaseLost):
                await database.write(partial(_save, owner=owner, far=far))


def _save(connection: sa.Connection, owner: UUID, far: Progress) -> None:
    agents.hold(connection, owner, far.profile)
    progress.write(connection, far)


def _forget(connection: sa.Connection, owner: UUID, profile: Profile) -> None:
    agents.hold(connection, owner, profile.id)
    progress.forget(connection, profile.id)
