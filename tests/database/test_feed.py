"""The change feed: what people do to Consolidate's tables, seen on all three databases."""

import time
from collections.abc import Callable
from datetime import timedelta
from uuid import UUID, uuid4

import pytest
import sqlalchemy as sa

from calsync_agent.consolidate.feed import (
    FeedEntry,
    has_news,
    mend,
    read_feed,
    remove,
    touch,
)
from calsync_agent.consolidate.tables import (
    activity,
    activity_exception,
    activity_participant,
    feed,
)
from calsync_agent.database.engine import Database
from tests.support.samples import MORNING, an_activity, an_employee


def taken(database: Database) -> list[FeedEntry]:
    """What the feed holds; afterwards it is empty."""
    with database.writing() as connection:
        entries = read_feed(connection, 10_000)
        remove(connection, [entry.id for entry in entries])
    return entries


def touched(database: Database) -> set[UUID]:
    return {entry.activity_id for entry in taken(database)}


@pytest.fixture
def office(database: Database) -> tuple[int, UUID, UUID]:
    """An employee and two activities; the feed is empty."""
    with database.writing() as connection:
        anna = an_employee(connection)
        first, second = an_activity(connection, anna), an_activity(connection, anna)
    assert touched(database) == {first, second}
    return anna, first, second


def exception_of(owner: UUID, **fields: object) -> dict[str, object]:
    return {"id": uuid4(), "activity_id": owner, "original_start": MORNING, **fields}


def participant_of(owner: UUID, **fields: object) -> dict[str, object]:
    return {"id": uuid4(), "activity_id": owner, "email": "x@example.com", **fields}


def test_an_update_is_seen_whether_or_not_modified_at_moves(
    database: Database, office: tuple[int, UUID, UUID]
) -> None:
    _, first, _ = office
    with database.writing() as connection:
        here = activity.c.id == first
        connection.execute(sa.update(activity).where(here).values(subject="Neu"))
    assert touched(database) == {first}


def test_one_statement_over_many_rows_names_each_of_them(
    database: Database, office: tuple[int, UUID, UUID]
) -> None:
    anna, first, second = office
    with database.writing() as connection:
        more = [an_activity(connection, anna) for _ in range(50)]
    taken(database)
    with database.writing() as connection:
        connection.execute(sa.update(activity).values(private=True))
    assert touched(database) == {first, second, *more}


def test_a_statement_that_meets_no_row_leaves_the_feed_empty(
    database: Database, office: tuple[int, UUID, UUID]
) -> None:
    with database.writing() as connection:
        connection.execute(sa.delete(activity).where(activity.c.id == uuid4()))
    assert office
    assert taken(database) == []


CHILDREN = pytest.mark.parametrize(
    ("table", "row"),
    [(activity_exception, exception_of), (activity_participant, participant_of)],
    ids=["exception", "participant"],
)


@CHILDREN
def test_what_happens_to_a_child_names_its_activity(
    database: Database,
    office: tuple[int, UUID, UUID],
    table: sa.Table,
    row: Callable[[UUID], dict[str, object]],
) -> None:
    _, first, _ = office
    with database.writing() as connection:
        connection.execute(sa.insert(table), row(first))
    assert touched(database) == {first}
    with database.writing() as connection:
        later = {"starts_at": MORNING} if table is activity_exception else {"name": "Xaver"}
        connection.execute(sa.update(table).values(**later))
    assert touched(database) == {first}
    with database.writing() as connection:
        connection.execute(sa.delete(table))
    assert touched(database) == {first}


@CHILDREN
def test_a_child_that_moves_to_another_activity_names_both(
    database: Database,
    office: tuple[int, UUID, UUID],
    table: sa.Table,
    row: Callable[[UUID], dict[str, object]],
) -> None:
    _, first, second = office
    with database.writing() as connection:
        connection.execute(sa.insert(table), row(first))
    taken(database)
    with database.writing() as connection:
        connection.execute(sa.update(table).values(activity_id=second))
    assert touched(database) == {first, second}


def test_a_deleted_activity_is_named_with_its_children(
    database: Database, office: tuple[int, UUID, UUID]
) -> None:
    _, first, second = office
    with database.writing() as connection:
        connection.execute(sa.insert(activity_participant), participant_of(first))
        connection.execute(sa.insert(activity_exception), exception_of(second))
    taken(database)
    with database.writing() as connection:
        connection.execute(sa.delete(activity))
    assert touched(database) == {first, second}
    with database.reading() as connection:
        for table in (activity_participant, activity_exception):
            assert connection.execute(sa.select(table.c.id)).all() == []


def test_what_is_rolled_back_is_never_seen(
    database: Database, office: tuple[int, UUID, UUID]
) -> None:
    anna, first, _ = office
    with database.writing() as connection:
        with connection.begin_nested() as savepoint:
            an_activity(connection, anna)
            savepoint.rollback()
        connection.execute(sa.update(activity).where(activity.c.id == first).values(private=True))
    assert touched(database) == {first}


def another(database: Database) -> sa.Connection:
    """A second connection, as Consolidate's own programs have one; commits when told."""
    return database.engine.connect()


@pytest.mark.parametrize("dialect", ["postgresql", "mssql"], indirect=True)
def test_a_transaction_opened_first_and_committed_last_loses_nothing(
    database: Database, office: tuple[int, UUID, UUID]
) -> None:
    _, first, second = office
    with another(database) as slow:
        slow.execute(sa.update(activity).where(activity.c.id == first).values(subject="slow"))
        with database.writing() as quick:
            quick.execute(
                sa.update(activity).where(activity.c.id == second).values(subject="quick")
            )
        assert touched(database) == {second}, "read past the uncommitted entry, not waiting for it"
        slow.commit()
    assert touched(database) == {first}


