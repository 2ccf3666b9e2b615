"""Whoever is to know hears of it: the agent, its channels, and what they are told (H2)."""

import json
import logging
import stat
import sys
from collections.abc import Iterator
from contextlib import AsyncExitStack
from datetime import UTC, datetime, timedelta
from pathlib import Path
from uuid import uuid4

import pytest
import sqlalchemy as sa

from calsync_agent import __version__
from calsync_agent.consolidate import tables
from calsync_agent.database.engine import Database
from calsync_agent.errors import DatabaseTrouble
from calsync_agent.health import ledger
from calsync_agent.i18n import message
from calsync_agent.logs.event_ids import PROBLEMS, event_id_of
from calsync_agent.service import alerting, delivery
from calsync_agent.state import agents
from calsync_agent.state import tables as state
from calsync_agent.state.agents import Identity
from tests.support.postbox import Postbox, mail_server, web
from tests.support.service import serving, until
from tests.support.world import World

pytestmark = pytest.mark.anyio

OFF = ("directions_off", "begun")
ON = ("directions_off", "ended")


@pytest.fixture(autouse=True)
def _soon(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(alerting, "LOOKS_EVERY", 0.05)
    monkeypatch.setattr(alerting, "PATIENCE", 1.0)
    monkeypatch.setattr(ledger, "GRACE", timedelta(seconds=0.4))
    monkeypatch.setattr(ledger, "TOGETHER", timedelta(seconds=0.2))
    monkeypatch.setattr(delivery, "FIRST_PAUSE", 0.05)
    monkeypatch.setattr(delivery, "LONGEST_PAUSE", 0.1)
    monkeypatch.setattr(delivery, "WITHIN", 1.0)


@pytest.fixture
def hook() -> Iterator[Postbox]:
    with web() as box:
        yield box


@pytest.fixture
def other() -> Iterator[Postbox]:
    with web() as box:
        yield box


def to(*boxes: Postbox, more: str = "") -> dict[str, str]:
    addresses = ", ".join(f'"http://127.0.0.1:{box.port}/s3cret-path"' for box in boxes)
    return {"alerts": f"webhooks = [{addresses}]\n{more}"}


def some_time_ago() -> datetime:
    return datetime.now(UTC).replace(tzinfo=None) - timedelta(minutes=5)


def switch(world: World, *, on: bool) -> None:
    """A problem that begins and ends when somebody says so."""
    world.provider(inbound=on, outbound=on)


async def test_h2_one_message_when_a_problem_begins_and_one_when_it_has_ended(
    world: World, hook: Postbox
) -> None:
    world.hire("MM")
    switch(world, on=False)
    async with serving(world, world.settings(**to(hook))) as service:
        await until(lambda: hook.posts)
        switch(world, on=True)
        await until(lambda: len(hook.posts) > 1)
        await until(lambda: service.in_step("MM"))
        assert service.lines("s3cret-path") == []
    assert hook.told() == [OFF, ON]
    begun, ended = hook.posts
    assert set(begun) == {"title", "text", "kind", "state", "since", "profile"}
    assert begun["title"] in begun["text"]
    assert begun["since"].endswith("Z")
    assert begun["profile"] is None
    assert ended["title"].startswith("Over: ")


async def test_h2_a_restart_makes_no_second_message_and_the_end_is_told_by_whoever_lives(
    world: World, hook: Postbox
) -> None:
    world.hire("MM")
    switch(world, on=False)
    settings = world.settings(**to(hook))
    async with serving(world, settings):
        await until(lambda: hook.posts)
        await until(lambda: recorded(world)["directions_off"].delivered)
    switch(world, on=True)
    async with serving(world, settings):
        await until(lambda: len(hook.posts) > 1)
    assert hook.told() == [OFF, ON]


def recorded(world: World) -> dict[str, sa.Row[tuple[object, ...]]]:
    """What is on record, by kind."""
    with world.database.reading() as connection:
        return {row.kind: row for row in connection.execute(sa.select(state.problem))}


async def test_h2_two_agents_make_one_message(world: World, hook: Postbox) -> None:
    world.hire("MM")
    switch(world, on=False)
    settings = world.settings(**to(hook))
    async with AsyncExitStack() as both:
        for _ in range(2):
            await both.enter_async_context(serving(world, settings))
        await until(lambda: hook.posts)
        switch(world, on=True)
        await until(lambda: len(hook.posts) > 1 and not recorded(world))
    assert hook.told() == [OFF, ON]


async def test_h2_an_agent_that_died_is_told_by_another_one_and_its_return_too(
    world: World, hook: Postbox
) -> None:
    world.hire("MM")
    dead = {"id": uuid4(), "host": "other.example", "pid": 1, "version": __version__}
    with world.database.writing() as connection:
        connection.execute(sa.insert(state.agent).values(lock_file="gone", **dead))
    async with serving(world, world.settings(**to(hook))):
        with world.database.writing() as connection:
            past = sa.update(state.agent).where(state.agent.c.id == dead["id"])
            connection.execute(past.values(seen_at=some_time_ago()))
        await until(lambda: hook.told() == [("agent_silent", "begun")])
        assert "other.example" in hook.posts[0]["text"]
        with world.database.writing() as connection:
            again = Identity(uuid4(), "other.example", 2, __version__, Path("lock"))
            agents.register(connection, again)
        await until(lambda: len(hook.posts) > 1)
    assert hook.told() == [("agent_silent", "begun"), ("agent_silent", "ended")]


@pytest.mark.parametrize("trouble", ["hangs", "refuses", "is gone"])
async def test_h2_a_channel_that_fails_delays_nothing_and_is_told_through_the_others(
    world: World, hook: Postbox, other: Postbox, trouble: str
) -> None:
    world.hire("MM")
    switch(world, on=False)
    hook.hanging, hook.status = trouble == "hangs", 500 if trouble == "refuses" else 200
    settings = world.settings(**to(hook, other))
    if trouble == "is gone":
        with web() as gone:
            settings = world.settings(**to(gone, other))
    async with serving(world, settings) as service:
        channel = ("alert_channel", "begun")
        await until(lambda: {OFF, channel} <= set(other.told()))
        assert "webhook 1 (127.0.0.1)" in str(other.posts)
        assert "s3cret-path" not in str(other.posts)
        assert service.lines("webhook 1 (127.0.0.1)")
        assert recorded(world)["alert_channel"].gone_at is None
        switch(world, on=True)
        await until(lambda: ON in other.told())
        await until(lambda: service.in_step("MM"))
        if trouble != "is gone":
            hook.hanging, hook.status = False, 200
            hook.release.set()
            await until(lambda: ("alert_channel", "ended") in other.told())
            assert hook.told() == [OFF, ON]
    assert sorted(set(other.told())) == sorted(other.told())


async def test_h2_where_nobody_is_named_the_log_tells_of_a_problem_and_of_its_end(
    world: World, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setattr(alerting, "LOOKS_FOR_THE_LOG", 1)
    caplog.set_level(logging.INFO)
    world.hire("MM")
    switch(world, on=False)

    def told() -> list[tuple[str, int]]:
        found = (one for one in caplog.records if hasattr(one, "problem"))
        return [(one.levelname, event_id_of(one)) for one in found]

    number = PROBLEMS["directions_off"]
    async with serving(world, world.settings()):
        await until(lambda: told() == [("WARNING", number)])
        switch(world, on=True)
        await until(lambda: len(told()) > 1)
    assert told() == [("WARNING", number), ("INFO", number + 1)]


async def test_h2_mailboxes_that_fail_alike_are_one_message_with_the_number(
    world: World, hook: Postbox
) -> None:
    for code in ("AA", "BB", "CC", "DD", "EE"):
        person = world.hire(code)
        world.tenant.remove(person.upn)
    async with serving(world, world.settings(**to(hook))):
        await until(lambda: hook.posts)
    [told] = hook.posts
    assert told["kind"] == "profile_failing"
    assert "5" in told["title"]


async def test_h2_mail_and_a_program_get_it_too(world: World, tmp_path: Path) -> None:
    script = tmp_path / "page.py"
    script.write_text(
        f"#!{sys.executable}\nimport pathlib, sys\n"
        "pathlib.Path(__file__).with_name('got.json').write_text(sys.stdin.read())\n"
    )
    script.chmod(script.stat().st_mode | stat.S_IXUSR)
    command = f'"{sys.executable}" "{script}"' if sys.platform == "win32" else str(script)
    with mail_server() as post:
        smtp = (
            f'host = "127.0.0.1"\nport = {post.port}\ntls = "none"\nsender = "calsync@example.com"'
        )
        settings = world.settings(
            alerts=f'mail = ["it@example.com", "boss@example.com"]\ncommand = \'{command}\'',
            **{"alerts.smtp": smtp},
        )
        world.hire("MM")
        switch(world, on=False)
        async with serving(world, settings):
            got = tmp_path / "got.json"
            await until(lambda: post.mails and got.exists() and got.read_text().endswith("\n"))
    [mail] = post.mails
    assert "To: it@example.com, boss@example.com" in mail
    assert "From: calsync@example.com" in mail
    assert json.loads(got.read_text())["kind"] == "directions_off"


async def test_h2_a_sign_of_life_goes_out_while_all_is_well_and_stays_away_otherwise(
    world: World, hook: Postbox
) -> None:
    world.hire("MM")
    more = f'heartbeat_url = "http://127.0.0.1:{hook.port}/alive"\nheartbeat_seconds = 1'
    async with serving(world, world.settings(**to(hook, more=more))) as service:
        await until(lambda: hook.gets == ["/alive"])
        withdraw(world, licensed=False)
        await until(lambda: hook.told() == [("database_refused", "begun")])
        assert not service.agent._alerting.delivery.well
        withdraw(world, licensed=True)
        before = len(hook.gets)
        await until(lambda: len(hook.gets) > before)


def withdraw(world: World, *, licensed: bool) -> None:
    with world.database.writing() as connection:
        connection.execute(sa.update(tables.module).values(licensed=licensed))


async def test_h2_a_database_that_is_away_is_told_from_memory_once_and_its_return(
    world: World, hook: Postbox, monkeypatch: pytest.MonkeyPatch
) -> None:
    world.hire("MM")
    async with serving(world, world.settings(**to(hook))) as service:
        await until(lambda: service.in_step("MM"))
        transaction = Database._transaction

        def away(*_args: object, **_kinds: object) -> None:
            raise DatabaseTrouble(message("gone"))

        monkeypatch.setattr(Database, "_transaction", away)
        await until(lambda: hook.told() == [("database_away", "begun")])
        monkeypatch.setattr(Database, "_transaction", transaction)
        await until(lambda: len(hook.posts) > 1)
    assert hook.told() == [("database_away", "begun"), ("database_away", "ended")]


async def test_h2_channels_are_exchanged_while_the_agent_runs(
    world: World, hook: Postbox, other: Postbox
) -> None:
    world.hire("MM")
    async with serving(world, world.settings(**to(hook))) as service:
        await until(lambda: service.in_step("MM"))
        world.settings(**to(other))
        await until(lambda: service.lines("settings taken over"))
        switch(world, on=False)
        await until(lambda: other.posts)
    assert hook.posts == []
