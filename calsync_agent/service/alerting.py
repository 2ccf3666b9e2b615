"""Telling of problems that begin and end, as long as the agent lives (H2).

    database ─▶ situation ─▶ problems ─▶ ledger (pure) ─▶ record in the database ─▶ Delivery

Of several agents the one that has run longest tells, before others one that is set up to; what it
tells is claimed in the database. Where the database is away, or not ours to write to, that alone is
told, from memory. Whatever is told stands in the log as well, also where nobody is named.
"""

import asyncio
import hashlib
import logging
from collections.abc import Callable, Iterable, Iterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Final
from uuid import UUID

import sqlalchemy as sa

from calsync_agent.alerts.notice import Notice
from calsync_agent.config.settings import Settings
from calsync_agent.database.engine import Database
from calsync_agent.errors import CalsyncError, DatabaseRefused, DatabaseTrouble
from calsync_agent.health import ledger
from calsync_agent.health import situation as situations
from calsync_agent.health.ledger import Steps
from calsync_agent.health.problems import Kind, Problem, Weight, problems
from calsync_agent.health.situation import Situation
from calsync_agent.i18n import message
from calsync_agent.platform import seconds_passed
from calsync_agent.service import wording
from calsync_agent.service.beside import Beside
from calsync_agent.service.delivery import Delivery, Outlets
from calsync_agent.service.troubles import internal
from calsync_agent.state import alerts, meta
from calsync_agent.state.alerts import Case, Entry

_log: Final = logging.getLogger(__name__)

LOOKS_EVERY: Final = 5.0
"""Seconds between two looks."""

LOOKS_FOR_THE_LOG: Final = 6
"""Where only the log is told, one look is taken in so many."""

PATIENCE: Final = 20.0
"""Seconds after which a database that does not answer counts as away."""

_EPOCH: Final = datetime(2000, 1, 1)


class Alerting:
    """`database` and `me` are the agent's own, None as long as there is no database.

    `trouble`: what keeps the rounds from beginning. `make` builds the channels of the settings; it
    raises CalsyncError.
    """

    def __init__(self, make: Callable[[Settings], Outlets], settings: Settings) -> None:
        self.database: Database | None = None
        self.me: UUID | None = None
        self.trouble: CalsyncError | None = None
        self.delivery = Delivery()
        self._make = make
        self._settings = settings
        self._outlets = Outlets()
        self._used: Settings | None = None
        self._memory: dict[str, Entry] = {}
        self._reading: asyncio.Task[Situation] | None = None
        self._behind_since: datetime | None = None
        self._beside = Beside({"alerts": self._work}, _log.error)

    def begin(self) -> None:
        """Begin to look."""
        self._beside.begin()

    def follow(self, settings: Settings) -> None:
        """Go on with other settings."""
        self._settings = settings

    def at(self, database: Database, me: UUID) -> None:
        """Look into this database, as the agent of this number."""
        self.database, self.me, self.trouble = database, me, None

    async def leave(self) -> None:
        """Let go of the database, which is closed or exchanged."""
        self.database = self.me = None
        reading, self._reading = self._reading, None
        if reading is not None:
            reading.cancel()
            await asyncio.wait({reading})

    async def close(self) -> None:
        """End; what is not delivered is told by whoever looks next."""
        await self._beside.close()
        await self.delivery.close()

    async def _work(self) -> None:
        passed = 0
        while True:
            await self._take_over()
            passed = 0 if self._outlets else (passed + 1) % LOOKS_FOR_THE_LOG
            if passed == 0:
                await self._look()
            await asyncio.sleep(LOOKS_EVERY)

    async def _take_over(self) -> None:
        settings = self._settings
        if self._used is settings:
            return
        self._used = settings
        try:
            self._outlets = self._make(settings)
        except CalsyncError as error:
            _log.error(error.message)
            return
        await self.delivery.use(self._outlets)

    async def _look(self) -> None:
        found = await self._situation()
        if found is None and self.trouble is None:
            return  # it has only just begun
        refusal = _refusal(found, self.trouble)
        told = self._remembered([] if refusal is None else [refusal])
        self.delivery.well = False
        if refusal is None and isinstance(found, Situation) and _tells(found) == self.me:
            listed = [one for one in problems(found) if one.kind is not Kind.ALERT_CHANNEL]
            self.delivery.well = all(one.weight is not Weight.ERROR for one in listed)
            cases = [*ledger.cases(listed, found), *self._channels()]
            told += await self._recorded(cases)
        for state, entries in told:
            self._tell(state, entries)

    async def _situation(self) -> Situation | CalsyncError | None:
        """How everything is; why that is not known; or None where there is no database yet."""
        database = self.database
        if database is None:
            return self.trouble
        if self._reading is None:
            work = database.read(situations.whole)
            self._reading = asyncio.create_task(work, name="alerts: reading")
        done, _ = await asyncio.wait({self._reading}, timeout=PATIENCE)
        if not done:
            return CalsyncError(
                message("The database at {where} does not answer.", where=database.place)
            )
        reading, self._reading = self._reading, None
        try:
            return self._with_behind(await reading)
        except asyncio.CancelledError:
            return None  # another database is being opened
        except (CalsyncError, sa.exc.SQLAlchemyError) as error:
            return error if isinstance(error, CalsyncError) else internal(error)

    def _with_behind(self, found: Situation) -> Situation:
        """The same, with since when an agent has not taken the newest settings over."""
        if not found.pulse.behind:
            self._behind_since = None
        elif self._behind_since is None:
            self._behind_since = found.pulse.now
        return replace(found, behind_since=self._behind_since)

    def _remembered(self, cases: list[Case]) -> list[tuple[str, list[Entry]]]:
        """What is to be told of what cannot be put on record."""
        now = _EPOCH + timedelta(seconds=seconds_passed())
        plan = ledger.steps(self._memory, cases, now, self.delivery.under_way)
        began = datetime.now(UTC).replace(tzinfo=None, microsecond=0)
        for case in plan.new:
            self._memory[case.name] = Entry(replace(case, since=case.since or began), now)
        for name in plan.back | plan.gone:
            gone = now if name in plan.gone else None
            self._memory[name] = replace(self._memory[name], gone_at=gone)
        for entry in plan.begun:
            known = self._memory[entry.case.name]
            self._memory[entry.case.name] = replace(known, told_at=now, delivered=True)
        for name in plan.over | {entry.case.name for entry in plan.ended}:
            del self._memory[name]
        return [("begun", list(plan.begun)), ("ended", list(plan.ended))]

    async def _recorded(self, cases: list[Case]) -> list[tuple[str, list[Entry]]]:
        """Put the cases on record; those that this agent is to tell."""
        database = self.database
        if database is None:
            return []
        delivered, under_way = set(self.delivery.delivered), self.delivery.under_way
        try:
            if not delivered:
                now, known = await database.read(alerts.read)
                if not ledger.steps(known, cases, now, under_way):
                    return []

            def work(connection: sa.Connection) -> list[tuple[str, list[Entry]]]:
                meta.check(connection)
                meta.take_turn(connection)
                alerts.delivered(connection, delivered)
                now, known = alerts.read(connection)
                return _apply(connection, ledger.steps(known, cases, now, under_way), now)

            told = await database.write(work)
        except (CalsyncError, sa.exc.SQLAlchemyError):  # the next look meets it, and says so
            _log.debug("problems are not put on record", exc_info=True)
            return []
        self.delivery.delivered -= delivered
        return told

    def _channels(self) -> Iterator[Case]:
        """The channels that do not take anything, each as a problem."""
        for label, reason in self.delivery.troubles.items():
            yield Case(
                name=_channel(label),
                kind=Kind.ALERT_CHANNEL.value,
                weight=Weight.WARNING.name.lower(),
                text=message("Nobody can be told through {channel}", channel=label),
                mend=reason,
            )

    def _tell(self, state: str, entries: list[Entry]) -> None:
        """One message for those of one kind."""
        kinds = sorted({entry.case.kind for entry in entries})
        for kind in kinds:
            alike = [entry for entry in entries if entry.case.kind == kind]
            names = {entry.case.name for entry in alike}
            labels = {one.label for one in self._outlets.channels}
            but = {label for label in labels if _channel(label) in names}
            notice = wording.notice(alike, "begun" if state == "begun" else "ended")
            _write_down(notice, alike)
            self.delivery.send(notice, names if state == "begun" else (), but)


