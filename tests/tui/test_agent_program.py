"""The headless program as the UI asks it: its answer, and that it never keeps the UI waiting."""

import asyncio
import json
import os
import sys
from collections.abc import Callable, Sequence
from pathlib import Path

import pytest

from calsync_agent.i18n import speaking, use
from calsync_tui.gateway import agent_program
from calsync_tui.gateway.agent_program import FoundUser, ProgramTrouble, ReportedStep
from tests.support.service import until

pytestmark = pytest.mark.anyio

ANSWER = {
    "steps": [
        {"name": "settings", "ok": True, "message": "fein"},
        {"name": "sign_in", "ok": False, "message": "nö", "mend": "https://portal.example/x"},
    ],
    "consent_url": "https://login.example/t/adminconsent",
    "users": {"allowed": True, "found": [{"id": "1", "name": "Änne", "address": "a@b.example"}]},
}

Program = Callable[[str], Sequence[str]]


@pytest.fixture(autouse=True)
def _in_english() -> None:
    use("en")


@pytest.fixture
def program(tmp_path: Path) -> Program:
    """Makes a program of a few lines that stands for calsync-agent."""

    def made(source: str) -> Sequence[str]:
        path = tmp_path / "program.py"
        path.write_text(source, encoding="utf-8")
        return sys.executable, str(path)

    return made


async def test_what_the_check_found_comes_as_values(program: Program, tmp_path: Path) -> None:
    source = f"import sys\nprint({json.dumps(ANSWER, ensure_ascii=False)!r})\nsys.exit(2)"
    found = await agent_program.check(tmp_path / "agent.toml", program=program(source))
    assert found.steps[1] == ReportedStep(
        "sign_in", ok=False, text="nö", mend="https://portal.example/x"
    )
    assert found.failing == found.steps[1:]
    assert found.consent_url == "https://login.example/t/adminconsent"
    assert found.users_allowed
    assert found.found == (FoundUser("1", "Änne", "a@b.example"),)


async def test_it_is_asked_about_these_settings_in_the_language_spoken(
    program: Program, tmp_path: Path
) -> None:
    words = tmp_path / "words"
    source = f"import sys, json\njson.dump(sys.argv[1:], open({str(words)!r}, 'w'))"
    with speaking("de"), pytest.raises(ProgramTrouble):
        await agent_program.check(
            Path("/etc/agent.toml"), find_user="a@b.example", program=program(source)
        )
    assert json.loads(words.read_text()) == (
        "check --json --config /etc/agent.toml --lang de --find-user a@b.example".split()
    )


@pytest.mark.parametrize("out", ["", "nothing", "[]", '{"steps": [1]}', "{}"])
async def test_an_answer_that_is_none_is_told_with_what_the_program_said(
    program: Program, tmp_path: Path, out: str
) -> None:
    source = f"import sys\nprint({out!r})\nsys.exit('the last line says why')"
    with pytest.raises(ProgramTrouble, match="the last line says why"):
        await agent_program.check(tmp_path, program=program(source))


async def test_a_program_that_takes_too_long_is_given_up(program: Program, tmp_path: Path) -> None:
    with pytest.raises(ProgramTrouble, match="did not answer within"):
        await agent_program.check(
            tmp_path, program=program("import time\ntime.sleep(600)"), seconds=0.2
        )


async def test_a_program_that_is_not_there_is_told(tmp_path: Path) -> None:
    with pytest.raises(ProgramTrouble, match="cannot be started"):
        await agent_program.check(tmp_path, program=[str(tmp_path / "none")])


async def test_whoever_gives_up_waiting_ends_the_program(program: Program, tmp_path: Path) -> None:
    mark = tmp_path / "pid"
    source = (
        f"import os, time\nopen({str(mark)!r} + '.new', 'w').write(str(os.getpid()))\n"
        f"os.rename({str(mark)!r} + '.new', {str(mark)!r})\ntime.sleep(600)"
    )
    asking = asyncio.create_task(agent_program.check(tmp_path, program=program(source)))
    await until(mark.exists)
    asking.cancel()
    with pytest.raises(asyncio.CancelledError):
        await asking
    with pytest.raises(ProcessLookupError):
        os.kill(int(mark.read_text()), 0)
