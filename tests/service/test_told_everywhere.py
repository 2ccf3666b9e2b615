"""One trouble, told alike by `status`, the metrics and one alert with its end (H1, H2, H7)."""

import asyncio
import json
import sqlite3
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from uuid import uuid4

import httpx
import pytest
import sqlalchemy as sa
from prometheus_client.parser import text_string_to_metric_families

from calsync_agent import __version__
from calsync_agent.cli import main
from calsync_agent.consolidate import tables
from calsync_agent.database.engine import Database
from calsync_agent.errors import DatabaseTrouble
from calsync_agent.health import ledger
from calsync_agent.i18n import message
from calsync_agent.service import alerting
from calsync_agent.state import agents
from calsync_agent.state import tables as state
from calsync_agent.state.agents import Identity
from tests.service.test_metrics import free_port
from tests.support.postbox import web
from tests.support.service import serving, until
from tests.support.world import SOON, World

pytestmark = pytest.mark.anyio

OTHER = "other.example"


@pytest.fixture(autouse=True)
def _soon(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(alerting, "LOOKS_EVERY", 0.05)
    monkeypatch.setattr(ledger, "GRACE", timedelta(seconds=0.4))
    monkeypatch.setattr(ledger, "TOGETHER", timedelta(seconds=0.2))


@dataclass(frozen=True)
class Trouble:
    """What goes wrong, how it is mended, and what kind of problem it is."""

    kind: str
    begin: Callable[[World], None]
    end: Callable[[World], None]
    up: float = 1.0


def version(number: str) -> Callable[[World], None]:
    return lambda world: run(world, sa.update(tables.system_info).values(version=number))


def licence(*, given: bool) -> Callable[[World], None]:
    return lambda world: run(world, sa.update(tables.module).values(licensed=given))


def mailbox(*, open_: bool) -> Callable[[World], None]:
    return lambda world: world.tenant.set_open("mm@contoso.example", open_=open_)


def run(world: World, statement: sa.Executable) -> None:
    with world.database.writing() as connection:
        connection.execute(statement)


def held(world: World) -> None:
    waits = {
        "profile_id": 1,
        "activity_id": uuid4(),
        "kind": "delete here",
        "subject": "Dentist",
        "since": SOON - timedelta(days=30),
    }
    run(world, sa.insert(state.hold).values(waits))


def expire(world: World) -> None:
    for secret in world.tenant.registration.secrets:
        world.tenant.add_secret(secret, datetime.now(UTC) - timedelta(days=1))
    world.tenant.revoke_tokens()


def replace_secret(world: World) -> None:
    world.tenant.add_secret("the-next-secret")
    (world.folder / "secret.txt").write_text("the-next-secret")


def died(world: World) -> None:
    """Another agent, on another host, has not been heard of; its profiles were taken over."""
    long_ago = datetime.now(UTC).replace(tzinfo=None) - timedelta(minutes=5)
    dead = {"id": uuid4(), "host": OTHER, "pid": 1, "version": __version__, "lock_file": "gone"}
    times = dict.fromkeys(("started_at", "seen_at", "buried_at"), long_ago)
    run(world, sa.insert(state.agent).values(**dead, **times))


def began_again(world: World) -> None:
    with world.database.writing() as connection:
        agents.register(connection, Identity(uuid4(), OTHER, 2, __version__, Path("lock")))


TROUBLES = [
    Trouble("agent_silent", died, began_again),
    Trouble("profile_failing", expire, replace_secret),
    Trouble("database_refused", version("5.1.000"), version("5.2.006"), up=0.0),
    Trouble("database_refused", licence(given=False), licence(given=True), up=0.0),
    Trouble("profile_failing", mailbox(open_=False), mailbox(open_=True)),
    Trouble("profile_held", held, lambda world: run(world, sa.delete(state.hold))),
    Trouble(
        "directions_off",
        lambda world: world.provider(inbound=False, outbound=False),
        lambda world: world.provider(inbound=True, outbound=True),
    ),
]


@pytest.mark.parametrize("trouble", TROUBLES, ids=lambda one: one.kind)
async def test_h1_h2_h7_status_metrics_and_one_alert_tell_the_same(
    trouble: Trouble, world: World, capfd: pytest.CaptureFixture[str]
) -> None:
    world.hire("MM")
    port = free_port()
    with web() as hook:
        settings = world.settings(
            alerts=f'webhooks = ["http://127.0.0.1:{hook.port}/"]',
            metrics=f'listen = "127.0.0.1:{port}"',
        )
        async with serving(world, settings) as service:
            await until(lambda: service.in_step("MM"))
            trouble.begin(world)
            await until(lambda: hook.told() == [(trouble.kind, "begun")])
            capfd.readouterr()
            words = ["status", "--json", "--config", str(settings.path), "--lang", "en"]
            status = await asyncio.to_thread(main, words)
            listed = json.loads(capfd.readouterr().out)["problems"]
            metrics = await scraped(port)
            trouble.end(world)
            await until(lambda: len(hook.posts) > 1)
    assert (status, [one["kind"] for one in listed]) == (1, [trouble.kind])
    assert metrics["calsync_up"] == trouble.up
    assert metrics[f"calsync_problems {trouble.kind}"] == 1
    assert hook.told() == [(trouble.kind, "begun"), (trouble.kind, "ended")]
    assert hook.posts[0]["text"].startswith(listed[0]["text"])
    assert "Dentist" not in json.dumps(hook.posts)


async def test_h1_h2_h7_a_lost_database_is_told_alike_by_all_of_them(
    world: World, capfd: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    world.hire("MM")
    port = free_port()
    with web() as hook:
        settings = world.settings(
            alerts=f'webhooks = ["http://127.0.0.1:{hook.port}/"]',
            metrics=f'listen = "127.0.0.1:{port}"',
        )
        async with serving(world, settings) as service:
            await until(lambda: service.in_step("MM"))
            transaction = Database._transaction

            def away(*_args: object, **_kinds: object) -> None:
                raise DatabaseTrouble(message("the database is gone"))

            monkeypatch.setattr(Database, "_transaction", away)
            await until(lambda: hook.told() == [("database_away", "begun")])
            capfd.readouterr()
            words = ["status", "--json", "--config", str(settings.path), "--lang", "en"]
            status = await asyncio.to_thread(main, words)
            listed = json.loads(capfd.readouterr().out)["problems"]
            metrics = await scraped(port)
            monkeypatch.setattr(Database, "_transaction", transaction)
            await until(lambda: len(hook.posts) > 1)
    assert (status, [one["kind"] for one in listed]) == (2, ["database_away"])
    assert metrics["calsync_up"] == 0.0
    assert hook.told() == [("database_away", "begun"), ("database_away", "ended")]


class Disk:
    """The database's disk. While it is full nothing is written, and all that is there is read.

    The driver's own error: SQLite's, of a database that may have no further page.
    """

    def __init__(self) -> None:
        self.full = False
        self._tiny = sqlite3.connect(":memory:", check_same_thread=False)
        self._tiny.execute("PRAGMA max_page_count = 1")

    def write(self, _cursor: object, statement: str, *_others: object) -> None:
        reads = statement.lstrip().upper().startswith(("SELECT", "PRAGMA", "BEGIN", "WITH"))
        if self.full and not reads:
            self._tiny.execute("CREATE TABLE one_more (page)")

    def close(self) -> None:
        self._tiny.close()


@pytest.fixture
def disk() -> Iterator[Disk]:
    made = Disk()
    sa.event.listen(sa.Engine, "do_execute", made.write)
    yield made
    sa.event.remove(sa.Engine, "do_execute", made.write)
    made.close()


@pytest.mark.parametrize("dialect", ["sqlite"], indirect=True)
async def test_h1_h2_h7_a_full_disk_is_told_alike_by_all_of_them(
    world: World, disk: Disk, capfd: pytest.CaptureFixture[str]
) -> None:
    """What is there can still be read: the settings, the situation, the record of problems."""
    world.hire("MM")
    port = free_port()
    with web() as hook:
        settings = world.settings(
            alerts=f'webhooks = ["http://127.0.0.1:{hook.port}/"]',
            metrics=f'listen = "127.0.0.1:{port}"',
        )
        async with serving(world, settings) as service:
            await until(lambda: service.in_step("MM"))
            disk.full = True
            await until(lambda: hook.told() == [("database_away", "begun")])
            for_a_while(world)
            capfd.readouterr()
            words = ["status", "--json", "--config", str(settings.path), "--lang", "en"]
            status = await asyncio.to_thread(main, words)
            listed = json.loads(capfd.readouterr().out)["problems"]
            metrics = await scraped(port)
            disk.full = False
            await until(lambda: len(hook.posts) > 1)
    assert (status, [one["kind"] for one in listed]) == (1, ["agent_silent"])
    assert metrics["calsync_up"] == 0.0
    assert metrics["calsync_problems agent_silent"] == 1
    assert hook.told() == [("database_away", "begun"), ("database_away", "ended")]
    assert "database or disk is full" in hook.posts[0]["text"]


def for_a_while(world: World) -> None:
    """Nobody has been heard of for a minute; written past the disk that is full."""
    raw = world.database.engine.raw_connection()
    raw.cursor().execute("UPDATE calsync_agent SET seen_at = datetime('now', '-1 minute')")
    raw.commit()
    raw.close()


async def scraped(port: int) -> dict[str, float]:
    """Each value, by its name and its kind."""
    async with httpx.AsyncClient(trust_env=False) as client:
        text = (await client.get(f"http://127.0.0.1:{port}/metrics")).text
    return dict(_values(text))


def _values(text: str) -> Iterator[tuple[str, float]]:
    for family in text_string_to_metric_families(text):
        for one in family.samples:
            yield f"{one.name} {one.labels.get('kind', '')}".strip(), one.value
