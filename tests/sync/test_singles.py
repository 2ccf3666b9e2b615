"""The main job: single appointments, timed and all-day, both ways."""

from datetime import date, datetime, timedelta
from typing import Any

import pytest
import sqlalchemy as sa

from calsync_agent.consolidate import tables
from calsync_agent.state import tables as state
from tests.support.verify import assert_in_step
from tests.support.world import SOON, World

pytestmark = pytest.mark.anyio

HOUR = timedelta(hours=1)


async def settled(world: World) -> None:
    """Sync until in step, and see that a further run does nothing (A5)."""
    outcomes = await world.sync()
    assert all(outcome.in_step for outcome in outcomes), [str(o.line) for o in outcomes]
    assert_in_step(world)
    before = everything(world)
    world.tenant.reset_counters()
    await world.sync()
    assert world.tenant.counters.writes == 0
    assert everything(world) == before


def everything(world: World) -> dict[str, list[dict[str, Any]]]:
    """All rows of both sides' tables, but for who is running."""
    shown = (*tables.CONSOLIDATE_TABLES, *state.PLUGIN_TABLES)
    return {t.name: world.lasting(t) for t in shown if t not in {state.agent, state.lease}}


async def test_a1_an_appointment_entered_in_consolidate_appears_in_exchange(world: World) -> None:
    anna = world.hire("ANNA")
    world.enter(
        "ANNA",
        "Angebot für Müller & Söhne 🎉",
        SOON,
        body="Erste Zeile\r\n\r\nzweite <Zeile> & mehr",
        location="Besprechungsraum Süd",
        importance="high",
        private=True,
        show_as="oof",
        reminder_minutes=30,
    )
    await settled(world)
    (event,) = anna.events()
    assert event["subject"] == "Angebot für Müller & Söhne 🎉"
    assert event["body"]["content"].split() == "Erste Zeile zweite <Zeile> & mehr".split()
    assert event["sensitivity"] == "private"


async def test_a1_an_event_made_in_outlook_appears_in_consolidate(world: World) -> None:
    anna = world.hire("ANNA")
    anna.create(
        "Zahnarzt",
        SOON,
        SOON + HOUR,
        body={"contentType": "html", "content": "<p>Mit <b>Röntgen</b></p><p>Karte</p>"},
        location={"displayName": "Ordination"},
        importance="low",
        sensitivity="confidential",
        showAs="tentative",
        isReminderOn=False,
    )
    await settled(world)
    (row,) = world.activities()
    assert (row["subject"], row["location"], row["importance"]) == ("Zahnarzt", "Ordination", "low")
    assert row["body"].split() == ["Mit", "Röntgen", "Karte"]
    assert (row["private"], row["show_as"], row["reminder_minutes"]) == (True, "tentative", None)
    assert (row["status"], row["type_id"]) == ("open", 1)  # C6
    assert (row["starts_at"], row["ends_at"]) == (SOON, SOON + HOUR)
    assert row["note"].endswith("Exchange 365: created")  # D5


@pytest.mark.parametrize(
    "values",
    [
        {"subject": "Neuer Betreff"},
        {"body": "Neuer Text"},
        {"location": "Anderswo"},
        {"starts_at": SOON + HOUR, "ends_at": SOON + 3 * HOUR},
        {"time_zone": "America/New_York"},
        {"starts_at": datetime(2027, 1, 4), "ends_at": datetime(2027, 1, 6), "all_day": True},
        {"importance": "high"},
        {"private": True},
        {"show_as": "workingElsewhere"},
        {"reminder_minutes": 5},
        {"reminder_minutes": None},
    ],
)
async def test_a1_each_field_changed_in_consolidate_goes_out_alone(
    world: World, values: dict[str, object]
) -> None:
    anna = world.hire("ANNA")
    number = world.enter("ANNA", "Termin", SOON, body="Text", location="Hier", reminder_minutes=15)
    await settled(world)
    before = anna.events()[0]
    world.edit(number, **values)
    await settled(world)
    (after,) = anna.events()
    assert after["id"] == before["id"]
    assert len(_different(before, after)) <= 4


