"""What decisions are made of loads no SQL, no network and no event loop (the rooms' wall)."""

import subprocess
import sys
from pathlib import Path

import pytest

import calsync_agent
from calsync_agent.database.types import ID_LENGTH
from calsync_agent.domain.link import LONGEST_UID

FORBIDDEN = {"asyncio", "httpx", "msal", "psycopg2", "pydantic", "pyodbc", "sqlalchemy", "sqlmodel"}
PURE = ("appointment", "domain", "plan")


SPEAKING_TO_THE_PORT = ("domain", "plan", "service", "sync")


def loaded_by(*rooms: str) -> set[str]:
    """All modules that are loaded when all of these rooms are, in a fresh process."""
    root = Path(calsync_agent.__file__).parent
    modules = [
        f"calsync_agent.{room}.{file.stem}"
        for room in rooms
        for file in sorted((root / room).glob("[!_]*.py"))
    ]
    assert len(modules) >= len(rooms)
    program = f"import sys, {', '.join(modules)}; print(*sorted(sys.modules))"
    ran = subprocess.run(
        [sys.executable, "-c", program], capture_output=True, text=True, check=True
    )
    return set(ran.stdout.split())


@pytest.mark.parametrize("room", PURE)
def test_a_pure_room_loads_none_of_what_it_must_not_know(room: str) -> None:
    assert not FORBIDDEN & loaded_by(room)


def test_what_syncs_loads_no_provider() -> None:
    found = loaded_by(*SPEAKING_TO_THE_PORT)
    assert not {name for name in found if name.startswith(("calsync_agent.exchange", "msal"))}


def test_database_and_domain_agree_on_the_longest_id() -> None:

    assert LONGEST_UID == ID_LENGTH
