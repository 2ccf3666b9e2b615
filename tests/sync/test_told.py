"""What a line of `calsync_log` keeps beside its text: by which rule, and what Exchange answered."""

from typing import Any

import pytest

from calsync_agent.i18n import Message, speaking
from calsync_agent.state import log
from calsync_agent.state import tables as state
from tests.support.world import SOON, World

pytestmark = pytest.mark.anyio

on_one_database = pytest.mark.parametrize("dialect", ["sqlite"], indirect=True)


def lines(world: World, kind: str) -> list[dict[str, Any]]:
    return [dict(row) for row in world.rows(state.log) if row["kind"] == kind]


def rules(world: World, kind: str) -> list[str]:
    return [str(log.rule_of(row["content"])) for row in lines(world, kind)]


@on_one_database
async def test_a1_each_line_of_a_change_says_by_which_rule_it_was_made(world: World) -> None:
    anna = world.hire("ANNA")
    number = world.enter("ANNA", "Angebot", SOON)
    await world.sync()
    world.edit(number, location="Wien")
    await world.sync()
    anna.change(anna.events()[0]["id"], subject="Angebot neu")
    await world.sync()
    assert rules(world, "created") == ["new in Consolidate"]
    assert rules(world, "changed") == ["changed in Consolidate", "changed in Exchange"]
    for row in lines(world, "changed"):
        assert str(Message.from_json(row["content"])) == row["message"]


@on_one_database
@pytest.mark.parametrize(
    ("priority", "shown"),
    [
        ("outbound_first", "auf beiden Seiten geändert; Priorität: Outbound First"),
        ("inbound_first", "auf beiden Seiten geändert; Priorität: Inbound First"),
    ],
)
async def test_a3_the_line_of_a_conflict_says_which_priority_decided(
    world: World, priority: str, shown: str
) -> None:
    anna = world.hire("ANNA")
    world.provider(priority=priority)
    number = world.enter("ANNA", "Termin", SOON)
    await world.sync()
    world.edit(number, subject="aus Consolidate")
    anna.change(anna.events()[0]["id"], subject="aus Outlook")
    await world.sync()
    with speaking("de"):
        assert rules(world, "conflict") == [shown]
        (told,) = lines(world, "conflict")
        assert "auf beiden Seiten geändert" in str(Message.from_json(told["content"]))


def test_a_line_without_a_rule_has_none() -> None:
    assert log.rule_of(Message("{n}", {"n": 1}).to_json()) is None
    assert log.rule_of("3") is None
