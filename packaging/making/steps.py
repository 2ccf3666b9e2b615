"""What every step of a release needs: where things are, which time it is, running programs."""

import hashlib
import os
import shutil
import subprocess
import tomllib
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Final

ROOT: Final = Path(__file__).parents[2]
PACKAGING: Final = ROOT / "packaging"
LOCK: Final = PACKAGING / "requirements.lock"
TOOLS_LOCK: Final = PACKAGING / "release-tools.lock"

PYTHONS: Final = ("3.11", "3.12", "3.13", "3.14")
"""The versions of Python that a release is made for."""


class Failed(Exception):
    """A step cannot be done; its text says why, and what would mend it."""


def version() -> str:
    """The version of the program that is released."""
    with (ROOT / "pyproject.toml").open("rb") as file:
        return str(tomllib.load(file)["project"]["version"])


def epoch() -> int:
    """The one time that everything in a release bears: `$SOURCE_DATE_EPOCH`, or the last commit's.

    https://reproducible-builds.org/specs/source-date-epoch/
    """
    given = os.environ.get("SOURCE_DATE_EPOCH", "")
    return int(given or run("git", "log", "-1", "--format=%ct", folder=ROOT))


def run(
    *command: str | Path,
    folder: Path | None = None,
    extra: Mapping[str, str] | None = None,
) -> str:
    """What the program prints; raises Failed with what it said where it fails."""
    words = [str(word) for word in command]
    try:
        done = subprocess.run(
            words,
            cwd=folder,
            env={**os.environ, "LC_ALL": "C.UTF-8", **(extra or {})},
            capture_output=True,
            text=True,
            check=False,
        )
    except FileNotFoundError:
        raise Failed(f"there is no program {words[0]}; install it") from None
    if done.returncode:
        raise Failed(f"{' '.join(words[:4])} … failed:\n{done.stdout}{done.stderr}".strip())
    return done.stdout.strip()


def emptied(folder: Path) -> Path:
    """The folder, made anew and empty."""
    if folder.exists():
        shutil.rmtree(folder)
    folder.mkdir(parents=True)
    return folder


def digest(content: bytes) -> str:
    """The SHA-256 of it."""
    return hashlib.sha256(content).hexdigest()


def file_digest(path: Path) -> str:
    """The SHA-256 of what a file holds."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def sums(folder: Path, names: Sequence[str]) -> str:
    """Lines as `sha256sum --check` reads them."""
    return "".join(f"{file_digest(folder / name)}  {name}\n" for name in sorted(names))
