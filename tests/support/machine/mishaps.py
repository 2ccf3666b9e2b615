"""An admin who answers what is held, restores versions, and puts a backup of the database back."""

from contextlib import suppress

from hypothesis import strategies as st
from hypothesis.stateful import precondition, rule

from calsync_agent import restoring
from calsync_agent.domain.activity import Stamp
from calsync_agent.domain.hold import Verdict
from calsync_agent.errors import Refusal, Undecided
from calsync_agent.service import restore_detection
from calsync_agent.state import holds, identity
from calsync_agent.state import tables as state
from tests.support.machine import ledger
from tests.support.machine.company import PICK, Company
from tests.support.rig import Snapshot


class Mishaps(Company):
    """What an admin does when something was wrong."""

    backup: Snapshot | None = None

    @rule(verdict=st.sampled_from(Verdict))
    def answer_what_is_held(self, verdict: Verdict) -> None:
        """An admin says yes or no (B7, F8)."""
        with self.rig.people.writing() as connection:
            for profile in {one.profile for one in holds.read(connection)}:
                holds.answer(connection, profile, verdict)

    @rule(pick=PICK)
    def restore_a_version(self, pick: int) -> None:
        """An admin makes a kept version the current one (B6)."""
        versions = self.rig.world.rows(state.history)
        if versions:
            stamp = Stamp(self.rig.now, self.rig.now)
            with suppress(Refusal), self.rig.people.writing() as connection:
                restoring.restore(connection, versions[pick % len(versions)]["id"], stamp)

    @rule()
    def back_up(self) -> None:
        """The database is backed up."""
        self.backup = self.rig.snapshot()

    @precondition(lambda self: self.backup)
    @rule()
    def put_back(self) -> None:
        """The backup is put back; until an admin says so, nothing is written (B12)."""
        assert self.backup is not None
        self.stop_all()
        self.rig.put_back(self.backup)
        self.ledger.owed &= ledger.here(self.rig) | ledger.there(self.rig) | ledger.kept(self.rig)
        if self._undecided():
            before = self._written_to()
            agent = self.rig.agent()
            self.runner.run(agent.round())
            self.runner.run(agent.die())
            assert self._written_to() == before
            with self.rig.people.writing() as connection:
                identity.put_back(connection)
        self.backup = None

    def _undecided(self) -> bool:
        with self.rig.people.reading() as connection:
            try:
                restore_detection.check(restore_detection.see(connection), self.rig.memory)
            except Undecided:
                return True
        return False
