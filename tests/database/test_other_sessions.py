"""B14: what other programs do in their own sessions goes on as if the plugin were not there."""

from collections.abc import Iterator
from io import StringIO
from uuid import uuid4

import pytest
import sqlalchemy as sa

from calsync_agent.consolidate import readiness
from calsync_agent.consolidate.feed import has_news, mend, read_feed
from calsync_agent.consolidate.tables import activity
from calsync_agent.database.engine import Database
from calsync_agent.errors import Refusal
from calsync_agent.installation import install
from tests.support.samples import a_profile, an_activity, an_employee
from tests.support.vendor import CONSOLIDATES_OWN, ask, done, login, names, read, session

pytestmark = pytest.mark.parametrize("dialect", ["postgresql"], indirect=True)

NEW = """INSERT INTO activity (id, type_id, subject, starts_at, ends_at, time_zone, responsible_id)
VALUES (%s, 1, 'Termin', '2026-11-23 09:00', '2026-11-23 10:00', 'Europe/Vienna', 1)"""


@pytest.fixture
def office(database: Database) -> Database:
    """Anna with two appointments, everything read."""
    with database.writing() as connection:
        anna = an_employee(connection)
        for _ in range(2):
            an_activity(connection, anna)
    read(database)
    return database


@pytest.fixture
def app(office: Database) -> Iterator[str]:
    """Consolidate's login, without any right on ours."""
    with login(office, *CONSOLIDATES_OWN) as name:
        yield name


SETTINGS = [
    {},
    {"search_path": "pg_catalog"},
    {"default_transaction_isolation": "serializable"},
    {"default_transaction_isolation": "repeatable\\ read"},
    {"client_encoding": "latin1"},
    {"standard_conforming_strings": "off"},
    {"client_min_messages": "debug1"},
    {"check_function_bodies": "off"},
    {"row_security": "off"},
    {"quote_all_identifiers": "on"},
    {"lock_timeout": "1ms"},
    {"jit": "off", "enable_seqscan": "off"},
    {"DateStyle": "German"},
    {"synchronize_seqscans": "off", "xmloption": "document"},
]


@pytest.mark.parametrize("settings", SETTINGS, ids=str)
def test_b14_whatever_settings_its_session_has_it_writes_as_ever_and_is_seen(
    office: Database, app: str, settings: dict[str, str]
) -> None:
    number = str(uuid4())
    using = session(office, app, **settings)
    assert done(using, NEW.replace("INTO activity", "INTO public.activity"), number) == 1
    assert done(using, "UPDATE public.activity SET subject = 'x'") == 3
    assert done(using, "UPDATE public.activity SET subject = 'x' WHERE false") == 0
    assert done(using, "DELETE FROM public.activity WHERE id = %s", number) == 1
    using.commit()
    using.close()
    assert len(read(office)) == 3


def test_b14_a_bulk_loader_that_switches_triggers_off_for_its_session_is_seen(
    office: Database,
) -> None:
    using = session(office, session_replication_role="replica")
    assert done(using, "UPDATE activity SET subject = 'x'") == 2
    using.commit()
    using.close()
    assert len(read(office)) == 2


def test_b14_what_it_is_told_is_its_own(office: Database, app: str) -> None:
    using = session(office, app)
    number = str(uuid4())
    [[bert]] = ask(
        using,
        "INSERT INTO employee (code, name, email) VALUES ('BERT', 'B', 'b@x') RETURNING id",
    )
    assert ask(using, f"{NEW} RETURNING subject, ends_at > starts_at", number) == [("Termin", True)]
    assert ask(using, "SELECT lastval()") == [(bert,)]
    assert ask(using, "SELECT currval('employee_id_seq')") == [(bert,)]
    again = f"{NEW} ON CONFLICT (id) DO UPDATE SET subject = 'neu' RETURNING subject"
    assert ask(using, again, number) == [("neu",)]
    moved = """WITH gone AS (DELETE FROM activity WHERE id = %s RETURNING subject)
        SELECT subject FROM gone"""
    assert ask(using, moved, number) == [("neu",)]
    ask(using, "SELECT setseed(0.5)")
    [before] = ask(using, "SELECT random(), random()")
    ask(using, "SELECT setseed(0.5)")
    [first] = ask(using, "SELECT random()")
    done(using, "UPDATE activity SET subject = 'x'")
    assert (*first, *ask(using, "SELECT random()")[0]) == before
    assert using.notices == []
    using.commit()
    using.close()
    assert number in read(office)


