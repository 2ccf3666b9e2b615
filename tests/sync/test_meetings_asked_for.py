"""I3: an activity type asks for a Teams meeting; a link that somebody typed is nobody else's."""

import asyncio
from typing import Any, Literal
from uuid import UUID

import pytest
import sqlalchemy as sa

from calsync_agent.consolidate import tables
from calsync_agent.state import tables as state
from tests.support.golden import anna, change, create, edit, enter, event, hire
from tests.support.rig import Rig

pytestmark = pytest.mark.parametrize("dialect", ["sqlite"], indirect=True)

USUAL, ONLINE = 1, 2
ZOOM = "https://zoom.example/j/4711"


@pytest.fixture(autouse=True)
def _asking(rig: Rig) -> None:
    """Anna, and a type that asks for a meeting."""
    hire(rig)
    with rig.people.writing() as connection:
        new = {"id": ONLINE, "name": "Online", "calendar_sync": "normal"}
        connection.execute(sa.insert(tables.activity_type).values(new))
        asks = {"type_id": ONLINE, "online_meeting": True}
        connection.execute(sa.insert(state.type_in_exchange).values(asks))


def synced(rig: Rig) -> None:
    """Agents run until nothing is left to do; a later one writes nothing more."""
    asyncio.run(rig.until_quiet())
    rig.wait(seconds=10)
    asyncio.run(rig.until_quiet())
    written = rig.tenant.counters.writes
    asyncio.run(rig.until_quiet())
    assert rig.tenant.counters.writes == written


def shown(rig: Rig, subject: str) -> dict[str, Any]:
    return anna(rig).event(event(rig, subject))


def link_of(rig: Rig, number: int) -> str | None:
    found: str | None = rig.world.activity(UUID(int=number))["online_meeting_url"]
    return found


def warnings(rig: Rig) -> list[str]:
    return [row["message"] for row in rig.world.rows(state.log) if row["level"] == "warning"]


@pytest.mark.parametrize("how", ["made", "late"])
@pytest.mark.parametrize("later", [False, True])
def test_i3_an_event_is_made_as_a_teams_meeting_and_its_block_survives_all_edits(
    rig: Rig, how: Literal["made", "late"], later: bool
) -> None:
    rig.tenant.settings.online_meetings = how
    enter(rig, 1, "Gespräch", body="Tagesordnung", type_id=USUAL if later else ONLINE)
    if later:
        synced(rig)
        assert not shown(rig, "Gespräch")["isOnlineMeeting"]
        edit(rig, 1, type_id=ONLINE)
    synced(rig)
    made = shown(rig, "Gespräch")
    link = made["onlineMeeting"]["joinUrl"]
    assert (made["isOnlineMeeting"], link_of(rig, 1)) == (True, link)
    assert made["onlineMeetingProvider"] == "teamsForBusiness"
    edit(rig, 1, body="andere Tagesordnung", location="Süd")
    synced(rig)
    edit(rig, 1, type_id=USUAL)
    synced(rig)
    edit(rig, 1, type_id=ONLINE, subject="Unterredung")
    synced(rig)
    after = shown(rig, "Unterredung")
    assert after["onlineMeeting"]["joinUrl"] == link == link_of(rig, 1)
    assert link in after["body"]["content"]
    assert "andere Tagesordnung" in after["body"]["content"]
    assert rig.world.activity(UUID(int=1))["body"] == "andere Tagesordnung"
    assert warnings(rig) == []


@pytest.mark.parametrize("how", ["ignored", "refused"])
@pytest.mark.parametrize("later", [False, True])
def test_i3_where_exchange_makes_none_the_event_is_made_without_and_a_warning_says_so(
    rig: Rig, how: Literal["ignored", "refused"], later: bool
) -> None:
    rig.tenant.settings.online_meetings = how
    enter(rig, 1, "Gespräch", type_id=USUAL if later else ONLINE)
    if later:
        synced(rig)
        edit(rig, 1, type_id=ONLINE)
    synced(rig)
    assert not shown(rig, "Gespräch")["isOnlineMeeting"]
    assert link_of(rig, 1) is None
    (told,) = warnings(rig)
    assert "Gespräch" in told
    assert "online meeting" in told
    assert ("does not allow" in told) == (how == "refused")
    assert rig.world.rows(state.quarantine) == []
    rig.tenant.settings.online_meetings = "made"
    change(rig, "Gespräch", importance="high")
    synced(rig)
    assert not shown(rig, "Gespräch")["isOnlineMeeting"]  # nobody touched the row
    edit(rig, 1, location="Süd")
    synced(rig)
    assert shown(rig, "Gespräch")["isOnlineMeeting"]
    assert link_of(rig, 1) == shown(rig, "Gespräch")["onlineMeeting"]["joinUrl"]


def test_i3_b4_an_event_that_is_there_already_is_left_as_it_is(rig: Rig) -> None:
    enter(rig, 1, "Gespräch", type_id=ONLINE)
    create(rig, 1, "Gespräch")
    create(rig, 2, "dort")
    synced(rig)
    assert not shown(rig, "Gespräch")["isOnlineMeeting"]
    assert not shown(rig, "dort")["isOnlineMeeting"]


@pytest.mark.parametrize("number", [USUAL, ONLINE])
@pytest.mark.parametrize("priority", ["outbound_first", "inbound_first"])
def test_d6_a_join_link_that_somebody_typed_stays(rig: Rig, number: int, priority: str) -> None:
    rig.world.provider(priority=priority)
    enter(rig, 1, "neu", online_meeting_url=ZOOM, type_id=number)
    enter(rig, 2, "auf beiden Seiten", online_meeting_url=ZOOM, type_id=number)
    create(rig, 2, "auf beiden Seiten", body="aus Outlook")
    enter(rig, 3, "später", type_id=USUAL)
    synced(rig)
    edit(rig, 3, online_meeting_url=ZOOM, type_id=number)
    synced(rig)
    edit(rig, 3, location="hier")
    change(rig, "später", location="dort")
    change(rig, "neu", subject="umbenannt")
    edit(rig, 2, location="Süd")
    synced(rig)
    assert [link_of(rig, n) for n in (1, 2, 3)] == [ZOOM] * 3
    assert not any(found["isOnlineMeeting"] for found in anna(rig).events())


def test_d6_a_link_that_exchange_gave_goes_with_its_meeting(rig: Rig) -> None:
    create(rig, 1, "dort", isOnlineMeeting=True)
    synced(rig)
    (row,) = rig.world.activities()
    assert "teams.microsoft.com" in row["online_meeting_url"]
    change(rig, "dort", body="ohne Block")
    synced(rig)
    (row,) = rig.world.activities()
    assert row["online_meeting_url"] is None
