"""A company in which people and agents do whatever Hypothesis thinks of."""

import asyncio
import sys
from collections.abc import Mapping
from typing import Any, ClassVar, Final
from uuid import UUID

import sqlalchemy as sa
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, precondition, rule

from calsync_agent.consolidate import tables
from calsync_agent.plan.job import Count
from calsync_agent.state import tables as state
from tests.support.kinds import Kind
from tests.support.machine import ledger
from tests.support.machine.ledger import Ledger
from tests.support.machine.peace import come_to_peace
from tests.support.machine.script import Script, scripts
from tests.support.machine.staff import WITHOUT_PROFILE
from tests.support.points import Killed, Points
from tests.support.rig import Agent, Rig, Snapshot

PICK: Final = st.integers(0, 11)
"""Which one of those that are there."""
MOST_AGENTS: Final = 2
STRICT: Final = {"max_deletes": 1, "max_delete_percent": 20, "max_mails": 2}
OURS: Final = (tables.activity, tables.activity_exception, tables.activity_participant)


def prepared(rig: Rig, *codes: str) -> Snapshot:
    """A company with these employees, empty calendars, and activity types of each kind."""
    with rig.people.writing() as connection:
        for number, word in ((2, "private"), (3, "none")):
            row = {"id": number, "name": word, "calendar_sync": word}
            connection.execute(sa.insert(tables.activity_type).values(row))
    for code in codes:
        rig.world.hire(code).add_calendar("Privat")
    rig.world.hire(WITHOUT_PROFILE, profile=False)
    return rig.snapshot()