@pytest.mark.parametrize(
    ("values", "columns", "said"),
    [
        ({"subject": "Neuer Betreff"}, {"subject"}, "subject"),
        ({"body": {"contentType": "text", "content": "Neu"}}, {"body"}, "body"),
        ({"location": {"displayName": "Anderswo"}}, {"location"}, "location"),
        ({"start": SOON + HOUR, "end": SOON + 2 * HOUR}, {"starts_at", "ends_at"}, "start, end"),
        ({"end": SOON + 2 * HOUR}, {"ends_at"}, "end"),
        (
            {"start": date(2027, 1, 4), "end": date(2027, 1, 6)},
            {"starts_at", "ends_at", "all_day"},
            "start, end, all-day",
        ),
        ({"importance": "high"}, {"importance"}, "importance"),
        ({"sensitivity": "personal"}, {"private"}, "private"),
        ({"showAs": "workingElsewhere"}, {"show_as"}, "show-as"),
        ({"reminderMinutesBeforeStart": 5}, {"reminder_minutes"}, "reminder"),
        ({"isReminderOn": False}, {"reminder_minutes"}, "reminder"),
    ],
)
async def test_a1_d5_g7_each_field_changed_in_outlook_comes_in_alone_and_is_noted(
    world: World, values: dict[str, Any], columns: set[str], said: str
) -> None:
    anna = world.hire("ANNA")
    number = world.enter("ANNA", "Termin", SOON, body="Text", location="Hier", reminder_minutes=15)
    await settled(world)
    before = world.activity(number)
    anna.change(anna.events()[0]["id"], **values)
    await settled(world)
    after = world.activity(number)
    changed = {name for name in before if before[name] != after[name]}
    assert changed == columns | {"note", "modified_at"}
    assert after["note"].endswith(f" Exchange 365: changed: {said}")  # D5, G7


async def test_a1_a_deletion_in_consolidate_removes_the_event(world: World) -> None:
    anna = world.hire("ANNA")
    numbers = [world.enter("ANNA", f"Termin {n}", SOON) for n in range(3)]
    await settled(world)
    world.remove(numbers[0])
    world.remove(numbers[1], row=True)
    await settled(world)
    assert [event["subject"] for event in anna.events()] == ["Termin 2"]


async def test_a1_a_deletion_in_outlook_marks_the_appointment(world: World) -> None:
    anna = world.hire("ANNA")
    number = world.enter("ANNA", "Termin", SOON)
    await settled(world)
    anna.delete(anna.events()[0]["id"])
    await settled(world)
    assert world.activity(number)["deleted_at"] is not None


async def test_a3_a_conflict_is_won_whole_by_the_prioritised_side(world: World) -> None:
    anna = world.hire("ANNA")
    number = world.enter("ANNA", "Termin", SOON)
    await settled(world)
    world.edit(number, subject="aus Consolidate")
    anna.change(anna.events()[0]["id"], location={"displayName": "aus Outlook"})
    await settled(world)
    (event,) = anna.events()
    assert (event["subject"], event["location"]["displayName"]) == ("aus Consolidate", "")
    (kept,) = world.rows(state.history)
    assert (kept["side"], kept["activity_id"]) == ("exchange", number)
    assert "aus Outlook" in kept["content"]


async def test_a3_inbound_first_takes_exchanges_version_whole(world: World) -> None:
    anna = world.hire("ANNA")
    world.provider(priority="inbound_first")
    number = world.enter("ANNA", "Termin", SOON)
    await settled(world)
    world.edit(number, subject="aus Consolidate")
    anna.change(anna.events()[0]["id"], location={"displayName": "aus Outlook"})
    await settled(world)
    row = world.activity(number)
    assert (row["subject"], row["location"]) == ("Termin", "aus Outlook")
    (kept,) = world.rows(state.history)
    assert (kept["side"], kept["subject"]) == ("consolidate", "aus Consolidate")


@pytest.mark.parametrize(
    ("priority", "deleted_where", "stays"),
    [
        ("outbound_first", "consolidate", False),
        ("outbound_first", "exchange", True),
        ("inbound_first", "consolidate", True),
        ("inbound_first", "exchange", False),
    ],
)
async def test_a3_deleted_here_and_changed_there_is_decided_by_priority(
    world: World, priority: str, deleted_where: str, stays: bool
) -> None:
    anna = world.hire("ANNA")
    world.provider(priority=priority)
    number = world.enter("ANNA", "Termin", SOON)
    await settled(world)
    event = anna.events()[0]["id"]
    if deleted_where == "consolidate":
        world.remove(number)
        anna.change(event, subject="geändert")
    else:
        anna.delete(event)
        world.edit(number, subject="geändert")
    await settled(world)
    subjects = ["geändert"] if stays else []
    assert [row["subject"] for row in world.activities()] == subjects
    assert [found["subject"] for found in anna.events()] == subjects


