"""D6: another event takes an event's place only where nothing is lost that cannot be set again."""

from collections.abc import Callable
from typing import Any

import pytest

from calsync_agent.exchange.calendar.recreation import Carried, carried_over
from calsync_agent.i18n import Message
from calsync_agent.sandbox.people import Person
from calsync_agent.state import tables as state
from tests.support.world import SOON, World
from tests.sync.test_meetings import settled as settled_with_copies
from tests.sync.test_series import HOUR, MONDAY, WEEK, WEEKLY, restore, settled

pytestmark = pytest.mark.anyio

OWN: dict[str, Any] = {
    "categories": ["Blue category"],
    "sensitivity": "confidential",
    "responseRequested": False,
}


def a_series(person: Person, **properties: object) -> str:
    made = person.create("Jour fixe", MONDAY, MONDAY + HOUR, recurrence=WEEKLY)
    person.change(made, **{**OWN, **properties})
    person.delete(person.occurrence(made, (MONDAY + WEEK).date()))
    return made


async def quarantined(world: World) -> str:
    """The reason why the only thing in quarantine is there."""
    await world.sync()
    (row,) = world.rows(state.quarantine)
    return str(Message.from_json(row["reason"]))


async def test_d6_g9_a_series_made_anew_is_given_again_what_it_had(world: World) -> None:
    anna = world.hire("ANNA")
    before = a_series(anna)
    await settled(world)
    (row,) = world.activities()
    restore(world, row["id"], 1)
    await settled(world)
    (event,) = anna.events()
    assert event["id"] != before
    assert {name: event[name] for name in OWN} == OWN
    assert [row["id"] for row in world.activities()] == [row["id"]]
    assert world.rows(state.link)[0]["carried"] is None


@pytest.mark.parametrize(
    ("spoil", "what"),
    [
        (lambda p, e: p.change(e, isOnlineMeeting=True), "the online meeting"),
        (lambda p, e: p.attach(e, "plan.pdf"), "attachments"),
        (
            lambda p, e: p.change(p.occurrence(e, (MONDAY + 3 * WEEK).date()), showAs="free"),
            "showAs",
        ),
        (
            lambda p, e: p.change(
                p.occurrence(e, (MONDAY + 3 * WEEK).date()), categories=["Red category"]
            ),
            "categories",
        ),
    ],
)
async def test_d6_g9_a_series_stays_where_something_of_it_would_be_lost(
    world: World, spoil: Callable[[Person, str], None], what: str
) -> None:
    anna = world.hire("ANNA")
    before = a_series(anna)
    spoil(anna, before)
    await settled(world)
    (row,) = world.activities()
    shown = anna.event(before)
    restore(world, row["id"], 1)
    assert what in await quarantined(world)
    after = anna.event(before)
    assert unstamped(after) == unstamped(shown)
    assert len(anna.events()) == 1


def unstamped(event: dict[str, Any]) -> dict[str, Any]:
    """What people have put into an event; Exchange touches each once more after a while."""
    stamps = {"lastModifiedDateTime", "changeKey"}
    return {n: v for n, v in event.items() if "odata" not in n and n not in stamps}


async def test_d6_a_text_changed_meanwhile_is_not_undone_by_the_one_that_is_set_again(
    world: World,
) -> None:
    anna = world.hire("ANNA")
    a_series(anna, body={"contentType": "html", "content": "<p><b>bold</b> words</p>"})
    await settled(world)
    (row,) = world.activities()
    restore(world, row["id"], 1)
    world.edit(row["id"], body="other words", location="Saal", private=False)
    await settled(world)
    (event,) = anna.events()
    assert "other words" in event["body"]["content"]
    assert event["location"]["displayName"] == "Saal"
    assert event["sensitivity"] == "normal"
    assert event["categories"] == OWN["categories"]


async def test_d6_g10_the_new_responsible_s_event_is_given_what_the_old_one_had(
    world: World,
) -> None:
    anna, bernd = world.hire("ANNA"), world.hire("BERND")
    number = world.enter("ANNA", "Besprechung", SOON)
    await settled_with_copies(world)
    (event,) = anna.events()
    anna.change(event["id"], **OWN)
    await settled_with_copies(world)
    world.edit(number, responsible_id=world.employees["BERND"])
    await settled_with_copies(world)
    assert anna.events() == []
    (event,) = bernd.events()
    assert {name: event[name] for name in OWN} == OWN
    assert len(world.activities()) == 1


@pytest.mark.parametrize("participates", [False, True])
async def test_d6_g10_an_online_meeting_stays_in_its_organizer_s_mailbox(
    world: World, *, participates: bool
) -> None:
    anna, bernd = world.hire("ANNA"), world.hire("BERND")
    number = world.enter("ANNA", "Besprechung", SOON)
    if participates:
        world.invite(number, "BERND")
    await settled_with_copies(world)
    (event,) = anna.events()
    anna.change(event["id"], isOnlineMeeting=True)
    await settled_with_copies(world)
    copies, mails = len(bernd.events()), len(world.tenant.outbox)
    world.edit(number, responsible_id=world.employees["BERND"])
    assert "the online meeting" in await quarantined(world)
    await world.sync()
    assert [one["id"] for one in anna.events()] == [event["id"]]
    assert (len(bernd.events()), len(world.tenant.outbox)) == (copies, mails)
    world.edit(number, responsible_id=world.employees["ANNA"], subject="Neu")
    await settled_with_copies(world)
    assert [one["subject"] for one in anna.events()] == ["Neu"]


async def test_f3_g10_guests_are_neither_uninvited_nor_invited_by_a_new_responsible(
    world: World,
) -> None:
    anna, bernd = world.hire("ANNA"), world.hire("BERND")
    anna.create("Besprechung", SOON, SOON + HOUR, attendees=["guest@elsewhere.example"])
    await settled_with_copies(world)
    (row,) = world.activities()
    world.tenant.clear_outbox()
    world.edit(row["id"], responsible_id=world.employees["BERND"])
    assert "people from outside" in await quarantined(world)
    assert len(anna.events()) == 1
    assert (bernd.events(), world.tenant.outbox) == ([], [])


async def test_d6_a_dead_join_link_does_not_stay_in_consolidate(world: World) -> None:
    anna = world.hire("ANNA")
    number = world.enter(
        "ANNA",
        "Besprechung",
        SOON,
        online_meeting_url="https://teams.microsoft.com/l/meetup-join/gone",
    )
    await settled_with_copies(world)
    assert len(anna.events()) == 1
    assert world.activity(number)["online_meeting_url"] is None


def test_d6_what_graph_may_add_next_year_keeps_an_event_from_being_made_anew() -> None:
    event = {"@odata.etag": "1", "categories": ["A"], "mood": "happy", "calmness": None}
    reason = carried_over(event, [])
    assert isinstance(reason, Message)
    assert "mood" in str(reason)
    kept = carried_over({**event, "mood": []}, [])
    assert kept == Carried("1", {"categories": ["A"]})
    assert Carried.from_text(kept.to_text()) == kept
