"""B8: what no column should hold is told by table, key and column, and ends nothing."""

import json

import pytest
import sqlalchemy as sa

from calsync_agent.state import tables as state
from tests.commands.conftest import Run
from tests.commands.telling import sqlite, tells
from tests.support.world import World

BLOB = "x'fffe41'"
NO_UTF_8 = "CAST(x'fffe41' AS TEXT)"
SHOWN = r"b'\\xff\\xfeA'"
MANY_DIGITS = f"'{'9' * 5000}'"


def put(world: World, table: str, column: str, value: str, where: str = "1 = 1") -> None:
    """Write a value as any program may write it into SQLite."""
    with world.database.writing() as connection:
        connection.exec_driver_sql(f"UPDATE {table} SET {column} = {value} WHERE {where}")  # noqa: S608


@sqlite
@pytest.mark.parametrize("value", [BLOB, NO_UTF_8])
@pytest.mark.parametrize(
    "column", ["tenant_id", "inbound", "outbound", "priority", "interval_seconds"]
)
def test_b8_a_provider_row_with_bytes_is_told_by_its_column(
    run: Run, world: World, column: str, value: str
) -> None:
    put(world, "calsync_provider", column, value)
    tells(run, world, 2, rf"calsync_provider\.{column} is {SHOWN}; it must be one of")


@sqlite
@pytest.mark.parametrize(
    ("column", "value", "said"),
    [
        ("external_user_id", BLOB, f"external_user_id is {SHOWN}, which is no text; enter"),
        ("external_user_id", NO_UTF_8, f"external_user_id is {SHOWN}, which is no text; enter"),
        ("external_user_id", "x'616e6e61'", "external_user_id is b'anna', which is no text"),
        ("active", BLOB, f"active is {SHOWN}; it must be one of: 0, 1"),
        ("active", NO_UTF_8, f"active is {SHOWN}; it must be one of: 0, 1"),
        ("active", "'no'", "active is no; it must be one of: 0, 1"),
        ("active", "7", "active is 7; it must be one of: 0, 1"),
        ("inbound", BLOB, f"inbound is {SHOWN}; it must be one of: null, 0, 1"),
        ("inbound", "'no'", "inbound is no; it must be one of: null, 0, 1"),
        ("outbound", NO_UTF_8, f"outbound is {SHOWN}; it must be one of: null, 0, 1"),
        ("outbound", "-1", "outbound is -1; it must be one of: null, 0, 1"),
        ("past_months", "-1", "past_months is -1; it must be one of: null, 0-120"),
        ("past_months", "121", "past_months is 121; it must be one of: null, 0-120"),
        ("past_months", "1.5", r"past_months is 1\.5; it must be one of: null, 0-120"),
        ("past_months", "''", "past_months is .*; it must be one of: null, 0-120"),
        ("future_months", "0", "future_months is 0; it must be one of: null, 1-60"),
        ("future_months", "61", "future_months is 61; it must be one of: null, 1-60"),
        ("future_months", "9e99", r"future_months is 9e\+99; it must be one of: null, 1-60"),
        ("future_months", BLOB, f"future_months is {SHOWN}; it must be one of: null, 1-60"),
    ],
)
def test_b8_a_profile_row_that_holds_what_it_should_not_is_told_and_costs_itself_alone(
    run: Run, world: World, column: str, value: str, said: str
) -> None:
    put(world, "calsync_profile", column, value)
    line = tells(run, world, 1, rf"calsync_profile 1: {said}")
    assert line.count("profile 1") == 2
    bernd = world.hire("BERND")
    outcome = run("once", "--config", world.folder / "agent.toml", "--lang", "en")
    assert outcome.status == 1
    assert f"profile 2 ({bernd.id}): in step" in outcome.out


ODD = [BLOB, NO_UTF_8, "x''", "''", "' '", "'-1'", "'1e9'", "'٤'", "1.5", MANY_DIGITS]


@sqlite
@pytest.mark.parametrize("value", ODD)
def test_b8_an_unreadable_version_is_told(run: Run, world: World, value: str) -> None:
    put(world, "calsync_meta", "value", value, "name = 'schema_version'")
    line = tells(run, world, 2, r"calsync_meta\.schema_version holds .* instead of a whole number")
    assert len(line) < 300