async def test_a3_the_same_change_on_both_sides_is_no_conflict(world: World) -> None:
    anna = world.hire("ANNA")
    number = world.enter("ANNA", "Termin", SOON)
    await settled(world)
    world.edit(number, subject="Gleich")
    anna.change(anna.events()[0]["id"], subject="Gleich")
    await settled(world)
    assert world.rows(state.history) == []


@pytest.mark.parametrize("direction", ["inbound", "outbound"])
async def test_a2_a_direction_switched_off_is_caught_up_with_when_it_is_on_again(
    world: World, direction: str
) -> None:
    anna = world.hire("ANNA")
    world.enter("ANNA", "bleibt", SOON)
    changed = world.enter("ANNA", "wird geändert", SOON)
    deleted = world.enter("ANNA", "wird gelöscht", SOON)
    await settled(world)
    world.provider(**{direction: False})
    if direction == "outbound":
        world.edit(changed, subject="geändert")
        world.remove(deleted)
        world.enter("ANNA", "neu", SOON)
        untouched = anna.events()
        await world.sync()
        assert anna.events() == untouched
    else:
        ids = {event["subject"]: event["id"] for event in anna.events()}
        anna.change(ids["wird geändert"], subject="geändert")
        anna.delete(ids["wird gelöscht"])
        anna.create("neu", SOON, SOON + HOUR)
        untouched_rows = world.rows(tables.activity)
        await world.sync()
        assert world.rows(tables.activity) == untouched_rows
    world.provider(**{direction: True})
    await settled(world)
    assert sorted(row["subject"] for row in world.activities()) == ["bleibt", "geändert", "neu"]


async def test_b4_what_was_entered_on_both_sides_by_hand_is_linked_not_doubled(
    world: World,
) -> None:
    anna = world.hire("ANNA")
    for subject in ("Jour fixe", "Jour fixe", "Nur hier"):
        world.enter("ANNA", subject, SOON)
    for subject in ("JOUR  FIXE", "jour fixe ", "Jour Fixe", "Nur dort"):
        anna.create(subject, SOON, SOON + HOUR)
    await world.sync()
    assert len(world.activities()) == len(anna.events()) == 5
    assert len(world.rows(state.link)) == 5


async def test_b3_lost_tables_double_nothing(world: World) -> None:
    anna = world.hire("ANNA")
    world.enter("ANNA", "aus Consolidate", SOON)
    anna.create("aus Outlook", SOON, SOON + HOUR)
    await settled(world)
    with world.database.writing() as connection:
        connection.execute(sa.delete(state.link))
        connection.execute(sa.delete(state.profile_state))
        connection.execute(sa.update(tables.activity).values(location="inzwischen geändert"))
    await settled(world)
    assert len(world.activities()) == len(anna.events()) == 2


async def test_b3_a_lost_position_is_found_again_by_reading_all(world: World) -> None:
    anna = world.hire("ANNA")
    ids = [anna.create(f"Termin {n}", SOON, SOON + HOUR) for n in range(5)]
    await settled(world)
    anna.change(ids[0], subject="geändert")
    anna.delete(ids[1])
    anna.create("neu", SOON, SOON + HOUR)
    world.tenant.forget_generations()
    await settled(world)
    assert len(world.activities()) == 5


async def test_g1_an_event_moved_out_of_the_window_is_no_deletion(world: World) -> None:
    anna = world.hire("ANNA")
    number = world.enter("ANNA", "Termin", SOON)
    await settled(world)
    far = SOON.replace(year=SOON.year + 6)
    anna.change(anna.events()[0]["id"], start=far, end=far + HOUR)
    await settled(world)
    row = world.activity(number)
    assert (row["starts_at"], row["deleted_at"]) == (far, None)


async def test_g1_an_event_moved_to_another_calendar_stays_where_it_is(world: World) -> None:
    anna = world.hire("ANNA")
    number = world.enter("ANNA", "Termin", SOON)
    await settled(world)
    anna.move(anna.events()[0]["id"], anna.add_calendar("Privat"))
    await world.sync()
    assert world.activity(number)["deleted_at"] is None


