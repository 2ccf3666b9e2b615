"""Databases for the tests, and an eye on every statement that they execute."""

import sqlite3
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any, Final

import pytest
import sqlalchemy as sa
from filelock import FileLock

from calsync_agent import i18n
from calsync_agent.database.engine import Database, open_database
from tests.support import servers
from tests.support.mailing import Ledger, keep_ledger
from tests.support.servers import Run, Server, SQLite
from tests.support.statements import Watch

RUN: Final = pytest.StashKey[Run]()
LIFELINE: Final = pytest.StashKey[FileLock]()
WATCH: Final = pytest.StashKey[Watch]()


def pytest_configure(config: pytest.Config) -> None:
    """The run's folder: made by the first process, named to xdist's workers."""
    config.stash[WATCH] = Watch()
    inherited = getattr(config, "workerinput", None)
    if inherited is not None:
        config.stash[RUN] = Run(Path(inherited["calsync_run"]))
        return
    # Short, because a socket's path may have 107 characters; open for PostgreSQL as `nobody`.
    folder = Path(tempfile.mkdtemp(prefix="calsync-"))
    folder.chmod(0o711)
    config.stash[RUN] = Run(folder)
    config.stash[LIFELINE] = FileLock(config.stash[RUN].lifeline)
    config.stash[LIFELINE].acquire()


@pytest.hookimpl(optionalhook=True)
def pytest_configure_node(node: Any) -> None:
    """Tell a worker of xdist where the run's folder is."""
    node.workerinput["calsync_run"] = str(node.config.stash[RUN].folder)


@pytest.hookimpl(tryfirst=True)
def pytest_runtest_setup() -> None:
    """Each test begins in English, whatever the one before it has spoken."""
    i18n.use("en")


def pytest_unconfigure(config: pytest.Config) -> None:
    """Stop the server that was started, and leave nothing behind."""
    if LIFELINE in config.stash:
        config.stash[LIFELINE].release()
        servers.ended(config.stash[RUN])


@pytest.fixture(scope="session")
def test_run(pytestconfig: pytest.Config) -> Run:
    """The run that this test belongs to."""
    return pytestconfig.stash[RUN]


@pytest.fixture(params=["sqlite", "postgresql", "mssql"])
def dialect(request: pytest.FixtureRequest) -> str:
    """Each of the three databases. To narrow: `parametrize("dialect", […], indirect=True)`."""
    return str(request.param)


@pytest.fixture
def server(dialect: str, test_run: Run) -> Server | SQLite:
    """What makes databases of this dialect."""
    match dialect:
        case "postgresql":
            return servers.postgresql(test_run)
        case "mssql":
            return servers.mssql(test_run)
        case _:
            return SQLite(test_run)


@pytest.fixture
def empty_database_url(server: Server | SQLite) -> Iterator[str]:
    """A database with nothing in it."""
    url = server.fresh(installed=False)
    yield url
    server.drop(url)


@pytest.fixture
def database_url(server: Server | SQLite) -> Iterator[str]:
    """A database with everything in it that `db install --with-consolidate` makes."""
    url = server.fresh(installed=True)
    yield url
    server.drop(url)


@pytest.fixture
def database(database_url: str) -> Iterator[Database]:
    """The same, opened."""
    opened = open_database(database_url)
    yield opened
    opened.dispose()


@pytest.fixture(autouse=True)
def _statements_fit_sql_server(pytestconfig: pytest.Config) -> Iterator[None]:
    """Fail a test whose statements would not run on SQL Server 2012."""
    watch = pytestconfig.stash[WATCH]
    watch.begin()
    yield
    complaints = watch.end()
    assert not complaints, "\n\n".join(complaints)


@pytest.fixture(autouse=True)
def ledger(monkeypatch: pytest.MonkeyPatch) -> Iterator[Ledger]:
    """Fails a test in which Exchange mails others than those whom the sync has counted (F8)."""
    ledger = keep_ledger(monkeypatch)
    yield ledger
    assert not ledger.complaint, ledger.complaint


@pytest.fixture(scope="session", autouse=True)
def _files_need_no_disk() -> Iterator[None]:
    """SQLite need not wait for the disk; what a killed process leaves is the same."""

    def settle(connection: object, _record: object) -> None:
        if isinstance(connection, sqlite3.Connection):
            connection.execute("PRAGMA synchronous = OFF")

    sa.event.listen(sa.Engine, "connect", settle)
    yield
    sa.event.remove(sa.Engine, "connect", settle)
