"""Looks into the database: whether to sync and how, and what people have touched there."""

from collections.abc import Callable, Mapping
from datetime import datetime

from calsync_agent.consolidate import feed
from calsync_agent.database.engine import Database
from calsync_agent.database.failures import Contended
from calsync_agent.domain.policy import Provider
from calsync_agent.errors import NotInstalled, NotPermitted, Refusal
from calsync_agent.i18n import message
from calsync_agent.service.gate import Gate
from calsync_agent.service.leases import Leases
from calsync_agent.service.restore_detection import Memory, Remembered, Seen
from calsync_agent.service.scanning import Scanning
from calsync_agent.service.snapshot import Ready, View, look
from calsync_agent.service.troubles import Troubles
from calsync_agent.state import identity
from calsync_agent.state.log import Kind, Level
from calsync_agent.sync import retyping
from calsync_agent.sync.feed_dispatch import AT_ONCE, dispatch


class Looks:
    """Each look takes over the settings that it finds. `view` is what the last one has found."""

    def __init__(
        self,
        database: Database,
        leases: Leases,
        troubles: Troubles,
        gate: Gate,
        memory: Memory,
        clock: Callable[[], datetime],
        monotonic: Callable[[], float],
    ) -> None:
        self.view: View | None = None
        self._database = database
        self._leases = leases
        self._troubles = troubles
        self._gate = gate
        self._memory = memory
        self._clock = clock
        self._position: int | None = None
        self._blind = False
        self._bound: Mapping[int, str] | None = None
        self._scanning = Scanning(database, monotonic)

    @property
    def ready(self) -> Ready | None:
        """What the last one has found of all that has to be ready."""
        return self.view.ready if self.view else None

    async def look(self) -> View:
        """The database as it is, its feed handed out.

        Looked at again after each part of a long feed, so that none outlives a refusal (G5).
        Raises Refusal, DatabaseTrouble.
        """
        view = await self._see()
        if self._blind:  # the feed may have missed something since it was last in order
            await self._database.write(feed.distrust)
            self._blind = False
            view = await self._see()
        if await self._scanning.advance():
            view = await self._see()
        while view.touched:
            office, profiles = view.roster.office, view.roster.by_id
            now = self._clock()
            taken = await self._database.write(lambda c: dispatch(c, office, profiles, now))  # noqa: B023 - awaited
            view = await self._see()
            if taken < AT_ONCE:
                break
        if await self._retyped(view):
            view = await self._see()
        return view

    async def _retyped(self, view: View) -> bool:
        """Whether types are bound to other categories than before, so that there is work (I2)."""
        types, now = view.roster.types, self._clock()
        now_bound = retyping.bound(types)
        if self._bound is None:
            self._bound = await self._database.read(retyping.known)
        if now_bound == self._bound:
            return False
        found = await self._database.write(lambda c: retyping.follow(c, types, now))
        self._bound = now_bound
        return bool(found)

    async def _see(self) -> View:
        now = self._clock()
        before = self.view.provider if self.view else None
        try:
            view = await self._look(now, before)
        except Refusal as refusal:
            self._blind |= isinstance(refusal, NotInstalled | NotPermitted)
            self._gate.refuse(refusal)
            raise
        await self._remember(view.ready)
        await self._follow_settings(view.ready)
        self.view = view
        return view

    async def _look(self, now: datetime, before: Provider | None) -> View:
        """The database as it is; while somebody works on Consolidate's small tables, as it was.

        One open transaction there must not stop all profiles (A4): where reading waits for writers,
        as on SQL Server, or for whoever alters a table.
        """
        known, memory = self.view, self._memory
        if known is None:
            return await self._database.read(lambda c: look(c, now, before, memory))
        last = known.roster
        try:
            return await self._database.read(
                lambda c: look(c, now, before, memory, last=last), tries=1
            )
        except Contended:
            return await self._database.read(lambda c: look(c, now, before, memory, known, last))

    async def _remember(self, found: Ready) -> None:
        """What a restore or a copy is known by (B12)."""
        seen = found.database
        if seen.noted is None:
            await self._database.write(identity.note)
            return
        if seen.moved:
            await self._database.write(identity.note_move)
            text = message(
                "the database's server calls itself another one than before, as after a failover"
                " or an upgrade; all else is as it was remembered, so the sync goes on"
            )
            self._troubles.tell(Level.WARNING, Kind.SYNC, text)
        if seen.position != self._position:
            await self._note(seen, seen.position)

    async def advance(self) -> None:
        """A cycle has written something: the database has come further, and is remembered so."""
        if not self._gate.may_note:
            return
        position = await self._database.write(identity.advance)
        if self.view is not None:
            await self._note(self.view.ready.database, position)

    async def _note(self, seen: Seen, position: int) -> None:
        if seen.noted is not None:
            remembered = Remembered(position, seen.place.name)
            await self._database.beside(lambda: self._memory.note(seen.number, remembered))
            self._position = position

    async def _follow_settings(self, found: Ready) -> None:
        """Settings in the database have changed; from this round on they hold."""
        known = self.view.ready if self.view else None
        if known is None or known.revision != found.revision:
            await self._leases.settings_taken(found.revision)
        if found.refused is not None:
            if known is None or known.refused != found.refused:
                text = message(
                    "the changed settings are not taken over: {reason}", reason=found.refused
                )
                self._troubles.tell(Level.ERROR, Kind.RELOAD, text)
        elif known is not None and known.revision != found.revision:
            text = message("settings taken over, revision {revision}", revision=found.revision)
            self._troubles.tell(Level.INFO, Kind.RELOAD, text)
        self._gate.looked()
