"""B11, B1 and part 2 with real processes: stopped, killed, and side by side."""

import signal
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

import pytest
import sqlalchemy as sa

from calsync_agent.state import tables as state
from tests.support.asking import FLAGS, KILLED, SIGNALS, ask, askable, end
from tests.support.places import environment
from tests.support.service import until
from tests.support.verify import assert_in_step
from tests.support.world import SOON, World

pytestmark = pytest.mark.anyio


@contextmanager
def a_process(world: World, name: str) -> Iterator[subprocess.Popen[Any]]:
    """`calsync-agent run`, its stderr in a file of its own."""
    with (world.folder / f"{name}.txt").open("wb") as out:
        process = subprocess.Popen(
            [sys.executable, "-m", "calsync_agent", "run", "--config", "agent.toml"],
            cwd=world.folder,
            stdin=subprocess.DEVNULL,
            stdout=out,
            stderr=out,
            env={**environment(world.folder), "LANG": "C"},
            creationflags=FLAGS,
        )
    try:
        yield process
    finally:
        process.kill()
        process.wait()


async def meanwhile(
    condition: Callable[[], object], *processes: subprocess.Popen[Any], world: World
) -> None:
    """Return when the condition holds, as long as the processes live."""

    def held() -> bool:
        for process in processes:
            texts = [path.read_text(encoding="utf-8") for path in world.folder.glob("*.txt")]
            assert process.poll() is None, texts
        return bool(condition())

    await until(held)


def agents(world: World) -> list[int]:
    """The processes that have shown that they live, and are not known to be dead."""
    return [row["pid"] for row in world.rows(state.agent) if row["buried_at"] is None]


def said(world: World, name: str) -> str:
    return (world.folder / f"{name}.txt").read_text(encoding="utf-8")


@askable
@pytest.mark.parametrize("number", SIGNALS)
@pytest.mark.parametrize("dialect", ["sqlite"], indirect=True)
async def test_a_signal_while_idle_ends_the_agent_cleanly(
    world: World, number: signal.Signals
) -> None:
    anna = world.hire("ANNA")
    world.enter("ANNA", "Termin", SOON)
    world.settings()
    with a_process(world, "one") as process:
        await meanwhile(anna.events, process, world=world)
        process.send_signal(number)
        assert process.wait() == 0
    assert world.rows(state.agent) == world.rows(state.lease) == []
    assert "Traceback" not in said(world, "one")
    assert list(world.folder.rglob("agent-*.lock")) == []


@pytest.mark.parametrize(
    ("dialect", "killed"),
    [
        pytest.param("sqlite", False, marks=askable),
        ("sqlite", True),
        ("postgresql", True),
    ],
    indirect=["dialect"],
)
async def test_b1_stopped_or_killed_in_its_first_sync_it_goes_on_when_started_again(
    world: World, *, killed: bool
) -> None:
    anna = world.hire("ANNA")
    for one in range(20):
        anna.create(f"dort {one}", SOON, SOON)
    for one in range(150):
        world.enter("ANNA", f"hier {one}", SOON)
    world.settings()
    world.tenant.settings.latency = 0.02
    with a_process(world, "one") as process:
        await meanwhile(lambda: len(anna.events()) > 25, process, world=world)
        if killed:
            process.kill()
        else:
            ask(process)
        assert process.wait() == (KILLED if killed else 0)
    assert len(anna.events()) < 170
    assert "Traceback" not in said(world, "one")
    world.tenant.settings.latency = 0
    with a_process(world, "two") as process:
        done = 170
        await meanwhile(
            lambda: len(anna.events()) == len(world.activities()) == done, process, world=world
        )
        end(process)
    assert_in_step(world)


@pytest.mark.parametrize("dialect", ["sqlite", "postgresql"], indirect=True)
async def test_b11_of_two_processes_one_syncs_and_the_other_inherits_when_it_is_killed(
    world: World,
) -> None:
    anna = world.hire("ANNA")
    world.enter("ANNA", "Termin 0", SOON)
    world.settings()
    with a_process(world, "one") as one:
        await meanwhile(anna.events, one, world=world)
        with a_process(world, "two") as two:
            both = sorted([one.pid, two.pid])
            await meanwhile(lambda: sorted(agents(world)) == both, one, two, world=world)
            world.enter("ANNA", "Termin 1", SOON)
            await meanwhile(lambda: len(anna.events()) == 2, one, two, world=world)
            holder = sa.select(state.agent.c.pid).join(
                state.lease, state.lease.c.agent_id == state.agent.c.id
            )
            with world.database.reading() as connection:
                assert connection.execute(holder).scalars().all() == [one.pid]

            def met() -> bool:  # else the second would count as the first one's successor
                rows = {row["pid"]: row for row in world.rows(state.agent)}
                return bool(rows[one.pid]["seen_at"] >= rows[two.pid]["started_at"])

            await meanwhile(met, one, two, world=world)
            one.kill()
            one.wait()
            world.enter("ANNA", "Termin 2", SOON)
            await meanwhile(lambda: len(anna.events()) == 3, two, world=world)
            assert agents(world) == [two.pid]
            assert len(world.rows(state.agent)) == 2  # the dead one is still to be told of (H2)
            end(two)
    assert_in_step(world)