class Company(RuleBasedStateMachine):
    """What all machines have: agents that run, stop and die, and switches of the provider's row."""

    codes: ClassVar[tuple[str, ...]] = ("ANNA",)
    adverse: ClassVar[bool] = False
    """Whether Exchange does whatever it has been seen to do."""

    def __init__(self, rig: Rig, begin: Snapshot) -> None:
        super().__init__()
        rig.adverse = None
        rig.restore(begin)
        self.rig = rig
        self.ledger = Ledger()
        self.runner = asyncio.Runner()
        self.agents: list[tuple[Agent, Points]] = []
        self.told_until = 0
        self.secrets: set[str] = set()
        self.entered = 0

    # -- picking ------------------------------------------------------------------------------

    def new_number(self) -> UUID:
        """The id of the next appointment."""
        self.entered += 1
        return UUID(int=self.entered)

    def pick_row(self, pick: int, *, series: bool | None = None) -> dict[str, Any] | None:
        """An appointment in Consolidate."""
        rows = [
            row
            for row in self.rig.world.activities()
            if series in {None, row["recurrence"] is not None}
        ]
        return rows[pick % len(rows)] if rows else None

    # -- agents -------------------------------------------------------------------------------

    @initialize(strict=st.booleans(), outbound_first=st.booleans())
    def begin(self, *, strict: bool, outbound_first: bool) -> None:
        """An admin who allows few deletions at once, or many."""
        self.rig.limits = STRICT if strict else {}
        if not outbound_first:
            self.rig.world.provider(priority="inbound_first")

    @rule(which=st.integers(0, 1), rounds=st.integers(1, 4), due=scripts())
    def sync(self, which: int, rounds: int, due: Mapping[int, Kind]) -> None:
        """An agent goes its rounds, and something goes wrong, or not."""
        while len(self.agents) <= min(which, MOST_AGENTS - 1):
            points = Points()
            self.agents.append((self.rig.agent(points), points))
        agent, points = self.agents[min(which, len(self.agents) - 1)]
        points.strike = Script(due).strike
        before = self._written_to()
        secrets = ledger.secret(self.rig)
        mailed, told = len(self._mails()), _mails_told(agent)
        try:
            for _ in range(rounds):
                self.runner.run(agent.round())
                _nothing_unforeseen(agent)
                self.rig.wait(seconds=5)
        except Killed:
            self.runner.run(agent.die())
            self.agents.remove((agent, points))
        self.secrets = secrets & ledger.secret(self.rig)
        self._only_where_allowed(before)
        sent = len(self._mails()) - mailed
        if not due and not self.adverse:
            assert sent <= _mails_told(agent) - told, "mailed more than was forecast (F8)"

    @rule(rounds=st.integers(2, 5))
    def all_goes_well(self, rounds: int) -> None:
        """The first agent goes its rounds, and nothing goes wrong."""
        self.sync(0, rounds, {})

    @precondition(lambda self: self.agents)
    @rule(kill=st.booleans())
    def end_of_an_agent(self, *, kill: bool) -> None:
        """An agent is stopped, or killed between two rounds."""
        agent, points = self.agents.pop()
        points.strike = lambda _line: None
        self.runner.run(agent.die() if kill else agent.stop())

    def stop_all(self) -> None:
        """No agent runs any more."""
        while self.agents:
            self.end_of_an_agent(kill=True)

    # -- switches -----------------------------------------------------------------------------

    @rule(inbound=st.booleans(), outbound=st.booleans())
    def directions(self, *, inbound: bool, outbound: bool) -> None:
        """Somebody switches directions (A2)."""
        self.rig.world.provider(inbound=inbound, outbound=outbound)

    @rule(priority=st.sampled_from(("outbound_first", "inbound_first")))
    def priority(self, priority: str) -> None:
        """Somebody switches the priority (A3)."""
        self.rig.world.provider(priority=priority)

    @rule(active=st.booleans(), pick=PICK)
    def profile_switched(self, *, active: bool, pick: int) -> None:
        """Somebody switches a profile off or on (C5)."""
        employee = self.rig.world.employees[self.codes[pick % len(self.codes)]]
        mine = state.profile.c.employee_id == employee
        with self.rig.people.writing() as connection:
            connection.execute(sa.update(state.profile).where(mine).values(active=active))

    @rule(allowed=st.booleans())
    def employees_permitted(self, *, allowed: bool) -> None:
        """Somebody lets the employees sync, or not (C5)."""
        with self.rig.people.writing() as connection:
            connection.execute(sa.update(tables.employee).values(calendarsync_allowed=allowed))

    @rule(twice=st.booleans(), delay=st.sampled_from((0, 12)))
    def odd_feed(self, *, twice: bool, delay: int) -> None:
        """Delta repeats itself, or is late."""
        self.rig.tenant.settings.duplicate_items = twice
        self.rig.tenant.settings.visibility_delay = delay

    @rule()
    def position_lost(self) -> None:
        """Exchange forgets how far we have read (B3)."""
        self.rig.tenant.forget_generations()

    @rule(minutes=st.sampled_from((1, 10, 60, 24 * 60)))
    def time_passes(self, minutes: int) -> None:
        """Nobody does anything for a while."""
        self.rig.wait(minutes=minutes)

    # -- what must always hold ----------------------------------------------------------------

    @invariant()
    def nothing_is_there_twice(self) -> None:
        """One event per appointment in a mailbox (B1, B2)."""
        for person in self.rig.tenant.people():
            for calendar in person.mailbox.calendars:
                made_for = [
                    extended["value"]
                    for event in person.events(calendar=calendar)
                    for extended in event["singleValueExtendedProperties"]
                ]
                assert len(made_for) == len(set(made_for)), made_for

    @invariant()
    def nothing_private_is_told(self) -> None:
        """No log line names a private appointment."""
        rows = [r for r in self.rig.world.rows(state.log) if r["id"] > self.told_until]
        told = ledger.words_in(*(row["message"] for row in rows))
        assert not told & self.secrets, rows
        self.told_until = max((row["id"] for row in rows), default=self.told_until)

    def teardown(self) -> None:
        """In the end both sides hold the same, and nothing is lost (B1)."""
        try:
            if sys.exc_info()[0] is None:
                self.stop_all()
                come_to_peace(self.rig, self.runner, self.ledger)
        finally:
            self.stop_all()
            self.runner.close()

    # -- inside -------------------------------------------------------------------------------

    def _written_to(self) -> tuple[Any, int, dict[str, Any]]:
        (provider,) = self.rig.world.rows(state.provider)
        ways = {way: self._open(way, provider) for way in ("inbound", "outbound")}
        rows = [self.rig.world.rows(table) for table in OURS]
        return rows, self.rig.tenant.counters.writes, ways

    def _open(self, way: str, provider: dict[str, Any]) -> bool:
        """Whether any profile goes this way (A2, A7)."""
        owns = [row[way] for row in self.rig.world.rows(state.profile)]
        return any(provider[way] if own is None else own for own in owns)

    def _only_where_allowed(self, before: tuple[Any, int, dict[str, Any]]) -> None:
        """Nothing is written into a direction that is off for everybody (A2)."""
        rows, writes, ways = self._written_to()
        assert ways["inbound"] or rows == before[0]
        assert ways["outbound"] or writes == before[1]

    def _mails(self) -> list[Any]:
        sent = (mail for mail in self.rig.tenant.outbox if mail.cause.startswith("app"))
        return [mail for mail in sent if "@" in mail.recipient]


def _mails_told(agent: Agent) -> int:
    counts = [standing.counts for standing in agent.rounds.standings.values()]
    return sum(c[Count.MAILS_INSIDE] + c[Count.MAILS_OUTSIDE] for c in counts)


def _nothing_unforeseen(agent: Agent) -> None:
    """Whatever went wrong, the agent has a word for it."""
    errors = [str(standing.error) for standing in agent.in_trouble]
    assert not [text for text in errors if "internal error" in text], errors
