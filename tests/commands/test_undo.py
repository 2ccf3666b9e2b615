"""H6: what the sync overwrote or deleted since a moment is put back in one step, shown before."""

import json
from collections import Counter
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID

import pytest
import sqlalchemy as sa

from calsync_agent.commands.undo import moment
from calsync_agent.consolidate import tables as consolidate
from calsync_agent.sandbox.people import Person
from calsync_agent.state import tables
from tests.commands.conftest import Run, Said
from tests.commands.telling import sqlite
from tests.support.verify import appointments, assert_in_step
from tests.support.world import SOON, World

HOUR = timedelta(hours=1)


def asked(run: Run, world: World, *words: str) -> tuple[Said, list[dict[str, Any]]]:
    said = run("undo", "--json", *words, "--config", world.folder / "agent.toml")
    assert said.out, said.err
    return said, json.loads(said.out)


def once(run: Run, world: World) -> Said:
    return run("once", "--config", world.folder / "agent.toml")


def anna(world: World) -> Person:
    return world.tenant.user("anna")


def event(world: World, subject: str) -> str:
    (found,) = anna(world).find(subject)
    return found


def actions(found: list[dict[str, Any]]) -> Counter[str]:
    return Counter(one["action"] for one in found)


@pytest.fixture
def office(run: Run, world: World) -> dict[str, UUID]:
    """Four appointments in step, each a version of its own."""
    numbers = {
        name: world.enter("ANNA", name, SOON + n * HOUR, body=f"Text {name}")
        for n, name in enumerate(("eins", "zwei", "drei", "vier"))
    }
    assert once(run, world).status == 0
    return numbers


def havoc(run: Run, world: World, numbers: dict[str, UUID]) -> None:
    """Overwritten twice, overwritten from the other side, deleted on each side."""
    for text in ("eins einmal", "eins zweimal"):
        anna(world).change(
            anna(world).find("eins" if "einmal" in text else "eins einmal")[0], subject=text
        )
        once(run, world)
    world.edit(numbers["zwei"], location="woanders", body="")
    anna(world).delete(event(world, "drei"))
    world.remove(numbers["vier"], row=True)
    assert once(run, world).status == 0


def test_h6_all_is_put_back_on_both_sides(run: Run, world: World, office: dict[str, UUID]) -> None:
    before = appointments(world, "ANNA")
    havoc(run, world, office)
    assert appointments(world, "ANNA") != before
    said, found = asked(run, world, "--since", "1h", "--yes")
    assert said.status == 0
    assert actions(found) == {"brought back": 2, "changed back": 2}
    assert appointments(world, "ANNA") == before
    assert once(run, world).status == 0
    assert appointments(world, "ANNA") == before
    assert_in_step(world, "ANNA")
    assert {row["id"] for row in world.activities()} == set(office.values())


def test_h6_it_is_only_shown_without_a_yes(run: Run, world: World, office: dict[str, UUID]) -> None:
    havoc(run, world, office)
    every = [consolidate.activity, consolidate.feed, tables.history, tables.log, tables.pending]
    before = [world.rows(table) for table in every]
    said, found = asked(run, world, "--since", "1h")
    shown = run("undo", "--since", "1h", "--config", world.folder / "agent.toml", "--lang", "de")
    assert (said.status, shown.status) == (0, 0)
    assert [world.rows(table) for table in every] == before
    assert not any(one["done"] for one in found)
    assert "--yes" in shown.out
    by_id = {one["activity_id"]: one for one in found}
    assert by_id[str(office["zwei"])]["fields"] == ["body", "location"]
    assert by_id[str(office["eins"])]["subject"] == "eins"


def test_h6_done_twice_it_is_done_once(run: Run, world: World, office: dict[str, UUID]) -> None:
    havoc(run, world, office)
    asked(run, world, "--since", "1h", "--yes")
    rows = world.rows(consolidate.activity)
    for cycled in (False, True):
        if cycled:
            once(run, world)
            rows = world.rows(consolidate.activity)
        said, found = asked(run, world, "--since", "1h", "--yes")
        assert (said.status, actions(found)) == (0, {"as it was already": 4})
        assert world.rows(consolidate.activity) == rows


def test_h6_what_is_older_stays(run: Run, world: World, office: dict[str, UUID]) -> None:
    anna(world).change(event(world, "eins"), subject="längst geändert")
    once(run, world)
    with world.database.writing() as connection:
        old = datetime.now(UTC).replace(tzinfo=None) - timedelta(hours=5)
        connection.execute(sa.update(tables.history).values(at=old))
    anna(world).change(event(world, "längst geändert"), subject="eben geändert")
    once(run, world)
    _, found = asked(run, world, "--since", "3h", "--yes")
    assert [one["subject"] for one in found] == ["längst geändert"]
    assert world.activity(office["eins"])["subject"] == "längst geändert"
    _, found = asked(run, world, "--since", "1d", "--yes")
    assert world.activity(office["eins"])["subject"] == "eins"


