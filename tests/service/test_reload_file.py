"""Part 7: a changed agent.toml takes effect in a running agent, and a wrong one changes nothing."""

from datetime import timedelta
from pathlib import Path

import pytest
import sqlalchemy as sa

from calsync_agent.database.engine import open_database
from calsync_agent.state import tables as state
from tests.support.servers import Server, SQLite
from tests.support.service import serving, until
from tests.support.verify import assert_in_step
from tests.support.world import SOON, World

pytestmark = pytest.mark.anyio

sqlite = pytest.mark.parametrize("dialect", ["sqlite"], indirect=True)


def rewrite(world: World, **sections: str) -> None:
    """Another agent.toml; sections as in `World.settings`."""
    world.settings(**sections)


def reloads(world: World) -> list[tuple[str, str]]:
    rows = world.rows(state.log)
    return [(row["level"], row["message"]) for row in rows if row["kind"] == "reload"]


def change(world: World, statement: sa.Executable) -> None:
    with world.database.writing() as connection:
        connection.execute(statement)


@sqlite
async def test_a_changed_log_section_is_taken_over_at_once(world: World) -> None:
    world.hire("ANNA")
    async with serving(world) as service:
        await until(lambda: service.in_step("ANNA"))
        assert not service.lines(" debug ")
        path = world.folder / "agent.toml"
        path.write_text(path.read_text() + 'level = "debug"\nformat = "json"\n')
        await until(lambda: service.lines('"level": "debug"', "calendarView/delta"))
        await until(lambda: reloads(world))
    ((level, text),) = reloads(world)
    assert level == "info"
    assert text == f"settings taken over from {world.folder / 'agent.toml'}"


@sqlite
async def test_c1_c2_a_wider_window_brings_in_what_now_lies_in_it_on_both_sides(
    world: World,
) -> None:
    anna = world.hire("ANNA")
    long_ago = SOON - timedelta(days=200)
    anna.create("aus Outlook", long_ago, long_ago + timedelta(hours=1))
    world.enter("ANNA", "aus Consolidate", long_ago)
    async with serving(world) as service:
        await until(lambda: service.in_step("ANNA"))
        assert len(world.activities()) == len(anna.events()) == 1
        rewrite(world, sync="past_months = 12")
        await until(lambda: len(world.activities()) == len(anna.events()) == 2)
    assert_in_step(world)


@sqlite
async def test_a_rotated_secret_is_taken_without_a_restart(world: World) -> None:
    anna = world.hire("ANNA")
    async with serving(world) as service:
        await until(lambda: service.in_step("ANNA"))
        with world.tenant.lock:
            world.tenant.registration.secrets.clear()
        world.tenant.add_secret("another~Secret-1Q~not.a.real.one")
        world.tenant.revoke_tokens()
        await until(lambda: service.lines(" error ", "AADSTS7000215"))
        (world.folder / "secret.txt").write_text("another~Secret-1Q~not.a.real.one\n")
        world.enter("ANNA", "Termin", SOON)
        await until(lambda: len(anna.events()) == 1)
        await until(lambda: service.lines("the sync works again"))
    assert len(service.lines("AADSTS7000215")) == 1


@sqlite
async def test_another_database_is_taken_over_and_the_old_one_left_alone(
    world: World, server: Server | SQLite
) -> None:
    anna = world.hire("ANNA")
    url = server.fresh(installed=True)
    other = World(open_database(url), world.sandbox, world.folder)
    other.provider()
    bernd = other.hire("BERND")
    try:
        async with serving(world) as service:
            await until(lambda: service.in_step("ANNA"))
            rewrite(other)
            await until(lambda: service.in_step("BERND"))
            assert world.rows(state.lease) == world.rows(state.agent) == []
            other.enter("BERND", "Termin", SOON)
            world.enter("ANNA", "bleibt hier", SOON)
            await until(lambda: len(bernd.events()) == 1)
        assert anna.events() == []
    finally:
        other.database.dispose()
        server.drop(url)


BROKEN = [
    ("[sync]\npast_months = 'drei'\n", "sync.past_months: must be a whole number"),
    ("[sync]\npast_month = 3\n", "sync.past_month: is no key of [sync]; did you mean past_months?"),
    ("[log\n", "line "),
]


@sqlite
@pytest.mark.parametrize(("broken", "said"), BROKEN)
async def test_a_broken_file_is_refused_with_the_key_and_the_agent_goes_on_as_before(
    world: World, broken: str, said: str
) -> None:
    anna = world.hire("ANNA")
    path = world.folder / "agent.toml"
    async with serving(world) as service:
        await until(lambda: service.in_step("ANNA"))
        sound = path.read_text()
        path.write_text(sound + broken)
        await until(lambda: service.lines(" error ", said))
        world.enter("ANNA", "Termin", SOON)
        await until(lambda: len(anna.events()) == 1)
        await until(lambda: reloads(world))
        ((level, text),) = reloads(world)
        assert level == "error"
        assert text.startswith(f"the changed settings are not taken over: {path}")
        path.write_text(sound + "[sync]\npast_months = 4\n")
        await until(lambda: service.lines("settings taken over from"))
    assert len(service.lines(said)) == 1


@sqlite
async def test_a_file_that_is_gone_is_missed_and_its_return_noticed(world: World) -> None:
    world.hire("ANNA")
    path = world.folder / "agent.toml"
    async with serving(world) as service:
        await until(lambda: service.in_step("ANNA"))
        path.rename(world.folder / "elsewhere")
        await until(lambda: service.lines(" error ", f"there is no file {path}"))
        (world.folder / "elsewhere").rename(path)
        await until(lambda: service.lines("settings taken over from"))


@sqlite
async def test_a_secret_that_others_can_read_is_warned_of_at_the_start(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("calsync_agent.config.reading.readable_by_others", lambda _path: True)
    async with serving(world) as service:
        await until(lambda: service.working)
    (line,) = service.lines(" warning ", "every account on this host can read it")
    assert str(Path(world.folder, "secret.txt")) in line
