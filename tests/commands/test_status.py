"""H1: `status` tells how everything is, and is right when everything else is wrong."""

import json
from datetime import timedelta
from typing import Any
from uuid import uuid4

import sqlalchemy as sa

from calsync_agent import __version__
from calsync_agent.consolidate import tables as consolidate
from calsync_agent.database.clock import UtcNow
from calsync_agent.i18n import message
from calsync_agent.state import tables
from tests.commands.conftest import Run, Said
from tests.commands.telling import an_agent, rewrite, sqlite
from tests.support.world import SOON, World


def told(run: Run, world: World) -> tuple[Said, dict[str, Any]]:
    said = run("status", "--json", "--config", world.folder / "agent.toml")
    return said, json.loads(said.out)


def kinds(found: dict[str, Any]) -> list[str]:
    return [one["kind"] for one in found["problems"]]


def in_step(run: Run, world: World) -> None:
    assert run("once", "--config", world.folder / "agent.toml").status == 0
    an_agent(world)


def test_h1_all_is_well(run: Run, world: World) -> None:
    world.enter("ANNA", "Besprechung", SOON)
    in_step(run, world)
    said, found = told(run, world)
    assert (said.status, found["ok"], found["problems"]) == (0, True, [])
    (agent,) = found["agents"]
    assert (agent["host"], agent["version"], agent["alive"]) == ("server", __version__, True)
    (profile,) = found["profiles"]
    assert (profile["code"], profile["state"], profile["links"]) == ("ANNA", "well", 1)
    assert profile["in_step_at"].endswith("Z")
    assert (profile["held"], profile["quarantined"]) == (0, 0)


def test_h1_no_agent_lives(run: Run, world: World) -> None:
    assert run("once", "--config", world.folder / "agent.toml").status == 0
    said, found = told(run, world)
    assert (said.status, kinds(found)) == (1, ["no_agent"])
    an_agent(world, silent=True)
    said, found = told(run, world)
    assert said.status == 1
    assert "agent_silent" in kinds(found)
    assert found["agents"][0]["alive"] is False
    assert found["problems"][0]["since"]


def test_h1_what_waits_for_an_admin(run: Run, world: World) -> None:
    in_step(run, world)
    with world.database.writing() as connection:
        now = connection.execute(sa.select(UtcNow())).scalar_one()
        waits = {"profile_id": 1, "activity_id": uuid4(), "kind": "delete here", "subject": "x"}
        connection.execute(sa.insert(tables.hold).values(since=now, **waits))
    said, found = told(run, world)
    (problem,) = found["problems"]
    assert said.status == 1
    assert (problem["kind"], problem["profile_id"]) == ("profile_held", 1)
    assert problem["since"]
    assert (found["profiles"][0]["state"], found["profiles"][0]["held"]) == ("held", 1)


def test_h1_what_is_not_synced(run: Run, world: World) -> None:
    world.enter("ANNA", "Krumm", SOON, SOON - timedelta(hours=1))
    run("once", "--config", world.folder / "agent.toml")
    an_agent(world)
    said, found = told(run, world)
    assert (said.status, kinds(found)) == (1, ["quarantined"])
    assert found["profiles"][0]["quarantined"] == 1


def test_h1_a_failing_mailbox(run: Run, world: World) -> None:
    with world.database.writing() as connection:
        gone = {"external_user_id": "gone@contoso.example"}
        connection.execute(sa.update(tables.profile).values(gone))
    run("once", "--config", world.folder / "agent.toml")
    an_agent(world)
    said, found = told(run, world)
    assert said.status == 1
    (problem,) = found["problems"]
    assert (problem["kind"], problem["profile_id"]) == ("profile_failing", 1)
    assert problem["since"]
    assert found["profiles"][0]["error"]


def test_h1_several_profiles_fail_for_one_reason(run: Run, world: World) -> None:
    world.hire("BERND")
    an_agent(world)
    with world.database.writing() as connection:
        now = connection.execute(sa.select(UtcNow())).scalar_one()
        error = message("the mailbox is away").to_json()
        connection.execute(
            sa.insert(tables.fare),
            [
                {"profile_id": one, "state": "failing", "since": now, "error": error}
                for one in (1, 2)
            ],
        )
    _, found = told(run, world)
    assert [one["profile_id"] for one in found["problems"]] == [1, 2]
    shown = run("status", "--lang", "de", "--config", world.folder / "agent.toml").out
    assert shown.count("! ") == 1


def test_h1_consolidate_has_another_version(run: Run, world: World) -> None:
    in_step(run, world)
    with world.database.writing() as connection:
        connection.execute(sa.update(consolidate.system_info).values(version="4.0.001"))
    said, found = told(run, world)
    assert (said.status, kinds(found)) == (1, ["database_refused"])
    assert found["profiles"]


def test_h1_settings_and_secrets_may_be_wrong(run: Run, world: World) -> None:
    in_step(run, world)
    (world.folder / "secret.txt").unlink()
    rewrite(world, "client_id = .*", 'client_id = ""\nnonsense = 1')
    said, found = told(run, world)
    assert (said.status, found["ok"]) == (0, True)


@sqlite
def test_h1_the_database_is_away(run: Run, world: World) -> None:
    rewrite(world, r'url = ".*"', 'url = "postgresql+psycopg2://nobody@127.0.0.1:1/none"')
    said, found = told(run, world)
    assert (said.status, found["ok"], kinds(found)) == (2, False, ["database_away"])
    assert len(said.problems) == 1


@sqlite
def test_h1_the_tables_are_missing(run: Run, world: World) -> None:
    rewrite(world, r'url = ".*"', 'url = "sqlite:///other.db"')
    said, found = told(run, world)
    assert (said.status, found["ok"]) == (2, False)
    assert "db install" in said.problems[0]


def test_h1_it_is_told_in_lines_in_both_languages(run: Run, world: World) -> None:
    in_step(run, world)
    path = world.folder / "agent.toml"
    english = run("status", "--lang", "en", "--config", path).out
    german = run("status", "--lang", "de", "--config", path).out
    assert "Nothing needs a person." in english
    assert "ANNA" in german
    assert english != german
