"""Makes sure whose mailbox a profile syncs: before its first cycle, and before it deletes (I4, B5).

Exchange is asked once for each spelling, and again when a cycle is about to delete appointments
because their events are gone: from another mailbox they are, whatever became of them.
"""

import asyncio
import logging
from collections.abc import Iterable, Mapping, Sequence
from contextlib import suppress
from dataclasses import replace
from typing import Final
from uuid import UUID

import sqlalchemy as sa

from calsync_agent.appointment.model import EventId, ProfileId
from calsync_agent.appointment.owner import Owner, spelled
from calsync_agent.database.engine import Database
from calsync_agent.domain.calendar import Connection
from calsync_agent.domain.policy import Profile
from calsync_agent.errors import CalsyncError, MailboxTrouble, MailboxUnavailable
from calsync_agent.i18n import message
from calsync_agent.service.profile_run import Standing
from calsync_agent.service.snapshot import View, taken
from calsync_agent.state import agents, links, mailboxes, progress
from calsync_agent.state.mailboxes import Claim
from calsync_agent.state.profiles import no_mailbox
from calsync_agent.state.progress import Progress, moved_from

_log: Final = logging.getLogger(__name__)

_PATIENCE: Final = 5.0
"""Seconds that a profile waits to know the mailboxes of others that may have been first (A4)."""

_TRIES: Final = 3


class Moved(CalsyncError):
    """The mailbox is another one than that in which the links were made."""


