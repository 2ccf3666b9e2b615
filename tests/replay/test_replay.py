"""H7: what is replayed from a support bundle has the same plan as where it was made."""

import json
import os
import signal
import subprocess
import sys
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import date, datetime, timedelta
from pathlib import Path
from typing import Any, TypeAlias
from uuid import UUID, uuid4

import pytest
import sqlalchemy as sa

from calsync_agent import bundle
from calsync_agent.consolidate import tables as consolidate
from calsync_agent.support import rows
from tests.commands.conftest import Run
from tests.commands.telling import sqlite
from tests.support.world import SOON, World

Change: TypeAlias = Callable[[World, dict[str, UUID]], object]
SERIES = "FREQ=WEEKLY;BYDAY=" + "MO TU WE TH FR SA SU".split()[SOON.weekday()]


@contextmanager
def replayed(path: Path, *options: str) -> Iterator[Path]:
    """The settings file of a case that is put on; the sandbox runs meanwhile."""
    words = ["sandbox", "--replay", str(path), "--json", *options]
    started = subprocess.Popen(
        [sys.executable, "-W", "error", "-m", "calsync_agent", *words],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        env={**os.environ, "PYTHONUNBUFFERED": "1"},
    )
    with started:
        try:
            assert started.stdout is not None
            assert started.stderr is not None
            line = started.stdout.readline()
            assert line, started.stderr.read()
            yield Path(json.loads(line)["config_file"])
            started.send_signal(signal.SIGTERM)
            assert started.wait(20) == 0
        finally:
            if started.poll() is None:
                started.kill()


def plan(run: Run, config: Path) -> list[dict[str, Any]]:
    """What a preview shows, without what is told by pseudonyms."""
    said = run("preview", "--json", "--config", config)
    assert said.status == 0, said
    told = []
    for profile in json.loads(said.out):
        lists = {name: part for name, part in profile.items() if isinstance(part, list)}
        lists.pop("held")
        shapes = {
            name: Counter(
                (one.get("start"), one.get("side"), tuple(one.get("fields", ()))) for one in part
            )
            for name, part in lists.items()
        }
        told.append({"id": profile["profile_id"], **shapes, "first": profile["first_sync"]})
    return told


def a_company(world: World) -> dict[str, UUID]:
    """Singles, series and meetings of two people with mailboxes and one without."""
    world.hire("BERND")
    world.hire("CLARA", profile=False)
    made = {
        name: world.enter("ANNA", f"Termin {name}", SOON + timedelta(hours=number))
        for number, name in enumerate(("plain", "edited", "moved", "deleted", "gone"))
    }
    made["private"] = world.enter("ANNA", "Arzt", SOON, private=True, importance="high")
    made["day"] = world.enter("BERND", "Urlaub", SOON.date(), SOON.date() + timedelta(days=3))
    made["long"] = world.enter("BERND", "x" * 400, SOON, body="Wort " * 2000)
    made["series"] = world.enter("ANNA", "Jour fixe", SOON, recurrence=SERIES)
    except_for(world, made["series"], 7, cancelled=True)
    except_for(world, made["series"], 14, subject="Jour fixe, anderswo")
    made["meeting"] = world.enter("ANNA", "Besprechung", SOON + timedelta(days=1))
    world.invite(made["meeting"], "BERND", "CLARA")
    made["guests"] = world.enter("BERND", "Kunde", SOON + timedelta(days=2))
    with world.database.writing() as connection:
        connection.execute(
            sa.insert(consolidate.activity_participant).values(
                id=uuid4(), activity_id=made["guests"], email="kunde@else.example", name="Kunde"
            )
        )
    made["hers"] = world.enter("CLARA", "Bei Clara", SOON + timedelta(days=3))
    world.invite(made["hers"], "ANNA", "BERND")
    return made


def except_for(world: World, series: UUID, days: int, **values: object) -> None:
    with world.database.writing() as connection:
        connection.execute(
            sa.insert(consolidate.activity_exception).values(
                id=uuid4(),
                activity_id=series,
                original_start=SOON + timedelta(days=days),
                **values,
            )
        )


