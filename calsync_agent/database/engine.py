"""The database: transactions for reading and writing, with and without waiting.

Work is a function of one connection and runs inside one transaction. It must do nothing but talk
to that connection, because `write` may run it several times.
"""

import asyncio
import contextvars
import random
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass
from typing import Final, TypeVar

import sqlalchemy as sa

from calsync_agent.database import tuning
from calsync_agent.database.address import DRIVERS, checked, place, unloadable
from calsync_agent.database.failures import Contended, trouble
from calsync_agent.database.refusals import refused
from calsync_agent.errors import DatabaseRefused, DatabaseTrouble, NotPermitted
from calsync_agent.i18n import message

_T = TypeVar("_T")


@dataclass(frozen=True, slots=True)
class Patience:
    """How often a transaction that lost against others is tried, and the pauses in seconds."""

    tries: int = 6
    first: float = 0.05
    longest: float = 2.0

    def pause(self, failures: int) -> float:
        """How long to wait after so many failures: growing, and different for everybody."""
        most = min(self.first * 2.0 ** (failures - 1), self.longest)
        return random.uniform(most / 2, most)  # noqa: S311 - spreads the load, guards nothing


PATIENT: Final = Patience()


class Database:
    """One database and a few threads that work on it. Use from any thread."""

    def __init__(self, engine: sa.Engine, patience: Patience = PATIENT) -> None:
        self.engine = engine
        self._patience = patience
        self._threads = ThreadPoolExecutor(tuning.THREADS, thread_name_prefix="calsync-database")

    @property
    def place(self) -> str:
        """Where the database is, for people."""
        return place(self.engine.url)

    @property
    def dialect(self) -> str:
        """`postgresql`, `mssql` or `sqlite`."""
        return self.engine.dialect.name

    @property
    def scans(self) -> bool:
        """Whether changes in Consolidate are found by comparing, without triggers."""
        return bool(self.engine.get_execution_options().get(tuning.SCANS))

    def reading(self) -> AbstractContextManager[sa.Connection]:
        """A transaction that only reads. Raises DatabaseTrouble where the connection is lost."""
        return self._transaction(writing=False)

    def writing(self) -> AbstractContextManager[sa.Connection]:
        """A transaction that may write; tried once.

        Raises DatabaseTrouble where it lost against others or the connection broke. Broke it
        during the commit, then nobody knows whether the transaction was kept.
        """
        return self._transaction(writing=True)

    async def read(self, work: Callable[[sa.Connection], _T], *, tries: int | None = None) -> _T:
        """What `work` returns in a reading transaction, run in a thread.

        Where others are in the way it is tried again: so many times in all, if that is given.
        """
        return await self._patiently(self.reading, work, tries or self._patience.tries)

    async def write(self, work: Callable[[sa.Connection], _T], *, tries: int | None = None) -> _T:
        """What `work` returns in a writing transaction, run in a thread.

        Tried again, as a whole, where the database rolled it back for others' sake (deadlock, lock
        time-out, serialization, busy), so many `tries` in all; never after a lost connection. A
        cancelled call returns only when its transaction has ended.
        """
        return await self._patiently(self.writing, work, tries or self._patience.tries)

    async def beside(self, work: Callable[[], _T]) -> _T:
        """What `work` returns, which takes its time and asks no database, run in a thread."""
        return await self._in_thread(work)

    def dispose(self) -> None:
        """Let running work end, then close every connection. The database can be used no more."""
        self._threads.shutdown(wait=True, cancel_futures=True)
        self.engine.dispose()

    @contextmanager
    def _transaction(self, *, writing: bool) -> Iterator[sa.Connection]:
        try:
            with self.engine.connect() as connection:
                connection.execution_options(**{tuning.WRITING: writing})
                with connection.begin():
                    yield connection
        except sa.exc.DBAPIError as error:
            meant = trouble(error, self.place)
            if meant is None:
                raise
            raise meant from error
        except sa.exc.PendingRollbackError as error:  # the work went on after a lost connection
            raise DatabaseTrouble(
                message("The connection to the database at {where} was lost.", where=self.place)
            ) from error
        except sa.exc.TimeoutError as error:  # no connection of the pool became free
            raise DatabaseTrouble(
                message("All connections to the database at {where} are busy.", where=self.place)
            ) from error

    async def _patiently(
        self,
        transaction: Callable[[], AbstractContextManager[sa.Connection]],
        work: Callable[[sa.Connection], _T],
        tries: int,
    ) -> _T:
        def attempt() -> _T:
            with transaction() as connection:
                return work(connection)

        failures = 0
        while True:
            try:
                return await self._in_thread(attempt)
            except Contended:
                failures += 1
                if failures >= tries:
                    raise
            await asyncio.sleep(self._patience.pause(failures))

    async def _in_thread(self, call: Callable[[], _T]) -> _T:
        context = contextvars.copy_context()  # log lines know their profile in the thread too
        running = self._threads.submit(context.run, call)
        waiting = asyncio.wrap_future(running)
        try:
            return await asyncio.shield(waiting)
        except asyncio.CancelledError:
            if not running.cancel():
                # It has begun: whoever takes over must not meet it still writing.
                await asyncio.wait({waiting})
                if not waiting.cancelled():
                    waiting.exception()
            raise


def open_database(
    url: str, *, schema: str = "", password: str | None = None, feed: str = "triggers"
) -> Database:
    """The database at `url`, connected to once to see that it can be.

    `schema` empty means the login's own. `feed`: how changes are noticed, as in the settings.
    Raises DatabaseRefused with what to mend, or DatabaseTrouble where the server says that it is
    only starting or full.
    """
    address = checked(url, schema=schema, password=password)
    made = Database(tuning.engine(address, schema, scans=feed == "scan"))
    try:
        with made.engine.connect() as connection:
            _check_schema(connection, schema, made.place)
    except sa.exc.DBAPIError as error:
        made.dispose()
        raise refused(error, made.engine.url) from error
    except (ImportError, OSError) as error:  # a driver that loads what it needs only now
        made.dispose()
        raise unloadable(DRIVERS[made.dialect], error) from error
    except BaseException:
        made.dispose()
        raise
    return made


def _check_schema(connection: sa.Connection, schema: str, where: str) -> None:
    if not schema:
        return
    there = connection.dialect.has_schema(connection, schema)
    if connection.dialect.name == "postgresql":
        if not there:
            raise DatabaseRefused(
                message(
                    "There is no schema {schema} at {where}; have it created, or correct"
                    " database.schema",
                    schema=schema,
                    where=where,
                )
            )
        may = sa.select(sa.func.has_schema_privilege(schema, "USAGE"))
        if not connection.execute(may).scalar_one():
            raise NotPermitted(
                message(
                    "The login {user} may not use the schema {schema} at {where}; have it granted:"
                    " {statement}",
                    user=connection.engine.url.username or "",
                    schema=schema,
                    where=where,
                    statement=_grant(connection, schema),
                )
            )
    elif not there:  # SQL Server shows nobody what they may not use
        raise DatabaseRefused(
            message(
                "There is no schema {schema} at {where}, or the login may not use it; check"
                " database.schema",
                schema=schema,
                where=where,
            )
        )


def _grant(connection: sa.Connection, schema: str) -> str:
    quote = connection.dialect.identifier_preparer.quote
    login = connection.execute(sa.text("SELECT current_user")).scalar_one()
    return f"GRANT USAGE ON SCHEMA {quote(schema)} TO {quote(login)}"