class Whose:
    """What this agent has found out about mailboxes. `view`: what its last look has found."""

    def __init__(self, database: Database, agent: UUID) -> None:
        self.view: View | None = None
        self._database = database
        self._agent = agent
        self._certain: set[tuple[ProfileId, str]] = set()
        # By spelling, what was asked since the last look: many profiles begin at once, and each
        # wants to know of all that may have been before it.
        self._asked: dict[str, asyncio.Task[Owner]] = {}
        self._asked_since: View | None = None

    async def sure(self, standing: Standing, calendars: Connection) -> Progress:
        """How far the profile has come with the mailbox that it names now.

        Raises ProfileRefused where another profile has it, MailboxTrouble where it cannot be told
        for now, LeaseLost, DatabaseTrouble.
        """
        profile, far, view = standing.profile, standing.progress, self.view
        if view is None:
            return far
        known = view.roster.claims.get(profile.id, Claim(profile.id))
        moved = moved_from(far, profile)
        here = profile.id, spelled(profile.mailbox)
        settled = known.resolves(profile) and known.held and not moved
        if settled and (known.owner.known or here in self._certain):
            return far
        asked = [] if known.resolves(profile) and known.owner.known else [profile]
        nameable = [one for one in view.roster.syncing if no_mailbox(one.mailbox) is None]
        others = mailboxes.earlier(profile, nameable, view.roster.claims)
        unresolved = [
            o for o in others if not view.roster.claims.get(o.id, Claim(o.id)).resolves(o)
        ]
        found = await self._owners(calendars, view, asked, unresolved)
        owner = found.get(profile.id, known.owner)
        self._certain.add(here)
        if moved:
            same = spelled(known.spelling) == spelled(far.mailbox) and known.owner.same(owner)
            now = Progress(profile.id, profile.mailbox)
            if same:
                now = replace(far, mailbox=profile.mailbox, delta_link=None)
        else:
            now = far
        first = await self._claimed(profile, view, found, now if moved else None)
        if first is not None:
            raise taken(profile, view.roster.by_id[first], view.roster.staff.people)
        if moved and not now.compared_at and far.compared_at:
            _log.info(
                message(
                    "profile {profile} has another mailbox, {mailbox}: its first sync begins",
                    profile=profile.id,
                    mailbox=profile.mailbox,
                )
            )
        return now

    async def still(self, standing: Standing, calendars: Connection) -> None:
        """Raise Moved where the mailbox is not the one any more in which the links were made.

        Its events are gone from another one, whatever became of them: so the links are forgotten,
        and what belongs together is found anew (B4). Raises MailboxTrouble where nothing tells.
        """
        profile, view = standing.profile, self.view
        if view is None:
            return
        claims = await self._database.read(mailboxes.read)
        known = claims.get(profile.id, Claim(profile.id))
        if not known.owner.known:
            return
        owner = await calendars.owner_of(profile.mailbox)
        unchanged = known.owner.unchanged(owner)
        if unchanged is None:
            raise MailboxTrouble(
                message(
                    "Exchange does not tell whose mailbox {mailbox} is, and it did before: as long"
                    " as that is not certain, nothing is deleted",
                    mailbox=profile.mailbox,
                )
            )
        if not unchanged:
            anew = Progress(profile.id, profile.mailbox)
            await self._claimed(profile, view, {profile.id: owner}, anew)
            raise Moved(
                message(
                    "{mailbox} is another mailbox than before: nothing is deleted, and both sides"
                    " are matched anew",
                    mailbox=profile.mailbox,
                )
            )

    async def shared(self, standing: Standing, events: Mapping[EventId, ProfileId]) -> None:
        """Events of this mailbox are linked to other profiles, whose mailbox it is, too (I4).

        Raises ProfileRefused where one of them was first, and MailboxUnavailable where one of them
        names another mailbox now, and its links are still those of the former.
        """
        profile, view = standing.profile, self.view
        if view is None:
            return

        def note(connection: sa.Connection) -> None:
            agents.hold(connection, self._agent, profile.id)
            # A profile that has another mailbox now may have left these events since they were met.
            linked = {link.profile for link in links.by_events_anywhere(connection, events)}
            far = progress.read_all(connection)
            for other in linked.intersection(events.values()):
                named = view.roster.by_id.get(other)
                if named is not None and other in far and moved_from(far[other], named):
                    raise _still_linked(profile, other)
                mailboxes.shared(connection, profile.id, other, view.roster.syncing)

        await self._database.write(note)
        claims = await self._database.read(mailboxes.read)
        first = mailboxes.clashes(view.roster.syncing, claims).get(profile.id)
        if first is not None:
            raise taken(profile, view.roster.by_id[first], view.roster.staff.people)

    async def _owners(
        self, calendars: Connection, view: View, mine: Sequence[Profile], others: Iterable[Profile]
    ) -> dict[ProfileId, Owner]:
        """The owners of mailboxes; of the others as far as they can be told soon."""
        if self._asked_since is not view:
            self._asked_since = view
            self._asked = {key: task for key, task in self._asked.items() if not task.done()}
        begun: list[asyncio.Task[Owner]] = []

        def ask(one: Profile) -> asyncio.Task[Owner]:
            key = spelled(one.mailbox)
            task = self._asked.get(key)
            if task is None or task.cancelled():
                task = asyncio.create_task(calendars.owner_of(one.mailbox))
                self._asked[key] = task
                begun.append(task)
            return task

        own = {one.id: ask(one) for one in mine}
        asking = {one.id: ask(one) for one in others}
        try:
            if own:
                await asyncio.wait(own.values())
            if asking:
                await asyncio.wait(asking.values(), timeout=_PATIENCE)
        finally:
            for task in begun:
                task.cancel()
            await asyncio.gather(*begun, return_exceptions=True)
        found = {
            number: task.result()
            for number, task in asking.items()
            if task.done() and not task.cancelled() and task.exception() is None
        }
        for one in mine:
            task = own[one.id]
            # Whoever had begun to ask may have been cut off meanwhile.
            found[one.id] = (
                await calendars.owner_of(one.mailbox) if task.cancelled() else task.result()
            )
        return found

    async def _claimed(
        self,
        profile: Profile,
        view: View,
        found: Mapping[ProfileId, Owner],
        anew: Progress | None,
    ) -> ProfileId | None:
        """Store what was found, and begin anew where that is the progress; who else has it."""

        def work(connection: sa.Connection) -> ProfileId | None:
            agents.hold(connection, self._agent, profile.id)
            first = mailboxes.claim(connection, profile, found, view.roster.syncing)
            if first is None and anew is not None:
                if anew.compared_at is None:
                    progress.forget(connection, profile.id)
                else:
                    progress.write(connection, anew)
            return first

        for _ in range(_TRIES):
            # Another agent tells of the same mailbox in the same moment.
            with suppress(sa.exc.IntegrityError):
                return await self._database.write(work)
        return await self._database.write(work)


def _still_linked(profile: Profile, other: ProfileId) -> MailboxUnavailable:
    return MailboxUnavailable(
        message(
            "profile {other} was synced with {mailbox} and names another mailbox now, with which it"
            " has not begun yet; as soon as it has, or is deactivated, profile {profile} goes on",
            other=other,
            mailbox=profile.mailbox,
            profile=profile.id,
        )
    )
