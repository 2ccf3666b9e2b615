"""What happens when something was wrong: guard, holds, history, flips (B6, B7, B13, C4, F8)."""

import json
from datetime import timedelta
from pathlib import Path
from uuid import UUID, uuid4

import anyio
import anyio.to_thread
import pytest
import sqlalchemy as sa

from calsync_agent.cli import main
from calsync_agent.consolidate import rows, tables
from calsync_agent.sandbox.model.content import Address
from calsync_agent.state import tables as state
from tests.support.places import keep_to
from tests.support.rig import Rig
from tests.support.verify import assert_in_step, assert_same_occurrences
from tests.support.world import SOON, World

pytestmark = pytest.mark.anyio

HOUR = timedelta(hours=1)


async def command(world: World, capsys: pytest.CaptureFixture[str], *words: str) -> tuple[int, str]:
    """Run a command of the admin; its exit status and what it printed."""
    world.settings()
    options = [*words, "--config", str(world.folder / "agent.toml"), "--lang", "en"]
    capsys.readouterr()
    status = await anyio.to_thread.run_sync(main, options)
    return status, capsys.readouterr().out


def filled(world: World, count: int) -> list[UUID]:
    world.hire("ANNA")
    return [world.enter("ANNA", f"Termin {n}", SOON + n * HOUR) for n in range(count)]


async def in_step(world: World) -> bool:
    return all(outcome.in_step for outcome in await world.sync())


@pytest.mark.parametrize("answer", ["confirm", "discard"])
@pytest.mark.parametrize("side", ["consolidate", "exchange"])
async def test_b7_half_a_calendar_deleted_waits_for_an_admin(
    world: World, capsys: pytest.CaptureFixture[str], side: str, answer: str
) -> None:
    numbers = filled(world, 40)
    anna = world.tenant.user("anna")
    assert await in_step(world)
    if side == "exchange":
        for event in anna.events()[:20]:
            anna.delete(event["id"])
    else:
        for number in numbers[:20]:
            world.remove(number)
    world.enter("ANNA", "noch einer", SOON)
    assert not await in_step(world)  # held, and said so
    remaining = (len(world.activities()), len(anna.events()))
    assert remaining == ((41, 21) if side == "exchange" else (21, 41))  # G3: the new one went on
    assert not await in_step(world)
    assert (len(world.activities()), len(anna.events())) == remaining
    assert (await command(world, capsys, answer, "ANNA"))[0] == 0
    assert await in_step(world)
    assert_in_step(world)
    assert len(world.activities()) == (21 if answer == "confirm" else 41)
    assert world.rows(state.hold) == []
    assert (await command(world, capsys, answer, "ANNA"))[0] == 2  # nothing is held any more


async def test_b7_few_deletions_are_carried_out_at_once(world: World) -> None:
    numbers = filled(world, 12)
    assert await in_step(world)
    for number in numbers[:10]:
        world.remove(number)
    assert await in_step(world)
    assert len(world.tenant.user("anna").events()) == 2


async def test_b7_what_is_deleted_after_a_yes_can_be_restored(
    world: World, capsys: pytest.CaptureFixture[str]
) -> None:
    anna, bernd = world.hire("ANNA"), world.hire("BERND")
    series = world.enter("ANNA", "Jour fixe", SOON, recurrence="FREQ=WEEKLY;COUNT=8", body="Text")
    world.invite(series, "BERND")
    exception = {
        "id": uuid4(),
        "activity_id": series,
        "original_start": SOON + timedelta(weeks=2),
        "subject": "Anders",
    }
    with world.database.writing() as connection:
        connection.execute(sa.insert(tables.activity_exception).values(exception))
    assert await in_step(world)
    anna.delete(anna.events()[0]["id"])
    assert await in_step(world)
    assert world.activity(series)["deleted_at"] is not None
    status, out = await command(world, capsys, "history", "--json")
    (kept,) = json.loads(out)
    assert (status, kept["side"], kept["subject"]) == (0, "consolidate", "Jour fixe")
    assert kept["activity_id"] == str(series)
    assert (await command(world, capsys, "restore", str(kept["id"])))[0] == 0
    assert await in_step(world)
    assert_same_occurrences(world, "ANNA")
    assert world.answers(series) == {"BERND": "none"}
    assert [e["isCancelled"] for e in bernd.events()].count(False) == 1
    assert (await command(world, capsys, "restore", "999"))[0] == 2


