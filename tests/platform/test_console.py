"""Output that never fails on a character."""

import io
import os
import subprocess
import sys

import pytest

from calsync_agent.platform import console_utf8

SCRIPT = """
import sys
from calsync_agent.platform import console_utf8
console_utf8()
print("Größe → 漢字 \\ud800")
print("Größe", file=sys.stderr)
"""


@pytest.mark.parametrize(
    ("encoding", "shown"),
    [("ascii", "Gr??e ? ?? ?"), ("latin-1", "Größe ? ?? ?"), ("utf-8", "Größe → 漢字 ?")],
)
def test_no_character_is_too_much_for_a_pipe_in_any_encoding(encoding: str, shown: str) -> None:
    done = subprocess.run(
        [sys.executable, "-c", SCRIPT],
        env=os.environ | {"PYTHONIOENCODING": encoding},
        capture_output=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    assert done.stdout.decode(encoding).strip() == shown


@pytest.mark.parametrize(("wished", "encoding"), [("", "utf-8"), ("cp850", "cp1252")])
def test_windows_gets_utf_8_unless_another_encoding_was_asked_for(
    wished: str, encoding: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    piped = io.TextIOWrapper(io.BytesIO(), encoding="cp1252")
    monkeypatch.setattr(sys, "platform", "win32")
    monkeypatch.setattr(sys, "stdout", piped)
    monkeypatch.setattr(sys, "stderr", None)
    monkeypatch.setenv("PYTHONIOENCODING", wished)
    console_utf8()
    assert (piped.encoding, piped.errors) == (encoding, "replace")