@sqlite
@pytest.mark.parametrize("value", ODD)
def test_b12_an_unreadable_position_is_told_and_adopted(run: Run, world: World, value: str) -> None:
    path = world.folder / "agent.toml"
    assert run("once", "--config", path).status == 0
    put(world, "calsync_meta", "value", value, "name = 'database_position'")
    said = r"calsync_meta\.database_position holds .* instead of a whole number.*adopt --restored"
    tells(run, world, 2, said)
    assert run("adopt", "--restored", "--config", path).status == 0
    assert run("once", "--config", path).status == 0


@sqlite
@pytest.mark.parametrize("value", [BLOB, NO_UTF_8, "''", "'x'"])
def test_b12_an_unreadable_identity_counts_as_another_database(
    run: Run, world: World, value: str
) -> None:
    path = world.folder / "agent.toml"
    assert run("once", "--config", path).status == 0
    put(world, "calsync_meta", "value", value, "name = 'database_identity'")
    assert run("once", "--config", path).status == 2
    assert run("check", "--config", path).status == 2
    assert run("adopt", "--restored", "--config", path).status == 0
    assert run("once", "--config", path).status == 0


@sqlite
@pytest.mark.parametrize("value", [BLOB, NO_UTF_8, MANY_DIGITS])
@pytest.mark.parametrize("name", ["settings_revision", "horizon", "turn", "if_match"])
def test_b8_what_the_plugin_can_find_out_anew_it_does(
    run: Run, world: World, name: str, value: str
) -> None:
    path = world.folder / "agent.toml"
    assert run("once", "--config", path).status == 0
    with world.database.writing() as connection:
        known = sa.select(state.meta.c.name).where(state.meta.c.name == name)
        if connection.execute(known).first() is None:
            connection.execute(sa.insert(state.meta).values(name=name, value=""))
    put(world, "calsync_meta", "value", value, f"name = '{name}'")
    assert run("once", "--config", path).status == 0
    assert run("check", "--config", path).status == 0


@pytest.mark.parametrize("dialect", ["sqlite", "postgresql"], indirect=True)
@pytest.mark.parametrize("category", ["' '", "'a' || chr(7)", BLOB, NO_UTF_8])
def test_b8_a_category_that_is_none_is_told_by_check(run: Run, world: World, category: str) -> None:
    sqlite_here = world.database.engine.dialect.name == "sqlite"
    if not sqlite_here and category in {BLOB, NO_UTF_8}:
        pytest.skip("only SQLite holds bytes in a column of text")
    with world.database.writing() as connection:
        connection.execute(sa.insert(state.type_in_exchange).values(type_id=1, category="Kunde"))
    path = world.folder / "agent.toml"
    assert "calsync_type" not in run("check", "--config", path).out
    value = category.replace("chr", "char") if sqlite_here else category
    put(world, "calsync_type", "category", value)
    told = run("check", "--config", path, "--lang", "en")
    assert told.status == 0
    assert "calsync_type 1: category is " in told.out
    assert run("once", "--config", path).status == 0


@sqlite
@pytest.mark.parametrize("value", ["'perhaps'", "2", BLOB, NO_UTF_8])
def test_b8_an_online_meeting_that_is_neither_yes_nor_no_is_told_by_check(
    run: Run, world: World, value: str
) -> None:
    with world.database.writing() as connection:
        connection.execute(sa.insert(state.type_in_exchange).values(type_id=7))
    put(world, "calsync_type", "online_meeting", value)
    told = run("check", "--config", world.folder / "agent.toml", "--lang", "en")
    assert told.status == 0
    assert "calsync_type 7: online_meeting is " in told.out
    assert "it must be one of: 0, 1" in told.out


@sqlite
@pytest.mark.parametrize("value", [BLOB, NO_UTF_8, "'perhaps'", "7"])
@pytest.mark.parametrize(
    ("table", "column"),
    [
        ("calsync_profile", "external_user_id"),
        ("calsync_profile", "active"),
        ("calsync_provider", "tenant_id"),
        ("calsync_provider", "priority"),
        ("calsync_provider", "inbound"),
        ("calsync_provider", "interval_seconds"),
    ],
)
def test_h1_status_tells_of_everything_whatever_a_row_holds(
    run: Run, world: World, table: str, column: str, value: str
) -> None:
    put(world, table, column, value)
    told = run("status", "--json", "--config", world.folder / "agent.toml", "--lang", "en")
    assert told.status in {0, 1}
    assert told.err == ""
    assert [one["code"] for one in json.loads(told.out)["profiles"]] == ["ANNA"]