async def test_b6_a_version_lost_in_a_conflict_can_be_made_current_again(
    world: World, capsys: pytest.CaptureFixture[str]
) -> None:
    anna = world.hire("ANNA")
    number = world.enter("ANNA", "Termin", SOON)
    assert await in_step(world)
    world.edit(number, subject="aus Consolidate")
    anna.change(anna.events()[0]["id"], subject="aus Outlook")
    assert await in_step(world)
    (kept,) = json.loads(
        (await command(world, capsys, "history", "--json", "--profile", "ANNA"))[1]
    )
    await command(world, capsys, "restore", str(kept["id"]))
    assert await in_step(world)
    assert anna.events()[0]["subject"] == world.activity(number)["subject"] == "aus Outlook"
    told = [row for row in world.rows(state.log) if "has restored: " in row["message"]]
    assert [(row["activity_id"], row["profile_id"]) for row in told] == [(number, 1)]


async def test_b6_a_hard_deleted_appointment_comes_back_with_its_responsible(
    world: World, capsys: pytest.CaptureFixture[str]
) -> None:
    world.hire("BERND")
    anna = world.hire("ANNA")
    number = world.enter("ANNA", "Termin", SOON)
    assert await in_step(world)
    world.remove(number, row=True)
    assert await in_step(world)
    (kept,) = json.loads((await command(world, capsys, "history", "--json"))[1])
    await command(world, capsys, "restore", str(kept["id"]))
    assert await in_step(world)
    assert world.activity(number)["responsible_id"] == world.employees["ANNA"]
    assert len(anna.events()) == 1


@pytest.mark.parametrize("answer", ["confirm", "discard"])
async def test_f8_a_cycle_that_would_mail_too_many_waits(
    world: World, capsys: pytest.CaptureFixture[str], answer: str
) -> None:
    anna, bernd = world.hire("ANNA"), world.hire("BERND")
    for n in range(51):
        number = world.enter("ANNA", f"Besprechung {n}", SOON)
        world.invite(number, "BERND")
    world.enter("ANNA", "allein", SOON)
    assert not await in_step(world)
    assert [event["subject"] for event in anna.events()] == ["allein"]
    assert world.tenant.outbox == []
    assert (await command(world, capsys, answer, "1"))[0] == 0
    await world.sync()
    sent = 51 if answer == "confirm" else 0
    assert len(world.tenant.outbox) == sent
    assert len(bernd.events()) == sent


@pytest.mark.parametrize(("before", "after"), [("normal", "none"), ("private", "normal")])
async def test_c4_a_type_switched_back_and_forth(world: World, before: str, after: str) -> None:
    anna = world.hire("ANNA")
    _switch_type(world, before)
    world.enter("ANNA", "Termin", SOON)
    for word in (before, after, before):
        _switch_type(world, word)
        assert await in_step(world)
        shown = [event["sensitivity"] for event in anna.events()]
        assert shown == {"normal": ["normal"], "private": ["private"], "none": []}[word]
    assert len(world.activities()) == 1


async def test_g6_a_type_that_makes_private_wins_over_outlook(world: World) -> None:
    anna = world.hire("ANNA")
    _switch_type(world, "private")
    world.enter("ANNA", "Termin", SOON)
    assert await in_step(world)
    anna.change(anna.events()[0]["id"], sensitivity="normal")
    assert await in_step(world)
    assert anna.events()[0]["sensitivity"] == "private"


def _switch_type(world: World, word: str) -> None:
    with world.database.writing() as connection:
        connection.execute(sa.update(tables.activity_type).values(calendar_sync=word))


