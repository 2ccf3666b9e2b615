"""B10 and the database: one line for each refusal, in both languages, and its status."""

import subprocess
import sys
from collections.abc import Callable, Iterator
from datetime import timedelta
from pathlib import Path
from uuid import uuid4

import pytest
import sqlalchemy as sa

from calsync_agent.cli import main
from calsync_agent.database import address
from calsync_agent.state import tables as state
from tests.commands.conftest import Run
from tests.commands.telling import postgresql, rewrite, sqlite, tells
from tests.service.test_refusals import CASES, do
from tests.support.keeper import NEEDS_PASSWORD
from tests.support.world import SOON, World

# -- Consolidate and the plugin's tables (B10) -------------------------------------------------

posix = pytest.mark.skipif(sys.platform == "win32", reason="paths of POSIX")


@sqlite
@pytest.mark.parametrize("name", CASES)
def test_b10_every_refusal_of_the_database_is_told(run: Run, world: World, name: str) -> None:
    do(world, CASES[name].spoil)
    tells(run, world, 2, CASES[name].said)


@sqlite
def test_b10_missing_tables_of_the_plugin_are_told(run: Run, world: World) -> None:
    with world.database.writing() as connection:
        connection.execute(sa.text("DROP TABLE calsync_lease"))
    tells(run, world, 2, r"tables are missing \(calsync_lease\).*calsync-agent db install")


@sqlite
@pytest.mark.parametrize(
    ("values", "said"),
    [
        ({"priority": "foo"}, r"calsync_provider\.priority is foo; it must be one of: outbound"),
        ({"priority": b"outbound_first"}, r"calsync_provider\.priority is b.*; it must be one of"),
        ({"priority": 7}, r"calsync_provider\.priority is 7; it must be one of"),
        ({"interval_seconds": "often"}, r"calsync_provider\.interval_seconds is often.*1-86400"),
        ({"interval_seconds": b"5"}, r"calsync_provider\.interval_seconds is b'5'.*1-86400"),
        ({"inbound": "perhaps"}, r"calsync_provider\.inbound is perhaps.*: 0, 1"),
        ({"outbound": b"1"}, r"calsync_provider\.outbound is b'1'.*: 0, 1"),
        ({"tenant_id": b"x"}, r"calsync_provider\.tenant_id is b'x'; it must be one of"),
        ({"interval_seconds": 0}, r"calsync_provider\.interval_seconds is 0.*1-86400"),
        ({"tenant_id": "no tenant"}, r"calsync_provider\.tenant_id = 'no tenant' is no tenant"),
    ],
)
def test_b10_a_wrong_provider_row_is_told(
    run: Run, world: World, values: dict[str, object], said: str
) -> None:
    with world.database.writing() as connection:
        for column, value in values.items():  # as any program may write it into SQLite
            connection.exec_driver_sql(f"UPDATE calsync_provider SET {column} = ?", (value,))  # noqa: S608
    tells(run, world, 2, said)


@sqlite
@pytest.mark.parametrize(
    ("user", "said"),
    [(" ", "calsync_profile 1 names no mailbox"), ("nobody@contoso.example", "no such user")],
)
def test_a_wrong_profile_row_is_told(run: Run, world: World, user: str, said: str) -> None:
    with world.database.writing() as connection:
        connection.execute(sa.update(state.profile).values(external_user_id=user))
    tells(run, world, 1, said)


# -- the database ------------------------------------------------------------------------------


@sqlite
@pytest.mark.parametrize(
    ("url", "said"),
    [
        pytest.param(
            "sqlite:////no/such/folder/x.db",
            "folder /no/such/folder .* does not exist",
            marks=posix,
        ),
        pytest.param("sqlite:////tmp", "names the folder /tmp", marks=posix),
        pytest.param("sqlite:////etc/passwd", "/etc/passwd is no SQLite database", marks=posix),
        ("postgresql://u@no.such.invalid/x", r"host no\.such\.invalid .* is unknown"),
        ("postgresql://u@127.0.0.1:1/x", r"No database answers at 127\.0\.0\.1:1/x"),
        ("sqlite:///empty.db", "Consolidate's tables are missing|The plugin's tables are missing"),
    ],
)
def test_a_database_that_cannot_be_used_is_told(
    run: Run, world: World, url: str, said: str
) -> None:
    rewrite(world, r'(?m)^url = ".*"', f'url = "{url}"')
    tells(run, world, 2, said)


@postgresql
def test_a_schema_that_is_not_there_is_told(run: Run, world: World) -> None:
    rewrite(world, r"\[database\]", '[database]\nschema = "nowhere"')
    tells(run, world, 2, "nowhere")


@sqlite
def test_b12_a_database_that_was_restored_is_told(run: Run, world: World) -> None:
    path = world.folder / "agent.toml"
    assert run("once", "--config", path).status == 0
    with world.database.writing() as connection:
        noted = state.meta.c.name == "database_identity"
        connection.execute(sa.update(state.meta).where(noted).values(value="elsewhere"))
    said = run("once", "--config", path, "--lang", "de")
    assert said.status == 2
    (line,) = said.problems
    assert "adopt --restored" in line
    assert "adopt --copy" in line


