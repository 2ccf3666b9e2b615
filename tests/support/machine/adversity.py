"""The same people, while Exchange does whatever it has been seen to do."""

from hypothesis import strategies as st
from hypothesis.stateful import initialize, rule

from tests.support.machine.company import Company
from tests.support.rig import CONTENT, UNTIMED, Adverse


class Adversely(Company):
    """Exchange is adverse by one seed after the other.

    Events that are odd by themselves are not among what these people edit.
    """

    adverse = True

    @initialize(seed=st.integers(0, 10**6))
    def adverse_from_the_start(self, seed: int) -> None:
        """By which seed."""
        self.rig.be_adverse(Adverse(seed, UNTIMED - CONTENT))

    @rule(seed=st.integers(0, 10**6))
    def otherwise_adverse(self, seed: int) -> None:
        """What has come so often that it is over may come again."""
        self.rig.be_adverse(Adverse(seed, UNTIMED - CONTENT))
