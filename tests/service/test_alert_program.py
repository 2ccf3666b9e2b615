"""A program of the admin's own that is told of problems: its words (H2)."""

import sys
from pathlib import Path

import pytest

from calsync_agent.alerts.program import Program


@pytest.mark.parametrize(
    ("platform", "command", "words"),
    [
        ("linux", "/usr/bin/page --to it", ["/usr/bin/page", "--to", "it"]),
        ("linux", "'/opt/my page' 'a b'", ["/opt/my page", "a b"]),
        ("linux", r"/opt/my\ page # no comment", ["/opt/my page", "#", "no", "comment"]),
        ("win32", r"C:\page.exe --to it", [r"C:\page.exe", "--to", "it"]),
        ("win32", r'"C:\Program Files\page.exe" "a b"', [r"C:\Program Files\page.exe", "a b"]),
    ],
)
def test_h2_a_command_is_split_as_the_systems_own_paths_are_written(
    platform: str, command: str, words: list[str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sys, "platform", platform)
    assert Program(command, tmp_path)._words == words