def test_b14_copy_and_merge_are_seen(office: Database, app: str) -> None:
    using = session(office, app)
    numbers = [str(uuid4()) for _ in range(200)]
    with using.cursor() as cursor:
        lines = "".join(
            f"{number}\t1\t2026-11-23 09:00\t2026-11-23 10:00\tEurope/Vienna\t1\n"
            for number in numbers
        )
        columns = ["id", "type_id", "starts_at", "ends_at", "time_zone", "responsible_id"]
        cursor.copy_expert(f"COPY activity ({', '.join(columns)}) FROM STDIN", StringIO(lines))
        assert cursor.rowcount == len(numbers)
    using.commit()
    assert read(office) == set(numbers)
    if using.server_version >= 150000:
        merge = """MERGE INTO activity a USING (SELECT %s::uuid AS id) s ON a.id = s.id
            WHEN MATCHED THEN DELETE"""
        assert done(using, merge, numbers[0]) == 1
        using.commit()
        assert read(office) == {numbers[0]}
    using.close()


@pytest.mark.parametrize("level", ["REPEATABLE READ", "SERIALIZABLE"])
def test_b14_two_at_work_on_different_rows_neither_wait_nor_fail(
    office: Database, app: str, level: str
) -> None:
    with office.reading() as connection:
        first, second = connection.execute(sa.select(activity.c.id)).scalars().all()
    one, two = (session(office, app, lock_timeout="1s") for _ in range(2))
    for using in (one, two):
        using.set_session(isolation_level=level)
    change = "UPDATE activity SET subject = subject || '!' WHERE id = %s"
    done(one, change, str(first))
    done(two, change, str(second))
    with office.writing() as agent:
        assert read_feed(agent, 10) == []
    one.commit()
    two.commit()
    one.close()
    two.close()
    assert read(office) == {str(first), str(second)}


# Two transactions that are to be serializable and both take a profile along may have to be tried
# again, as anything that is to be serializable.
@pytest.mark.parametrize(
    ("level", "with_profiles"),
    [
        ("READ COMMITTED", True),
        ("REPEATABLE READ", True),
        ("READ COMMITTED", False),
        ("REPEATABLE READ", False),
        ("SERIALIZABLE", False),
    ],
)
def test_b14_crossed_deletions_of_employees_neither_wait_nor_fail(
    office: Database, level: str, with_profiles: bool
) -> None:
    with office.writing() as connection:
        people = [an_employee(connection, f"P{number}") for number in range(4)]
        if with_profiles:
            for one_of in people:
                a_profile(connection, one_of, f"{one_of}@example.com")
    with login(office, *CONSOLIDATES_OWN) as app:
        one, two = (session(office, app, lock_timeout="1s") for _ in range(2))
        for using in (one, two):
            using.set_session(isolation_level=level)
        for using, number in ((one, 0), (two, 1), (two, 2), (one, 3)):
            assert done(using, "DELETE FROM employee WHERE id = %s", people[number]) == 1
        one.commit()
        two.commit()
        one.close()
        two.close()
    with office.reading() as connection:
        counted = connection.exec_driver_sql("SELECT count(*) FROM calsync_revision").scalar_one()
    # Making the profiles counts as well, once.
    assert counted == (3 if with_profiles else 0)


def test_b14_a_deletion_waits_for_no_agent_that_counts_or_reads(office: Database) -> None:
    with office.writing() as connection:
        a_profile(connection, 1)
        bert = an_employee(connection, "BERT")
    with login(office, *CONSOLIDATES_OWN) as app, office.writing() as agent:
        agent.exec_driver_sql("UPDATE calsync_meta SET value = '7' WHERE name LIKE 'settings%%'")
        agent.exec_driver_sql("DELETE FROM calsync_revision")
        agent.exec_driver_sql("DELETE FROM calsync_feed WHERE entry <> 'mark'")
        using = session(office, app, lock_timeout="1s")
        assert done(using, "DELETE FROM employee WHERE id = %s", bert) == 1
        assert done(using, "UPDATE activity SET subject = 'x'") == 2
        using.commit()
        using.close()
    assert len(read(office)) == 2


