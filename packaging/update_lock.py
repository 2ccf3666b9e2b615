"""Writes the locks anew: what a release is made of, with hashes, and the constraints without.

python packaging/update_lock.py [--upgrade]    needs `uv` (pip install uv)

Without `--upgrade` versions stay where they may. The tests are to be run with what came of it.
"""

import re
import shutil
import sys
import tempfile
from pathlib import Path
from typing import Final

from making.steps import LOCK, PACKAGING, PYTHONS, ROOT, TOOLS_LOCK, run

CONSTRAINTS: Final = PACKAGING / "constraints.txt"
MSSQL_LOCK: Final = PACKAGING / "requirements-mssql.lock"

_LOCK_FIRST: Final = "# pip install --require-hashes -r packaging/requirements.lock"
_MSSQL_FIRST: Final = (
    "# The extra [mssql]: Microsoft's ODBC driver, which has a licence of its own."
)
_CONSTRAINTS_FIRST: Final = "# Versions of this release: pip install . -c packaging/constraints.txt"
_TOOLS_FIRST: Final = "# What packaging/release builds with."

_PINNED: Final = re.compile(r"(?m)^([a-z0-9.-]+)==(\S+)(?: ; ([^\\\n]+?))?(?: \\)?$")


def compile_lock(asked: tuple[str, ...], lock: Path, upgrade: bool) -> str:  # noqa: FBT001
    """The lock for what is asked for, on all platforms and Pythons; starts from the old one."""
    with tempfile.TemporaryDirectory() as folder:
        made = Path(folder, "lock")
        if lock.exists() and not upgrade:
            shutil.copy(lock, made)
        run(
            *("uv", "pip", "compile", *asked, "--universal", "--python-version", PYTHONS[0]),
            *("--generate-hashes", "--no-header", "--no-annotate", "--no-config", "--quiet"),
            *("--output-file", str(made)),
            folder=ROOT,
        )
        return made.read_text(encoding="utf-8")


def blocks(lock: str) -> dict[str, str]:
    """A lock's entries by their names."""
    return {re.split("==", part)[0]: part for part in re.split(r"(?m)^(?=[a-z])", lock) if part}


def constraints(lock: str) -> str:
    """The versions of a lock alone."""
    found = [
        f"{name}=={version}{f' ; {marker}' if marker else ''}\n"
        for name, version, marker in _PINNED.findall(lock)
    ]
    return "".join(sorted(found))


def main(arguments: list[str]) -> int:
    """Write them all."""
    upgrade = "--upgrade" in arguments
    whole = compile_lock(("pyproject.toml", "--extra", "mssql"), LOCK, upgrade)
    entries = blocks(whole)
    driver = {name for name in entries if name.startswith("mssql-")}
    rest = "".join(text for name, text in entries.items() if name not in driver)
    LOCK.write_text(f"{_LOCK_FIRST}\n{rest}", encoding="utf-8")
    text = "".join(entries[name] for name in sorted(driver))
    MSSQL_LOCK.write_text(f"{_MSSQL_FIRST}\n{text}", encoding="utf-8")
    CONSTRAINTS.write_text(f"{_CONSTRAINTS_FIRST}\n{constraints(whole)}", encoding="utf-8")
    tools = compile_lock(("--group", "release"), TOOLS_LOCK, upgrade)
    TOOLS_LOCK.write_text(f"{_TOOLS_FIRST}\n{tools}", encoding="utf-8")
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
