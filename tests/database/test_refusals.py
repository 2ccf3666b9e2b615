"""Every way a database cannot be opened gives one line that says what to do."""

import os
import sqlite3
import sys
from collections.abc import Callable
from pathlib import Path
from uuid import uuid4

import psycopg2
import pytest
import sqlalchemy as sa

from calsync_agent.database import address
from calsync_agent.database.engine import open_database
from calsync_agent.database.failures import denied
from calsync_agent.database.refusals import refused
from calsync_agent.errors import (
    CalsyncError,
    DatabaseRefused,
    DatabaseTrouble,
    LoginRefused,
    NotPermitted,
)
from calsync_agent.installation import install
from tests.support.keeper import NEEDS_PASSWORD
from tests.support.servers import POSTGRESQL_URL

SECRET = "p4ss-w0rd"

posix = pytest.mark.skipif(sys.platform == "win32", reason="paths of POSIX")


def one_helpful_line(error: CalsyncError) -> str:
    line = str(error)
    assert "\n" not in line
    assert "{" not in line
    assert SECRET not in line
    assert len(line) > 30
    return line


@pytest.mark.parametrize(
    ("url", "line"),
    [
        ("", r"database\.url is not a database URL.*postgresql\+psycopg2://"),
        ("consolidate", r"database\.url is not a database URL"),
        (f"postgresql://u:{SECRET}@h:port/x", r"database\.url is not a database URL"),
        (f"oracle://u:{SECRET}@h/x", r"names oracle, which is none of .*mssql\+pyodbc"),
        ("postgres://h/x", r"names postgres, which is none of postgresql\+psycopg2"),
        (f"postgresql+asyncpg://u:{SECRET}@h/x", r"asyncpg; for postgresql it is psycopg2"),
        ("mssql+pymssql://h/x", r"pymssql; for mssql it is pyodbc"),
        ("postgresql://", "names no database"),
        ("sqlite://", r"must name a file: sqlite:///"),
        ("sqlite:///:memory:", "must name a file"),
        ("sqlite://folder/file.db", "must name a file"),
        pytest.param(
            "sqlite:////no/such/folder/file.db",
            r"folder /no/such/folder.*create it first",
            marks=posix,
        ),
        pytest.param("sqlite:////tmp", "names the folder /tmp", marks=posix),
        pytest.param("sqlite:////etc/passwd", r"/etc/passwd is no SQLite database", marks=posix),
        (f"postgresql://u:{SECRET}@127.0.0.1:1/x", r"No database answers at 127\.0\.0\.1:1/x"),
        (f"postgresql://u:{SECRET}@no.such.invalid/x", r"host no\.such\.invalid.*is unknown"),
        ("postgresql://u@/x?host=/no/such/folder", "No database answers at /no/such/folder"),
    ],
)
def test_a_bad_url_gives_one_helpful_line(url: str, line: str) -> None:
    with pytest.raises(DatabaseRefused, match=line) as told:
        open_database(url)
    one_helpful_line(told.value)
    assert told.value.exit_status == 2


@pytest.mark.skipif(os.name == "nt" or os.geteuid() == 0, reason="root and Windows may write it")
def test_an_sqlite_file_that_cannot_be_written_is_refused(tmp_path: Path) -> None:
    file = tmp_path / "x.db"
    sqlite3.connect(file).close()
    file.chmod(0o400)
    with pytest.raises(DatabaseRefused, match=r"x\.db.*permissions") as told:
        open_database(f"sqlite:///{file}")
    one_helpful_line(told.value)


def test_a_schema_makes_no_sense_on_sqlite(tmp_path: Path) -> None:
    with pytest.raises(DatabaseRefused, match=r"database\.schema must be empty for SQLite"):
        open_database(f"sqlite:///{tmp_path}/x.db", schema="crm")


@pytest.mark.parametrize("dialect", ["postgresql"], indirect=True)
@pytest.mark.parametrize(
    ("change", "line"),
    [
        (lambda url: url.set(database="nobodys"), "There is no database nobodys"),
        (lambda url: url.set(username="nobody_here", password=SECRET), "refuses the login nobody"),
    ],
    ids=["database", "login"],
)
def test_postgresql_says_what_it_refuses(
    empty_database_url: str, change: Callable[[sa.URL], sa.URL], line: str
) -> None:
    url = change(sa.make_url(empty_database_url)).render_as_string(hide_password=False)
    with pytest.raises(DatabaseRefused, match=line) as told:
        open_database(url)
    one_helpful_line(told.value)


