"""URLs are completed: driver, password, and which ODBC driver there is."""

import platform
from collections.abc import Mapping
from pathlib import Path
from types import SimpleNamespace

import pytest

from calsync_agent.database import address, odbc
from calsync_agent.database.address import checked, is_freetds, place
from calsync_agent.errors import DatabaseRefused


def test_a_dialect_alone_gets_the_driver_that_we_use(tmp_path: Path) -> None:
    assert checked("postgresql://h/x").drivername == "postgresql+psycopg2"
    assert checked(f"sqlite:///{tmp_path}/x").drivername == "sqlite+pysqlite"


def test_the_password_is_merged_in_whatever_letters_it_has() -> None:
    url = checked("postgresql://anna@h/x", password="p@ss/w:rd {ä}")
    assert (url.username, url.password) == ("anna", "p@ss/w:rd {ä}")
    assert "ss/w" not in str(url)
    assert place(url) == "h/x"


@pytest.mark.parametrize(
    "url",
    [
        "sqlite:///a\0b",
        "sqlite:////a\0b/c",
        "sqlite:///a%00b\0",
        "postgresql://anna:a%00b@h/x",
        "postgresql://an\0na@h/x",
        "postgresql://anna@h\0h/x",
        "postgresql://anna@h/x\0",
        "postgresql://h/x?sslmode=a%00b",
        "mssql://anna:a%00b@h/x",
    ],
)
def test_b8_a_nul_anywhere_in_the_url_is_refused_as_what_it_is(url: str) -> None:
    with pytest.raises(DatabaseRefused, match="NUL"):
        checked(url)


def test_b8_a_nul_in_the_password_is_refused_as_what_it_is() -> None:
    with pytest.raises(DatabaseRefused, match="NUL"):
        checked("postgresql://anna@h/x", password="a\0b")


@pytest.mark.parametrize(("versions", "newest"), [((9, 17), 17), ((18, 13), 18), ((11,), 11)])
def test_the_newest_driver_of_microsofts_is_chosen(versions: tuple[int, ...], newest: int) -> None:
    installed = ["SQL Server", *(f"ODBC Driver {one} for SQL Server" for one in versions)]
    assert odbc.newest(installed) == f"ODBC Driver {newest} for SQL Server"


def test_no_other_driver_is_chosen() -> None:
    assert odbc.newest(["SQL Server", "FreeTDS", "PostgreSQL Unicode"]) is None


@pytest.mark.parametrize(
    ("release", "folder"),
    [
        ({"ID": "debian"}, "debian_ubuntu"),
        ({"ID": "linuxmint", "ID_LIKE": "ubuntu debian"}, "debian_ubuntu"),
        ({"ID": "rocky", "ID_LIKE": "rhel centos fedora"}, "rhel"),
        ({"ID": "opensuse-leap", "ID_LIKE": "suse opensuse"}, "suse"),
        ({"ID": "alpine"}, "alpine"),
        ({}, "debian_ubuntu"),
    ],
)
def test_each_distribution_has_its_folder_in_the_wheel(
    release: Mapping[str, str], folder: str
) -> None:
    assert odbc.linux_family(release) == folder


def on(monkeypatch: pytest.MonkeyPatch, system: str, machine: str, release: str) -> None:
    """As if this were such a machine."""
    monkeypatch.setattr(platform, "system", lambda: system)
    monkeypatch.setattr(platform, "machine", lambda: machine)
    monkeypatch.setattr(platform, "freedesktop_os_release", lambda: {"ID": release})


