"""B14: an application's transaction in two phases, which is nobody's in between."""

from calsync_agent.database.engine import open_database
from tests.support.samples import a_profile, an_activity, an_employee
from tests.support.servers import Run, another_postgresql
from tests.support.vendor import done, read, session


def test_b14_a_transaction_in_two_phases_is_seen_when_it_is_committed(test_run: Run) -> None:
    with another_postgresql(test_run, "two", max_prepared_transactions="5") as server:
        database = open_database(server.fresh(installed=True))
        with database.writing() as connection:
            anna = an_employee(connection)
            number = an_activity(connection, anna)
            a_profile(connection, anna)
        read(database)
        using = session(database)
        using.autocommit = True
        done(using, "BEGIN")
        assert done(using, "UPDATE activity SET subject = 'x'") == 1
        assert done(using, "UPDATE calsync_profile SET active = false") == 1
        done(using, "PREPARE TRANSACTION 'two'")
        using.close()
        assert read(database) == set()
        other = session(database)
        other.autocommit = True
        done(other, "COMMIT PREPARED 'two'")
        other.close()
        assert read(database) == {str(number)}
        database.dispose()
