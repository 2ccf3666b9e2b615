"""What a release is made of is what pyproject.toml asks for, in versions that go together."""

import re
import tomllib
from importlib import metadata
from pathlib import Path

import pytest
from packaging.requirements import Requirement

ROOT = Path(__file__).parents[2]
PACKAGING = ROOT / "packaging"
PINNED = re.compile(r"(?m)^([a-z0-9.-]+)==(\S+)")
MEND = "run python packaging/update_lock.py"

PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))


def pinned(name: str) -> dict[str, str]:
    return dict(PINNED.findall((PACKAGING / name).read_text(encoding="utf-8")))


@pytest.mark.parametrize("line", PROJECT["project"]["dependencies"])
def test_a_dependency_is_locked_in_a_version_that_is_asked_for(line: str) -> None:
    asked = Requirement(line)
    assert asked.specifier.contains(pinned("requirements.lock")[asked.name.lower()]), MEND


@pytest.mark.parametrize("line", PROJECT["dependency-groups"]["release"])
def test_a_tool_is_locked_in_a_version_that_is_asked_for(line: str) -> None:
    asked = Requirement(line)
    assert asked.specifier.contains(pinned("release-tools.lock")[asked.name.lower()]), MEND


def test_the_constraints_say_what_the_locks_say() -> None:
    locked = pinned("requirements.lock") | pinned("requirements-mssql.lock")
    assert pinned("constraints.txt") == locked, MEND


@pytest.mark.parametrize(
    "name", ["requirements.lock", "requirements-mssql.lock", "release-tools.lock"]
)
def test_every_locked_version_has_a_hash_and_no_address(name: str) -> None:
    text = (PACKAGING / name).read_text(encoding="utf-8")
    entries = re.split(r"(?m)^(?=[a-z])", text)[1:]
    assert entries
    for entry in entries:
        assert "--hash=sha256:" in entry
    assert "://" not in text


def test_what_is_locked_goes_together() -> None:
    """Each locked distribution that is installed here, in its locked version, has what it needs."""
    locked = pinned("requirements.lock")
    looked_at = 0
    for name, version in locked.items():
        try:
            found = metadata.distribution(name)
        except metadata.PackageNotFoundError:
            continue
        if found.version != version:
            continue
        looked_at += 1
        for line in found.requires or ():
            asked = Requirement(line)
            holds = asked.marker is None or asked.marker.evaluate({"extra": ""})
            other = re.sub(r"[-_.]+", "-", asked.name).lower()
            if holds and other in locked:
                assert asked.specifier.contains(locked[other]), f"{name} needs {line}; {MEND}"
    assert looked_at
