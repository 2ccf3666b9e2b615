"""Everything else that stands in the way: one line each, in both languages, and its status."""

import re
import threading
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from uuid import uuid4

import pytest
import sqlalchemy as sa
import trustme
from cryptography.hazmat.primitives.asymmetric import rsa

from calsync_agent.consolidate import tables
from calsync_agent.database import address
from calsync_agent.state import agents
from calsync_agent.state import tables as state
from calsync_agent.state.agents import Identity
from tests.commands.conftest import Run
from tests.exchange_client.authority import certificate, pem
from tests.service.test_refusals import CASES, do
from tests.support.keeper import NEEDS_PASSWORD
from tests.support.world import SOON, World

# What cannot be German: what drivers, Microsoft and the system say, in parentheses.
FOREIGN = re.compile(r"\([^()]*(\([^()]*\)[^()]*)*\)")
ENGLISH = re.compile(r"\b(the|is|not|must|with|and|or|check|cannot|which|has|by)\b")

sqlite = pytest.mark.parametrize("dialect", ["sqlite"], indirect=True)
postgresql = pytest.mark.parametrize("dialect", ["postgresql"], indirect=True)


def tells(run: Run, world: World, status: int, said: str) -> str:
    """`once` says this in one line, and in German as well; returns the English line."""
    path = world.folder / "agent.toml"
    english = run("once", "--config", path, "--lang", "en")
    assert english.status == status, english
    (line,) = english.problems
    assert re.search(said, line), line
    assert "{" not in line
    german = run("once", "--config", path, "--lang", "de")
    assert german.status == status
    (translated,) = german.problems
    assert translated != line
    # Numbers and ids may differ, what is named may not.
    assert not ENGLISH.search(FOREIGN.sub("", translated)), translated
    if status == 1:
        assert line in english.out
    else:
        assert line.startswith("calsync-agent: ")
        assert english.out == ""
    return line


def rewrite(world: World, old: str, new: str) -> None:
    """Change agent.toml."""
    path = world.folder / "agent.toml"
    text = path.read_text()
    changed = re.sub(old, lambda _: new, text)
    assert changed != text
    path.write_text(changed)


# -- Consolidate and the plugin's tables (B10) -------------------------------------------------


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
        ({"interval_seconds": 0}, r"calsync_provider\.interval_seconds is 0.*1-86400"),
        ({"tenant_id": "no tenant"}, r"calsync_provider\.tenant_id = 'no tenant' is no tenant"),
    ],
)
def test_b10_a_wrong_provider_row_is_told(
    run: Run, world: World, values: dict[str, object], said: str
) -> None:
    world.provider(**values)
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
        ("sqlite:////no/such/folder/x.db", "folder /no/such/folder .* does not exist"),
        ("sqlite:////tmp", "names the folder /tmp"),
        ("sqlite:////etc/passwd", "/etc/passwd is no SQLite database"),
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
    tells(run, world, 2, r"too few rights \(.*permission denied.*grant it SELECT, INSERT")


@sqlite
@pytest.mark.parametrize(
    ("error", "said"),
    [
        (ModuleNotFoundError("No module named 'pyodbc'"), "pip install pyodbc"),
        (ImportError("libodbc.so.2: cannot open shared object file"), "apt-get install unixodbc"),
    ],
)
def test_a_missing_driver_is_told(
    run: Run, world: World, monkeypatch: pytest.MonkeyPatch, error: ImportError, said: str
) -> None:
    def missing(_name: str) -> None:
        raise error

    monkeypatch.setattr(address, "import_module", missing)
    rewrite(world, r'(?m)^url = ".*"', 'url = "mssql+pyodbc://crm@db.example/crm"')
    tells(run, world, 2, said)


# -- the sign-in -------------------------------------------------------------------------------


def _rotated(world: World) -> None:
    with world.tenant.lock:
        world.tenant.registration.secrets.clear()
    world.tenant.add_secret("another~Secret-1Q~not.a.real.one")


def _expired(world: World) -> None:
    with world.tenant.lock:
        (secret,) = world.tenant.registration.secrets
        world.tenant.registration.secrets[secret] = datetime.now(UTC) - timedelta(days=1)


def _wrong_certificate(world: World) -> None:
    key = rsa.generate_private_key(public_exponent=65537, key_size=2048)
    (world.folder / "app.pem").write_bytes(pem(key, certificate(key)))
    rewrite(world, r"client_secret_file = .*", 'certificate_file = "app.pem"')


def _disabled(world: World) -> None:
    world.tenant.settings.sign_in_refusal = 7000112


