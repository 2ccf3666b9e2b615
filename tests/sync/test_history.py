"""What the sync overwrites or deletes is kept, with what replaced it, for thirty days (B6)."""

import asyncio
from datetime import UTC, datetime, timedelta
from pathlib import Path
from uuid import UUID

import pytest
import sqlalchemy as sa

from calsync_agent.appointment.codec import from_json
from calsync_agent.state import tables as state
from tests.support.golden import anna, change, create, edit, enter, event, hire
from tests.support.places import keep_to
from tests.support.rig import SOON, Rig
from tests.support.service import serving, until
from tests.support.world import SOON as REAL_SOON
from tests.support.world import World

SQLITE = pytest.mark.parametrize("dialect", ["sqlite"], indirect=True)


def synced(rig: Rig) -> None:
    asyncio.run(rig.until_quiet())


def kept(rig: Rig) -> list[tuple[str, str, str, str | None]]:
    """Whose version was lost, by which rule, what it was called, and what the new one is called."""
    return [
        (
            row["side"],
            row["rule"],
            from_json(row["content"]).subject,
            from_json(row["replaced_by"]).subject if row["replaced_by"] else None,
        )
        for row in rig.world.rows(state.history)
    ]


@SQLITE
def test_b6_each_version_is_kept_with_the_one_that_replaced_it(rig: Rig) -> None:
    hire(rig)
    for number in range(1, 5):
        enter(rig, number, f"Termin {number}", body="Text")
    synced(rig)
    edit(rig, 1, subject="hier")  # carried over: the event's version goes
    change(rig, "Termin 2", subject="dort")  # the other way
    edit(rig, 3, subject="hier auch")
    change(rig, "Termin 3", subject="dort auch")  # a conflict
    anna(rig).delete(event(rig, "Termin 4"))
    synced(rig)
    assert sorted(kept(rig)) == [
        ("consolidate", "changed in Exchange", "Termin 2", "dort"),
        ("consolidate", "deleted in Exchange", "Termin 4", None),
        ("exchange", "changed in Consolidate", "Termin 1", "hier"),
        ("exchange", "changed on both sides", "dort auch", "hier auch"),
    ]
    assert {from_json(row["content"]).body for row in rig.world.rows(state.history)} == {"Text"}


@SQLITE
def test_b6_what_an_organizer_from_outside_overrules_is_kept_too(rig: Rig) -> None:
    hire(rig)
    guest = rig.tenant.outsider("chef@kunde.example", "Chefin")
    end = SOON + timedelta(hours=1)
    guest.create("Beim Kunden", SOON, end, attendees=[anna(rig).upn])
    synced(rig)
    (row,) = rig.world.activities()
    rig.world.edit(row["id"], subject="Bei mir")
    synced(rig)
    lost = ("consolidate", "put back to the organizer's version", "Bei mir", "Beim Kunden")
    assert kept(rig) == [lost]


@SQLITE
def test_b6_what_replaces_nothing_is_not_kept(rig: Rig) -> None:
    hire(rig)
    enter(rig, 1, "Termin")
    create(rig, 2, "Ereignis")
    synced(rig)
    edit(rig, 1, status="done", note="nur hier")
    synced(rig)
    assert kept(rig) == []


@pytest.mark.anyio
@SQLITE
async def test_b6_versions_are_pruned_after_thirty_days(
    world: World, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    keep_to(tmp_path, monkeypatch)
    world.hire("ANNA")
    number = world.enter("ANNA", "eins", REAL_SOON)
    assert all(outcome.in_step for outcome in await world.sync())
    world.edit(number, subject="zwei")
    assert all(outcome.in_step for outcome in await world.sync())
    (row,) = world.rows(state.history)
    now = datetime.now(UTC).replace(tzinfo=None)
    del row["id"]
    with world.database.writing() as connection:
        connection.execute(sa.delete(state.history))
        for days in (31, 29):
            old = {**row, "at": now - timedelta(days=days), "activity_id": UUID(int=days)}
            connection.execute(sa.insert(state.history).values(old))
    async with serving(world):
        await until(lambda: len(world.rows(state.history)) < 2)
    assert [one["activity_id"] for one in world.rows(state.history)] == [UUID(int=29)]
