"""People who give appointments a type with a category, and events a category (I2)."""

from hypothesis import strategies as st
from hypothesis.stateful import rule

from tests.support.machine.bound import BOUND, ONLINE, OTHERS
from tests.support.machine.company import PICK
from tests.support.machine.singles import Singles
from tests.support.machine.terms import Terms
from tests.support.rig import Rig, Snapshot


class Categorised(Singles, Terms):
    """Single appointments of types with categories, and profiles with terms of their own."""

    others: dict[str, list[str]]
    """What other categories somebody gave an event last."""

    def __init__(self, rig: Rig, begin: Snapshot) -> None:
        super().__init__(rig, begin)
        self.others = {}

    @rule(pick=PICK, kind=st.sampled_from((1, ONLINE, *BOUND)))
    def bind_type(self, pick: int, kind: int) -> None:
        """Somebody gives an appointment a type with a category, a meeting (I3), or neither."""
        if (row := self.pick_row(pick)) is not None:
            self.rig.world.edit(row["id"], type_id=kind)

    @rule(pick=PICK, names=st.lists(st.sampled_from(("Kunde", "Intern", *OTHERS)), unique=True))
    def categorise(self, pick: int, names: list[str]) -> None:
        """Somebody gives an event these categories."""
        if (event := self.pick_event(pick)) is not None:
            self.rig.wait(seconds=1)
            self.outlook.change(event["id"], categories=names)
            self.others[event["id"]] = [name for name in names if name in OTHERS]

    def teardown(self) -> None:
        """In the end other categories are as they were left, in whatever order they stand (I2)."""
        super().teardown()
        for event in self.outlook.events():
            if event["id"] in self.others:
                found = [name for name in event["categories"] if name in OTHERS]
                assert sorted(found) == sorted(self.others[event["id"]]), event["subject"]
