"""Who belongs to the company, besides those with a profile, and who has one."""

from typing import Final

from calsync_agent.state import tables as state
from tests.support.rig import Rig

WITHOUT_PROFILE: Final = "BOSS"
"""An employee with a mailbox, but never with a profile."""
OUTSIDE: Final = "chefin@kunde.example"
"""Somebody from outside who invites people of the company."""


def give_profiles(rig: Rig) -> None:
    """Everybody gets a profile who has none, but for the one who never has one."""
    enrolled = {row["employee_id"] for row in rig.world.rows(state.profile)}
    for code, employee in rig.world.employees.items():
        if employee not in enrolled and code != WITHOUT_PROFILE:
            rig.world.enrol(code, rig.tenant.user(code.lower()))
