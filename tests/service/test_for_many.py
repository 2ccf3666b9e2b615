"""What is done for many, with the agent as a process: A7, H8, I1 to I4; none of it is on by itself.

One agent serves all scenarios, because starting one costs more than any of them.
"""

import subprocess
import sys
from collections.abc import Callable, Iterator
from datetime import timedelta
from pathlib import Path
from typing import Any, Final

import pytest
import sqlalchemy as sa

from calsync_agent import installation
from calsync_agent.consolidate import tables as consolidate
from calsync_agent.database.engine import open_database
from calsync_agent.sandbox.people import Person
from calsync_agent.sandbox.server import running_sandbox
from calsync_agent.sandbox.tenant import Tenant
from calsync_agent.state import tables as state
from tests.service.test_processes import a_process, meanwhile
from tests.support.asking import end
from tests.support.old_schemas import dialect_of, kept
from tests.support.old_schemas import run as run_script
from tests.support.places import environment, keep_to
from tests.support.world import SOON, World

pytestmark = pytest.mark.anyio

HOUR: Final = timedelta(hours=1)
SQLITE = pytest.mark.parametrize("dialect", ["sqlite"], indirect=True)


def command(world: World, *words: str) -> tuple[int, str]:
    """What an admin types meanwhile: the status, and what is on stdout."""
    done = subprocess.run(
        [sys.executable, "-m", "calsync_agent", *words, "--config", "agent.toml"],
        cwd=world.folder,
        stdin=subprocess.DEVNULL,
        capture_output=True,
        check=False,
        env={**environment(world.folder), "LANG": "C"},
    )
    return done.returncode, done.stdout.decode()


def own(world: World, code: str, **values: object) -> None:
    mine = state.profile.c.employee_id == world.employees[code]
    with world.database.writing() as connection:
        connection.execute(sa.update(state.profile).where(mine).values(values))


def bound(world: World, number: int, **values: object) -> None:
    """An activity type that means something in Exchange."""
    new = {"id": number, "name": f"Typ {number}", "calendar_sync": "normal"}
    with world.database.writing() as connection:
        connection.execute(sa.insert(consolidate.activity_type).values(new))
        connection.execute(sa.insert(state.type_in_exchange).values(type_id=number, **values))


def seen(person: Person, subject: str) -> dict[str, Any]:
    """The event of this subject; empty where there is none."""
    return next((event for event in person.events() if event["subject"] == subject), {})


def row(world: World, subject: str) -> dict[str, Any]:
    return next((one for one in world.activities() if one["subject"] == subject), {})


@SQLITE
async def test_a7_h8_i1_i2_i3_i4_one_agent_serves_them_all(world: World) -> None:
    anna, bernd = world.hire("ANNA"), world.hire("BERND")
    world.hire("CLARA", profile=False)
    world.hire("DORA", profile=False)
    bound(world, 4, category="Kunde")
    bound(world, 5, online_meeting=True)
    own(world, "BERND", outbound=False)
    kunde = world.enter("ANNA", "Kunde", SOON, type_id=4)
    world.enter("ANNA", "Online", SOON + HOUR, type_id=5)
    for code in ("BERND", "CLARA", "DORA"):
        world.enter(code, code, SOON)
    bernd.create("dort", SOON + HOUR, SOON + 2 * HOUR)
    stays, goes = (anna.create("doppelt", SOON, SOON + HOUR) for _ in range(2))
    clara = world.tenant.user("clara")
    world.settings()
    assert command(world, "duplicates", "--remove")[0] == 0
    csv = "employee;external_user_id\r\nCLARA;clara@contoso.example\r\n"
    (world.folder / "p.csv").write_text(csv, encoding="utf-8-sig")
    assert command(world, "profiles", "import", "p.csv")[0] == 0
    assert command(world, "profiles", "activate", "--a-day", "20")[0] == 0
    # Somebody enters Anna's mailbox for Dora, too, by another of its names.
    with world.database.writing() as connection:
        new = {"provider_id": 1, "employee_id": world.employees["DORA"]}
        connection.execute(sa.insert(state.profile).values(external_user_id=anna.upn, **new))
    with a_process(world, "one") as agent:

        async def comes(condition: Callable[[], object]) -> None:
            await meanwhile(condition, agent, world=world)

        await comes(lambda: row(world, "dort") and row(world, "doppelt") and seen(anna, "Kunde"))
        await comes(lambda: row(world, "Online")["online_meeting_url"] and seen(clara, "CLARA"))
        assert not seen(bernd, "BERND")
        assert seen(anna, "Kunde")["categories"] == ["Kunde"]
        assert seen(anna, "Online")["isOnlineMeeting"]
        # A category that is taken in Outlook, beside another, is a type.
        anna.change(seen(anna, "Online")["id"], categories=["Rot", "Kunde"])
        world.edit(kunde, type_id=1)
        own(world, "BERND", outbound=None)
        await comes(lambda: row(world, "Online")["type_id"] == 4)
        await comes(lambda: seen(anna, "Kunde")["categories"] == [] and seen(bernd, "BERND"))
        assert seen(anna, "Online")["categories"] == ["Rot", "Kunde"]
        assert seen(anna, "Online")["isOnlineMeeting"]
        end(agent)
    assert [one["id"] for one in anna.events() if one["subject"] == "doppelt"] == [stays] != [goes]
    assert not seen(anna, "DORA")
    assert len(world.activities()) == 7
    assert not world.tenant.outbox


@pytest.fixture
def old(
    empty_database_url: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> Iterator[World]:
    """An installation that 0.1.0 has made, brought up to date."""
    keep_to(tmp_path, monkeypatch)
    run_script(empty_database_url, kept(1, dialect_of(empty_database_url)))
    database = open_database(empty_database_url)
    installation.upgrade(database)
    with running_sandbox(Tenant()) as sandbox:
        made = World(database, sandbox, tmp_path)
        made.provider()
        yield made
    database.dispose()


NEEDED_BY_A_SYNC: Final = {
    "GET /users/{user}",
    "GET /users/{user}/calendar",
    "GET /users/{user}/calendarView/delta",
    "GET /users/{user}/calendarView",
    "GET /users/{user}/events/{event}",
    "POST /users/{user}/events",
    "PATCH /users/{user}/events/{event}",
}
"""No list of users, nothing about meetings or categories of a mailbox."""


@SQLITE
async def test_b14_a7_h8_i2_i3_an_installation_of_0_1_does_what_it_did(old: World) -> None:
    anna = old.hire("ANNA")
    number = old.enter("ANNA", "hier", SOON)
    for _ in range(2):
        anna.create("doppelt", SOON, SOON + HOUR, categories=["Rot", "Standard"])
    await old.sync()
    old.edit(number, subject="geändert")
    anna.change(anna.events()[0]["id"], categories=["Kunde"])
    await old.sync()
    made = seen(anna, "geändert")
    assert (made["categories"], made["isOnlineMeeting"]) == ([], False)
    assert sorted(event["subject"] for event in anna.events()) == ["doppelt", "doppelt", "geändert"]
    assert sorted(one["subject"] for one in old.activities()) == ["doppelt", "doppelt", "geändert"]
    assert {one["type_id"] for one in old.activities()} == {1}
    terms = ("inbound", "outbound", "past_months", "future_months")
    (mine,) = old.rows(state.profile)
    assert [mine[name] for name in terms] == [None] * 4
    assert old.rows(state.type_in_exchange) == old.rows(state.roll_out) == []
    assert set(old.tenant.counters.kinds) <= NEEDED_BY_A_SYNC
    assert not old.tenant.outbox
