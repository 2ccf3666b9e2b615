"""`[database] feed = "scan"`: from the settings to the tables, whichever command is given."""

import pytest

from calsync_agent.consolidate.triggers import feed_triggers
from calsync_agent.database.schema import Dialect, Target, triggers_of
from calsync_agent.installation import ddl
from tests.commands.conftest import Run
from tests.commands.telling import sqlite
from tests.support.world import SOON, World


@sqlite
def test_b14_the_settings_say_how_changes_are_noticed(run: Run, world: World) -> None:
    world.hire("BEA")
    path = world.folder / "agent.toml"
    text = path.read_text().replace("[database]\n", '[database]\nfeed = "scan"\n')
    path.write_text(text)
    installed = run("db", "install", "--config", path)
    assert installed.status == 0
    assert "no triggers" in installed.out
    with world.database.reading() as connection:
        asked = (
            "SELECT name FROM sqlite_master WHERE type = 'trigger' AND tbl_name LIKE 'activity%'"
        )
        assert connection.exec_driver_sql(asked).all() == []
    world.enter("BEA", "hinaus", SOON)
    assert run("once", "--config", path).status == 0
    assert [e["subject"] for e in world.tenant.user("bea").events()] == ["hinaus"]
    assert "without triggers" in run("check", "--config", path).out


@sqlite
def test_b14_where_triggers_are_meant_missing_ones_are_refused(run: Run, world: World) -> None:
    path = world.folder / "agent.toml"
    text = path.read_text()
    path.write_text(text.replace("[database]\n", '[database]\nfeed = "scan"\n'))
    assert run("db", "install", "--config", path).status == 0
    path.write_text(text)
    assert run("once", "--config", path).status != 0
    assert run("db", "install", "--config", path).status == 0
    assert run("once", "--config", path).status == 0


@pytest.mark.parametrize("dialect", ["postgresql", "mssql", "sqlite"])
def test_b14_the_script_without_triggers_makes_none_and_takes_those_away(dialect: Dialect) -> None:
    script = ddl(dialect, scans=True)
    for trigger in triggers_of(feed_triggers(Target(dialect))):
        assert f"CREATE TRIGGER {trigger.name}" not in script.replace('"', "").replace("[", "")
        assert any("DROP TRIGGER" in line and trigger.name in line for line in script.splitlines())
    assert "calsync_seen" in script
