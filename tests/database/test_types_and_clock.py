"""What the columns keep, and the database's own clock, alike on all databases."""

import logging
import re
from datetime import UTC, datetime, timedelta
from uuid import UUID, uuid4

import pytest
import sqlalchemy as sa

from calsync_agent.consolidate.tables import activity, activity_type
from calsync_agent.database.clock import UtcNow
from calsync_agent.database.engine import Database
from calsync_agent.state.tables import link, log
from tests.support.samples import a_profile, an_activity, an_employee


def test_a_moment_keeps_its_microseconds(database: Database) -> None:
    at = datetime(2026, 3, 29, 2, 30, 0, 123_457)
    last = datetime(9999, 12, 31, 23, 59, 59, 999_999)
    with database.writing() as connection:
        an_activity(connection, an_employee(connection), starts_at=at, deleted_at=last)
    with database.reading() as connection:
        row = connection.execute(sa.select(activity.c.starts_at, activity.c.deleted_at)).one()
    assert tuple(row) == (at, last)


def test_d1_text_keeps_every_letter_and_line_break(database: Database) -> None:
    text = "Grüße, 漢字 \U0001f468‍\U0001f469‍\U0001f467\r\n\ttab\n'; DROP TABLE activity; --\u2028%s"
    with database.writing() as connection:
        anna = an_employee(connection)
        an_activity(connection, anna, subject=text, body=text * 1000)
    with database.reading() as connection:
        row = connection.execute(sa.select(activity.c.subject, activity.c.body)).one()
    assert tuple(row) == (text, text * 1000)


def test_ids_from_graph_differ_by_case(database: Database) -> None:
    ids = ["AAMkAGI1" + "x" * 392, "aamkagi1" + "x" * 392]
    with database.writing() as connection:
        number = a_profile(connection, an_employee(connection))
        for event in ids:
            row = {"id": uuid4(), "profile_id": number, "activity_id": uuid4(), "role": "organizer"}
            connection.execute(sa.insert(link).values(**row, event_id=event))
    with database.reading() as connection:
        found = sa.select(link.c.event_id).where(link.c.event_id == ids[1])
        assert connection.execute(found).scalars().all() == [ids[1]]


def test_several_links_may_still_have_no_event(database: Database) -> None:
    with database.writing() as connection:
        number = a_profile(connection, an_employee(connection))
        for _ in range(2):
            row = {"id": uuid4(), "profile_id": number, "activity_id": uuid4(), "role": "organizer"}
            connection.execute(sa.insert(link), row)
    with database.reading() as connection:
        assert connection.execute(sa.select(link.c.event_id)).scalars().all() == [None, None]


def test_one_event_has_one_link_in_a_mailbox(database: Database) -> None:
    with database.writing() as connection:
        number = a_profile(connection, an_employee(connection))
    row = {"profile_id": number, "role": "organizer", "event_id": "E"}
    rows = [{"id": uuid4(), "activity_id": uuid4(), **row} for _ in range(2)]
    with database.writing() as connection, pytest.raises(sa.exc.IntegrityError):
        connection.execute(sa.insert(link), rows)


@pytest.mark.parametrize("dialect", ["sqlite"], indirect=True)
def test_on_sqlite_values_are_stored_as_the_contract_says(database: Database) -> None:
    one = UUID("00112233-4455-6677-8899-aabbccddeeff")
    with database.writing() as connection:
        an_activity(connection, an_employee(connection), id=one, all_day=True)
    with database.reading() as connection:
        columns = "SELECT id, starts_at, all_day, private, created_at FROM activity"
        row = connection.exec_driver_sql(columns).one()
        assert row[:4] == ("00112233445566778899aabbccddeeff", "2026-11-23 09:00:00.000000", 1, 0)
        assert re.fullmatch(r"\d{4}-\d\d-\d\d \d\d:\d\d:\d\d\.\d{6}", row[4])


def test_the_clock_is_utc_and_moves_on_within_a_transaction(database: Database) -> None:
    with database.reading() as connection:
        before = datetime.now(UTC).replace(tzinfo=None)
        first = connection.execute(sa.select(UtcNow())).scalar_one()
        ticks = {connection.execute(sa.select(UtcNow())).scalar_one() for _ in range(1000)}
    logging.getLogger(__name__).debug("ours %s, theirs %s", before, first)
    assert isinstance(first, datetime)
    assert abs(first - before) < timedelta(minutes=5), "UTC, whatever the server's own zone is"
    assert min(ticks) >= first
    assert len(ticks) > 1


def test_the_clock_writes_what_it_reads(database: Database) -> None:
    with database.writing() as connection:
        entry = {"level": "info", "kind": "test", "message": "x"}
        connection.execute(sa.insert(log).values(at=UtcNow(), **entry))
        earlier = sa.select(log.c.at).where(log.c.at <= UtcNow())
        at = connection.execute(earlier).scalar_one()
        connection.execute(sa.insert(activity_type), {"name": "Besuch"})
        same = sa.select(log.c.id).where(log.c.at == at)
        assert connection.execute(same).scalars().all() == [1]


def test_d1_many_rows_in_one_call_keep_their_values(database: Database) -> None:
    with database.writing() as connection:
        anna = an_employee(connection)
        kind = connection.execute(sa.select(activity_type.c.id)).scalar_one()
        start = datetime(2026, 1, 1)
        rows = [
            {
                "id": UUID(int=number),
                "type_id": kind,
                "subject": f"Nr. {number} 🎉",
                "body": "x" * (number * 100),
                "starts_at": start + timedelta(microseconds=number),
                "ends_at": start + timedelta(days=number),
                "time_zone": "Europe/Vienna",
                "responsible_id": anna,
                "note": None if number % 2 else "ö",
            }
            for number in range(200)
        ]
        connection.execute(sa.insert(activity), rows)
    with database.reading() as connection:
        columns = [activity.c[name] for name in rows[0]]
        stored = connection.execute(sa.select(*columns).order_by(activity.c.starts_at))
        assert [dict(row._mapping) for row in stored] == rows
