"""What is written to Windows' event log, and under which numbers."""

import logging
from types import SimpleNamespace
from typing import Any

from pydantic import SecretStr

from calsync_agent.config.settings import Log
from calsync_agent.logs import logs
from calsync_agent.logs.event_ids import LINES, PROBLEMS
from calsync_agent.logs.event_log import EventLog, reporter

_log = logging.getLogger("calsync_agent.test")


def test_warnings_errors_and_the_ends_of_problems_are_reported_without_secrets(
    tmp_path: Any,
) -> None:
    reported: list[tuple[int, int, str]] = []
    entry = EventLog(lambda *line: reported.append(line))
    settings = Log(file=tmp_path / "agent.log")
    with logs.set_up(settings, [SecretStr("s3cret-value")], [entry]) as running:
        _log.info("in step")
        _log.warning("slow, with s3cret-value")
        running.apply(settings, [SecretStr("s3cret-value")])
        _log.error("held", extra={"problem": "profile_held"})
        _log.info("held no more", extra={"problem": "profile_held", "ended": True})
    assert [line[:2] for line in reported] == [
        (2, LINES[logging.WARNING]),
        (1, PROBLEMS["profile_held"]),
        (4, PROBLEMS["profile_held"] + 1),
    ]
    assert "s3cret-value" not in str(reported)
    assert reported[0][2].endswith("slow, with ***")


def test_the_event_log_gets_a_line_as_its_one_text() -> None:
    written: list[tuple[object, ...]] = []
    events = SimpleNamespace(
        RegisterEventSource=lambda _server, source: source,
        ReportEvent=lambda *given: written.append(given),
    )
    reporter("calsync-agent", lambda _name: events)(1, 40, "a\0b")
    assert written == [("calsync-agent", 1, 0, 40, None, ["a b"], None)]
