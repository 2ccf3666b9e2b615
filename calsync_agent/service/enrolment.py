"""How far a profile has come, and with which mailbox: found when this agent begins to sync it."""

from collections.abc import Iterable
from contextlib import suppress
from dataclasses import replace
from functools import partial
from typing import Final
from uuid import UUID

import sqlalchemy as sa

from calsync_agent.database.engine import Database
from calsync_agent.domain.policy import Profile
from calsync_agent.service.profile_run import Standing
from calsync_agent.state import agents, progress
from calsync_agent.state.agents import LeaseLost
from calsync_agent.state.progress import Progress

PAGE_SIZE: Final = 100


async def enrolled(database: Database, profiles: Iterable[Profile]) -> list[Standing]:
    """A standing for each of these profiles. Raises DatabaseTrouble."""
    known = await database.read(progress.read_all)
    found = []
    for profile in profiles:
        far = known.get(profile.id) or Progress(profile.id, profile.mailbox)
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
