"""The main job: single appointments, both ways."""

from datetime import date, datetime, timedelta

import pytest

from tests.support.world import World

pytestmark = pytest.mark.anyio

SOON = datetime.now().replace(hour=9, minute=0, second=0, microsecond=0) + timedelta(days=7)


async def test_a1_an_appointment_entered_in_consolidate_appears_in_exchange(world: World) -> None:
    anna = world.hire("ANNA")
    world.enter("ANNA", "Angebot für Müller & Söhne", SOON)
    outcomes = await world.sync()
    print([str(o.line) for o in outcomes])
    assert [event["subject"] for event in anna.events()] == ["Angebot für Müller & Söhne"]


async def test_a1_an_event_made_in_outlook_appears_in_consolidate(world: World) -> None:
    anna = world.hire("ANNA")
    anna.create("Zahnarzt", SOON, SOON + timedelta(hours=1))
    outcomes = await world.sync()
    print([str(o.line) for o in outcomes])
    assert [row["subject"] for row in world.activities()] == ["Zahnarzt"]
