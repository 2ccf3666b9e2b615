"""CONTRACT.md 1: a library that does not load is one line with what to do, whoever needs it."""

import subprocess
import sys
from pathlib import Path

import pytest

POISON = """
import sys
from importlib.abc import MetaPathFinder

class Poison(MetaPathFinder):
    def find_spec(self, name, path=None, target=None):
        if name.partition(".")[0] == {library!r}:
            raise {error}("DLL load failed while importing {library}:\\nthe module is not there")

sys.meta_path.insert(0, Poison())
from {package}.cli import main
sys.exit(main({words!r}))
"""


@pytest.mark.parametrize("error", ["ImportError", "OSError"])
@pytest.mark.parametrize(
    ("library", "package", "words"),
    [
        ("cryptography", "calsync_agent", ["once"]),
        ("cryptography", "calsync_agent", ["check"]),
        ("cryptography", "calsync_agent", ["sandbox"]),
        ("watchfiles", "calsync_agent", ["run"]),
        ("tzlocal", "calsync_agent", ["once"]),
        ("sqlalchemy", "calsync_agent", ["history"]),
        ("pydantic_core", "calsync_agent", ["preview"]),
        ("cryptography", "calsync_tui", []),
        ("sqlalchemy", "calsync_tui", ["--demo"]),
    ],
)
def test_contract_1_a_library_that_does_not_load_is_one_line(
    tmp_path: Path, library: str, package: str, words: list[str], error: str
) -> None:
    (tmp_path / "agent.toml").write_text('[database]\nurl = "sqlite:///x.db"\n')
    script = POISON.format(
        library=library, error=error, package=package, words=[*words, "--lang", "en"]
    )
    done = subprocess.run(
        [sys.executable, "-c", script],
        cwd=tmp_path,
        env={"CALSYNC_CONFIG": "agent.toml", "HOME": str(tmp_path), "PATH": ""},
        capture_output=True,
        encoding="utf-8",
        stdin=subprocess.DEVNULL,
        check=False,
    )
    assert done.returncode == 2, done.stderr
    (line,) = done.stderr.splitlines()
    assert f"the library {library} cannot be loaded" in line
