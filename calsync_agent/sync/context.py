"""One cycle under way: what it works with, and how it reads, writes and settles."""

from collections import Counter
from collections.abc import Awaitable, Callable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field, replace
from typing import Final, TypeAlias, TypeVar
from uuid import UUID

import sqlalchemy as sa

from calsync_agent.appointment.model import ActivityId, EventId, ProfileId
from calsync_agent.consolidate.holding import InUse
from calsync_agent.database.engine import Database
from calsync_agent.database.failures import Contended
from calsync_agent.domain.calendar import Mailbox
from calsync_agent.errors import CalsyncError
from calsync_agent.fence import passing
from calsync_agent.i18n import Message
from calsync_agent.plan.guard import Ruling, allowed, judge
from calsync_agent.plan.job import Batch, Caution, Count, Job, PutOff, Settled
from calsync_agent.plan.pairing import Match, no_match
from calsync_agent.state import agents, deeds, meta, pending, progress
from calsync_agent.state.progress import Progress
from calsync_agent.sync import aside
from calsync_agent.sync.first_sync import Compared
from calsync_agent.sync.read_events import Gatherer
from calsync_agent.sync.record_results import record
from calsync_agent.sync.settle import FIRST_PASS, MailboxShared, settle

_T = TypeVar("_T")


_Item = TypeVar("_Item")


Also: TypeAlias = Callable[[sa.Connection, Settled], None]
"""What is written with a settled batch, and may depend on it."""

AT_ONCE: Final = 100
"""How many appointments are taken out of pending work at a time."""

MEETINGS_AT_ROWS: Final = 3
"""How often a transaction is tried that lost a row to another profile's cycle."""


async def nothing_stands_against_it(*_: object) -> None:
    """What a cycle asks where nobody can tell."""