SPOILT = {
    "feed dropped": ["DROP TABLE calsync_feed"],
    "both dropped": ["DROP TABLE calsync_feed", "DROP TABLE calsync_gap"],
    "all of ours dropped": [
        "DROP TABLE calsync_feed, calsync_gap, calsync_revision, calsync_meta CASCADE"
    ],
    "renamed": ["ALTER TABLE calsync_feed RENAME TO elsewhere"],
    "moved": ["CREATE SCHEMA old", "ALTER TABLE calsync_feed SET SCHEMA old"],
    "column renamed": ["ALTER TABLE calsync_feed RENAME COLUMN entry TO number"],
    "column added": [
        "ALTER TABLE calsync_feed ADD COLUMN by_whom text",
        "ALTER TABLE calsync_feed ADD CHECK (by_whom IS NOT NULL) NOT VALID",
    ],
    "a check": ["ALTER TABLE calsync_feed ADD CONSTRAINT never CHECK (entry = 'x') NOT VALID"],
    "feed given away": ["ALTER TABLE calsync_feed OWNER TO {app}"],
    "function given away": ["ALTER FUNCTION calsync_note_activity() OWNER TO {app}"],
    "both given away": [
        "ALTER TABLE calsync_feed OWNER TO {other}",
        "ALTER FUNCTION calsync_note_activity() OWNER TO {app}",
    ],
    "key dropped": ["ALTER TABLE calsync_feed DROP CONSTRAINT pk_calsync_feed"],
    "a view": ["DROP TABLE calsync_feed", "CREATE VIEW calsync_feed AS SELECT 1 AS entry"],
    "a trigger of its own": [
        """CREATE FUNCTION never() RETURNS trigger LANGUAGE plpgsql AS
        'BEGIN RAISE EXCEPTION ''no''; END'""",
        """CREATE TRIGGER never BEFORE INSERT ON calsync_feed
        FOR EACH ROW EXECUTE PROCEDURE never()""",
    ],
}


@pytest.mark.parametrize("spoilt", SPOILT)
def test_b14_whatever_became_of_our_tables_it_writes_as_ever_and_nothing_is_lost(
    office: Database, app: str, spoilt: str
) -> None:
    with office.writing() as connection:
        other = f"other_{app}"
        connection.exec_driver_sql(f"CREATE ROLE {other}")
        for statement in SPOILT[spoilt]:
            connection.exec_driver_sql(statement.format(app=app, other=other))
    number = str(uuid4())
    using = session(office, app)
    assert done(using, NEW, number) == 1
    assert ask(using, "UPDATE activity SET subject = 'x' WHERE id = %s RETURNING subject", number)
    assert done(using, "UPDATE activity_type SET calendar_sync = 'none'") == 1
    assert done(using, "DELETE FROM activity WHERE id <> %s", number) == 2
    using.commit()
    using.close()
    assert noticed(office) or number in read(office)
    with office.writing() as connection:
        connection.exec_driver_sql(f"REASSIGN OWNED BY {other} TO postgres")
        connection.exec_driver_sql(f"DROP OWNED BY {other}")
        connection.exec_driver_sql(f"DROP ROLE {other}")


def noticed(database: Database) -> bool:
    """Whether the agent refuses to begin, or is going to look through everything."""
    try:
        with database.reading() as connection:
            readiness.check(connection)
        with database.reading() as connection:
            return has_news(connection)
    except Refusal:
        return True


def test_b14_a_dropped_feed_is_made_again_and_everything_is_read(
    office: Database, app: str
) -> None:
    with office.writing() as connection:
        connection.exec_driver_sql("DROP TABLE calsync_feed")
    using = session(office, app)
    done(using, "UPDATE activity SET subject = 'x'")
    using.commit()
    using.close()
    install(office)
    with office.writing() as connection:
        assert has_news(connection)
        assert mend(connection, sa.select(activity.c.id).where(sa.false()))
        assert len(names(connection)) == 2
