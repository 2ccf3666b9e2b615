"""Which licence everything has that is shipped, and the texts of them all."""

import re
import tomllib
from collections.abc import Iterable
from functools import cache
from pathlib import PurePosixPath
from typing import Final

from making.steps import PACKAGING, Failed
from making.wheels import Wheel

_DELVED: Final = re.compile(r"-[0-9a-f]{32}\.dll$")
_TEXTS: Final = ("licen", "copying", "notice", "authors")


@cache
def _table(section: str) -> dict[str, str]:
    with (PACKAGING / "licences.toml").open("rb") as file:
        return dict(tomllib.load(file)[section])


def expression(wheel: Wheel) -> str:
    """The SPDX expression of a distribution's licence; raises Failed where none is known."""
    said = wheel.metadata.get("License-Expression") or _table("distributions").get(wheel.name)
    if not said:
        raise Failed(f"the licence of {wheel.name} is not known; add it to packaging/licences.toml")
    return str(said)


def of_library(file: str) -> str:
    """The licence of a shared library that a wheel carries along, by its file's name."""
    name = file.partition(".so")[0].removesuffix(".dll")
    stem = name.rpartition("-")[0] or name
    known = _table("libraries").get(stem)
    if known is None:
        raise Failed(f"the licence of {file} is not known; add {stem} to packaging/licences.toml")
    return known


def of_package(name: str) -> str | None:
    """The licence of what a wheel's own list names without one."""
    return _table("packages").get(name)


def texts(wheel: Wheel) -> dict[str, bytes]:
    """The files with licences and notices in it, by their paths there; at least one."""
    said = [name for name in wheel.names if any(word in name.lower() for word in _TEXTS)]
    inside = [name for name in said if name.startswith(f"{wheel.info}/")]
    # Older wheels have it somewhere else.
    other = [name for name in said if PurePosixPath(name).suffix in {"", ".txt", ".md", ".rst"}]
    found = {name: wheel.read(name) for name in inside or other}
    if not found:
        raise Failed(f"{wheel.path.name} brings no text of its licence")
    return found


def libraries(wheel: Wheel) -> list[str]:
    """The shared libraries that a wheel carries along, by their paths in it.

    auditwheel and delvewheel put them into a folder `….libs`, the latter some beside the module.
    """
    return [
        name for name in wheel.names if name.split("/")[0].endswith(".libs") or _DELVED.search(name)
    ]


def document(wheels: Iterable[Wheel]) -> str:
    """One text with all licences: who has which, then the texts, each once for each wheel."""
    some = sorted({wheel.name: wheel for wheel in wheels}.values(), key=lambda wheel: wheel.name)
    lines = ["What calsync is shipped with, and under which licences", "=" * 54, ""]
    for wheel in some:
        lines.append(f"{wheel.name} {wheel.version}: {expression(wheel)}")
        lines += [
            f"    with {PurePosixPath(name).name}: {of_library(PurePosixPath(name).name)}"
            for name in libraries(wheel)
        ]
    for wheel in some:
        for name, content in sorted(texts(wheel).items()):
            title = f"{wheel.name}: {PurePosixPath(name).name}"
            lines += ["", "", title, "-" * len(title), "", content.decode(errors="replace").strip()]
    return "\n".join(lines) + "\n"