def nothing(_world: World, _made: dict[str, UUID]) -> None:
    """All is in step."""


def singles(world: World, made: dict[str, UUID]) -> None:
    world.edit(made["edited"], subject="Anders", location="Wien", body="Neu")
    world.edit(made["moved"], starts_at=SOON, ends_at=SOON + timedelta(hours=2))
    world.edit(made["private"], private=False, importance="low", show_as="oof")
    world.edit(made["plain"], reminder_minutes=30)
    world.remove(made["deleted"])
    world.remove(made["gone"], row=True)
    world.enter("ANNA", "Neu", SOON + timedelta(days=5))
    world.enter("BERND", "Krumm", SOON, SOON - timedelta(hours=1))


def series(world: World, made: dict[str, UUID]) -> None:
    world.edit(made["series"], recurrence=f"{SERIES};COUNT=20", subject="Wochenbeginn")
    except_for(world, made["series"], 21, cancelled=True)
    world.enter("BERND", "Zweite", SOON, recurrence="FREQ=DAILY;COUNT=9")


def single_to_series(world: World, made: dict[str, UUID]) -> None:
    world.edit(made["plain"], recurrence="FREQ=DAILY;COUNT=5")


def days(world: World, made: dict[str, UUID]) -> None:
    until = datetime.combine(SOON.date() + timedelta(days=5), datetime.min.time())
    world.edit(made["day"], ends_at=until)
    world.enter("ANNA", "Feiertag", date(SOON.year + 1, 1, 1))


def meetings(world: World, made: dict[str, UUID]) -> None:
    world.edit(made["meeting"], location="Saal")
    world.invite(made["plain"], "BERND")
    world.respond(made["meeting"], "BERND", "accepted")
    world.remove(made["guests"])
    world.edit(made["hers"], subject="Doch bei Clara")


@sqlite
@pytest.mark.parametrize("change", [nothing, singles, series, single_to_series, days, meetings])
def test_h7_a_replayed_case_has_the_same_plan(
    run: Run, world: World, change: Change, tmp_path: Path
) -> None:
    made = a_company(world)
    config = world.folder / "agent.toml"
    once = run("once", "--config", config)
    assert once.status == 0, once
    change(world, made)
    expected = plan(run, config)
    assert run("support", tmp_path / "case.zip", "--config", config).status == 0

    with replayed(tmp_path / "case.zip", "--config-dir", str(tmp_path / "case")) as settings:
        assert plan(run, settings) == expected


@sqlite
def test_h7_a_first_sync_is_replayed_as_one(run: Run, world: World, tmp_path: Path) -> None:
    a_company(world)
    config = world.folder / "agent.toml"
    expected = plan(run, config)
    assert run("support", tmp_path / "case.zip", "--config", config).status == 0

    with replayed(tmp_path / "case.zip") as settings:
        assert plan(run, settings) == expected
        assert all(one["first"] for one in expected)
    assert not settings.exists()


@sqlite
def test_h7_invitations_from_outside_are_replayed(run: Run, world: World, tmp_path: Path) -> None:
    mailbox = world.tenant.user("anna")
    guest = world.tenant.outsider("chef@else.example", "Chef")
    for number in range(3):
        start = SOON + timedelta(hours=number)
        end = start + timedelta(hours=1)
        guest.create(f"Von außen {number}", start, end, attendees=[mailbox.upn])
    weekly = {"type": "weekly", "interval": 1, "daysOfWeek": [f"{SOON:%A}".lower()]}
    weekly["firstDayOfWeek"] = "monday"
    host = guest.create(
        "Serie von außen",
        SOON + timedelta(hours=5),
        SOON + timedelta(hours=6),
        attendees=[mailbox.upn],
        recurrence={"pattern": weekly},
    )
    guest.delete(guest.occurrence(host, SOON.date() + timedelta(days=7)))
    config = world.folder / "agent.toml"
    assert run("once", "--config", config).status == 0
    (_, second, third, series_) = world.activities()
    world.edit(series_["id"], show_as="free")
    world.remove(second["id"])
    world.edit(third["id"], reminder_minutes=77)
    expected = plan(run, config)
    assert run("support", tmp_path / "case.zip", "--config", config).status == 0

    with replayed(tmp_path / "case.zip") as settings:
        assert plan(run, settings) == expected