def test_h6_only_one_profile_s(run: Run, world: World, office: dict[str, UUID]) -> None:
    world.hire("BERND")
    other = world.enter("BERND", "Bernds", SOON)
    once(run, world)
    world.edit(other, subject="Bernds neuer")
    world.edit(office["eins"], subject="Annas neuer")
    once(run, world)
    _, found = asked(run, world, "--since", "1h", "--profile", "bernd", "--yes")
    assert [one["activity_id"] for one in found] == [str(other)]
    assert world.activity(other)["subject"] == "Bernds"
    assert world.activity(office["eins"])["subject"] == "Annas neuer"


def test_h6_f2_people_stay_where_their_own_events_told_of_none(run: Run, world: World) -> None:
    world.hire("OTTO", profile=False)
    number = world.enter("OTTO", "Ottos", SOON)
    world.invite(number, "ANNA", response="accepted")
    once(run, world)
    world.edit(number, subject="Ottos neuer")
    once(run, world)
    _, found = asked(run, world, "--since", "1h", "--yes")
    assert [one["fields"] for one in found] == [["subject"]]
    assert world.activity(number)["subject"] == "Ottos"
    assert world.answers(number) == {"ANNA": "accepted"}


def test_h6_f8_its_mails_are_counted(run: Run, world: World) -> None:
    world.settings(sync="max_mails = 1")
    for code in ("BERND", "CLARA"):
        world.hire(code)
    number = world.enter("ANNA", "Treffen", SOON)
    once(run, world)
    anna(world).delete(event(world, "Treffen"))
    once(run, world)
    asked(run, world, "--since", "1h", "--yes")
    world.invite(number, "BERND", "CLARA")
    said = once(run, world)
    assert said.status == 1
    assert [row["kind"] for row in world.rows(tables.hold)] == ["mail"]
    assert not anna(world).find("Treffen")


def test_h6_b8_what_cannot_be_put_back_costs_itself_alone(
    run: Run, world: World, office: dict[str, UUID]
) -> None:
    havoc(run, world, office)
    world.edit(office["zwei"], time_zone="Nowhere/Land")
    world.edit(office["eins"], organizer_email="guest@elsewhere.example")
    for words in ((), ("--yes",)):
        said, found = asked(run, world, "--since", "1h", *words)
        assert said.status == 1
        assert actions(found) == {"brought back": 2, "left as it is": 2}
        assert len(said.problems) == 2
        assert any("Nowhere/Land" in line for line in said.problems)


@sqlite
def test_h6_nothing_to_put_back(run: Run, world: World) -> None:
    for words in ((), ("--yes",)):
        assert asked(run, world, "--since", "2026-01-01", *words)[1] == []
        told = run("undo", "--since", "1h", *words, "--config", world.folder / "agent.toml")
        assert (told.status, told.out.strip()) == (0, "Nothing is to be put back.")


@sqlite
@pytest.mark.parametrize(
    "wrong",
    [
        "",
        "yesterday",
        "3",
        "3x",
        "-3h",
        "h",
        "3h 2m",
        "9999999999d",
        "2026-13-01",
        "2026-11-31",
        "999999999d",
        "25:00",
        "²h",
        "0001-01-01T00:00+23:59",
    ],
)
def test_h6_a_wrong_time_is_one_line(run: Run, world: World, wrong: str) -> None:
    said = run("undo", f"--since={wrong}", "--config", world.folder / "agent.toml")
    (line,) = said.problems
    assert (said.status, said.out) == (2, "")
    assert "--since" in line


@sqlite
def test_h6_an_unknown_profile_is_one_line(run: Run, world: World) -> None:
    said = run("undo", "--since=1h", "--profile=XY", "--config", world.folder / "agent.toml")
    (line,) = said.problems
    assert (said.status, "XY" in line) == (2, True)


@pytest.mark.parametrize(
    ("text", "meant"),
    [
        ("3h", datetime(2026, 12, 1, 9)),
        (" 2d ", datetime(2026, 11, 29, 12)),
        ("30m", datetime(2026, 12, 1, 11, 30)),
        ("2026-12-01T10:15:00Z", datetime(2026, 12, 1, 10, 15)),
        ("2026-12-01T10:15+02:00", datetime(2026, 12, 1, 8, 15)),
        ("2026-12-01 10:15", datetime(2026, 12, 1, 10, 15).astimezone(UTC).replace(tzinfo=None)),
        ("2026-12-01", datetime(2026, 12, 1).astimezone(UTC).replace(tzinfo=None)),
    ],
)
def test_h6_times_are_understood(text: str, meant: datetime) -> None:
    assert moment(text, datetime(2026, 12, 1, 12, tzinfo=UTC)) == meant


def test_h6_an_empty_profile_is_not_all_of_them(run: Run, world: World) -> None:
    said = run("undo", "--since", "1d", "--profile", "", "--config", world.folder / "agent.toml")
    assert (said.status, "no profile" in said.err) == (2, True), said.err
