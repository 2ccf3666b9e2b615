"""Wheels: fetched by the lock's hashes alone, looked into, and laid out as an environment.

lock ──fetch──▶ a folder of wheels for each Python ──lay_out──▶ common/, python3.X/…
"""

import email
import re
import shutil
import sys
import zipfile
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from email.message import Message
from functools import cached_property
from pathlib import Path, PurePosixPath
from typing import Final

from packaging.requirements import Requirement

from making.steps import LOCK, PYTHONS, Failed, run

GLIBC: Final = (5, 12, 17, 28, 34)
"""Which `manylinux_2_…` a wheel may ask for; every supported Debian and Ubuntu has more."""


@dataclass(frozen=True)
class Wheel:
    """A wheel file (PEP 427)."""

    path: Path

    @property
    def name(self) -> str:
        """The distribution's name in its normal form (PEP 503)."""
        return normal(self.path.name.split("-")[0])

    @property
    def version(self) -> str:
        """The distribution's version."""
        return self.path.name.split("-")[1]

    @property
    def pure(self) -> bool:
        """Whether it holds Python alone."""
        return self.path.stem.endswith("-none-any")

    @cached_property
    def names(self) -> tuple[str, ...]:
        """The files in it, sorted."""
        with zipfile.ZipFile(self.path) as archive:
            return tuple(sorted(name for name in archive.namelist() if not name.endswith("/")))

    @cached_property
    def metadata(self) -> Message:
        """Its core metadata (PEP 566)."""
        return email.message_from_bytes(self.read(f"{self.info}/METADATA"))

    @cached_property
    def info(self) -> str:
        """Its folder `….dist-info`."""
        found = {name.split("/")[0] for name in self.names if ".dist-info/" in name}
        if len(found) != 1:
            raise Failed(f"{self.path.name} is no wheel: it has {len(found)} folders .dist-info")
        return found.pop()

    def read(self, name: str) -> bytes:
        """What a file in it holds."""
        with zipfile.ZipFile(self.path) as archive:
            return archive.read(name)


def normal(name: str) -> str:
    """A distribution's name in its normal form (PEP 503)."""
    return name.replace("_", "-").replace(".", "-").lower()


def linux(machine: str) -> tuple[str, ...]:
    """The platforms of wheels that run on every supported Linux with such a machine."""
    old = [f"manylinux2014_{machine}"]
    if machine == "x86_64":
        old += [f"manylinux2010_{machine}", f"manylinux1_{machine}"]
    return (*(f"manylinux_2_{minor}_{machine}" for minor in reversed(GLIBC)), *old)


def fetch(
    folder: Path,
    platforms: Sequence[str],
    environment: Mapping[str, str] | None = None,
    pythons: Sequence[str] = PYTHONS,
    lock: Path = LOCK,
) -> dict[str, list[Wheel]]:
    """Have pip fetch what the lock names, for each Python, into `folder/3.X`; the wheels.

    `environment` are the markers that hold there (PEP 508), where they are others than here.
    Nothing is taken whose hash the lock does not have, and nothing that would have to be built.
    """
    found = {}
    for python in pythons:
        place = folder / python
        place.mkdir(parents=True)
        # pip would ask the system that it runs on whether a marker holds.
        wanted = place / "requirements.lock"
        text = holding(lock.read_text(encoding="utf-8"), python, environment or {})
        wanted.write_text(text, encoding="utf-8")
        tag = f"cp{python.replace('.', '')}"
        asked = [word for each in (*platforms, "any") for word in ("--platform", each)]
        abis = [word for each in (tag, "abi3", "none") for word in ("--abi", each)]
        run(
            *(sys.executable, "-m", "pip", "download", "--quiet", "--disable-pip-version-check"),
            *("--require-hashes", "--no-deps", "--only-binary=:all:", "--dest", str(place)),
            *("--python-version", python, "--implementation", "cp"),
            *(*abis, *asked, "-r", wanted),
        )
        found[python] = sorted(map(Wheel, place.glob("*.whl")), key=lambda wheel: wheel.path.name)
    return found


def holding(lock: str, python: str, environment: Mapping[str, str]) -> str:
    """The entries of a lock that are for such a Python on such a system, without their markers."""
    kept = []
    for entry in re.split(r"(?m)^(?=[a-z])", lock):
        first, _, rest = entry.partition("\n")
        if "==" not in first:
            continue
        asked = Requirement(first.rstrip("\\ "))
        if holds(asked, python, environment):
            kept.append(f"{asked.name}{asked.specifier} \\\n{rest}")
    return "".join(kept)


def holds(asked: Requirement, python: str, environment: Mapping[str, str]) -> bool:
    """Whether a requirement is one there: its marker holds, or it has none."""
    there = {**environment, "python_version": python, "python_full_version": python, "extra": ""}
    return asked.marker is None or asked.marker.evaluate(there)


def lay_out(wheels: Mapping[str, Sequence[Wheel]], folder: Path) -> None:
    """Unpack them below `folder`: what is the same for all Pythons into `common`, once.

    The rest goes into `python3.X/site-packages`, which refers to `common`.
    """
    names = [{wheel.path.name for wheel in some} for some in wheels.values()]
    shared = set.intersection(*names)
    first = next(iter(wheels.values()))
    for wheel in first:
        if wheel.path.name in shared:
            unpack(wheel, folder / "common")
    for python, some in wheels.items():
        site = folder / f"python{python}" / "site-packages"
        site.mkdir(parents=True)
        (site / "calsync.pth").write_text("../../common\n", encoding="utf-8")
        for wheel in some:
            if wheel.path.name not in shared:
                unpack(wheel, site)


def unpack(wheel: Wheel, site: Path) -> None:
    """Put what a wheel installs into `site`; its scripts are left out, there are others."""
    with zipfile.ZipFile(wheel.path) as archive:
        for name in wheel.names:
            inside = installed_as(wheel, name)
            if inside is None:
                continue
            target = site / inside
            if target.exists():
                raise Failed(f"{wheel.path.name} and another wheel both have {inside}")
            target.parent.mkdir(parents=True, exist_ok=True)
            with archive.open(name) as source, target.open("wb") as file:
                shutil.copyfileobj(source, file)


def installed_as(wheel: Wheel, name: str) -> PurePosixPath | None:
    """Where a file of a wheel goes, below the folder of packages; None: nowhere (scripts)."""
    path = PurePosixPath(name)
    if path.is_absolute() or ".." in path.parts:
        raise Failed(f"{wheel.path.name} has a file outside of itself: {name}")
    if not path.parts[0].endswith(".data"):
        return path
    match path.parts[1]:
        case "purelib" | "platlib":
            return PurePosixPath(*path.parts[2:])
        case "scripts":
            return None
        case other:
            raise Failed(f"{wheel.path.name} has data for {other}; say in lay_out where it belongs")