async def test_c1_old_appointments_are_not_sent(world: World) -> None:
    anna = world.hire("ANNA")
    world.enter("ANNA", "alt", SOON - timedelta(days=200))
    world.enter("ANNA", "vor zwei Monaten", SOON - timedelta(days=60))
    world.enter("ANNA", "in fünf Jahren", SOON + timedelta(days=5 * 365))
    await world.sync()
    assert {e["subject"] for e in anna.events()} == {"vor zwei Monaten", "in fünf Jahren"}


async def test_c2_events_outside_the_window_do_not_come_in(world: World) -> None:
    anna = world.hire("ANNA")
    anna.create("alt", SOON - timedelta(days=200), SOON - timedelta(days=200) + HOUR)
    anna.create("fern", SOON + timedelta(days=1200), SOON + timedelta(days=1200) + HOUR)
    anna.create("nah", SOON, SOON + HOUR)
    await world.sync()
    assert [row["subject"] for row in world.activities()] == ["nah"]


async def test_c5_what_happens_while_a_profile_is_inactive_waits_for_it(world: World) -> None:
    anna = world.hire("ANNA")
    number = world.enter("ANNA", "Termin", SOON)
    event = anna.create("aus Outlook", SOON, SOON + HOUR)
    await settled(world)
    _set_active(world, active=False)
    world.edit(number, subject="geändert")
    anna.delete(event)
    world.enter("ANNA", "neu", SOON)
    await world.sync()
    assert len(world.activities()) == 3
    assert [e["subject"] for e in anna.events()] == ["Termin"]
    _set_active(world, active=True)
    await settled(world)
    assert sorted(row["subject"] for row in world.activities()) == ["geändert", "neu"]


def _set_active(world: World, *, active: bool) -> None:
    with world.database.writing() as connection:
        connection.execute(sa.update(state.profile).values(active=active))


@pytest.mark.parametrize("days", [1, 2, 14])
@pytest.mark.parametrize("zone", ["Europe/Vienna", "America/Los_Angeles", "Pacific/Auckland"])
async def test_d4_all_day_appointments_keep_their_dates_in_every_zone(
    world: World, days: int, zone: str
) -> None:
    anna = world.hire("ANNA")
    first = date(SOON.year + 1, 3, 28)
    last = first + timedelta(days=days)
    world.enter("ANNA", "Urlaub", first, last, time_zone=zone)
    anna.create("Messe", first, last, zone="Pacific Standard Time")
    await settled(world)
    for row in world.activities():
        assert (row["starts_at"].date(), row["ends_at"].date()) == (first, last)


async def test_d2_a_subject_too_long_for_exchange_is_cut_there_and_kept_here(world: World) -> None:
    anna = world.hire("ANNA")
    subject = "Ä" * 200 + "🎉" * 100
    number = world.enter("ANNA", subject, SOON)
    await settled(world)
    assert anna.events()[0]["subject"].endswith("🎉…")
    anna.change(anna.events()[0]["id"], location={"displayName": "Süd"})
    await settled(world)
    row = world.activity(number)
    assert (row["subject"], row["location"]) == (subject, "Süd")
    assert any("cut at 255" in line["message"] for line in world.rows(state.log))


async def test_b8_one_bad_row_holds_nothing_up(world: World) -> None:
    anna = world.hire("ANNA")
    world.enter("ANNA", "gut", SOON)
    bad = world.enter("ANNA", "schlecht", SOON, time_zone="Mars/Olympus")
    worse = world.enter("ANNA", "verkehrt", SOON, SOON - HOUR)
    outcomes = await world.sync()
    assert [outcome.in_step for outcome in outcomes] == [False]
    assert [event["subject"] for event in anna.events()] == ["gut"]
    assert {row["activity_id"] for row in world.rows(state.quarantine)} == {bad, worse}
    world.edit(bad, time_zone="Europe/Vienna")
    world.edit(worse, ends_at=SOON + HOUR)
    await settled(world)
    assert world.rows(state.quarantine) == []


def _different(before: dict[str, Any], after: dict[str, Any]) -> set[str]:
    stamps = {"@odata.etag", "changeKey", "lastModifiedDateTime"}
    names = {name for name in before.keys() | after.keys() if before.get(name) != after.get(name)}
    return names - stamps