@dataclass(slots=True)
class Cycle:
    """One cycle under way, by the agent that has leased the profile.

    `position` is the newest place in Exchange's feed; it is stored with what is written because of
    it, and `unsaved` counts the items between the stored place and this one, all of them in step.
    `listed`: how many items this cycle's pages have brought.
    `left`: events that were met while somebody was at work on their appointments in Consolidate; as
    long as there are any, no position is stored (B2), and only this agent knows the newest one:
    whoever comes after it reads the feed again. `busy`: the appointments of this cycle that
    somebody was at work on; `met`: the events of these.
    `deaf`: Exchange does not answer there, so that it is only sent to (B3).
    `committed`: rows were written.
    `permit` raises where nothing may be written any more (G5), `certain` where the mailbox is not
    the one in which the links were made (B5), `shared` where it is that of other profiles (I4).
    `stopped`: what may not be done in this cycle (B7, F8). `postponed` is what was left to be sent
    with the rest, and `rulings` say what has to wait for an admin. `compared`: what a first sync
    found in Consolidate.
    """

    job: Job
    mailbox: Mailbox
    database: Database
    lease: UUID
    progress: Progress
    position: str | None
    unsaved: int = 0
    listed: int = 0
    left: Mapping[EventId, ActivityId] = field(default_factory=dict)
    met: dict[EventId, ActivityId] = field(default_factory=dict)
    busy: frozenset[ActivityId] = frozenset()
    deaf: bool = False
    permit: Callable[[], None] = lambda: None
    stopped: Ruling = field(default_factory=Ruling)
    certain: Callable[[], Awaitable[None]] = nothing_stands_against_it
    shared: Callable[[Mapping[EventId, ProfileId]], Awaitable[None]] = nothing_stands_against_it
    wrote: bool = False
    committed: bool = False
    postponed: set[ActivityId] = field(default_factory=set)
    rulings: list[Message] = field(default_factory=list)
    compared: Compared | None = None
    counts: Counter[Count] = field(default_factory=Counter)

    async def read(self, work: Callable[[sa.Connection], _T]) -> _T:
        """What `work` returns in a reading transaction."""
        return await self.database.read(work)

    async def write(self, work: Callable[[sa.Connection], _T], *, tries: int | None = None) -> _T:
        """What `work` returns in a writing transaction; raises LeaseLost where it may not (B11).

        Tried again where another profile's cycle brought the same meeting in the same moment (F4).
        """
        self.permit()

        def leased(connection: sa.Connection) -> _T:
            agents.hold(connection, self.lease, self.job.profile.id)
            return work(connection)

        for _ in range(MEETINGS_AT_ROWS):
            with suppress(sa.exc.IntegrityError):
                return await self.database.write(leased, tries=tries)
        return await self.database.write(leased, tries=tries)

    async def write_for(
        self,
        items: Sequence[_Item],
        work: Callable[[sa.Connection, Sequence[_Item]], _T],
        put_aside: Callable[[sa.Connection, Sequence[tuple[_Item, Message]]], None],
        *,
        tries: int | None = None,
    ) -> _T:
        """What `work` returns for the items, in one writing transaction; each costs itself alone.

        Those with which it cannot be done are found out in transactions that are rolled back, and
        `put_aside` with their reasons in the one that counts (B8).
        """
        try:
            return await self.write(lambda c: work(c, items), tries=tries)
        except CalsyncError:
            raise
        except Exception as error:  # noqa: BLE001 - whose fault it is has to be found out
            met = error

        async def attempt(some: Sequence[_Item]) -> None:
            with suppress(_TriedOut):
                await self.write(lambda c: _try_out(work(c, some)), tries=tries)

        passed = await passing(items, attempt, met)

        def with_the_rest(connection: sa.Connection) -> _T:
            done = work(connection, passed.good)
            put_aside(connection, passed.fallen)
            return done

        self.counts[Count.QUARANTINED] += len(passed.fallen)
        return await self.write(with_the_rest, tries=tries)

    async def settle(
        self,
        batch: Batch,
        match: Match = no_match,
        caution: Caution = FIRST_PASS,
        also: Also = lambda _connection, _settled: None,
    ) -> Settled:
        """Settle a batch and send what follows from it; `also` is committed with it.

        What somebody else is at work on in Consolidate is left, for another cycle.
        """
        try:
            settled = await self._settled(batch, match, caution, also)
        except MailboxShared as met:
            await self.shared(met.events)
            profiles = self.job.foreign.union(met.events.values())
            self.job = replace(self.job, foreign=profiles)
            settled = await self._settled(batch, match, caution, also)
        self.busy |= settled.busy
        self.met |= settled.left
        self.counts += settled.counts
        self.wrote = self.wrote or settled.wrote
        self.committed = self.committed or settled.wrote
        if settled.intents:
            self.permit()
            operations = [intent.outgoing.operation for intent in settled.intents]
            results = await self.mailbox.carry_out(operations)
            pairs = list(zip(settled.intents, results, strict=True))
            self.counts += await self.write_for(
                pairs,
                lambda c, some: record(c, self.job, some),
                lambda c, fallen: aside.results(c, self.job, fallen),
            )
        return settled

    async def _settled(self, batch: Batch, match: Match, caution: Caution, also: Also) -> Settled:
        in_use: frozenset[ActivityId] = frozenset()
        one_by_one = False

        def work(connection: sa.Connection, parts: Sequence[Batch]) -> Settled:
            settled = settle(
                connection,
                self.job,
                Batch.of(parts),
                match=match,
                caution=caution,
                in_use=in_use,
                one_by_one=one_by_one,
            )
            also(connection, settled)
            return settled

        while True:
            try:
                return await self.write_for(
                    batch.parts,
                    work,
                    lambda c, fallen: aside.parts(c, self.job, fallen, match),
                    tries=None if one_by_one else 2,
                )
            except InUse as met:
                if met.activities <= in_use:
                    raise
                in_use |= met.activities
            except Contended:
                if one_by_one:
                    raise
                one_by_one = True

    async def remember(self, far: Progress) -> None:
        """Store how far it has come, by itself."""
        await self.write(lambda c: progress.write(c, far))
        self.progress, self.position, self.unsaved = far, far.delta_link, 0

    def begin_anew(self) -> None:
        """Nothing is known of the mailbox any more, and nothing is planned for it."""
        self.progress = Progress(self.job.profile.id, self.job.profile.mailbox)
        self.position, self.unsaved, self.compared = None, 0, None
        self.postponed, self.left, self.met, self.busy = set(), {}, {}, frozenset()

    async def judged(self, put_off: PutOff) -> Ruling:
        """What of it has to wait for an admin; the rest counts from now on (B7, F8).

        What others of the same profile wait for waits with them. Agents judge one after the other,
        because all profiles together have a limit, too.
        """
        if not put_off.guarded:
            return self.stopped

        def work(connection: sa.Connection) -> Ruling:
            meta.take_turn(connection)
            number = self.job.profile.id
            ruling = judge(put_off.plans, deeds.past(connection, number), self.job.limits)
            deeds.remember(connection, number, list(allowed(put_off.plans, self.stopped | ruling)))
            return ruling

        self.stopped |= await self.write(work)
        return self.stopped

    async def next_work(self, after: ActivityId | None) -> dict[ActivityId, int]:
        """Some of the pending work, from behind an appointment on."""
        number = self.job.profile.id
        return await self.read(lambda c: pending.read(c, number, AT_ONCE, after))

    @property
    def gather(self) -> Gatherer:
        """What reads events for this cycle."""
        return Gatherer(self.job, self.mailbox, self.database)


class _TriedOut(Exception):
    """What was only tried went well; the transaction is rolled back."""


def _try_out(_done: object) -> None:
    raise _TriedOut
