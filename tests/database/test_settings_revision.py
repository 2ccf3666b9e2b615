"""Changes of provider and profiles, by whomever, are counted."""

import pytest
import sqlalchemy as sa

from calsync_agent.consolidate.tables import employee
from calsync_agent.database.engine import Database
from calsync_agent.state.meta import fold_revisions, settings_revision
from calsync_agent.state.tables import meta, profile, provider
from calsync_agent.state.tables import revision as single
from tests.support.samples import a_profile, an_employee


def revision(database: Database) -> int:
    with database.reading() as connection:
        return settings_revision(connection)


def test_each_change_of_provider_or_profile_is_counted(database: Database) -> None:
    counted = [revision(database)]
    with database.writing() as connection:
        anna = an_employee(connection)
        a_profile(connection, anna)
    counted.append(revision(database))
    for statement in (
        sa.update(provider).values(interval_seconds=7),
        sa.update(profile).values(active=False),
        sa.delete(profile),
        sa.delete(provider),
    ):
        with database.writing() as connection:
            connection.execute(statement)
        counted.append(revision(database))
    assert counted == sorted(set(counted)), "each is higher than the one before"


def test_an_employee_deleted_in_consolidate_takes_the_profile_along_and_is_counted(
    database: Database,
) -> None:
    with database.writing() as connection:
        a_profile(connection, an_employee(connection))
    before = revision(database)
    with database.writing() as connection:
        connection.execute(sa.delete(employee))
    with database.reading() as connection:
        assert connection.execute(sa.select(profile.c.id)).all() == []
    assert revision(database) > before


@pytest.mark.parametrize("value", ["", "abc", "-5", "1e9"])
def test_an_unreadable_number_never_fails_who_changes_the_rows(
    database: Database, value: str
) -> None:
    with database.writing() as connection:
        row = sa.update(meta).where(meta.c.name == "settings_revision").values(value=value)
        connection.execute(row)
    assert revision(database) == 0
    with database.writing() as connection:
        a_profile(connection, an_employee(connection))
    with database.writing() as connection:
        connection.execute(sa.update(provider).values(tenant_id="other"))
    assert isinstance(revision(database), int)


def counted(database: Database) -> int:
    with database.reading() as connection:
        return len(connection.execute(sa.select(single.c.entry)).all())


def test_b14_the_rows_of_single_changes_are_folded_and_the_number_stays(database: Database) -> None:
    with database.writing() as connection:
        a_profile(connection, an_employee(connection))
    for seconds in range(5, 9):
        with database.writing() as connection:
            connection.execute(sa.update(provider).values(interval_seconds=seconds))
    before = revision(database)
    assert counted(database) >= 5
    with database.writing() as connection:
        fold_revisions(connection)
    assert (revision(database), counted(database)) == (before, 0)
    with database.writing() as connection:
        connection.execute(sa.update(profile).values(active=False))
    assert revision(database) == before + 1


def test_b14_a_statement_that_touches_no_profile_leaves_no_trace(database: Database) -> None:
    with database.writing() as connection:
        an_employee(connection)
    before = (revision(database), counted(database))
    with database.writing() as connection:
        connection.execute(sa.delete(employee))
        connection.execute(sa.update(profile).values(active=False))
        connection.execute(sa.delete(provider))
    assert (revision(database), counted(database)) == before
