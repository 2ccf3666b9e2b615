"""H5: `verify` names each difference by field, and changes nothing."""

import json
from typing import Any

import pytest
import sqlalchemy as sa

from calsync_agent.state import tables as state
from tests.commands.conftest import Run, Said
from tests.commands.telling import rewrite, sqlite
from tests.support.world import SOON, World

KEYS = {
    "profile_id",
    "activity_id",
    "event_id",
    "subject",
    "field",
    "consolidate",
    "exchange",
}


def asked(run: Run, world: World, *words: str) -> tuple[Said, list[dict[str, Any]]]:
    said = run("verify", "--json", *words, "--config", world.folder / "agent.toml")
    assert said.out, said.err
    found = json.loads(said.out)
    assert all(one.keys() >= KEYS for one in found)
    return said, found


def once(run: Run, world: World) -> None:
    run("once", "--config", world.folder / "agent.toml")


def test_h5_both_sides_are_equal(run: Run, world: World) -> None:
    world.enter("ANNA", "Termin", SOON)
    once(run, world)
    said, found = asked(run, world)
    assert (said.status, found, said.problems) == (0, [], [])
    told = run("verify", "--config", world.folder / "agent.toml")
    assert told.out == "Both sides are equal.\n"


def test_h5_a_difference_is_named_by_its_field(run: Run, world: World) -> None:
    world.hire("BERND")
    number = world.enter("ANNA", "Termin", SOON, location="hier")
    once(run, world)
    anna = world.tenant.user("anna")
    (event,) = anna.find("Termin")
    anna.change(event, location="dort")
    before = [world.activities(), anna.events(), world.tenant.counters.writes]
    said, (one,) = asked(run, world)
    assert said.status == 1
    assert (one["profile_id"], one["activity_id"]) == (1, str(number))
    assert (one["field"], one["consolidate"], one["exchange"]) == ("location", "hier", "dort")
    assert (one["subject"], one["event_id"] is not None) == ("Termin", True)
    assert [world.activities(), anna.events(), world.tenant.counters.writes] == before
    assert asked(run, world, "--profile", "bernd")[1] == []
    assert asked(run, world, "--profile", "1")[1] == [one]
    shown = run("verify", "--lang", "de", "--config", world.folder / "agent.toml")
    assert "location: hier | dort" in shown.out


@pytest.mark.parametrize("side", ["consolidate", "exchange"])
def test_h5_what_one_side_lacks_is_missing(run: Run, world: World, side: str) -> None:
    once(run, world)
    if side == "exchange":
        world.enter("ANNA", "Nur hier", SOON)
    else:
        world.tenant.user("anna").create("Nur dort", SOON, SOON.replace(hour=10))
    said, (one,) = asked(run, world)
    assert (said.status, one["field"], one[side]) == (1, "missing", None)
    assert one["subject"].startswith("Nur")


@sqlite
def test_h5_words_of_private_appointments_are_not_shown(run: Run, world: World) -> None:
    number = world.enter("ANNA", "Zahnarzt", SOON, private=True)
    once(run, world)
    world.edit(number, subject="Kieferchirurg", location="Klinik")
    said, found = asked(run, world)
    shown = run("verify", "--config", world.folder / "agent.toml")
    assert {one["field"] for one in found} == {"subject", "location"}
    for word in ("Zahnarzt", "Kieferchirurg", "Klinik"):
        assert word not in said.out + shown.out


@sqlite
def test_h5_b8_a_mailbox_that_cannot_be_read_is_named_and_the_others_are_compared(
    run: Run, world: World
) -> None:
    world.hire("BERND")
    number = world.enter("BERND", "Bernds", SOON)
    once(run, world)
    world.edit(number, subject="anders")
    with world.database.writing() as connection:
        mine = state.profile.c.id == 1
        gone = {"external_user_id": "gone@contoso.example"}
        connection.execute(sa.update(state.profile).where(mine).values(gone))
    said, (one,) = asked(run, world)
    assert (said.status, one["profile_id"], one["field"]) == (1, 2, "subject")
    assert any("gone@contoso.example" in line for line in said.problems)


@sqlite
def test_h5_it_cannot_be_told(run: Run, world: World) -> None:
    said = run("verify", "--profile", "XY", "--config", world.folder / "agent.toml")
    (line,) = said.problems
    assert (said.status, said.out, "XY" in line) == (2, "", True)
    rewrite(world, r'(?m)^client_id = ".*"$', 'client_id = "another"')
    said = run("verify", "--config", world.folder / "agent.toml")
    assert (said.status, said.out) == (2, "")


def test_h5_i2_an_event_without_the_category_of_its_type_is_named(run: Run, world: World) -> None:
    anna = world.tenant.user("anna")
    world.enter("ANNA", "Angebot", SOON)
    with world.database.writing() as connection:
        bound = sa.insert(state.type_in_exchange).values(type_id=1, category="Kunde")
        connection.execute(bound)
    once(run, world)
    said, told = asked(run, world)
    assert (said.status, told) == (0, [])
    (number,) = anna.find("Angebot")
    anna.change(number, categories=["kunde", "Rot"])
    assert asked(run, world)[1] == []
    anna.change(number, categories=["Rot"])
    said, told = asked(run, world)
    assert said.status == 1
    assert [(one["field"], one["consolidate"], one["exchange"]) for one in told] == [
        ("category", "Kunde", "Rot")
    ]