@pytest.mark.skipif(POSTGRESQL_URL in os.environ, reason="needs the server that the tests start")
@pytest.mark.parametrize("dialect", ["postgresql"], indirect=True)
@pytest.mark.parametrize("password", [None, SECRET])
def test_a_wrong_or_missing_password_is_refused(
    empty_database_url: str, password: str | None
) -> None:
    url = sa.make_url(empty_database_url).set(username=NEEDS_PASSWORD).render_as_string()
    with pytest.raises(LoginRefused, match=r"refuses the login.*password_file") as told:
        open_database(url, password=password)
    one_helpful_line(told.value)


@pytest.mark.parametrize("dialect", ["postgresql"], indirect=True)
def test_b14_a_schema_that_the_login_may_not_use_is_told_apart_from_one_that_is_not_there(
    empty_database_url: str,
) -> None:
    admin = open_database(empty_database_url)
    role = f"weak_{uuid4().hex[:8]}"
    with admin.writing() as connection:
        connection.exec_driver_sql('CREATE SCHEMA "Odd.Name"')
        connection.exec_driver_sql(f"CREATE ROLE {role} LOGIN")
    weak = admin.engine.url.set(username=role).render_as_string(hide_password=False)
    try:
        with pytest.raises(NotPermitted) as told:
            open_database(weak, schema="Odd.Name").dispose()
        statement = str(told.value.message).rpartition(": ")[2]
        assert statement == f'GRANT USAGE ON SCHEMA "Odd.Name" TO {role}'
        with admin.writing() as connection:
            connection.exec_driver_sql(statement)
        open_database(weak, schema="Odd.Name").dispose()
    finally:
        with admin.writing() as connection:
            connection.exec_driver_sql(f"DROP OWNED BY {role}")
            connection.exec_driver_sql(f"DROP ROLE {role}")
        admin.dispose()


@pytest.mark.parametrize("dialect", ["postgresql"], indirect=True)
def test_b14_tables_that_have_no_schema_to_be_in_are_told(empty_database_url: str) -> None:
    database = open_database(empty_database_url)
    with database.writing() as connection:
        connection.exec_driver_sql("DROP SCHEMA public CASCADE")
    try:
        with pytest.raises(DatabaseRefused, match=r"schema for the tables is not there") as told:
            install(database, with_consolidate=True)
        assert not isinstance(told.value, NotPermitted)
        assert "database.schema" in str(told.value.message)
    finally:
        database.dispose()


@pytest.mark.parametrize(
    ("state", "kind", "said"),
    [
        ("42501", NotPermitted, "too few rights"),
        ("3F000", DatabaseRefused, "schema for the tables is not there"),
    ],
)
def test_b14_rights_and_a_schema_each_have_their_text(
    state: str, kind: type[DatabaseRefused], said: str
) -> None:
    class Said(Exception):
        pgcode = state

    refusal = denied(sa.exc.ProgrammingError("SELECT", None, Said("ERROR")))
    assert type(refusal) is kind
    assert said in str(refusal.message)


@pytest.mark.parametrize("dialect", ["postgresql"], indirect=True)
def test_a_schema_that_is_not_there_is_refused(empty_database_url: str) -> None:
    with pytest.raises(DatabaseRefused, match=r"no schema nix.*database\.schema") as told:
        open_database(empty_database_url, schema="nix")
    one_helpful_line(told.value)


MSSQL = sa.make_url(
    f"mssql+pyodbc://crm:{SECRET}@db.example/crm?driver=ODBC Driver 18 for SQL Server"
)
POSTGRESQL = sa.make_url(f"postgresql+psycopg2://crm:{SECRET}@db.example/crm")


SAID_BY_SQL_SERVER = {
    "[28000] {ms}[SQL Server]Fehler bei der Anmeldung »crm«. (18456)": (
        r"db\.example/crm refuses the login crm; check user, password"
    ),
    '[42000] {ms}[SQL Server]Cannot open database "crm". (4060); Login failed. (18456)': (
        r"no database crm on db\.example, or crm may not use it"
    ),
    "[08001] {ms}SSL Provider: certificate verify failed:self-signed certificate (-1)": (
        r"not trusted.*TrustServerCertificate=yes"
    ),
    "[08001] {ms}SSL Provider: The certificate chain was issued by an authority that is not"
    " trusted. (-2146893019)": r"TrustServerCertificate=yes",
    "[08001] {ms}SSL Provider: [error:0A000102:SSL routines::unsupported protocol]": (
        r"speaks only TLS versions.*TLS 1\.2"
    ),
    "[HYT00] {ms}Login timeout expired (0)": r"No database answers at db\.example",
    "[08001] {ms}TCP Provider: Error code 0x2749 (10057)": "No database answers",
    "[08001] {ms}TCP Provider: Error code 0x2AF9 (11001)": r"host db\.example.*unknown",
    "[01000] [unixODBC][Driver Manager]Can't open lib 'ODBC Driver 18 for SQL Server'": (
        "ODBC driver ODBC Driver 18 for SQL Server is not installed; leave driver= out"
    ),
    "[IM002] [Microsoft][ODBC Driver Manager] Data source name not found and no default driver"
    " specified (0)": "is not installed",
    "[HY000] {ms}Something new": "refuses the connection: Something new",
}


