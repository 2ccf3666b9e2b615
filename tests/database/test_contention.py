"""Transactions that meet others: tried again, in the end trouble."""

import asyncio
import threading
from collections.abc import Callable, Iterator
from uuid import uuid4

import pytest
import sqlalchemy as sa

from calsync_agent.appointment.model import ActivityId, ProfileId
from calsync_agent.consolidate.tables import activity, employee
from calsync_agent.database.engine import Database, Patience, open_database
from calsync_agent.database.failures import Contended
from calsync_agent.database.statements import locked
from calsync_agent.errors import DatabaseTrouble
from calsync_agent.state import pending
from tests.support.samples import a_profile, an_activity, an_employee

AT_ONCE = Patience(tries=4, first=0, longest=0)


def rename(connection: sa.Connection, name: str) -> None:
    connection.execute(sa.update(employee).values(name=name))


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
    assert len(tries) > 2, "whoever gave up first once more, or both; how often, the load decides"
    with database.reading() as connection:
        assert connection.execute(sa.select(activity.c.subject)).scalars().all() == ["!!", "!!"]


@pytest.mark.parametrize("dialect", ["postgresql"], indirect=True)
def test_b1_work_put_in_while_the_same_work_is_being_taken_out_is_not_lost(
    database: Database,
) -> None:
    """What takes it out has not seen why it is put in again."""
    number = ActivityId(uuid4())
    with database.writing() as connection:
        profile = ProfileId(a_profile(connection, an_employee(connection)))
        pending.add(connection, [(profile, number)])

    def put_in() -> None:
        with database.writing() as connection:
            pending.add(connection, [(profile, number)])

    adding = threading.Thread(target=put_in)
    with database.writing() as holder, database.engine.connect() as observer:
        pending.done(holder, profile, {number: 1})
        adding.start()
        blocked = sa.text("SELECT count(*) FROM pg_locks WHERE NOT granted")
        while adding.is_alive() and not observer.execute(blocked).scalar_one():
            observer.rollback()
    adding.join()
    with database.reading() as connection:
        assert list(pending.read(connection, profile, 10)) == [number]


@pytest.fixture
def contended(database_url: str) -> Iterator[Database]:
    """A database on which nobody waits for long between two tries."""
    opened = open_database(database_url)
    with opened.writing() as connection:
        an_employee(connection)
        if opened.dialect == "sqlite":
            connection.exec_driver_sql("PRAGMA busy_timeout = 1")
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

    def attempt(_connection: sa.Connection) -> None:
        tries.append(1)
        if len(tries) == 3:
            holder.rollback()

    with other.engine.connect() as holder:
        holder.execution_options(calsync_writing=True)
        rename(holder, "theirs")
        sa.event.listen(contended.engine, "engine_connect", attempt)
        assert asyncio.run(contended.write(work)) == "Anna"
    assert len(tries) == 3
    other.dispose()


def test_b9_after_so_many_tries_it_is_trouble_and_says_so(
    contended: Database, database_url: str
) -> None:
    other = open_database(database_url)
    tries = []
    sa.event.listen(contended.engine, "engine_connect", lambda _: tries.append(1))
    with other.writing() as holder:
        rename(holder, "theirs")
        with pytest.raises(Contended, match="busy with others' changes") as told:
            asyncio.run(contended.write(lambda connection: rename(connection, "ours")))
        assert isinstance(told.value, DatabaseTrouble)
    assert len(tries) == AT_ONCE.tries
    other.dispose()


def test_pauses_grow_differ_and_end() -> None:
    patience = Patience(tries=9, first=0.1, longest=1.0)
    assert 0.05 <= patience.pause(1) <= 0.1
    assert 0.2 <= patience.pause(3) <= 0.4
    assert 0.5 <= patience.pause(8) <= 1.0
    assert len({patience.pause(5) for _ in range(20)}) > 1
