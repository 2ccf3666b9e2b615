"""A database that was restored from a backup, or copied for a second installation (B12)."""

import json
from collections.abc import Iterator
from dataclasses import replace
from uuid import UUID

import anyio
import anyio.to_thread
import pytest
import sqlalchemy as sa

from calsync_agent.cli import main
from calsync_agent.database.engine import open_database
from calsync_agent.errors import Undecided
from calsync_agent.platform import state_folder
from calsync_agent.service.restore_detection import FILE
from calsync_agent.state import tables as state
from calsync_agent.state.identity import IDENTITY_ROW
from tests.support.servers import Server, SQLite
from tests.support.verify import assert_in_step
from tests.support.world import SOON, World

pytestmark = pytest.mark.anyio

STAMPS = {"@odata.etag", "changeKey", "lastModifiedDateTime"}
"""What Exchange changes by itself a little after everything else."""


@pytest.fixture
def opened() -> Iterator[list[World]]:
    """Worlds whose databases are to be closed in the end."""
    worlds: list[World] = []
    yield worlds
    for world in worlds:
        world.database.dispose()


def beside(world: World, url: str, opened: list[World]) -> World:
    """The same company on another database, in a folder of its own."""
    folder = world.folder / "beside"
    folder.mkdir(exist_ok=True)
    other = replace(world, database=open_database(url), folder=folder)
    opened.append(other)
    return other


async def command(world: World, capsys: pytest.CaptureFixture[str], *words: str) -> tuple[int, str]:
    world.settings()
    options = [*words, "--config", str(world.folder / "agent.toml"), "--lang", "en"]
    capsys.readouterr()
    status = await anyio.to_thread.run_sync(main, options)
    said = capsys.readouterr()
    return status, said.out + said.err


def everything(world: World) -> list[object]:
    """Both sides, and what the agent stores of them."""
    rows = [world.rows(table) for table in (state.link, state.pending, state.log, state.history)]
    events = [
        {name: value for name, value in event.items() if name not in STAMPS}
        for code in world.employees
        for event in world.tenant.user(code.lower()).events()
    ]
    return [world.activities(), world.activities(deleted=True), events, rows]


async def refused(world: World, capsys: pytest.CaptureFixture[str], said: str) -> str:
    """Nothing is written, and it is told why; what `once` told."""
    before = everything(world)
    status, told = await command(world, capsys, "once")
    assert status == 2
    assert said in told
    assert "--restored" in told
    assert "--copy" in told
    with pytest.raises(Undecided):
        await world.sync()
    assert everything(world) == before
    return told


async def filled(world: World) -> list[UUID]:
    world.hire("ANNA")
    numbers = [world.enter("ANNA", f"Termin {n}", SOON.replace(hour=n)) for n in range(8, 12)]
    assert all(outcome.in_step for outcome in await world.sync())
    return numbers


async def in_step(world: World) -> None:
    assert all(outcome.in_step for outcome in await world.sync())
    assert_in_step(world)
    before = everything(world)
    assert all(outcome.in_step for outcome in await world.sync())
    assert everything(world) == before


async def test_b12_a_restored_database_is_only_observed_until_an_admin_says_so(
    world: World, server: SQLite | Server, capsys: pytest.CaptureFixture[str], opened: list[World]
) -> None:
    numbers = await filled(world)
    url = world.database.engine.url.render_as_string(hide_password=False)
    world.database.engine.dispose()
    backup = server.copy(url)
    anna = world.tenant.user("anna")
    world.edit(numbers[0], subject="geändert nach der Sicherung")
    world.enter("ANNA", "neu nach der Sicherung", SOON)
    anna.create("neu in Outlook", SOON.replace(hour=15), SOON.replace(hour=16))
    assert all(outcome.in_step for outcome in await world.sync())
    count = len(anna.events())
    world.database.engine.dispose()
    server.put_back(url, backup)
    restored = beside(world, url, opened)
    told = await refused(restored, capsys, "restor")
    assert "neu in Outlook" in told  # it says what it would do
    assert (await command(restored, capsys, "preview"))[0] == 0
    assert (await command(restored, capsys, "adopt", "--restored"))[0] == 0
    await in_step(restored)
    assert len(anna.events()) == count  # nothing was lost, nothing doubled
    assert {row["subject"] for row in restored.activities()} >= {
        "geändert nach der Sicherung",
        "neu nach der Sicherung",
        "neu in Outlook",
    }
    assert (await command(restored, capsys, "adopt", "--restored"))[0] == 2
    server.drop(backup)