@pytest.mark.parametrize("dialect", ["sqlite"], indirect=True)
def test_on_sqlite_an_open_transaction_is_seen_once_it_commits(
    database: Database, office: tuple[int, UUID, UUID]
) -> None:
    _, first, _ = office
    with another(database) as slow:
        slow.execute(sa.update(activity).where(activity.c.id == first).values(subject="slow"))
        with database.reading() as connection:
            assert read_feed(connection, 10) == []
        slow.commit()
    assert touched(database) == {first}


@pytest.mark.parametrize("dialect", ["postgresql", "mssql"], indirect=True)
def test_two_agents_reading_at_once_share_the_entries(
    database: Database, office: tuple[int, UUID, UUID]
) -> None:
    _, first, second = office
    with database.writing() as connection:
        connection.execute(sa.update(activity).where(activity.c.id == first).values(private=True))
        connection.execute(sa.update(activity).where(activity.c.id == second).values(private=True))
    with another(database) as one, database.writing() as two:
        [entry] = read_feed(one, 1)
        assert [other.activity_id for other in read_feed(two, 10)] == [second]
        assert entry.activity_id == first
        one.rollback()
    assert touched(database) == {first, second}


def test_b1_an_agent_that_dies_while_reading_leaves_the_entries(
    database: Database, office: tuple[int, UUID, UUID]
) -> None:
    _, first, _ = office
    with database.writing() as connection:
        connection.execute(sa.update(activity).where(activity.c.id == first).values(private=True))
    with another(database) as dying:
        remove(dying, [entry.id for entry in read_feed(dying, 10)])
        dying.invalidate()
    # The server takes a moment to notice, and until then the entries are the dead agent's.
    end = time.monotonic() + 30
    while not (found := touched(database)) and time.monotonic() < end:
        pass
    assert found == {first}


def test_the_feed_is_read_in_parts(database: Database, office: tuple[int, UUID, UUID]) -> None:
    _, first, second = office
    for one in (second, first, second):
        with database.writing() as connection:
            changed = {"starts_at": activity.c.starts_at, "subject": activity.c.subject + "!"}
            connection.execute(sa.update(activity).where(activity.c.id == one).values(changed))
    with database.writing() as connection:
        entries = read_feed(connection, 2)
        assert len(entries) == 2
        remove(connection, [entry.id for entry in entries])
    rest = taken(database)
    assert len(rest) == 1
    assert {entry.activity_id for entry in [*entries, *rest]} == {first, second}


def test_an_id_is_never_given_out_twice(database: Database, office: tuple[int, UUID, UUID]) -> None:
    _, first, _ = office
    seen = []
    for minutes in (1, 2, 3):
        with database.writing() as connection:
            later = MORNING - timedelta(minutes=minutes)
            connection.execute(
                sa.update(activity).where(activity.c.id == first).values(starts_at=later)
            )
        seen += [entry.id for entry in taken(database)]
    assert len(seen) == len(set(seen)) == 3


def test_removing_thousands_of_entries_keeps_to_the_number_of_parameters(
    database: Database, office: tuple[int, UUID, UUID]
) -> None:
    anna, *_ = office
    with database.writing() as connection:
        many = [an_activity(connection, anna) for _ in range(10)]
        for _ in range(210):
            touch(connection, many[0])
        for _ in range(4):
            every = sa.select(feed.c.activity_id)
            connection.execute(sa.insert(feed).from_select(["activity_id"], every))
    assert len(taken(database)) >= 2100
    assert taken(database) == []


NOWHERE = sa.select(activity.c.id).where(sa.false())


def mended(database: Database, remembered: sa.Select[tuple[UUID]] = NOWHERE) -> bool:
    with database.writing() as connection:
        return mend(connection, remembered)


def news(database: Database) -> bool:
    with database.reading() as connection:
        return has_news(connection)


def test_b3_a_feed_that_was_read_and_is_whole_has_no_news(
    database: Database, office: tuple[int, UUID, UUID]
) -> None:
    _, first, second = office
    assert news(database), "nobody has read it yet"
    assert mended(database)
    assert touched(database) == {first, second}
    assert (news(database), mended(database), taken(database)) == (False, False, [])


EMPTIED = ["DELETE FROM calsync_feed", "TRUNCATE TABLE calsync_feed"]


@pytest.mark.parametrize("statement", EMPTIED)
def test_b3_a_feed_that_somebody_emptied_names_everything_again(
    database: Database, office: tuple[int, UUID, UUID], statement: str
) -> None:
    _, first, second = office
    mended(database)
    taken(database)
    if database.dialect == "sqlite":
        statement = EMPTIED[0]
    with database.writing() as connection:
        gone = an_activity(connection, office[0])
        connection.execute(sa.update(activity).where(activity.c.id == first).values(subject="Neu"))
        connection.exec_driver_sql(statement)
    assert news(database)
    assert mended(database, sa.select(sa.literal(UUID(int=7), sa.Uuid())))
    assert touched(database) == {first, second, gone, UUID(int=7)}


def test_b3_a_row_in_the_gap_names_everything_again(
    database: Database, office: tuple[int, UUID, UUID]
) -> None:
    _, first, second = office
    mended(database)
    taken(database)
    with database.writing() as connection:
        connection.exec_driver_sql("INSERT INTO calsync_gap (entry) VALUES ('x')")
    assert news(database)
    assert mended(database)
    assert touched(database) == {first, second}
    assert not news(database)
