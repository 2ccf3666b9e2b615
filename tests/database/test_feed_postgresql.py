"""The feed's triggers on PostgreSQL, where other users write the tables."""

from collections.abc import Iterator
from contextlib import contextmanager

import pytest
import sqlalchemy as sa

from calsync_agent.consolidate import readiness
from calsync_agent.consolidate.feed import read_feed, remove
from calsync_agent.consolidate.tables import activity, activity_participant
from calsync_agent.database.engine import Database, open_database
from calsync_agent.installation import install, uninstall
from calsync_agent.state import identity, meta
from tests.support.samples import an_activity, an_employee

pytestmark = pytest.mark.parametrize("dialect", ["postgresql"], indirect=True)


@pytest.fixture
def office(database: Database) -> Database:
    """Three activities, and an empty feed."""
    with database.writing() as connection:
        anna = an_employee(connection)
        for _ in range(3):
            an_activity(connection, anna)
        remove(connection, [entry.id for entry in read_feed(connection, 10)])
    return database


@contextmanager
def as_somebody(database: Database) -> Iterator[sa.Connection]:
    """A user who may write Consolidate's tables and has never heard of ours."""
    role = str(database.engine.url.database)
    with database.engine.connect() as connection:
        connection.exec_driver_sql(f"CREATE ROLE {role}")
        connection.exec_driver_sql(f"GRANT SELECT, INSERT, UPDATE, DELETE ON activity TO {role}")
        connection.exec_driver_sql(f"GRANT ALL ON calsync_provider TO {role}")
        connection.commit()
        connection.exec_driver_sql(f"SET ROLE {role}")
        yield connection
        connection.rollback()
        connection.exec_driver_sql("RESET ROLE")
        connection.exec_driver_sql(f"DROP OWNED BY {role}")
        connection.exec_driver_sql(f"DROP ROLE {role}")
        connection.commit()


def test_a_user_without_rights_on_the_feed_writes_as_ever_and_is_seen(office: Database) -> None:
    with as_somebody(office) as somebody:
        somebody.execute(sa.update(activity).values(private=True))
        somebody.exec_driver_sql(
            "INSERT INTO calsync_provider (id, kind, tenant_id) VALUES (1, 'exchange365', 't')"
        )
        somebody.commit()
        with pytest.raises(sa.exc.ProgrammingError, match="permission denied"):
            somebody.exec_driver_sql("SELECT * FROM calsync_feed")
    with office.writing() as connection:
        assert len(read_feed(connection, 10)) == 3
        assert meta.settings_revision(connection) == 1


def test_a_temporary_table_of_the_same_name_catches_nothing(office: Database) -> None:
    with as_somebody(office) as somebody:
        somebody.exec_driver_sql("CREATE TEMPORARY TABLE calsync_feed (activity_id uuid)")
        somebody.execute(sa.update(activity).values(private=True))
        caught = somebody.exec_driver_sql("SELECT count(*) FROM pg_temp.calsync_feed")
        assert caught.scalar_one() == 0
        somebody.commit()
    with office.writing() as connection:
        assert len(read_feed(connection, 10)) == 3


def test_a_user_with_another_search_path_is_seen(office: Database) -> None:
    with office.engine.connect() as somebody:
        somebody.exec_driver_sql("SET LOCAL search_path = ''")
        somebody.exec_driver_sql("UPDATE public.activity SET subject = 'x'")
        somebody.commit()
    with office.writing() as connection:
        assert len(read_feed(connection, 10)) == 3


def test_truncate_names_every_activity_that_was_there(office: Database) -> None:
    with office.writing() as connection:
        connection.exec_driver_sql("TRUNCATE activity CASCADE")
    with office.writing() as connection:
        assert len({entry.activity_id for entry in read_feed(connection, 10)}) == 3


def test_truncate_of_a_child_names_the_activities_that_had_one(office: Database) -> None:
    with office.writing() as connection:
        owner = connection.execute(sa.select(activity.c.id).limit(1)).scalar_one()
        row = {"activity_id": owner, "email": "x@example.com"}
        for number in range(2):
            identity = sa.func.md5(str(number)).cast(sa.Uuid)
            connection.execute(sa.insert(activity_participant).values(id=identity, **row))
        remove(connection, [entry.id for entry in read_feed(connection, 10)])
    with office.writing() as connection:
        connection.exec_driver_sql("TRUNCATE activity_participant")
    with office.writing() as connection:
        assert [entry.activity_id for entry in read_feed(connection, 10)] == [owner]


@pytest.mark.parametrize("schema", ["Kunde 1", "Kunde.1", "KUNDE", 'a"b', "it's", "select"])
def test_b14_tables_in_a_schema_of_any_name_feed_the_feed_beside_them(
    empty_database_url: str, schema: str
) -> None:
    plain = open_database(empty_database_url)
    with plain.writing() as connection:
        quoted = schema.replace('"', '""')
        connection.exec_driver_sql(f'CREATE SCHEMA "{quoted}"')
    plain.dispose()
    database = open_database(empty_database_url, schema=schema)
    try:
        install(database, with_consolidate=True)
        assert install(database) == []
        with database.writing() as connection:
            one = an_activity(connection, an_employee(connection))
        with database.writing() as connection:
            assert [entry.activity_id for entry in read_feed(connection, 10)] == [one]
            inside = "SELECT count(*) FROM information_schema.tables WHERE table_schema = 'public'"
            assert connection.exec_driver_sql(inside).scalar_one() == 0
        with database.reading() as connection:
            meta.check(connection)
            readiness.check(connection)
        with database.writing() as connection:
            assert identity.advance(connection) > 0
        uninstall(database)
        with database.reading() as connection:
            inside = (
                "SELECT count(*) FROM information_schema.tables WHERE table_name LIKE 'calsync%%'"
            )
            assert connection.exec_driver_sql(inside).scalar_one() == 0
    finally:
        database.dispose()
