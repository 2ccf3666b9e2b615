"""H5: `calendar` shows both sides of some days beside each other, and changes nothing."""

import json
from datetime import timedelta
from typing import Any

import sqlalchemy as sa

from calsync_agent.state.tables import profile
from tests.commands.conftest import Run
from tests.commands.telling import sqlite
from tests.support.world import SOON, World

SIDE = {"start", "end", "all_day", "subject", "location"}


def asked(run: Run, world: World, *words: str, days: int = 3) -> tuple[int, dict[str, Any]]:
    said = run(
        "calendar",
        "anna",
        "--json",
        "--from",
        f"{SOON:%Y-%m-%d}",
        "--days",
        str(days),
        *words,
        "--config",
        world.folder / "agent.toml",
    )
    assert said.out, said.err
    found = json.loads(said.out)
    for one in found["appointments"]:
        for side in (one["consolidate"], one["exchange"]):
            assert side is None or side.keys() == SIDE
    return said.status, found


def once(run: Run, world: World) -> None:
    run("once", "--config", world.folder / "agent.toml")


def test_h5_what_is_equal_stands_on_both_sides(run: Run, world: World) -> None:
    world.enter("ANNA", "Termin", SOON, location="hier")
    world.enter("ANNA", "Später", SOON + timedelta(days=9))
    once(run, world)
    before = [world.activities(), world.tenant.counters.writes]
    status, found = asked(run, world)
    (one,) = found["appointments"]
    assert (status, found["trouble"], one["fields"]) == (0, None, [])
    assert one["consolidate"] == one["exchange"]
    assert (one["exchange"]["subject"], one["exchange"]["location"]) == ("Termin", "hier")
    assert [world.activities(), world.tenant.counters.writes] == before


def test_h5_each_difference_is_named(run: Run, world: World) -> None:
    number = world.enter("ANNA", "Termin", SOON, location="hier")
    world.enter("ANNA", "Nur hier", SOON + timedelta(hours=3))
    world.enter("ANNA", "Weg", SOON + timedelta(hours=5))
    once(run, world)
    anna = world.tenant.user("anna")
    (event,) = anna.find("Termin")
    anna.change(event, location="dort", subject="Anders")
    (gone,) = anna.find("Nur hier")
    anna.delete(gone)
    anna.create("Nur dort", SOON + timedelta(hours=4), SOON + timedelta(hours=5))
    status, found = asked(run, world)
    shown = {
        (one["consolidate"] or one["exchange"])["subject"]: one for one in found["appointments"]
    }
    assert status == 1
    assert sorted(shown["Termin"]["fields"]) == ["location", "subject"]
    assert shown["Termin"]["activity_id"] == str(number)
    assert shown["Nur hier"]["exchange"] is None
    assert shown["Nur dort"]["consolidate"] is None
    assert shown["Nur dort"]["event_id"]
    assert shown["Weg"]["fields"] == []


@sqlite
def test_h5_an_event_that_was_moved_out_of_the_days_is_shown_where_it_went(
    run: Run, world: World
) -> None:
    world.enter("ANNA", "Termin", SOON)
    once(run, world)
    anna = world.tenant.user("anna")
    (event,) = anna.find("Termin")
    later = SOON + timedelta(days=30)
    anna.change(event, start=later, end=later + timedelta(hours=1))
    _status, found = asked(run, world)
    (one,) = found["appointments"]
    assert {"start", "end"} <= set(one["fields"])
    assert one["exchange"] is not None


@sqlite
def test_h5_each_occurrence_of_a_series_stands_by_itself(run: Run, world: World) -> None:
    world.enter("ANNA", "Jour fixe", SOON, recurrence="FREQ=DAILY;COUNT=9")
    once(run, world)
    _status, found = asked(run, world)
    starts = [one["consolidate"]["start"] for one in found["appointments"]]
    assert len(starts) == len(set(starts)) == 3
    assert all(one["series"] and one["exchange"] for one in found["appointments"])


@sqlite
def test_b14_no_word_of_a_private_appointment_is_shown(run: Run, world: World) -> None:
    world.enter("ANNA", "Geheim", SOON, private=True, location="Klinik")
    once(run, world)
    _status, found = asked(run, world)
    (one,) = found["appointments"]
    assert one["private"] is True
    assert "Geheim" not in json.dumps(found)
    assert "Klinik" not in json.dumps(found)


@sqlite
def test_h5_while_the_mailbox_is_away_consolidates_side_is_shown(run: Run, world: World) -> None:
    world.enter("ANNA", "Termin", SOON)
    once(run, world)
    with world.database.writing() as connection:
        gone = {"external_user_id": "gone@contoso.example"}
        connection.execute(sa.update(profile).values(gone))
    status, found = asked(run, world)
    assert status == 1
    assert found["trouble"]
    assert [one["exchange"] for one in found["appointments"]] == [None]


@sqlite
def test_a_profile_that_is_unknown_and_a_day_that_is_none_are_refused(
    run: Run, world: World
) -> None:
    said = run("calendar", "XY", "--config", world.folder / "agent.toml")
    assert said.status == 2
    said = run("calendar", "anna", "--from", "gestern", "--config", world.folder / "agent.toml")
    assert (said.status, "2026-12-01" in said.err) == (2, True)