async def test_b12_a_copy_for_a_second_installation_is_noticed(
    world: World, server: SQLite | Server, capsys: pytest.CaptureFixture[str], opened: list[World]
) -> None:
    numbers = await filled(world)
    url = world.database.engine.url.render_as_string(hide_password=False)
    world.database.engine.dispose()
    copied = server.copy(url)
    second = beside(world, copied, opened)
    second.edit(numbers[0], subject="Probe")
    await refused(second, capsys, "copy")
    assert (await command(second, capsys, "preview"))[0] == 0
    assert (await command(second, capsys, "adopt", "--copy"))[0] == 0
    assert second.rows(state.link) == []
    await in_step(second)
    server.drop(copied)


async def test_b12_a_reinstalled_agent_is_neither(
    world: World, capsys: pytest.CaptureFixture[str]
) -> None:
    await filled(world)
    remembered = state_folder() / FILE
    assert json.loads(remembered.read_text())
    remembered.unlink()
    await in_step(world)
    assert (await command(world, capsys, "adopt", "--copy"))[0] == 2


async def test_b12_a_damaged_memory_is_as_good_as_none(world: World) -> None:
    await filled(world)
    for text in ("", "[]", '{"x": "y"}', "\x00"):
        (state_folder() / FILE).write_text(text)
        await in_step(world)


EMPTIED = {
    "sqlite": ["DELETE FROM calsync_log", "DELETE FROM sqlite_sequence WHERE name = 'calsync_log'"],
    "postgresql": ["TRUNCATE calsync_log RESTART IDENTITY"],
    "mssql": ["TRUNCATE TABLE calsync_log"],
}


async def test_b12_a_log_that_a_dba_has_emptied_is_no_older_database(
    world: World, dialect: str
) -> None:
    numbers = await filled(world)
    with world.database.writing() as connection:
        for statement in EMPTIED[dialect]:
            connection.exec_driver_sql(statement)
    world.edit(numbers[0], subject="danach")
    await in_step(world)


def elsewhere(world: World) -> None:
    """The same database; but the server calls itself another one."""
    noted = state.meta.c.name == IDENTITY_ROW
    with world.database.writing() as connection:
        value = connection.execute(sa.select(state.meta.c.value).where(noted)).scalar_one()
        moved = f"another server:5/{value.rpartition('/')[2]}"
        connection.execute(sa.update(state.meta).where(noted).values(value=moved))


def told_of_move(world: World) -> int:
    return sum("another one than before" in row["message"] for row in world.rows(state.log))


async def test_b12_after_a_failover_or_an_upgrade_it_goes_on_and_says_so_once(
    world: World,
) -> None:
    numbers = await filled(world)
    world.edit(numbers[0], subject="danach")
    elsewhere(world)
    await in_step(world)
    await in_step(world)
    assert told_of_move(world) == 1
    assert world.tenant.user("anna").find("danach")


@pytest.mark.parametrize("gap", ["nothing remembered", "it has come further", "it is older"])
async def test_b12_another_server_and_a_gap_in_what_is_remembered_is_a_copy(
    world: World, capsys: pytest.CaptureFixture[str], gap: str
) -> None:
    await filled(world)
    elsewhere(world)
    file = state_folder() / FILE
    ((number, known),) = json.loads(file.read_text()).items()
    match gap:
        case "nothing remembered":
            file.unlink()
        case "it has come further":
            file.write_text(json.dumps({number: {**known, "position": known["position"] - 1}}))
        case _:
            file.write_text(json.dumps({number: {**known, "position": known["position"] + 1}}))
    await refused(world, capsys, "copy")


@pytest.mark.parametrize("dialect", ["postgresql"], indirect=True)
async def test_b12_a_lost_right_to_ask_the_server_makes_no_copy(world: World) -> None:
    await filled(world)
    name = world.database.engine.url.database
    with world.database.writing() as connection:
        for statement in (
            "CREATE ROLE hardened LOGIN",
            f"GRANT ALL ON DATABASE {name} TO hardened",
            "GRANT ALL ON ALL TABLES IN SCHEMA public TO hardened",
            "GRANT ALL ON ALL SEQUENCES IN SCHEMA public TO hardened",
            "REVOKE EXECUTE ON FUNCTION pg_control_system() FROM PUBLIC",
        ):
            connection.exec_driver_sql(statement)
    other = world.database.engine.url.set(username="hardened")
    opened = open_database(other.render_as_string(hide_password=False))
    try:
        await in_step(replace(world, database=opened))
        assert told_of_move(world) == 1
    finally:
        opened.dispose()
        with world.database.writing() as connection:
            connection.exec_driver_sql("DROP OWNED BY hardened")
            connection.exec_driver_sql("DROP ROLE hardened")
