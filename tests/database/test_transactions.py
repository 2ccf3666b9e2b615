"""Reading and writing transactions, and what a broken connection does to them."""

import asyncio
import contextlib
import threading
from collections.abc import Callable
from contextvars import ContextVar

import pytest
import sqlalchemy as sa

from calsync_agent.consolidate.tables import employee
from calsync_agent.database.engine import Database, open_database
from calsync_agent.database.failures import Contended
from calsync_agent.errors import DatabaseTrouble
from tests.support.samples import an_employee


def read_name(connection: sa.Connection) -> str:
    return str(connection.execute(sa.select(employee.c.name)).scalar_one())


def rename(name: str) -> Callable[[sa.Connection], int]:
    def work(connection: sa.Connection) -> int:
        return connection.execute(sa.update(employee).values(name=name)).rowcount

    return work


@pytest.fixture
def anna(database: Database) -> Database:
    with database.writing() as connection:
        an_employee(connection)
    return database


def test_what_work_returns_comes_back_and_what_it_wrote_stays(anna: Database) -> None:
    async def story() -> tuple[int, str]:
        return await anna.write(rename("Anna Ä 🎉")), await anna.read(read_name)

    assert asyncio.run(story()) == (1, "Anna Ä 🎉")


def test_an_error_in_work_takes_everything_back(anna: Database) -> None:
    def work(connection: sa.Connection) -> None:
        rename("lost")(connection)
        raise LookupError("work")

    with pytest.raises(LookupError):
        asyncio.run(anna.write(work))
    assert asyncio.run(anna.read(read_name)) == "Anna"


def test_an_error_that_does_not_pass_keeps_its_class(anna: Database) -> None:
    with pytest.raises(sa.exc.IntegrityError):
        asyncio.run(anna.write(an_employee))


def test_work_knows_the_context_of_who_asked(anna: Database) -> None:
    profile: ContextVar[int] = ContextVar("profile")

    async def story() -> int:
        profile.set(7)
        return await anna.read(lambda _: profile.get())

    assert asyncio.run(story()) == 7


def session(connection: sa.Connection) -> int:
    """The server's number for this connection."""
    asked = "pg_backend_pid()" if connection.dialect.name == "postgresql" else "@@SPID"
    return int(connection.exec_driver_sql(f"SELECT {asked}").scalar_one())


def kill(database: Database, number: int) -> None:
    """What a restarted server does to an open connection."""
    statement = f"KILL {number}"
    if database.dialect == "postgresql":
        statement = f"SELECT pg_terminate_backend({number})"
    engine = sa.create_engine(
        database.engine.url, isolation_level="AUTOCOMMIT", poolclass=sa.NullPool
    )
    with engine.connect() as other:
        other.exec_driver_sql(statement)


@pytest.mark.parametrize("dialect", ["postgresql", "mssql"], indirect=True)
def test_b9_a_connection_lost_at_the_commit_is_trouble_and_never_tried_again(
    anna: Database,
) -> None:
    tries = []

    def work(connection: sa.Connection) -> None:
        tries.append(1)
        rename("who knows")(connection)
        kill(anna, session(connection))

    with pytest.raises(DatabaseTrouble, match="does not answer for now") as told:
        asyncio.run(anna.write(work))
    assert not isinstance(told.value, Contended)
    assert tries == [1]
    assert asyncio.run(anna.read(read_name)) == "Anna", "and the next one works"


@pytest.mark.parametrize("dialect", ["postgresql", "mssql"], indirect=True)
def test_b9_a_connection_that_died_in_the_pool_is_replaced_unnoticed(anna: Database) -> None:
    number = asyncio.run(anna.read(session))
    kill(anna, number)
    assert asyncio.run(anna.read(read_name)) == "Anna"
    assert asyncio.run(anna.read(session)) != number


@pytest.mark.parametrize("dialect", ["postgresql", "mssql"], indirect=True)
def test_b9_work_that_hides_a_lost_connection_ends_in_trouble_all_the_same(anna: Database) -> None:
    def work(connection: sa.Connection) -> None:
        kill(anna, session(connection))
        with contextlib.suppress(sa.exc.DBAPIError):
            rename("lost")(connection)

    with pytest.raises(DatabaseTrouble):
        asyncio.run(anna.write(work))
    assert asyncio.run(anna.read(read_name)) == "Anna"


def test_a_cancelled_write_returns_only_when_its_transaction_has_ended(anna: Database) -> None:
    begun, go_on = threading.Event(), threading.Event()

    def work(connection: sa.Connection) -> None:
        rename("late")(connection)
        begun.set()
        assert go_on.wait(20)

    async def story() -> str:
        writing = asyncio.create_task(anna.write(work))
        await asyncio.to_thread(begun.wait, 20)
        writing.cancel()
        await asyncio.sleep(0)
        assert not writing.done()
        go_on.set()
        with pytest.raises(asyncio.CancelledError):
            await writing
        return await anna.read(read_name)

    assert asyncio.run(story()) == "late"


def test_dispose_lets_running_work_end(database_url: str) -> None:
    database = open_database(database_url)
    begun = threading.Event()

    def work(connection: sa.Connection) -> None:
        begun.set()
        an_employee(connection, "BERT")

    async def story() -> None:
        writing = asyncio.create_task(database.write(work))
        await asyncio.to_thread(begun.wait, 20)
        await asyncio.to_thread(database.dispose)
        await writing

    asyncio.run(story())
    again = open_database(database_url)
    with again.reading() as connection:
        assert read_name(connection) == "Bert"
    again.dispose()
