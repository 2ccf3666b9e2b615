"""A database URL, checked and completed: dialect, driver, password."""

from importlib import import_module
from pathlib import Path
from typing import Any, Final

import sqlalchemy as sa

from calsync_agent.database import odbc
from calsync_agent.errors import DatabaseRefused
from calsync_agent.i18n import message

DRIVERS: Final = {"postgresql": "psycopg2", "mssql": "pyodbc", "sqlite": "pysqlite"}
"""The one driver that is used for each database."""


def checked(url: str, *, schema: str = "", password: str | None = None) -> sa.URL:
    """`url` with its driver spelt out and `password` merged in.

    Raises DatabaseRefused where it is no URL, names another database or driver, lacks what a
    connection needs, or the driver cannot be loaded.
    """
    try:
        parsed = sa.make_url(url)
    except (sa.exc.ArgumentError, ValueError) as error:
        raise DatabaseRefused(
            message(
                "database.url is not a database URL; it looks like"
                " postgresql+psycopg2://user@host/database, mssql+pyodbc://user@host/database"
                " or sqlite:///file"
            )
        ) from error
    parsed = _with_driver(parsed)
    if password is not None:
        parsed = parsed.set(password=password)
    options = ("".join(values) for values in parsed.query.values())
    if any("\0" in str(part) for part in (*parsed[1:6], *parsed.query, *options)):
        raise DatabaseRefused(
            message("database.url, or its password, contains a NUL character, which none may")
        )
    if parsed.get_backend_name() == "sqlite":
        return _checked_file(parsed, schema)
    if not (parsed.database or parsed.query.get("odbc_connect") or parsed.host):
        raise DatabaseRefused(
            message("database.url names no database: {url}", url=parsed.render_as_string())
        )
    driver = _loaded(DRIVERS[parsed.get_backend_name()])
    return _with_odbc_driver(parsed, driver) if driver.__name__ == "pyodbc" else parsed


def place(url: sa.URL) -> str:
    """Where the database is, for people; without user and password."""
    if url.get_backend_name() == "sqlite":
        return url.database or ""
    host = url.host or str(url.query.get("host", "")) or "localhost"
    port = f":{url.port}" if url.port else ""
    if "odbc_connect" in url.query:
        return "odbc_connect"
    return f"{host}{port}/{url.database or ''}".rstrip("/")


def is_freetds(url: sa.URL) -> bool:
    """Whether the ODBC driver is FreeTDS, or one that we know nothing of (a DSN)."""
    named = str(url.query.get("driver") or url.query.get("odbc_connect") or "").lower()
    return not ("odbc driver" in named or "msodbcsql" in named)


def _with_driver(url: sa.URL) -> sa.URL:
    backend, _, driver = url.drivername.partition("+")
    if backend not in DRIVERS:
        raise DatabaseRefused(
            message(
                "database.url names {dialect}, which is none of {known}",
                dialect=backend,
                known=", ".join(f"{name}+{driver}" for name, driver in DRIVERS.items()),
            )
        )
    if driver not in ("", DRIVERS[backend]):
        raise DatabaseRefused(
            message(
                "database.url names the driver {driver}; for {dialect} it is {known}:"
                " {dialect}+{known}://…",
                driver=driver,
                dialect=backend,
                known=DRIVERS[backend],
            )
        )
    return url.set(drivername=f"{backend}+{DRIVERS[backend]}")


def _checked_file(url: sa.URL, schema: str) -> sa.URL:
    if schema:
        raise DatabaseRefused(
            message("database.schema must be empty for SQLite, not {schema}", schema=schema)
        )
    if url.host or not url.database or url.database == ":memory:":
        raise DatabaseRefused(
            message(
                "database.url must name a file: sqlite:///relative/file or sqlite:////absolute/file"
            )
        )
    path = Path(url.database)
    if not path.parent.is_dir():
        raise DatabaseRefused(
            message(
                "The folder {folder} of the SQLite file {file} does not exist; create it first",
                folder=str(path.parent),
                file=path.name,
            )
        )
    if path.is_dir():
        raise DatabaseRefused(
            message("database.url names the folder {file}, not a file in it", file=str(path))
        )
    return url


def _loaded(module: str) -> Any:  # noqa: ANN401 - a driver's module, whichever it is
    try:
        return import_module(module)
    except ModuleNotFoundError as error:
        raise DatabaseRefused(
            message(
                "The Python package {module} is missing; install it: pip install {module}",
                module=module,
            )
        ) from error
    except (ImportError, OSError) as error:
        raise unloadable(module, error) from error


def unloadable(module: str, error: Exception) -> DatabaseRefused:
    """What to install where a driver is there, but lacks a library of the system."""
    if module == "pyodbc" and "libodbc" in str(error):
        return DatabaseRefused(
            message(
                "pyodbc needs the system's ODBC driver manager (libodbc.so.2); install it:"
                " apt-get install unixodbc (Debian, Ubuntu), dnf install unixODBC"
                " (Red Hat, Fedora), zypper install unixODBC (SUSE), brew install unixodbc"
                " (macOS)"
            )
        )
    reason = " ".join(str(error).split()) or type(error).__name__
    if module == "psycopg2":
        return DatabaseRefused(
            message(
                "The Python package psycopg2 cannot be loaded ({reason}); install it with all that"
                " it needs: pip install --force-reinstall psycopg2-binary. On Windows also the"
                " Microsoft Visual C++ Redistributable",
                reason=reason,
            )
        )
    return DatabaseRefused(
        message(
            "The Python package {module} cannot be loaded ({reason}); install it anew with the"
            " Python that runs calsync: pip install --force-reinstall {module}, and the system"
            " library that the reason names. On Windows that is the Microsoft Visual C++"
            " Redistributable",
            module=module,
            reason=reason,
        )
    )


def _with_odbc_driver(url: sa.URL, pyodbc: Any) -> sa.URL:  # noqa: ANN401 - the driver's module
    # Sessions are pooled once, by SQLAlchemy; must be set before the first connection.
    pyodbc.pooling = False
    if "odbc_connect" in url.query or "dsn" in url.query or (url.host and not url.database):
        return url
    url = url.update_query_dict({"APP": "calsync", "MARS_Connection": "no"})
    if "driver" in url.query:
        return url
    driver = odbc.newest(pyodbc.drivers()) or odbc.packaged()
    if driver is None:
        raise DatabaseRefused(
            message(
                "No Microsoft ODBC driver for SQL Server is installed; install one from Microsoft,"
                " or its wheel: pip install 'calsync[mssql]'"
            )
        )
    return url.update_query_dict({"driver": str(driver)})
