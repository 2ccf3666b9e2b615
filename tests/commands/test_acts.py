"""Every act of an admin is a line in the log, with the name of the account (B6, B7, B12, H6)."""

import getpass
import json
from collections.abc import Callable
from pathlib import Path
from uuid import uuid4

import pytest
import sqlalchemy as sa

from calsync_agent.state import identity
from calsync_agent.state import tables as state
from tests.commands.conftest import Run
from tests.support.world import SOON, World

SQLITE = pytest.mark.parametrize("dialect", ["sqlite"], indirect=True)

ICS = """BEGIN:VCALENDAR
VERSION:2.0
PRODID:-//x//y
BEGIN:VEVENT
UID:1
DTSTART:20261210T090000Z
DTEND:20261210T100000Z
SUMMARY:Termin
END:VEVENT
END:VCALENDAR
"""

Acting = Callable[[Run, World], tuple[object, ...]]


def _waits(_run: Run, world: World) -> tuple[object, ...]:
    held = {"profile_id": 1, "activity_id": uuid4(), "kind": "delete here", "subject": "x"}
    with world.database.writing() as connection:
        connection.execute(sa.insert(state.hold).values(since=SOON, **held))
    return ("ANNA",)


def _lost(run: Run, world: World) -> tuple[object, ...]:
    """A version that was lost, and its number."""
    path = world.folder / "agent.toml"
    number = world.enter("ANNA", "Termin", SOON)
    assert run("once", "--config", path).status == 0
    world.edit(number, subject="neu")
    assert run("once", "--config", path).status == 0
    (kept,) = json.loads(run("history", "--json", "--config", path).out)
    return (kept["id"],)


def _since(run: Run, world: World) -> tuple[object, ...]:
    _lost(run, world)
    return ("--since", "1h", "--yes")


def _copied(_run: Run, world: World) -> tuple[object, ...]:
    with world.database.writing() as connection:
        identity.note(connection)
        elsewhere = state.meta.c.name == identity.IDENTITY_ROW
        connection.execute(sa.update(state.meta).where(elsewhere).values(value="elsewhere/1"))
    return ()


def _file(_run: Run, world: World) -> tuple[object, ...]:
    path = Path(world.folder) / "a.ics"
    path.write_text(ICS, encoding="utf-8")
    return (path, "--employee", "ANNA")


def _table_gone(_run: Run, world: World) -> tuple[object, ...]:
    with world.database.writing() as connection:
        connection.execute(sa.text(f"DROP TABLE {state.roll_out.name}"))
    return ()


@SQLITE
@pytest.mark.parametrize(
    ("words", "prepared", "said"),
    [
        pytest.param(["confirm"], _waits, "has confirmed what waited: 1", id="confirm"),
        pytest.param(["discard"], _waits, "has discarded what waited: 1", id="discard"),
        pytest.param(["restore"], _lost, "has restored: Termin", id="restore"),
        pytest.param(["undo"], _since, "has restored: Termin", id="undo"),
        pytest.param(["adopt", "--restored"], _copied, "has said: restored", id="restored"),
        pytest.param(["adopt", "--copy"], _copied, "has said: a second", id="copy"),
        pytest.param(["db", "import"], _file, "has entered appointments of ANNA", id="import"),
        pytest.param(["db", "install"], _table_gone, "has set up the tables", id="install"),
    ],
)
def test_b6_b7_b12_h6_an_act_of_an_admin_is_a_line_with_their_account(
    run: Run, world: World, words: list[str], prepared: Acting, said: str
) -> None:
    path = world.folder / "agent.toml"
    more = prepared(run, world)
    before = len(world.rows(state.log))
    assert run(*words, *more, "--config", path, "--lang", "en").status == 0
    lines = [row["message"] for row in world.rows(state.log)[before:]]
    assert [line for line in lines if line.startswith(f"{getpass.getuser()} {said}")], lines
    count = len(world.rows(state.log))
    if words[0] in {"confirm", "discard", "adopt"}:  # said once: there is nothing left to say
        assert run(*words, *more, "--config", path).status == 2
        assert len(world.rows(state.log)) == count
