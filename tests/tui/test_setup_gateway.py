"""What a database is found to be like, before it is worked with."""

import os
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest
import sqlalchemy as sa

from calsync_agent.config.drafting import SettingsDraft
from calsync_agent.consolidate.tables import module, system_info
from calsync_agent.database.engine import Database, open_database
from calsync_agent.errors import ConfigurationRefused, NotPermitted
from calsync_agent.i18n import speaking
from calsync_agent.state.tables import meta, provider
from calsync_tui.gateway import setup
from calsync_tui.gateway.setup import Look, State, look
from tests.support.keeper import NEEDS_PASSWORD
from tests.support.servers import POSTGRESQL_URL


@pytest.fixture(autouse=True)
def _english() -> Iterator[None]:
    with speaking("en"):
        yield


@pytest.fixture
def dialect(request: pytest.FixtureRequest) -> str:
    return str(getattr(request, "param", "sqlite"))


def found(url: str, **more: str) -> tuple[State, str]:
    seen = look(SettingsDraft(url=url, **more))
    return seen.state, str(seen.reason or "")


@pytest.mark.parametrize("dialect", ["sqlite", "postgresql"], indirect=True)
def test_a_database_with_everything_is_ready(database_url: str) -> None:
    assert found(database_url) == (State.READY, "")


def test_looking_makes_no_file(tmp_path: Path) -> None:
    state, reason = found(f"sqlite:///{tmp_path}/new.db")
    assert state is State.STRANGE
    assert "There is no file" in reason
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("dialect", ["sqlite", "postgresql"], indirect=True)
def test_a_database_without_consolidate_is_strange(empty_database_url: str) -> None:
    opened = open_database(empty_database_url)  # which makes the file, where it is one
    opened.dispose()
    state, reason = found(empty_database_url)
    assert state is State.STRANGE
    assert "Consolidate's tables are missing" in reason


@pytest.mark.parametrize("dialect", ["sqlite", "postgresql"], indirect=True)
def test_missing_tables_or_triggers_make_it_bare_and_installing_them_ready(
    database: Database, database_url: str
) -> None:
    with database.writing() as connection:
        connection.exec_driver_sql("DROP TABLE calsync_fare")
    state, reason = found(database_url)
    assert state is State.BARE
    assert "calsync_fare" in reason
    made = [str(one) for one in setup.install(SettingsDraft(url=database_url))]
    assert any("calsync_fare" in one for one in made)
    assert found(database_url) == (State.READY, "")


def test_b10_newer_tables_are_unusable(database: Database, database_url: str) -> None:
    with database.writing() as connection:
        newer = sa.update(meta).where(meta.c.name == "schema_version").values(value="99")
        connection.execute(newer)
    state, reason = found(database_url)
    assert state is State.UNUSABLE
    assert "newer than this program" in reason


@pytest.mark.parametrize(
    ("change", "text"),
    [
        (sa.update(system_info).values(version="5.1.9"), "too old"),
        (sa.update(module).values(licensed=False), "not licensed"),
        (sa.update(module).values(enabled=False), "not enabled"),
    ],
)
def test_b10_consolidate_that_may_not_be_synced_is_unready(
    change: sa.Update, text: str, database: Database, database_url: str
) -> None:
    with database.writing() as connection:
        connection.execute(change)
    state, reason = found(database_url)
    assert state is State.UNREADY
    assert text in reason


@pytest.mark.parametrize("dialect", ["postgresql"], indirect=True)
def test_a_role_that_may_only_read_is_told_and_may_install_nothing(
    database: Database, database_url: str
) -> None:
    role = str(database.engine.url.database)
    with database.writing() as connection:
        connection.exec_driver_sql(f"CREATE ROLE {role} LOGIN")
        connection.exec_driver_sql("REVOKE CREATE ON SCHEMA public FROM PUBLIC")
        connection.exec_driver_sql(f"GRANT SELECT ON ALL TABLES IN SCHEMA public TO {role}")
    try:
        draft = SettingsDraft(url=sa.make_url(database_url).set(username=role).render_as_string())
        assert look(draft).state is State.READ_ONLY
        with database.writing() as connection:
            connection.exec_driver_sql("DROP TABLE calsync_fare")
        assert look(draft).state is State.BARE
        with pytest.raises(NotPermitted, match="db ddl"):
            setup.install(draft)
    finally:
        with database.writing() as connection:
            connection.exec_driver_sql(f"DROP OWNED BY {role}")
            connection.exec_driver_sql(f"DROP ROLE {role}")


def test_asking_for_rights_changes_nothing(database: Database) -> None:
    row = {"id": 1, "kind": "exchange365", "tenant_id": "t"}
    with database.writing() as connection:
        connection.execute(sa.insert(provider).values(row))
        before = connection.execute(sa.select(meta.c.name, meta.c.value)).all()
    setup.check(database)
    with database.reading() as connection:
        assert connection.execute(sa.select(meta.c.name, meta.c.value)).all() == before
        assert connection.execute(sa.select(provider.c.interval_seconds)).scalar_one() == 5


@pytest.mark.parametrize(
    ("url", "text"),
    [
        ("postgresql://calsync@127.0.0.1:1/x", "No database answers"),
        ("postgresql://calsync@no.such.host.invalid/x", "unknown"),
        ("mysql://db/x", "none of"),
        ("sqlite:////no/such/folder/x.db", "does not exist"),
    ],
)
def test_why_a_database_cannot_be_used_is_said(url: str, text: str) -> None:
    state, reason = found(url)
    assert state is State.UNUSABLE
    assert text in reason


@pytest.mark.parametrize("dialect", ["postgresql"], indirect=True)
def test_the_password_and_the_schema_are_used(database_url: str) -> None:
    draft = SettingsDraft(url=database_url, schema="nowhere")
    assert "no schema nowhere" in str(look(draft).reason)
    assert look(draft).field == "schema"
    assert look(replace(draft, schema="public", password="ignored")).state is State.READY


@pytest.mark.skipif(POSTGRESQL_URL in os.environ, reason="needs the server that the tests start")
@pytest.mark.parametrize("dialect", ["postgresql"], indirect=True)
def test_a_wrong_password_is_said_of_the_password(database_url: str) -> None:
    url = sa.make_url(database_url).set(username=NEEDS_PASSWORD).render_as_string()
    seen = look(SettingsDraft(url=url, password="wrong"))
    assert (seen.state, seen.field) == (State.UNUSABLE, "password")
    assert "refuses the login" in str(seen.reason)


def test_a_file_that_is_no_database_is_unusable(tmp_path: Path) -> None:
    file = tmp_path / "text.db"
    file.write_text("no database" * 100)
    state, reason = found(f"sqlite:///{file}")
    assert state is State.UNUSABLE
    assert "no SQLite database" in reason


def test_ddl_is_what_installing_would_do() -> None:
    script = setup.ddl(Look(State.BARE, "mssql", "db"), SettingsDraft(schema="dbo"))
    assert "calsync_provider" in script
    assert "[dbo]" in script


def test_a_script_is_saved_or_it_is_said_why_not(tmp_path: Path) -> None:
    setup.save(f" {tmp_path}/calsync.sql", "SELECT 1;\n")
    assert (tmp_path / "calsync.sql").read_text() == "SELECT 1;\n"
    with pytest.raises(ConfigurationRefused, match="cannot be written"):
        setup.save(f"{tmp_path}/missing/calsync.sql", "")
