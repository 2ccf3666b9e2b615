"""Logs (issue 2, part 8): stderr and a file, every line with profile and cycle."""

import asyncio
import json
import logging
import re
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from queue import SimpleQueue

import pytest
from pydantic import SecretStr

from calsync_agent.config.settings import Log
from calsync_agent.errors import ConfigurationRefused, MailboxTrouble
from calsync_agent.i18n import message, speaking
from calsync_agent.logs import logs

log = logging.getLogger("calsync_agent.test")


@pytest.fixture(autouse=True)
def _english() -> Iterator[None]:
    with speaking("en"):
        yield
    assert not [each for each in logging.getLogger().handlers if isinstance(each, logs._Entrance)]


def test_a_line_has_time_level_profile_and_cycle(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    with logs.set_up(Log(file=tmp_path / "agent.log")):
        log.info("before")
        with logs.cycle(profile="MM", number=17):
            log.warning("within %s", "it")
        log.info("after")
    shown = capsys.readouterr().err
    assert shown == (tmp_path / "agent.log").read_text(encoding="utf-8")
    assert [_without_time(line) for line in shown.splitlines()] == [
        "info    -/- before",
        "warning MM/17 within it",
        "info    -/- after",
    ]


def test_json_has_the_same_and_what_came_as_extra(tmp_path: Path) -> None:
    with logs.set_up(Log(file=tmp_path / "agent.log", format="json")):
        with logs.cycle(profile="MM", number=17):
            log.info(message("{n} done", n=3), extra={"requests": 3, "file": tmp_path})
        log.info("plain")
    first, second = _entries(tmp_path / "agent.log")
    assert str(first.pop("at")).endswith("Z")
    assert first == {
        "level": "info",
        "profile": "MM",
        "cycle": 17,
        "logger": "calsync_agent.test",
        "message": "3 done",
        "template": "{n} done",
        "requests": 3,
        "file": str(tmp_path),
    }
    assert (second["profile"], second["cycle"], second["message"]) == (None, None, "plain")


def test_profile_and_cycle_hold_in_tasks_and_threads_each_for_itself(tmp_path: Path) -> None:
    async def one(name: str) -> None:
        with logs.cycle(profile=name, number=1):
            await asyncio.sleep(0)
            await asyncio.to_thread(log.info, "from %s", name)

    async def both() -> None:
        await asyncio.gather(one("MM"), one("EH"))

    with logs.set_up(Log(file=tmp_path / "agent.log", format="json")):
        asyncio.run(both())
    found = {(entry["profile"], entry["message"]) for entry in _entries(tmp_path / "agent.log")}
    assert found == {("MM", "from MM"), ("EH", "from EH")}


def test_a_message_is_logged_in_the_language_spoken_when_it_happened(tmp_path: Path) -> None:
    said = message("only one of {choices} may be given", choices="a")
    with logs.set_up(Log(file=tmp_path / "agent.log")):
        log.info(said)
    assert str(said) in (tmp_path / "agent.log").read_text(encoding="utf-8")


def test_an_error_of_ours_is_its_sentence_and_any_other_its_place(tmp_path: Path) -> None:
    with logs.set_up(Log(file=tmp_path / "agent.log")):
        _fail(MailboxTrouble(message("the mailbox does not answer")))
        _fail(ValueError("first\nsecond: a private subject"))
    first, second = (tmp_path / "agent.log").read_text(encoding="utf-8").splitlines()
    assert first.endswith("profile failed: the mailbox does not answer")
    assert re.search(r"profile failed: ValueError: first \(test_logs.py:\d+\)$", second)


def test_a_traceback_is_written_at_debug_only(tmp_path: Path) -> None:
    for level in ("info", "debug"):
        with logs.set_up(Log.model_validate({"file": tmp_path / f"{level}.log", "level": level})):
            _fail(ValueError("why"))
    assert len((tmp_path / "info.log").read_text(encoding="utf-8").splitlines()) == 1
    lines = (tmp_path / "debug.log").read_text(encoding="utf-8").splitlines()
    assert "Traceback (most recent call last):" in lines[1]
    assert all(_without_time(line).startswith("error   -/- ") for line in lines)


def test_the_level_changes_while_it_runs_and_no_line_is_lost(tmp_path: Path) -> None:
    path = tmp_path / "agent.log"
    with logs.set_up(Log(file=path)) as running:
        for number in range(100):
            log.debug("hidden %d", number)
            log.info("shown %d", number)
        running.apply(Log(file=path, level="debug", format="json"))
        log.debug("now shown")
        running.apply(Log(file=path, level="error"))
        log.warning("hidden again")
    lines = path.read_text(encoding="utf-8").splitlines()
    assert [line.partition("shown ")[2] for line in lines[:100]] == [str(n) for n in range(100)]
    assert json.loads(lines[100])["message"] == "now shown"
    assert len(lines) == 101


def test_another_file_is_taken_while_it_runs(tmp_path: Path) -> None:
    with logs.set_up(Log(file=tmp_path / "one.log")) as running:
        log.info("first")
        running.apply(Log(file=tmp_path / "new" / "two.log"))
        log.info("second")
        assert running.file == tmp_path / "new" / "two.log"
    assert "first" in (tmp_path / "one.log").read_text(encoding="utf-8")
    assert "second" in (tmp_path / "new" / "two.log").read_text(encoding="utf-8")


def test_a_second_set_up_changes_the_first_and_doubles_no_line(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    with logs.set_up(Log(file=tmp_path / "agent.log")) as running:
        assert logs.set_up(Log(file=tmp_path / "agent.log")) is running
        log.info("once")
        running.close()
        running.close()
        log.warning("nobody listens")
    assert capsys.readouterr().err.count("once") == 1


def test_a_file_that_cannot_be_written_is_said_once_and_stderr_has_to_do(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "file").touch()
    path = tmp_path / "file" / "agent.log"
    with logs.set_up(Log(file=path)) as running:
        assert running.file is None
        log.info("all the same")
    first, second = capsys.readouterr().err.splitlines()
    assert f"warning -/- the log file {path} cannot be written" in first
    assert second.endswith("all the same")


def test_without_a_name_the_file_is_in_the_platform_s_log_folder(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(logs, "log_folder", lambda: tmp_path)
    with logs.set_up(Log()) as running:
        assert running.file == tmp_path / "calsync-agent.log"


def test_what_others_log_at_info_is_left_out_whatever_our_level(tmp_path: Path) -> None:
    before = logging.getLogger("httpx").level
    with logs.set_up(Log(file=tmp_path / "agent.log", level="debug")):
        for name in ("httpx", "httpcore", "msal", "urllib3", "uvicorn", "asyncio", "sqlalchemy"):
            logging.getLogger(name).info("%s hidden", name)
            logging.getLogger(name).warning("%s shown", name)
    text = (tmp_path / "agent.log").read_text(encoding="utf-8")
    assert "hidden" not in text
    assert text.count("shown") == 7
    assert logging.getLogger("httpx").level == before


def test_a_service_without_stderr_writes_its_file(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sys, "stderr", None)
    with logs.set_up(Log(file=tmp_path / "agent.log")):
        log.info("alone")
    assert "alone" in (tmp_path / "agent.log").read_text(encoding="utf-8")


def test_what_is_logged_waits_for_no_disk(tmp_path: Path) -> None:
    with logs.set_up(Log(file=tmp_path / "agent.log")) as running:
        assert isinstance(running._entrance.queue, SimpleQueue)
        running._pause()
        log.info("queued")
        assert running._entrance.queue.qsize() == 1
        assert (tmp_path / "agent.log").read_text(encoding="utf-8") == ""
        running.apply(Log(file=tmp_path / "agent.log"))
    assert "queued" in (tmp_path / "agent.log").read_text(encoding="utf-8")


def test_a_program_that_ends_without_closing_loses_no_line(tmp_path: Path) -> None:
    script = """
import logging, sys
from pathlib import Path
from calsync_agent.config.settings import Log
from calsync_agent.logs import logs
logs.set_up(Log(file=Path(sys.argv[1])))
for number in range(500):
    logging.getLogger("calsync_agent").info("line %d", number)
"""
    path = tmp_path / "agent.log"
    done = subprocess.run(
        [sys.executable, "-X", "dev", "-W", "error", "-c", script, str(path)],
        capture_output=True,
        text=True,
        check=True,
    )
    assert len(path.read_text(encoding="utf-8").splitlines()) == 500
    assert "Warning" not in done.stderr


def test_secrets_given_are_hidden_and_later_ones_as_well(tmp_path: Path) -> None:
    path = tmp_path / "agent.log"
    with logs.set_up(Log(file=path), [SecretStr("first-secret")]) as running:
        log.info("it is first-secret")
        running.apply(Log(file=path), [SecretStr("second-secret")])
        log.info(ConfigurationRefused(message("it is {s}", s="second-secret")))
    text = path.read_text(encoding="utf-8")
    assert text.count("it is ***") == 2


def _fail(error: Exception) -> None:
    try:
        raise error
    except type(error):
        log.exception("profile failed")


def _without_time(line: str) -> str:
    assert line[23] == "Z", line
    return line[25:]


def _entries(path: Path) -> list[dict[str, object]]:
    return [json.loads(line) for line in path.read_text(encoding="utf-8").splitlines()]
