"""The feed's triggers on SQL Server: sets of rows, and the manners of old clients."""

from uuid import UUID, uuid4

import pytest
import sqlalchemy as sa

from calsync_agent.consolidate.feed import read_feed, remove
from calsync_agent.consolidate.tables import activity, activity_participant
from calsync_agent.database.engine import Database
from tests.support.samples import an_activity, an_employee

pytestmark = pytest.mark.parametrize("dialect", ["mssql"], indirect=True)


@pytest.fixture
def office(database: Database) -> list[UUID]:
    """Three activities, a participant of the first, and an empty feed."""
    with database.writing() as connection:
        anna = an_employee(connection)
        made = [an_activity(connection, anna) for _ in range(3)]
        row = {"id": uuid4(), "activity_id": made[0], "email": "x@example.com"}
        connection.execute(sa.insert(activity_participant), row)
    touched(database)
    return made


def touched(database: Database) -> set[UUID]:
    with database.writing() as connection:
        entries = read_feed(connection, 10_000)
        remove(connection, [entry.id for entry in entries])
    return {entry.activity_id for entry in entries}


def run(database: Database, statement: str) -> int:
    with database.writing() as connection:
        return connection.exec_driver_sql(statement).rowcount


def test_merge_names_what_it_changed_and_what_it_deleted(
    database: Database, office: list[UUID]
) -> None:
    run(
        database,
        f"""MERGE activity AS t USING (SELECT '{office[0]}' AS id) AS s ON t.id = s.id
        WHEN MATCHED THEN UPDATE SET subject = N'merged'
        WHEN NOT MATCHED BY SOURCE THEN DELETE;""",
    )
    assert touched(database) == set(office)


def test_a_clients_set_rowcount_does_not_cut_the_feed(
    database: Database, office: list[UUID]
) -> None:
    with database.writing() as connection:
        connection.exec_driver_sql("SET ROWCOUNT 1")
        connection.execute(sa.update(activity_participant).values(activity_id=office[1]))
        connection.exec_driver_sql("SET ROWCOUNT 0")
    assert touched(database) == set(office[:2])


def test_row_counts_and_scope_identity_are_the_clients_own(
    database: Database, office: list[UUID]
) -> None:
    assert run(database, "UPDATE activity SET subject = N'x'") == len(office)
    with database.writing() as connection:
        number = an_employee(connection, "BERT")
        connection.execute(sa.update(activity).values(private=True))
        latest = connection.exec_driver_sql("SELECT CAST(IDENT_CURRENT('employee') AS int)")
        assert latest.scalar_one() == number


def test_thousands_of_changes_in_one_statement_do_not_lock_the_feed(
    database: Database, office: list[UUID]
) -> None:
    with database.writing() as connection:
        anna = connection.execute(sa.select(activity.c.responsible_id)).scalars().first()
        assert anna is not None
        for _ in range(6000):
            an_activity(connection, anna)
    touched(database)
    touched(database)
    with database.engine.connect() as slow:
        slow.execute(sa.update(activity).where(activity.c.id != office[0]).values(subject="x"))
        run(database, "INSERT INTO calsync_feed (activity_id) VALUES (NEWID())")
        assert len(touched(database)) == 1
        slow.rollback()
