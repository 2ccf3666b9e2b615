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


@pytest.mark.parametrize("room", PURE)
def test_a_pure_room_loads_none_of_what_it_must_not_know(room: str) -> None:
    folder = Path(calsync_agent.__file__).parent / room
    modules = [f"calsync_agent.{room}.{file.stem}" for file in sorted(folder.glob("[!_]*.py"))]
    assert modules
    program = f"import sys, {', '.join(modules)}; print(*sorted(sys.modules))"
    ran = subprocess.run(
        [sys.executable, "-c", program], capture_output=True, text=True, check=True
    )
    assert not FORBIDDEN & set(ran.stdout.split())


def test_database_and_domain_agree_on_the_longest_id() -> None:

    assert LONGEST_UID == ID_LENGTH
