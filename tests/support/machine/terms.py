"""An admin who gives a profile directions and a window of its own, and takes them back (A7)."""

from datetime import timedelta
from typing import Final

import sqlalchemy as sa
from hypothesis import strategies as st
from hypothesis.stateful import rule

from calsync_agent.state import tables as state
from tests.support.machine.company import PICK, Company
from tests.support.rig import SOON

WAY: Final = st.sampled_from((None, None, True, False))
FAR: Final = SOON + timedelta(days=75)
"""Within the usual window, and beyond one of a month."""


class Terms(Company):
    """Profiles that go their own ways, and appointments that a narrow window leaves out."""

    @rule(pick=PICK, inbound=WAY, outbound=WAY, ahead=st.sampled_from((None, 1)))
    def own_terms(
        self, pick: int, inbound: bool | None, outbound: bool | None, ahead: int | None
    ) -> None:
        """A profile gets other terms; to narrow them deletes nothing, to widen doubles none."""
        employee = self.rig.world.employees[self.codes[pick % len(self.codes)]]
        terms = {"inbound": inbound, "outbound": outbound, "future_months": ahead}
        with self.rig.people.writing() as connection:
            mine = state.profile.c.employee_id == employee
            connection.execute(sa.update(state.profile).where(mine).values(terms))

    @rule(slot=st.integers(0, 40), here=st.booleans())
    def enter_far_ahead(self, slot: int, *, here: bool) -> None:
        """Somebody enters what only a wide window reaches, on either side."""
        start, word = FAR + timedelta(hours=slot), self.ledger.word()
        if here:
            self.rig.world.enter(self.codes[0], word, start, id=self.new_number())
        else:
            self.rig.wait(seconds=1)
            person = self.rig.tenant.user(self.codes[0].lower())
            person.create(word, start, start + timedelta(hours=1))
