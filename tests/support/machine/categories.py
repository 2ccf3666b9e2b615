"""People who give appointments a type with a category, and events a category (I2)."""

from hypothesis import strategies as st
from hypothesis.stateful import rule

from tests.support.machine.bound import BOUND, ONLINE, OTHER
from tests.support.machine.company import PICK
from tests.support.machine.singles import Singles


class Categorised(Singles):
    """Single appointments of types with categories."""

    @rule(pick=PICK, kind=st.sampled_from((1, ONLINE, *BOUND)))
    def bind_type(self, pick: int, kind: int) -> None:
        """Somebody gives an appointment a type with a category, a meeting (I3), or neither."""
        if (row := self.pick_row(pick)) is not None:
            self.rig.world.edit(row["id"], type_id=kind)

    @rule(pick=PICK, names=st.lists(st.sampled_from(("Kunde", "Intern", OTHER)), unique=True))
    def categorise(self, pick: int, names: list[str]) -> None:
        """Somebody gives an event these categories."""
        if (event := self.pick_event(pick)) is not None:
            self.rig.wait(seconds=1)
            self.outlook.change(event["id"], categories=names)