@pytest.mark.parametrize(("said", "line"), SAID_BY_SQL_SERVER.items())
def test_sql_server_says_what_it_refuses(said: str, line: str) -> None:
    text = said.format(ms="[Microsoft][ODBC Driver 18 for SQL Server]")
    # No error of pyodbc's own, which cannot be imported on every machine.
    orig = Exception(text[1:6], f"{text} (0) (SQLDriverConnect)")
    told = refused(sa.exc.OperationalError("", {}, orig), MSSQL)
    assert isinstance(told, DatabaseRefused)
    with pytest.raises(DatabaseRefused, match=line):
        raise told
    assert isinstance(told, LoginRefused) == ("refuses the login" in str(told))
    assert "SQLDriverConnect" not in one_helpful_line(told)
    assert "(0)" not in str(told)


def test_a_driver_file_whose_own_libraries_are_missing_is_told_apart(tmp_path: Path) -> None:
    driver = tmp_path / "libmsodbcsql-18.6.so.2.1"
    driver.touch()
    orig = Exception("01000", f"[01000] [unixODBC][Driver Manager]Can't open lib '{driver}'")
    url = MSSQL.update_query_dict({"driver": str(driver)})
    told = refused(sa.exc.OperationalError("", {}, orig), url)
    assert f"cannot be loaded; see what it lacks: ldd {driver}" in one_helpful_line(told)


@pytest.mark.parametrize(
    ("said", "line"),
    [
        ("FATAL:  Passwort-Authentifizierung für Benutzer »crm« fehlgeschlagen", "the login crm"),
        ("FATAL:  Datenbank »crm« existiert nicht", "no database crm"),
        ('FATAL:  no pg_hba.conf entry for host "::1", user "crm"', "not from this machine"),
        ("server does not support SSL, but SSL was required", "offers no TLS.*sslmode"),
        ("SSL error: certificate verify failed", "not trusted.*sslrootcert=FILE"),
        ("connection to server failed: timeout expired", "No database answers"),
        ("SSL error: certificate verify failed", "certificate .* not trusted"),
        ("", "refuses the connection: OperationalError"),
    ],
)
def test_postgresql_is_understood_in_german_too(said: str, line: str) -> None:
    orig = psycopg2.OperationalError(said)
    told = refused(sa.exc.OperationalError("", {}, orig), POSTGRESQL)
    with pytest.raises(DatabaseRefused, match=line):
        raise told
    one_helpful_line(told)


@pytest.mark.parametrize(
    "said",
    [
        "FATAL:  the database system is starting up",
        "FATAL:  sorry, too many clients already",
        "FATAL:  Das Datenbanksystem startet gerade",
    ],
)
def test_b9_a_server_that_is_only_starting_or_full_is_trouble(said: str) -> None:
    told = refused(sa.exc.OperationalError("", {}, psycopg2.OperationalError(said)), POSTGRESQL)
    assert isinstance(told, DatabaseTrouble)
    one_helpful_line(told)


@pytest.mark.parametrize(
    ("error", "line"),
    [
        (ModuleNotFoundError("No module named 'pyodbc'"), "pip install pyodbc"),
        (
            ImportError("libodbc.so.2: cannot open shared object file: No such file or directory"),
            r"apt-get install unixodbc.*dnf install unixODBC",
        ),
        (ImportError("DLL load failed"), r"cannot be loaded \(DLL load failed\).*Visual C\+\+"),
    ],
)
def test_a_driver_that_cannot_be_loaded_is_named(
    monkeypatch: pytest.MonkeyPatch, error: ImportError, line: str
) -> None:
    def load(_name: str) -> None:
        raise error

    monkeypatch.setattr(address, "import_module", load)
    with pytest.raises(DatabaseRefused, match=line) as told:
        open_database(f"mssql+pyodbc://crm:{SECRET}@db.example/crm")
    one_helpful_line(told.value)
