"""Reading and writing transactions: alone, against others, and when the connection breaks."""

import asyncio
import threading
from collections.abc import Callable
from contextvars import ContextVar

import pytest
import sqlalchemy as sa

from calsync_agent.consolidate.tables import activity, employee
from calsync_agent.database.engine import Database, Patience, open_database
from calsync_agent.database.failures import Contended
from calsync_agent.database.statements import locked
from calsync_agent.errors import DatabaseTrouble
from calsync_agent.state.tables import meta
from tests.support.samples import an_activity, an_employee

AT_ONCE = Patience(tries=4, first=0, longest=0)


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


@pytest.mark.parametrize("dialect", ["postgresql", "mssql"], indirect=True)
def test_b9_a_deadlock_is_tried_again_and_both_changes_stay(database: Database) -> None:
    with database.writing() as connection:
        anna = an_employee(connection)
        ids = [an_activity(connection, anna) for _ in range(2)]
    both_hold_one = threading.Barrier(2, timeout=20)
    tries: list[int] = []

    def swap(first: int) -> Callable[[sa.Connection], None]:
        def work(connection: sa.Connection) -> None:
            tries.append(first)
            for number, here in enumerate((ids[first], ids[1 - first])):
                row = activity.c.id == here
                louder = sa.update(activity).where(row).values(subject=activity.c.subject + "!")
                connection.execute(louder)
                if number == 0 and tries.count(first) == 1:
                    both_hold_one.wait()

        return work

    async def story() -> None:
        await asyncio.gather(database.write(swap(0)), database.write(swap(1)))

    asyncio.run(story())
    assert len(tries) == 3, "the victim, once more"
    with database.reading() as connection:
        assert connection.execute(sa.select(activity.c.subject)).scalars().all() == ["!!", "!!"]


def impatient(database: Database) -> None:
    """Locks are waited for as briefly as each database allows."""

    def settle(connection: sa.Connection) -> None:
        statement = {
            "sqlite": "PRAGMA busy_timeout = 1",
            "postgresql": "SET lock_timeout = '10ms'",
            "mssql": "SET LOCK_TIMEOUT 10",
        }[database.dialect]
        connection.exec_driver_sql(statement)

    with database.engine.connect() as connection:
        settle(connection)
        connection.commit()


@pytest.fixture
def contended(database_url: str) -> Database:
    """A database with one connection in its pool, which hardly waits for locks."""
    opened = open_database(database_url)
    with opened.writing() as connection:
        an_employee(connection)
    impatient(opened)
    made = Database(opened.engine, AT_ONCE)
    yield made
    made.dispose()
    opened.dispose()


def test_b9_a_lock_that_somebody_holds_is_tried_for_again(
    contended: Database, database_url: str
) -> None:
    other = open_database(database_url)
    tries = []

    def work(connection: sa.Connection) -> str:
        row = locked(sa.select(employee.c.name), employee)
        return str(connection.execute(row).scalar_one())

    def attempt(connection: sa.Connection) -> None:
        tries.append(1)
        if len(tries) == 3:
            holder.rollback()

    with other.engine.connect() as holder:
        holder.execution_options(calsync_writing=True)
        holder.execute(sa.update(employee).values(name="theirs"))
        sa.event.listen(contended.engine, "begin", attempt)
        assert asyncio.run(contended.write(work)) == "Anna"
    assert len(tries) == 3
    other.dispose()


def test_b9_after_so_many_tries_it_is_trouble_and_says_so(
    contended: Database, database_url: str
) -> None:
    other = open_database(database_url)
    tries = []
    sa.event.listen(contended.engine, "begin", lambda _: tries.append(1))
    with other.writing() as holder:
        rename("theirs")(holder)
        with pytest.raises(Contended, match="busy with others' changes") as told:
            asyncio.run(contended.write(rename("ours")))
        assert isinstance(told.value, DatabaseTrouble)
    assert len(tries) == AT_ONCE.tries
    other.dispose()


def kill(database: Database, connection: sa.Connection) -> None:
    """What a restarted server does to an open connection."""
    if database.dialect == "postgresql":
        pid = connection.exec_driver_sql("SELECT pg_backend_pid()").scalar_one()
        with database.engine.connect() as other:
            other.exec_driver_sql(f"SELECT pg_terminate_backend({pid})")
    else:
        pid = connection.exec_driver_sql("SELECT @@SPID").scalar_one()
        autocommit = database.engine.execution_options(isolation_level="AUTOCOMMIT")
        with autocommit.connect() as other:
            other.exec_driver_sql(f"KILL {pid}")


@pytest.mark.parametrize("dialect", ["postgresql", "mssql"], indirect=True)
def test_b9_a_connection_lost_at_the_commit_is_trouble_and_never_tried_again(
    anna: Database,
) -> None:
    tries = []

    def work(connection: sa.Connection) -> None:
        tries.append(1)
        rename("who knows")(connection)
        kill(anna, connection)

    with pytest.raises(DatabaseTrouble, match="does not answer for now") as told:
        asyncio.run(anna.write(work))
    assert not isinstance(told.value, Contended)
    assert tries == [1]
    assert asyncio.run(anna.read(read_name)) == "Anna", "and the next one works"


@pytest.mark.parametrize("dialect", ["postgresql", "mssql"], indirect=True)
def test_b9_connections_that_died_in_the_pool_are_not_noticed(anna: Database) -> None:
    with anna.reading() as connection:
        first = connection
        kill(anna, first)
        with pytest.raises(DatabaseTrouble), anna.reading():
            first.execute(sa.select(meta.c.name))
            raise AssertionError("it is dead")
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


def test_pauses_grow_differ_and_end(database: Database) -> None:
    patience = Patience(tries=9, first=0.1, longest=1.0)
    assert 0.05 <= patience.pause(1) <= 0.1
    assert 0.2 <= patience.pause(3) <= 0.4
    assert 0.5 <= patience.pause(8) <= 1.0
    assert len({patience.pause(5) for _ in range(20)}) > 1
    assert database
