"""The rights that `packaging/DATABASE.md` names are enough, and what is missing is said."""

import re
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest
import sqlalchemy as sa
import sqlglot

from calsync_agent.consolidate import tables
from calsync_agent.database.engine import open_database
from calsync_agent.state import tables as state
from tests.commands.conftest import Run
from tests.support.statements import complaints
from tests.support.world import SOON, World

DOCUMENT = (Path(__file__).parents[2] / "packaging" / "DATABASE.md").read_text(encoding="utf-8")
postgresql = pytest.mark.parametrize("dialect", ["postgresql"], indirect=True)


def block(dialect: str) -> str:
    """What the document has a DBA run."""
    [found] = re.findall(rf"```{dialect}\n(.*?)```", DOCUMENT, re.DOTALL)
    return str(found)


@pytest.fixture
def weak(world: World) -> Iterator[World]:
    """The same, with an agent whose login has what the document grants and nothing else."""
    owner = world.database
    role = f"agent_{owner.engine.url.database}"
    with owner.writing() as connection:
        connection.exec_driver_sql("REVOKE CREATE ON SCHEMA public FROM PUBLIC")
        connection.exec_driver_sql(f"CREATE ROLE {role} LOGIN")
        granted = block("postgresql").replace("TO calsync", f"TO {role}")
        connection.execution_options(no_parameters=True).exec_driver_sql(granted)
    url = owner.engine.url.set(username=role).render_as_string(hide_password=False)
    its_own = open_database(url)
    replace(world, database=its_own).settings()
    its_own.dispose()
    yield world
    with owner.writing() as connection:
        connection.exec_driver_sql(f"DROP OWNED BY {role}")
        connection.exec_driver_sql(f"DROP ROLE {role}")


@postgresql
def test_b14_a_login_with_the_rights_of_the_document_syncs_both_ways(run: Run, weak: World) -> None:
    number = weak.enter("ANNA", "hinaus", SOON)
    assert run("--config", weak.folder / "agent.toml", "check").status == 0
    assert run("--config", weak.folder / "agent.toml", "once").status == 0
    [event] = weak.tenant.user("anna").events()
    assert event["subject"] == "hinaus"
    weak.edit(number, subject="anders")
    weak.database.engine.dispose()
    for command in ("preview", "history", "once"):
        said = run("--config", weak.folder / "agent.toml", command)
        assert said.status == 0, said.err
    [event] = weak.tenant.user("anna").events()
    assert event["subject"] == "anders"
    weak.remove(number)
    assert run("--config", weak.folder / "agent.toml", "once").status == 0
    assert weak.tenant.user("anna").events() == []
    with weak.database.writing() as connection:
        assert connection.execute(sa.select(state.link.c.id)).all() == []


@postgresql
def test_b14_a_right_on_a_sequence_that_is_missing_is_named(run: Run, weak: World) -> None:
    role = f"agent_{weak.database.engine.url.database}"
    with weak.database.writing() as connection:
        connection.exec_driver_sql(f"REVOKE ALL ON SEQUENCE calsync_log_id_seq FROM {role}")
    weak.enter("ANNA", "hinaus", SOON)
    said = run("--config", weak.folder / "agent.toml", "once")
    assert said.status != 0
    assert "USAGE" in said.err
    assert "DATABASE.md" in said.err


def test_the_grants_for_sql_server_are_t_sql_of_2012_and_name_every_table() -> None:
    granted = block("mssql")
    assert complaints(granted) == []
    assert sqlglot.parse(granted, read="tsql")
    for table in tables.CONSOLIDATE_TABLES:
        assert f"ON dbo.{table.name} TO calsync" in granted
        assert re.search(rf"\b{table.name}\b", block("postgresql"))