async def test_b13_an_appointment_that_flips_is_stopped(world: World) -> None:
    anna = world.hire("ANNA")
    number = world.enter("ANNA", "eins", SOON)
    assert await in_step(world)
    event = anna.events()[0]["id"]
    flips = 0
    for n in range(12):
        other = "zwei" if n % 2 == 0 else "eins"
        anna.change(event, subject=other)
        if not await in_step(world):
            break
        flips += 1
    assert flips == 5
    (row,) = world.rows(state.quarantine)
    assert "subject" in row["reason"]
    assert row["activity_id"] == number


async def test_b13_a_change_that_never_sticks_is_stopped(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Equal versions are kept once, but written again and again."""
    anna = world.hire("ANNA")
    made = anna.create("Einladung", SOON, SOON + HOUR)
    with anna.world.lock:
        item = anna.item(made)
        item.is_organizer, item.organizer = False, Address("Erna", "erna@far.example")
    monkeypatch.setattr(rows, "_organizer", lambda _row: None)
    assert await in_step(world)
    world.edit(world.activities()[0]["id"], status="done")
    assert not await in_step(world)
    (row,) = world.rows(state.quarantine)
    assert "organizer" in row["reason"]
    (activity,) = world.activities()
    assert activity["note"].count("organizer") == 5
    (kept,) = world.rows(state.history)
    assert kept["replaced_by"]


async def test_b13_flips_are_forgotten_after_an_hour(rig: Rig) -> None:
    anna = rig.world.hire("ANNA")
    rig.world.enter("ANNA", "eins", SOON)
    await rig.until_quiet()
    event = anna.events()[0]["id"]
    for n in range(12):
        anna.change(event, subject="zwei" if n % 2 == 0 else "eins")
        await rig.until_quiet()
        rig.wait(minutes=11)
    assert rig.world.rows(state.quarantine) == []
    assert len(rig.world.rows(state.turn)) <= 6


async def test_a5_an_idle_sync_remembers_no_writes(world: World) -> None:
    anna = world.hire("ANNA")
    for n in range(5):
        world.enter("ANNA", f"Termin {n}", SOON)
        anna.create(f"Event {n}", SOON, SOON.replace(hour=10))
    assert await in_step(world)
    assert await in_step(world)
    assert world.rows(state.turn) == []


async def test_b4_the_preview_says_what_the_first_sync_then_does(
    world: World, capsys: pytest.CaptureFixture[str]
) -> None:
    anna = world.hire("ANNA")
    for n in range(8):
        world.enter("ANNA", f"Termin {n}", SOON + n * HOUR)
        anna.create(f"TERMIN  {n}", SOON + n * HOUR, SOON + (n + 1) * HOUR)
    world.enter("ANNA", "doppelt", SOON)
    world.enter("ANNA", "doppelt", SOON)
    anna.create("doppelt", SOON, SOON + HOUR)
    world.enter("ANNA", "nur hier", SOON)
    world.enter("ANNA", "schlecht", SOON, time_zone="Mars")
    anna.create("nur dort", SOON, SOON + HOUR)
    before = [world.rows(table) for table in state.PLUGIN_TABLES]
    events = anna.events()
    status, out = await command(world, capsys, "preview", "--json")
    (told,) = json.loads(out)
    assert (status, anna.events()) == (0, events)
    assert [world.rows(table) for table in state.PLUGIN_TABLES] == before
    assert len(told["matched"]) == 9
    assert {line["by"] for line in told["matched"]} == {"alike"}
    assert [line["subject"] for line in told["only_exchange"]] == ["nur dort"]
    assert sorted(line["subject"] for line in told["only_consolidate"]) == ["doppelt", "nur hier"]
    assert len(told["ambiguous"]) >= 1
    assert [line["subject"] for line in told["refusals"]] == ["schlecht"]
    assert told["mails"] == {"inside": 0, "outside": 0}
    _, out = await command(world, capsys, "preview")
    assert "schlecht  the time zone Mars" in out
    await world.sync()
    assert len(world.rows(state.link)) == 9 + 1 + 2
    status, out = await command(world, capsys, "preview", "--profile", "ANNA")
    assert status == 0
    assert "TERMIN" not in out


@pytest.fixture(autouse=True)
def _memory_of_its_own(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    keep_to(tmp_path, monkeypatch)
