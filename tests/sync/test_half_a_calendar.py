"""Half a calendar is deleted, on either side: held and explained, brought back, or restored (B7).

The calendar holds what is hardest to bring back: series with exceptions, meetings with answers.
"""

import json
import re
from collections import Counter
from collections.abc import Sequence
from datetime import timedelta
from pathlib import Path
from typing import Any, Final
from uuid import UUID, uuid4

import anyio
import anyio.to_thread
import pytest
import sqlalchemy as sa

from calsync_agent.cli import main
from calsync_agent.consolidate import tables
from calsync_agent.sandbox.people import Person
from calsync_agent.state import tables as state
from tests.support.places import keep_to
from tests.support.rig import SOON as RIG_SOON
from tests.support.rig import Rig
from tests.support.verify import events_seen
from tests.support.world import SOON, World

pytestmark = pytest.mark.anyio

HOUR: Final = timedelta(hours=1)
WEEK: Final = timedelta(weeks=1)
SIDES: Final = pytest.mark.parametrize("side", ["consolidate", "rows", "exchange"])


@pytest.fixture(autouse=True)
def _memory_of_its_own(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    keep_to(tmp_path, monkeypatch)


async def command(world: World, capsys: pytest.CaptureFixture[str], *words: str) -> tuple[int, str]:
    """Run a command of the admin; its exit status and all that it said."""
    world.settings()
    options = [*words, "--config", str(world.folder / "agent.toml"), "--lang", "en"]
    capsys.readouterr()
    status = await anyio.to_thread.run_sync(main, options)
    said = capsys.readouterr()
    return status, said.out + said.err


def except_(world: World, series: UUID, week: int, start: Any, **values: object) -> None:
    """Somebody changes one occurrence of a series in Consolidate."""
    row = {"id": uuid4(), "activity_id": series, "original_start": start + week * WEEK, **values}
    with world.database.writing() as connection:
        connection.execute(sa.insert(tables.activity_exception).values(row))


async def calendar(world: World) -> list[UUID]:
    """Anna's calendar, in step: singles, series, meetings; from both sides, answers given."""
    anna, bernd = world.hire("ANNA"), world.hire("BERND")
    world.hire("CLARA", profile=False)
    texts = ((n, f"Termin {n}", f"Text {n}") for n in range(20))
    numbers = [world.enter("ANNA", name, SOON + n * HOUR, body=text) for n, name, text in texts]
    for n in range(3):
        start = SOON + timedelta(days=1, hours=n)
        rule = "FREQ=WEEKLY;COUNT=6"
        series = world.enter("ANNA", f"Serie {n}", start, recurrence=rule, reminder_minutes=5)
        except_(world, series, 1, start, cancelled=True)
        except_(world, series, 2, start, subject="Anders", location="Saal")
        times = {"starts_at": start + 3 * WEEK + HOUR, "ends_at": start + 3 * WEEK + 3 * HOUR}
        except_(world, series, 3, start, **times)
        if n:
            world.invite(series, "BERND", "CLARA")
        numbers.append(series)
    for n in range(3):
        numbers.append(world.enter("ANNA", f"Besprechung {n}", SOON + timedelta(days=2, hours=n)))
        world.invite(numbers[-1], "BERND", "CLARA")
    start = SOON + timedelta(days=3)
    invited = [bernd.upn, "kunde@kunde.example"]
    anna.create("aus Outlook", start, start + HOUR, attendees=invited, body="Anfahrt")
    await in_step(world)
    bernd.respond(bernd.find("Besprechung 0")[0], "accepted")
    bernd.respond(bernd.find("Serie 1")[0], "tentativelyAccepted")
    await in_step(world)
    numbers += [row["id"] for row in world.activities() if row["subject"] == "aus Outlook"]
    return numbers


async def in_step(world: World) -> None:
    outcomes = await world.sync()
    assert all(outcome.in_step for outcome in outcomes), [str(o.line) for o in outcomes]


def here(world: World) -> Counter[Any]:
    """What Consolidate holds, people and exceptions included; rules show in `there`."""
    names = ("subject", "body", "location", "starts_at", "ends_at", "responsible_id")
    children: dict[UUID, list[Any]] = {}
    for row in world.rows(tables.activity_participant):
        if row["role"] != "invited":
            continue  # the organizer, as whom Exchange names the responsible
        person = row["employee_id"] or row["email"]
        children.setdefault(row["activity_id"], []).append((str(person), row["response"]))
    for row in world.rows(tables.activity_exception):
        own = [row[name] for name in ("subject", "location", "starts_at", "ends_at", "cancelled")]
        children.setdefault(row["activity_id"], []).append((str(row["original_start"]), *own))
    return Counter(
        (*(row[name] or "" for name in names), *sorted(map(str, children.get(row["id"], ()))))
        for row in world.activities()
    )


def there(world: World) -> dict[str, Counter[Any]]:
    """What each of them sees in Outlook, occurrence for occurrence."""
    start, end = SOON - timedelta(days=9), SOON + timedelta(days=90)
    people = {code: world.tenant.user(code.lower()) for code in world.employees}
    for person in people.values():
        for event in person.events():
            if event["isCancelled"]:
                person.delete(event["id"])  # as people do with what is cancelled (G11)
    return {code: events_seen(person, start, end) for code, person in people.items()}


def delete_half(world: World, numbers: Sequence[UUID], side: str) -> None:
    """Somebody deletes every second appointment, the last one included."""
    anna = world.tenant.user("anna")
    doomed = set(numbers[::2])
    subjects = [row["subject"] for row in world.activities() if row["id"] in doomed]
    assert "aus Outlook" in subjects
    if side == "exchange":
        for subject in subjects:
            anna.delete(anna.find(subject)[0])
    else:
        for number in doomed:
            world.remove(number, row=side == "rows")


def on_the_other(world: World, side: str) -> object:
    """The side on which nobody has deleted anything."""
    anna: Person = world.tenant.user("anna")
    return here(world) if side == "exchange" else sorted(e["subject"] for e in anna.events())


def mails(world: World) -> int:
    """How often Exchange has mailed because of the sync."""
    return sum(mail.cause.startswith("app") for mail in world.tenant.outbox)


@SIDES
async def test_b7_half_a_calendar_is_held_and_explained_and_discard_brings_it_back(
    world: World, capsys: pytest.CaptureFixture[str], side: str
) -> None:
    numbers = await calendar(world)
    before = here(world), there(world)
    untouched, mailed = on_the_other(world, side), mails(world)
    delete_half(world, numbers, side)
    status, said = await command(world, capsys, "once")
    assert status == 1
    where = "Consolidate" if side == "exchange" else "Exchange"
    assert f"held: deletions in {where}: 14; " in said
    assert "calsync-agent confirm 1 carries it out" in said
    told = [row["message"] for row in world.rows(state.log) if row["kind"] == "held"]
    # What was busy at first joins those that wait, which may be told once more; all 14 do.
    assert 1 <= len(told) <= 2, told
    assert all(re.search(r"\b(1[1-4]) of 27 ", line) for line in told), told
    assert on_the_other(world, side) == untouched
    assert mails(world) == mailed
    assert {row["verdict"] for row in world.rows(state.hold)} == {None}
    status, said = await command(world, capsys, "preview", "--profile", "ANNA")
    assert f"waits for an administrator: deletions in {where}: 14" in said
    assert (await command(world, capsys, "discard", "ANNA"))[0] == 0
    await in_step(world)
    assert (here(world), there(world)) == before
    assert world.rows(state.hold) == []


@SIDES
async def test_b7_what_was_confirmed_is_deleted_and_each_of_it_can_be_restored(
    world: World, capsys: pytest.CaptureFixture[str], side: str
) -> None:
    numbers = await calendar(world)
    before = here(world), there(world)
    delete_half(world, numbers, side)
    assert (await command(world, capsys, "once"))[0] == 1
    assert (await command(world, capsys, "confirm", "ANNA"))[0] == 0
    await in_step(world)
    assert len(world.activities()) == len(world.tenant.user("anna").events()) == 13
    status, said = await command(world, capsys, "history", "--json", "--profile", "ANNA")
    deleted = [one for one in json.loads(said) if "deleted" in one["rule"]]
    assert status == 0
    assert {UUID(one["activity_id"]) for one in deleted} == set(numbers[::2])
    for one in deleted:
        assert (await command(world, capsys, "restore", str(one["id"])))[0] == 0
    await in_step(world)
    assert (here(world), there(world)) == before


@pytest.mark.parametrize("dialect", ["sqlite"], indirect=True)
async def test_b7_only_the_items_that_are_named_are_answered(
    world: World, capsys: pytest.CaptureFixture[str]
) -> None:
    anna = world.hire("ANNA")
    numbers = [world.enter("ANNA", f"Termin {n}", SOON + n * HOUR) for n in range(20)]
    await in_step(world)
    for number in numbers[:12]:
        world.remove(number)
    assert (await command(world, capsys, "once"))[0] == 1
    for wrong in (str(uuid4()), "Termin 0", str(numbers[15])):
        right = ("--only", str(numbers[0]))
        status, said = await command(world, capsys, "confirm", "1", *right, "--only", wrong)
        assert status == 2
        assert f"{wrong} does not wait in profile 1. What waits: " in said
        assert f"{numbers[3]} (Termin 3)" in said
    assert {row["verdict"] for row in world.rows(state.hold)} == {None}
    named = ("--only", str(numbers[0]), "--only", numbers[1].hex.upper())
    assert (await command(world, capsys, "confirm", "ANNA", *named))[0] == 0
    assert (await command(world, capsys, "discard", "1", "--only", str(numbers[2])))[0] == 0
    status, said = await command(world, capsys, "once")
    assert status == 1  # the others still wait
    assert "held: deletions in Exchange: 9; " in said
    assert len(anna.events()) == 18
    assert {row["subject"] for row in world.activities()} == {
        "Termin 2",
        *(f"Termin {n}" for n in range(12, 20)),
    }
    assert (await command(world, capsys, "confirm", "1", "--only", str(numbers[0])))[0] == 2
    assert (await command(world, capsys, "discard", "1"))[0] == 0
    await in_step(world)
    assert len(anna.events()) == len(world.activities()) == 18


@pytest.mark.parametrize("dialect", ["sqlite"], indirect=True)
async def test_b7_nothing_at_all_is_deleted_however_the_deletions_are_found(rig: Rig) -> None:
    """Some of them are found because Exchange reports the event, the others in pending work."""
    anna = rig.world.hire("ANNA")
    numbers = [rig.world.enter("ANNA", f"Termin {n}", RIG_SOON + n * HOUR) for n in range(28)]
    for _ in range(2):  # until what was sent has come back, too
        await rig.until_quiet()
        rig.wait(minutes=1)
    for number in numbers[:14]:
        rig.world.remove(number)
    for n in range(5):
        anna.change(anna.find(f"Termin {n}")[0], location={"displayName": "Saal"})
    await rig.until_quiet()
    assert len(anna.events()) == 28
    assert len(rig.world.rows(state.hold)) == 14
    assert rig.world.rows(state.history) == []
    (told,) = [row["message"] for row in rig.world.rows(state.log) if row["kind"] == "held"]
    assert "14 of 28" in told
