"""H8: what stands twice in a mailbox is shown, and removed on request, mailing nobody."""

import json
from datetime import timedelta
from typing import Any

import pytest
import sqlalchemy as sa

from calsync_agent.state import tables as state
from tests.commands.conftest import Run, Said
from tests.support.world import SOON, World

HOUR = timedelta(hours=1)

pytestmark = pytest.mark.parametrize("dialect", ["sqlite"], indirect=True)


def asked(run: Run, world: World, *words: str) -> tuple[Said, list[dict[str, Any]]]:
    said = run("duplicates", "--json", *words, "--config", world.folder / "agent.toml")
    assert said.out, said.err
    return said, json.loads(said.out)


def once(run: Run, world: World) -> None:
    said = run("once", "--config", world.folder / "agent.toml")
    assert said.status == 0, said.err


def subjects(world: World) -> list[str]:
    return sorted(row["subject"] for row in world.activities())


def test_h8_there_are_none(run: Run, world: World) -> None:
    anna = world.tenant.user("anna")
    anna.create("Termin", SOON, SOON + HOUR)
    anna.create("Termin", SOON + HOUR, SOON + 2 * HOUR)
    anna.create("Termin", SOON, SOON + HOUR, location="woanders")
    anna.create("Termin", SOON, SOON + HOUR, body="mit anderem Text")
    anna.create("Termin", SOON, SOON + HOUR, sensitivity="private")
    said, found = asked(run, world)
    assert (said.status, found) == (0, [])
    told = run("duplicates", "--lang", "de", "--config", world.folder / "agent.toml")
    assert told.out == "Keine Duplikate.\n"


def test_h8_the_older_one_stays_and_nothing_is_done_without_the_switch(
    run: Run, world: World
) -> None:
    anna = world.tenant.user("anna")
    first = anna.create("Termin", SOON, SOON + HOUR, body="Text")
    second = anna.create("TERMIN", SOON, SOON + HOUR, body="Text\n")
    before = anna.events(), world.tenant.counters.writes
    said, (one,) = asked(run, world)
    assert said.status == 1
    assert (one["event_id"], one["stays_event_id"]) == (second, first)
    assert one["reason"]
    assert (one["left"], one["removed"], one["activity_id"]) == (None, False, None)
    assert (anna.events(), world.tenant.counters.writes) == before
    shown = run("duplicates", "--config", world.folder / "agent.toml")
    assert "--remove" in shown.out
    said, (one,) = asked(run, world, "--remove")
    assert (said.status, one["removed"]) == (0, True)
    assert [found["id"] for found in anna.events()] == [first]
    assert asked(run, world)[1] == []
    (line,) = [row for row in world.rows(state.log) if row["kind"] == "deleted"]
    assert "has removed a duplicate" in line["message"]


def test_h8_h6_b4_what_was_removed_before_the_first_sync_meets_its_likeness_again(
    run: Run, world: World
) -> None:
    anna = world.tenant.user("anna")
    for _ in range(2):
        anna.create("Termin", SOON, SOON + HOUR, location="Saal")
    asked(run, world, "--remove")
    said = run("undo", "--since", "1h", "--yes", "--config", world.folder / "agent.toml")
    assert said.status == 0, said.err
    once(run, world)
    assert [found["location"]["displayName"] for found in anna.events()] == ["Saal"]
    assert subjects(world) == ["Termin"]


@pytest.mark.parametrize("rule", [None, {"pattern": {"type": "daily", "interval": 1}}])
def test_h8_of_linked_ones_that_stays_which_was_entered_in_consolidate(
    run: Run, world: World, rule: dict[str, Any] | None
) -> None:
    anna = world.tenant.user("anna")
    recurrence = None if rule is None else {**rule, "range": {"type": "numbered"}}
    if recurrence is not None:
        recurrence["range"]["numberOfOccurrences"] = 3
    for _ in range(2):
        anna.create("Jour fixe", SOON, SOON + HOUR, recurrence=recurrence)
    values = {} if rule is None else {"recurrence": "FREQ=DAILY;COUNT=3"}
    number = world.enter("ANNA", "Jour fixe", SOON, **values)
    once(run, world)
    assert subjects(world) == ["Jour fixe"] * 2
    said, (one,) = asked(run, world, "--remove")
    assert (said.status, one["removed"], one["stays_activity_id"]) == (0, True, str(number))
    once(run, world)
    assert [row["id"] for row in world.activities()] == [number]
    assert len(anna.events()) == 1
    said = run("undo", "--since", "1h", "--yes", "--config", world.folder / "agent.toml")
    once(run, world)
    assert len(anna.events()) == len(world.activities()) == 2