def test_h7_settings_directions_and_holds_are_as_they_were(
    run: Run, world: World, tmp_path: Path
) -> None:
    made = a_company(world)
    config = world.folder / "agent.toml"
    assert run("once", "--config", config).status == 0
    world.provider(outbound=False)
    with config.open("a", encoding="utf-8") as file:
        file.write("\n[sync]\npast_months = 1\nmax_deletes = 0\nmax_delete_percent = 0\n")
    world.edit(made["edited"], subject="Anders")
    world.remove(made["deleted"])
    expected = plan(run, config)
    assert run("support", tmp_path / "case.zip", "--config", config).status == 0

    with replayed(tmp_path / "case.zip") as settings:
        assert plan(run, settings) == expected
        assert "max_deletes = 0" in settings.read_text(encoding="utf-8")


@sqlite
def test_h7_rows_that_nobody_can_read_are_as_odd_where_they_are_replayed(
    run: Run, world: World, tmp_path: Path
) -> None:
    made = a_company(world)
    config = world.folder / "agent.toml"
    assert run("once", "--config", config).status == 0
    new = world.enter("ANNA", "Neu", SOON)
    with world.database.writing() as connection:
        for number, column in (
            (new, "starts_at"),
            (made["edited"], "ends_at"),
            (made["moved"], "show_as"),
        ):
            odd = f"UPDATE activity SET {column} = 'demnächst' WHERE id = ?"  # noqa: S608
            connection.exec_driver_sql(odd, (number.hex,))
    expected = plan(run, config)
    assert sum(expected[0]["refusals"].values()) == 3
    assert run("support", tmp_path / "case.zip", "--config", config).status == 0

    with replayed(tmp_path / "case.zip") as settings:
        assert plan(run, settings) == expected


@sqlite
def test_h7_of_a_bundle_that_was_cut_no_appointment_passes_for_deleted(
    run: Run, world: World, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    a_company(world)
    config = world.folder / "agent.toml"
    assert run("once", "--config", config).status == 0
    monkeypatch.setattr(rows, "MOST", 4)
    assert run("support", tmp_path / "case.zip", "--config", config).status == 0
    monkeypatch.undo()

    with replayed(tmp_path / "case.zip") as settings:
        assert [one["deletions"] for one in plan(run, settings)] == [Counter(), Counter()]


def test_h7_a_case_of_odd_values_is_refused_in_one_line(run: Run, tmp_path: Path) -> None:
    path = tmp_path / "case.zip"
    manifest = {bundle.MANIFEST: {"format": bundle.FORMAT}}
    for odd in ({"columns": ["id"], "rows": [[1, 2]]}, {"columns": ["subject"], "rows": [["x"]]}):
        path.write_bytes(bundle.packed({**manifest, "tables/activity.json": odd}))
        said = run("sandbox", "--replay", path)
        assert (said.status, len(said.problems)) == (2, 1)


def test_h7_a_bundle_made_without_the_database_is_refused_with_that_reason(
    run: Run, tmp_path: Path
) -> None:
    path = tmp_path / "case.zip"
    assert run("support", path).status == 0
    said = run("sandbox", "--replay", path)
    (line,) = said.problems
    assert said.status == 2
    assert "errors.json" in line


@sqlite
@pytest.mark.parametrize("option", ["--state", "--mailbox", "--import"])
def test_h7_a_replay_brings_its_own_mailboxes(
    run: Run, world: World, tmp_path: Path, option: str
) -> None:
    path = tmp_path / "case.zip"
    assert run("support", path, "--config", world.folder / "agent.toml").status == 0
    said = run("sandbox", "--replay", path, option, tmp_path / "x")
    (line,) = said.problems
    assert said.status == 2
    assert option in line