SIGN_IN: dict[str, tuple[Callable[[World], None], str]] = {
    "secret rotated": (_rotated, "the client secret is wrong.*AADSTS7000215"),
    "secret expired": (_expired, "has expired.*AADSTS7000222"),
    "app disabled": (_disabled, "the app is disabled.*AADSTS7000112"),
    "another client id": (
        lambda world: rewrite(world, r"client_id = .*", f'client_id = "{uuid4()}"'),
        r"exchange\.client_id.*AADSTS700016",
    ),
    "another tenant": (
        lambda world: world.provider(tenant_id=str(uuid4())),
        "no such tenant.*AADSTS90002",
    ),
    "another certificate": (_wrong_certificate, r"exchange\.certificate_file.*AADSTS700027"),
}


@sqlite
@pytest.mark.parametrize("name", SIGN_IN)
def test_every_refusal_of_the_sign_in_is_told_with_microsofts_code(
    run: Run, world: World, name: str
) -> None:
    spoil, said = SIGN_IN[name]
    spoil(world)
    line = tells(run, world, 2, said)
    assert world.sandbox.client_secret not in line


# -- the way to Graph, and mailboxes -----------------------------------------------------------


@sqlite
@pytest.mark.parametrize("key", ["graph_url", "authority"])
@pytest.mark.parametrize(
    ("host", "said"),
    [
        ("127.0.0.1:1", "nothing accepts connections at 127.0.0.1:1; check exchange.{key}"),
        ("no.such.invalid", "no.such.invalid:443 is not known to DNS; check exchange.{key}"),
    ],
)
def test_b9_a_host_that_cannot_be_reached_is_told(
    run: Run, world: World, key: str, host: str, said: str
) -> None:
    rewrite(world, rf"{key} = .*", f'{key} = "https://{host}"')
    tells(run, world, 1, re.escape(said.format(key=key)))


@sqlite
def test_a_certificate_that_is_not_trusted_is_told(run: Run, world: World) -> None:
    trustme.CA().cert_pem.write_to_path(world.folder / "other.pem")
    rewrite(world, r"ca_file = .*", 'ca_file = "other.pem"')
    tells(run, world, 1, r"certificate of 127\.0\.0\.1:\d+ is not trusted.*exchange\.ca_file")


@sqlite
@pytest.mark.parametrize(
    ("spoil", "said"),
    [
        (lambda world: world.tenant.set_open("anna", open_=False), "does not let the app in"),
        (lambda world: world.tenant.set_licensed("anna", licensed=False), "has no mailbox in"),
    ],
    ids=["closed", "without a licence"],
)
def test_a_mailbox_that_cannot_be_read_is_told_with_graphs_request_id(
    run: Run, world: World, spoil: Callable[[World], None], said: str
) -> None:
    spoil(world)
    line = tells(run, world, 1, said)
    assert re.search(r"request-id [0-9a-f-]{36}", line)


# -- another agent -----------------------------------------------------------------------------


@pytest.fixture
def another(world: World) -> Iterator[None]:
    """A living agent that has the profile."""
    who = Identity(uuid4(), "crm1", 4711, "test", Path("/no/such/file"))
    with world.database.writing() as connection:
        agents.register(connection, who)
        connection.execute(sa.insert(state.lease).values(profile_id=1, agent_id=who.id))
    ended = threading.Event()

    def live() -> None:
        while not ended.wait(0.1):
            with world.database.writing() as connection:
                agents.beat(connection, who)

    living = threading.Thread(target=live)
    living.start()
    yield
    ended.set()
    living.join()


@sqlite
@pytest.mark.usefixtures("another")
def test_b11_a_profile_that_another_agent_has_is_told(run: Run, world: World) -> None:
    tells(run, world, 1, r"profile 1: not synced.*agent on crm1 \(process 4711\) has it")


# -- and when all is well ----------------------------------------------------------------------


@sqlite
def test_c5_and_a_sound_company_is_in_step(run: Run, world: World) -> None:
    said = run("once", "--config", world.folder / "agent.toml")
    assert (said.status, said.problems) == (0, [])
    assert said.out.startswith("profile 1 (")
    with world.database.writing() as connection:
        connection.execute(sa.update(state.profile).values(active=False))
    said = run("once", "--config", world.folder / "agent.toml")
    assert (said.status, said.problems) == (0, [])
    assert said.out.startswith("No profile is active")
    with world.database.writing() as connection:
        connection.execute(sa.update(state.profile).values(active=True))
        connection.execute(sa.update(tables.employee).values(active=False))
    said = run("once", "--config", world.folder / "agent.toml", "--lang", "de")
    assert (said.status, said.problems) == (0, [])


@sqlite
def test_b8_a_quarantined_item_makes_the_status_1(run: Run, world: World) -> None:
    world.enter("ANNA", "Mars", SOON, time_zone="Mars/Olympus")
    tells(run, world, 1, r"quarantined: 1")