def _write_down(notice: Notice, alike: Iterable[Entry]) -> None:
    """Put into the log what is told; `problem` and `ended` are for whoever counts by kinds."""
    ended = notice.state == "ended"
    grave = any(entry.case.weight == Weight.ERROR.name.lower() for entry in alike)
    level = logging.INFO if ended else logging.ERROR if grave else logging.WARNING
    told = message("{text}", text="; ".join(notice.text.splitlines()))
    _log.log(level, told, extra={"problem": notice.kind, "ended": ended})


def _apply(connection: sa.Connection, plan: Steps, now: datetime) -> list[tuple[str, list[Entry]]]:
    alerts.begin(connection, plan.new, now)
    alerts.rise(connection, plan.risen)
    alerts.mark_gone(connection, plan.back, None)
    alerts.mark_gone(connection, plan.gone, now)
    for name in plan.over:
        alerts.forget(connection, name)
    begun = [entry for entry in plan.begun if alerts.claim(connection, entry, now)]
    ended = [entry for entry in plan.ended if alerts.forget(connection, entry.case.name)]
    return [("begun", begun), ("ended", ended)]


def _refusal(found: Situation | CalsyncError | None, trouble: CalsyncError | None) -> Case | None:
    """Why the database cannot be used for what is told, as the one case that is told then."""
    if isinstance(found, Situation) and not isinstance(trouble, DatabaseRefused):
        if found.health.copied:
            return _first(found, problems(found), Kind.DATABASE_COPIED)
        if not isinstance(trouble, DatabaseTrouble):
            return None
        # It can be read, but nothing put on record: its disk is full, or others keep it locked.
        kind, text = Kind.DATABASE_AWAY, message("Nothing can be written to the database")
        return Case(kind.value, kind.value, "error", text, trouble.message)
    reason = trouble if isinstance(trouble, DatabaseRefused) or found is None else found
    if not isinstance(reason, CalsyncError):
        return None
    refused = isinstance(reason, DatabaseRefused)
    kind = Kind.DATABASE_REFUSED if refused else Kind.DATABASE_AWAY
    text = message("Nothing is synced") if refused else message("The database does not answer")
    return Case(kind.value, kind.value, "error", text, reason.message)


def _first(found: Situation, listed: Iterable[Problem], kind: Kind) -> Case | None:
    return next(ledger.cases((one for one in listed if one.kind is kind), found), None)


def _tells(found: Situation) -> UUID | None:
    """The agent that is to tell: of those set up to, else of all, the one that has run longest."""
    living = sorted(found.pulse.alive, key=lambda one: not one.tells)
    return living[0].id if living else None


def _channel(label: str) -> str:
    digest = hashlib.sha256(label.encode()).hexdigest()
    return f"{Kind.ALERT_CHANNEL.value}:{digest[:32]}"
