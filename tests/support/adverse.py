"""After an adverse time: Exchange is well again, and everything has to come into step."""

import re
from typing import Final

from calsync_agent.i18n import Message
from calsync_agent.state import tables as state
from tests.support.machine.sides import differences, quarantined
from tests.support.rig import Rig

SENSIBLE: Final = (
    "ends before it begins",
    "cannot be meant",
    "cannot bring",
    "flips between two versions",
)
"""What may remain in quarantine, by its reason: events that are odd by themselves."""
DAYS: Final = 5
"""How long it is waited for what is quarantined."""


async def calmed(rig: Rig) -> None:
    """Exchange is well; agents run until nothing is left to do, and what failed is tried again."""
    rig.tenant.be_well()
    rig.wait(hours=2)  # nobody is believed who asks for a longer wait than an hour (B9a)
    await rig.until_quiet()
    for _ in range(DAYS):
        if not rig.world.rows(state.quarantine):
            return
        rig.wait(days=1, minutes=1)
        await rig.until_quiet()


def apart(rig: Rig) -> list[str]:
    """What is not in step, without a reason that is the event's own; and what is left undone."""
    found = rig.world.rows(state.quarantine)
    reasons = [str(Message.from_json(row["reason"])) for row in found]
    return [
        *differences(rig, quarantined(rig)),
        *(f"quarantined: {text}" for text in reasons if not _SENSIBLE.search(text)),
        *(f"undone: {row}" for row in rig.world.rows(state.pending)),
    ]


_SENSIBLE: Final = re.compile("|".join(SENSIBLE))
