"""The end: nothing goes wrong any more, nobody edits, and everything has to come into step."""

import asyncio
from typing import Any, Final

import sqlalchemy as sa

from calsync_agent.consolidate import tables
from calsync_agent.domain.hold import Verdict
from calsync_agent.i18n import Message
from calsync_agent.state import holds
from calsync_agent.state import tables as state
from tests.support.machine import sides
from tests.support.machine.bound import odd_categories
from tests.support.machine.ledger import Ledger, doubled
from tests.support.machine.sides import differences
from tests.support.machine.staff import give_profiles
from tests.support.points import Points
from tests.support.rig import Rig

UNSEEN: Final = {state.agent.name, state.lease.name, state.fare.name}
LONGEST: Final = 6
"""How often it is waited for what is quarantined or held."""

SENSIBLE: Final = (
    "flips between two versions",
    "cannot bring",
    "administrator decided",
    "ends before it begins",
    "cannot be meant",
)
"""What may remain in quarantine, by its reason: no other impossible thing is done."""


def come_to_peace(rig: Rig, runner: asyncio.Runner, ledger: Ledger) -> None:
    """Both sides hold the same, every edit is there or kept, and a further run does nothing."""
    rig.points = Points()
    _put_right(rig)
    runner.run(rig.until_quiet())
    for _ in range(LONGEST):
        if not _answered(rig) and not rig.world.rows(state.quarantine):
            break
        rig.wait(days=1, minutes=1)
        runner.run(rig.until_quiet())
    quarantined = _reasons(rig)
    unexplained = [text for text in quarantined if not any(s in text for s in SENSIBLE)]
    assert not unexplained, unexplained
    assert not (found := differences(rig, sides.quarantined(rig))), "\n".join(found)
    assert not (odd := list(odd_categories(rig, sides.quarantined(rig)))), "\n".join(odd)
    assert not (lost := ledger.lost(rig)), f"nowhere any more: {sorted(lost)}"
    assert not (twice := doubled(row["subject"] for row in rig.world.activities())), twice
    _silent(rig, runner)


def _put_right(rig: Rig) -> None:
    rig.tenant.clear_faults()
    rig.adverse = None
    rig.tenant.be_well()
    rig.tenant.settings.duplicate_items = False
    rig.tenant.settings.visibility_delay = 0
    rig.world.provider(inbound=True, outbound=True)
    give_profiles(rig)
    with rig.people.writing() as connection:
        usual = dict.fromkeys(("inbound", "outbound", "past_months", "future_months"))
        connection.execute(sa.update(state.profile).values(active=True, **usual))
        connection.execute(sa.update(tables.employee).values(calendarsync_allowed=True))
    rig.wait(hours=2)  # nobody is believed who asks for a longer wait than an hour (B9a)


def _answered(rig: Rig) -> bool:
    """Whether something waited for an admin, who has said yes now."""
    with rig.people.writing() as connection:
        waiting = {one.profile for one in holds.read(connection)}
        for profile in waiting:
            holds.answer(connection, profile, Verdict.CONFIRMED)
    return bool(waiting)


def _reasons(rig: Rig) -> list[str]:
    return [str(Message.from_json(row["reason"])) for row in rig.world.rows(state.quarantine)]


def _silent(rig: Rig, runner: asyncio.Runner) -> None:
    """A further run writes nothing on either side (A5)."""
    before, mailed = _remembered(rig), len(rig.tenant.outbox)
    rig.tenant.reset_counters()
    runner.run(rig.until_quiet())
    assert rig.tenant.counters.writes == 0
    assert _remembered(rig) == before
    assert len(rig.tenant.outbox) == mailed


def _remembered(rig: Rig) -> dict[str, list[dict[str, Any]]]:
    rows = rig.snapshot().rows
    return {name: found for name, found in rows.items() if name not in UNSEEN}
