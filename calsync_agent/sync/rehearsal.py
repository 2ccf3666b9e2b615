"""A cycle that writes nothing: it reads, plans, and notes what it would do (preview, B12)."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace
from enum import StrEnum

import sqlalchemy as sa

from calsync_agent.appointment.model import ActivityId
from calsync_agent.consolidate import feed, scan
from calsync_agent.database.catalogue import scans
from calsync_agent.errors import CalsyncError
from calsync_agent.fence import passing
from calsync_agent.plan.guard import Ruling, judge
from calsync_agent.plan.job import Batch, Caution, PutOff, Settled
from calsync_agent.plan.pair import Known
from calsync_agent.plan.pairing import Match, no_match
from calsync_agent.plan.triage import Planned, Sorted, plan, sort
from calsync_agent.state import deeds, pending
from calsync_agent.state.progress import Progress
from calsync_agent.state.quarantine import Item
from calsync_agent.sync import aside
from calsync_agent.sync.aside import Refused
from calsync_agent.sync.assemble import assemble
from calsync_agent.sync.context import AT_ONCE, Also, Cycle
from calsync_agent.sync.settle import FIRST_PASS, again, put_off


class Fate(StrEnum):
    """What would become of a pair."""

    DONE = "done"
    HELD = "held"
    REFUSED = "refused"
    WAITING = "waiting"


@dataclass(frozen=True, slots=True)
class Note:
    """What would be done about one appointment."""

    planned: Planned
    fate: Fate


@dataclass(slots=True)
class Rehearsal(Cycle):
    """A cycle on paper.

    `notes`: what it would do, by appointment; the last word counts. `fallen`: what nothing could be
    found out about, and why. `planned`: all that it has put off so far.
    """

    planned: PutOff = field(default_factory=PutOff)
    notes: dict[ActivityId, Note] = field(default_factory=dict)
    fallen: dict[Item, Refused] = field(default_factory=dict)

    async def settle(
        self,
        batch: Batch,
        match: Match = no_match,
        caution: Caution = FIRST_PASS,
        also: Also = lambda _connection, _settled: None,
    ) -> Settled:
        """Decide about a batch and note it; nothing is written, neither here nor there."""
        del also
        caution = replace(caution, link_first=False)  # no later step would know of the link

        def work(connection: sa.Connection, parts: Sequence[Batch]) -> tuple[Sorted, Settled]:
            some = Batch.of(parts)
            assembled = assemble(connection, self.job, some, match, hold=False)
            found = sort(self.job, some, assembled, caution)
            rest = Settled(put_off=put_off(found, some), again=again(found, assembled))
            return found, rest

        found, rest = await self._each_alone(batch.parts, work)
        self._note(found.done, Fate.DONE)
        self._note(found.held, Fate.HELD)
        self._note([plan(self.job, known) for known, _ in found.refused], Fate.REFUSED)
        self._note([plan(self.job, known) for known in found.waiting], Fate.WAITING)
        return rest

    async def _each_alone(
        self,
        parts: Sequence[Batch],
        work: Callable[[sa.Connection, Sequence[Batch]], tuple[Sorted, Settled]],
    ) -> tuple[Sorted, Settled]:
        """What `work` finds of all parts but those that it cannot be done with (B8)."""

        async def attempt(some: Sequence[Batch]) -> tuple[Sorted, Settled]:
            return await self.read(lambda c: work(c, some))

        try:
            return await attempt(parts)
        except CalsyncError:
            raise
        except Exception as error:  # noqa: BLE001 - whose fault it is has to be found out
            met = error
        passed = await passing(parts, attempt, met)
        self.fallen |= await self.read(lambda c: aside.refused(c, self.job, passed.fallen))
        return await attempt(passed.good)

    async def remember(self, far: Progress) -> None:
        """Nothing is stored."""
        self.progress, self.position = far, far.delta_link

    async def judged(self, put_off: PutOff) -> Ruling:
        """As a cycle, but that only this object remembers what was planned before."""
        self.planned |= replace(put_off, batch=Batch())
        plans, number = self.planned.plans, self.job.profile.id
        past = await self.read(lambda c: deeds.past(c, number))
        self.stopped |= judge(plans, past, self.job.limits)
        return self.stopped

    async def next_work(self, after: ActivityId | None) -> dict[ActivityId, int]:
        """All work at once: what is pending, what the feed holds, what a first sync has left."""
        if after is not None:
            return {}
        work = set(await self.read(self._pending)) | self.postponed
        if self.compared is not None:
            work |= self.compared.work()
        known = self.notes.keys() | {item.activity for item in self.fallen}
        return dict.fromkeys(sorted(work - known), 0)

    def _pending(self, connection: sa.Connection) -> set[ActivityId]:
        profile = self.job.profile.id
        work: set[ActivityId] = set()
        last: ActivityId | None = None
        while some := pending.read(connection, profile, AT_ONCE, last):
            last = list(some)[-1]
            work |= some.keys()
        touched = feed.touched(connection)
        if scans(connection):
            touched |= scan.touched(connection)
        return work | {ActivityId(number) for number in touched}

    def _note(self, planned: list[Planned], fate: Fate) -> None:
        for one in planned:
            self.notes[one.known.activity_id] = Note(one, fate)


def known_of(note: Note) -> Known:
    """The pair that a note is about."""
    return note.planned.known