@postgresql
@pytest.mark.parametrize(
    ("change", "said"),
    [
        (lambda url: url.set(database="nobodys"), "There is no database nobodys"),
        (lambda url: url.set(username="nobody_here"), "refuses the login nobody_here"),
        (
            lambda url: url.set(username=NEEDS_PASSWORD, password="wrong"),
            f"refuses the login {NEEDS_PASSWORD}; check user, password",
        ),
    ],
    ids=["database", "login", "password"],
)
def test_what_postgresql_refuses_is_told(
    run: Run, world: World, change: Callable[[sa.URL], sa.URL], said: str
) -> None:
    url = change(world.database.engine.url).render_as_string(hide_password=False)
    rewrite(world, r'(?m)^url = ".*"', f'url = "{url}"')
    assert "wrong" not in tells(run, world, 2, said)


@pytest.fixture
def reader(world: World) -> Iterator[str]:
    """A login that may only read."""
    name = f"reader_{uuid4().hex[:8]}"
    with world.database.writing() as connection:
        connection.exec_driver_sql(f"CREATE ROLE {name} LOGIN")
        connection.exec_driver_sql(f"GRANT SELECT ON ALL TABLES IN SCHEMA public TO {name}")
    url = world.database.engine.url.set(username=name)
    yield url.render_as_string(hide_password=False)
    with world.database.writing() as connection:
        connection.exec_driver_sql(f"DROP OWNED BY {name}")
        connection.exec_driver_sql(f"DROP ROLE {name}")


@postgresql
@pytest.mark.parametrize("writable", [(), ("calsync_agent", "calsync_lease", "calsync_log")])
def test_a_login_with_too_few_rights_is_told(
    run: Run, world: World, reader: str, writable: tuple[str, ...]
) -> None:
    world.tenant.user("anna").create("Termin", SOON, SOON + timedelta(hours=1))
    name = sa.make_url(reader).username
    with world.database.writing() as connection:
        for table in writable:
            connection.exec_driver_sql(f"GRANT ALL ON {table} TO {name}")
    rewrite(world, r'(?m)^url = ".*"', f'url = "{reader}"')
    tells(run, world, 2, r"too few rights \(.*permission denied.*grant it SELECT on Consolidate")


@sqlite
@pytest.mark.parametrize(
    ("error", "said"),
    [
        (ModuleNotFoundError("No module named 'pyodbc'"), "pip install pyodbc"),
        (ImportError("libodbc.so.2: cannot open shared object file"), "apt-get install unixodbc"),
        (OSError("libodbc.so.2: cannot open shared object file"), "apt-get install unixodbc"),
        (OSError(8, "Exec format error"), "pip install --force-reinstall pyodbc"),
        (ImportError("libstdc++.so.6: version\n `CXXABI' not found"), "force-reinstall pyodbc"),
        (ImportError("DLL load failed while importing pyodbc"), r"Visual C\+\+ Redistributable"),
    ],
)
def test_a_missing_driver_is_told(
    run: Run, world: World, monkeypatch: pytest.MonkeyPatch, error: Exception, said: str
) -> None:
    def missing(_name: str) -> None:
        raise error

    monkeypatch.setattr(address, "import_module", missing)
    rewrite(world, r'(?m)^url = ".*"', 'url = "mssql+pyodbc://crm@db.example/crm"')
    tells(run, world, 2, said)


@sqlite
@pytest.mark.parametrize("kind", [ImportError, OSError])
@pytest.mark.parametrize("at", ["importing", "connecting"])
def test_contract_1_a_library_that_postgresqls_driver_lacks_is_told(
    run: Run, world: World, monkeypatch: pytest.MonkeyPatch, kind: type[Exception], at: str
) -> None:
    def missing(*_given: object, **_named: object) -> None:
        raise kind("libpq.so.5: cannot open shared object file: No such file or directory")

    if at == "importing":
        monkeypatch.setattr(address, "import_module", missing)
    else:
        monkeypatch.setattr("psycopg2.connect", missing)
    rewrite(world, r'(?m)^url = ".*"', 'url = "postgresql+psycopg2://crm@db.example/crm"')
    tells(run, world, 2, r"psycopg2 cannot be loaded \(libpq\.so\.5: .*psycopg2-binary")


@pytest.mark.parametrize(
    "words",
    [
        ["history", "--limit", "-5"],
        ["history", "--limit", "0"],
        ["history", "--limit", "9" * 5000],
        ["history", "--limit", "1e3"],
        ["restore", "9223372036854775808"],
        ["restore", "-1"],
        ["restore", "٣"],
    ],
)
def test_a_number_that_no_table_can_hold_is_refused_in_one_line(
    words: list[str], capsys: pytest.CaptureFixture[str]
) -> None:
    assert main([*words, "--lang", "en"]) == 2
    (line,) = capsys.readouterr().err.splitlines()
    assert "must be a whole number from 1 to 9223372036854775807" in line
    assert len(line) < 300


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="no device that is always full")
def test_a_full_disk_under_the_output_is_said_in_one_line(tmp_path: Path) -> None:
    with Path("/dev/full").open("w", encoding="utf-8") as full:
        done = subprocess.run(
            [sys.executable, "-m", "calsync_agent", "--lang", "en", "check", "--config", tmp_path],
            stdout=full,
            stderr=subprocess.PIPE,
            text=True,
            check=False,
            timeout=60,
        )
    assert done.returncode in {1, 2}
    assert "Traceback" not in done.stderr
    assert "Exception ignored" not in done.stderr
    assert "the output cannot be written: No space left on device" in done.stderr