def test_h8_what_was_entered_twice_in_consolidate_is_only_shown(run: Run, world: World) -> None:
    for _ in range(2):
        world.enter("ANNA", "Termin", SOON)
    once(run, world)
    said, (one,) = asked(run, world, "--remove")
    assert (said.status, one["removed"]) == (1, False)
    assert "Consolidate" in one["left"]
    assert len(world.activities()) == len(world.tenant.user("anna").events()) == 2


def meeting(world: World) -> None:
    anna = world.tenant.user("anna")
    anna.create("Termin", SOON, SOON + HOUR, attendees=["gast@kunde.example"])


def attached(world: World) -> None:
    anna = world.tenant.user("anna")
    anna.attach(anna.create("Termin", SOON, SOON + HOUR), "Angebot.pdf")


def online(world: World) -> None:
    anna = world.tenant.user("anna")
    anna.create("Termin", SOON, SOON + HOUR, isOnlineMeeting=True)


@pytest.mark.parametrize(
    ("make", "what"),
    [(meeting, "invited"), (online, "online meeting"), (attached, "attachments")],
)
def test_h8_f8_what_others_hold_or_would_be_lost_is_never_removed(
    run: Run, world: World, make: Any, what: str
) -> None:
    anna = world.tenant.user("anna")
    anna.create("Termin", SOON, SOON + HOUR)
    make(world)
    make(world)
    mails, before = len(world.tenant.outbox), len(anna.events())
    said, found = asked(run, world, "--remove")
    assert said.status == 1
    left = [one for one in found if not one["removed"]]
    assert left
    assert all(what in one["left"] for one in left)
    assert len(world.tenant.outbox) == mails
    assert len(anna.events()) == before - len(found) + len(left)
    kept = {row["event_id"] for row in world.rows(state.history)}
    assert kept == {one["event_id"] for one in found if one["removed"]}


def test_h8_a2_where_outbound_is_off_nothing_is_removed(run: Run, world: World) -> None:
    anna = world.tenant.user("anna")
    for _ in range(2):
        anna.create("Termin", SOON, SOON + HOUR)
    world.provider(outbound=False)
    said, (one,) = asked(run, world, "--remove")
    assert (said.status, one["removed"]) == (1, False)
    assert len(anna.events()) == 2


def test_h8_a_mailbox_that_cannot_be_read_is_named_and_the_others_are_looked_at(
    run: Run, world: World
) -> None:
    world.hire("BERND")
    bernd = world.tenant.user("bernd")
    for _ in range(2):
        bernd.create("Termin", SOON, SOON + HOUR)
    with world.database.writing() as connection:
        gone = sa.update(state.profile).where(state.profile.c.id == 1)
        connection.execute(gone.values(external_user_id="nobody@contoso.example"))
    said, (one,) = asked(run, world)
    assert (said.status, one["profile_id"]) == (1, 2)
    assert any("nobody@contoso.example" in line for line in said.problems)
    assert asked(run, world, "--profile", "BERND")[0].problems == []
    said = run("duplicates", "--profile", "XY", "--config", world.folder / "agent.toml")
    assert (said.status, "XY" in said.err) == (2, True)


def test_h8_private_words_are_not_shown(run: Run, world: World) -> None:
    anna = world.tenant.user("anna")
    for _ in range(2):
        anna.create("geheim", SOON, SOON + HOUR, sensitivity="private")
    assert "geheim" not in run("duplicates", "--config", world.folder / "agent.toml").out
    assert "geheim" not in asked(run, world)[0].out
