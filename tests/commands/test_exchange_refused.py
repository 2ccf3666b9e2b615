"""The sign-in, the way to Graph, mailboxes, another agent: one line each, and its status."""

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
from calsync_agent.exchange.transport.sign_in import MEANINGS
from calsync_agent.state import agents
from calsync_agent.state import tables as state
from calsync_agent.state.agents import Identity
from tests.commands.conftest import Run
from tests.commands.telling import rewrite, sqlite, tells
from tests.exchange_client.authority import certificate, pem
from tests.support.world import SOON, World

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


THROTTLED = 90055
"""Comes as 429, which passes by itself."""


@sqlite
@pytest.mark.parametrize("code", MEANINGS.keys() - {THROTTLED})
def test_every_meaning_of_a_refused_sign_in_is_told_in_both_languages(
    run: Run, world: World, code: int
) -> None:
    world.tenant.settings.sign_in_refusal = code
    meaning = str(MEANINGS[code])
    assert meaning in tells(run, world, 2, rf"AADSTS{code}\b")


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
@pytest.mark.parametrize(
    ("proxy", "said"),
    [
        ("http://127.0.0.1:1", "the proxy .*127.0.0.1:1.*check exchange.proxy"),
        ("http://no.such.invalid:8080", "the proxy .*no.such.invalid:8080.*exchange.proxy"),
    ],
)
def test_a_proxy_that_cannot_be_reached_is_told(
    run: Run, world: World, proxy: str, said: str
) -> None:
    rewrite(world, r"\[exchange\]", f'[exchange]\nproxy = "{proxy}"')
    tells(run, world, 1, said)


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
    said = run("once", "--config", world.folder / "agent.toml", "--lang", "en")
    assert said.status == 1
    summary, item = said.problems
    assert summary.endswith("quarantined: 1")
    assert item.endswith("not synced: Mars: the time zone Mars/Olympus is unknown")