@pytest.fixture
def wheel(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A wheel `mssql-python-odbc` with the layout of 18.6, as if it were installed."""
    package = tmp_path / "mssql_python_odbc"
    for folder, file in (
        ("linux/debian_ubuntu/x86_64", "libmsodbcsql-18.6.so.2.1"),
        ("linux/rhel/x86_64", "libmsodbcsql-18.6.so.2.1"),
        ("linux/alpine/arm64", "libmsodbcsql-18.6.so.2.1"),
        ("macos/arm64", "libmsodbcsql.18.dylib"),
    ):
        library = package / "libs" / folder / "lib" / file
        library.parent.mkdir(parents=True)
        library.touch()
        library.with_name("libodbcinst.so.2").touch()
    found = SimpleNamespace(origin=str(package / "__init__.py"))
    monkeypatch.setattr(odbc, "find_spec", lambda _name: found)
    return package / "libs"


@pytest.mark.parametrize(
    ("machine", "library"),
    [
        ("Linux x86_64 rhel", "linux/rhel/x86_64/lib/libmsodbcsql-18.6.so.2.1"),
        ("Linux x86_64 arch", "linux/debian_ubuntu/x86_64/lib/libmsodbcsql-18.6.so.2.1"),
        ("Linux x86_64 suse", "linux/debian_ubuntu/x86_64/lib/libmsodbcsql-18.6.so.2.1"),
        ("Linux aarch64 alpine", "linux/alpine/arm64/lib/libmsodbcsql-18.6.so.2.1"),
        ("Linux riscv64 debian", None),
        ("Darwin arm64 -", "macos/arm64/lib/libmsodbcsql.18.dylib"),
        ("Windows AMD64 -", None),
    ],
)
def test_the_driver_in_the_wheel_is_found(
    wheel: Path, monkeypatch: pytest.MonkeyPatch, machine: str, library: str | None
) -> None:
    on(monkeypatch, *machine.split())
    assert odbc.packaged() == (wheel / library if library else None)


class Pyodbc:
    """A stand-in for the module, with these drivers installed."""

    __name__ = "pyodbc"
    pooling = True

    def __init__(self, *installed: str) -> None:
        self._installed = installed

    def drivers(self) -> tuple[str, ...]:
        return self._installed


def with_drivers(monkeypatch: pytest.MonkeyPatch, *installed: str) -> None:
    monkeypatch.setattr(address, "import_module", lambda _name: Pyodbc(*installed))


def test_an_installed_driver_is_preferred_to_the_wheels(
    monkeypatch: pytest.MonkeyPatch, wheel: Path
) -> None:
    with_drivers(monkeypatch, "ODBC Driver 17 for SQL Server")
    url = checked("mssql://crm@db.example/crm")
    assert url.query["driver"] == "ODBC Driver 17 for SQL Server"
    assert url.query["MARS_Connection"] == "no"
    assert not is_freetds(url)
    on(monkeypatch, "Linux", "x86_64", "debian")
    assert odbc.packaged() is not None, f"one lies in {wheel}"


def test_without_one_the_wheels_is_used_by_its_path(
    monkeypatch: pytest.MonkeyPatch, wheel: Path
) -> None:
    with_drivers(monkeypatch)
    on(monkeypatch, "Linux", "x86_64", "debian")
    url = checked("mssql+pyodbc://crm@db.example/crm")
    driver = Path(str(url.query["driver"]))
    assert driver.is_absolute()
    assert driver.is_relative_to(wheel)
    assert not is_freetds(url)


def test_without_any_driver_it_says_how_to_get_one(monkeypatch: pytest.MonkeyPatch) -> None:
    with_drivers(monkeypatch, "FreeTDS")
    monkeypatch.setattr(odbc, "find_spec", lambda _name: None)
    with pytest.raises(DatabaseRefused, match=r"pip install 'calsync\[mssql\]'"):
        checked("mssql+pyodbc://crm@db.example/crm")


@pytest.mark.parametrize(
    "url",
    [
        "mssql+pyodbc://crm@db.example/crm?driver=FreeTDS",
        "mssql+pyodbc://crm@a_dsn",
        "mssql+pyodbc:///?odbc_connect=DRIVER=FreeTDS;SERVER=db.example",
    ],
)
def test_a_driver_that_the_url_names_stays_and_is_trusted_with_less(
    monkeypatch: pytest.MonkeyPatch, url: str
) -> None:
    with_drivers(monkeypatch, "ODBC Driver 18 for SQL Server")
    made = checked(url)
    assert made.query.get("driver", "FreeTDS") == "FreeTDS"
    assert is_freetds(made)
