"""Which ODBC driver a connection to SQL Server uses when the URL names none."""

import platform
import re
from collections.abc import Iterable, Mapping
from importlib.util import find_spec
from pathlib import Path
from typing import Final

PACKAGE: Final = "mssql_python_odbc"
_INSTALLED: Final = re.compile(r"ODBC Driver (\d+) for SQL Server")
_ARCHITECTURES: Final = {"amd64": "x86_64", "aarch64": "arm64"}


def newest(installed: Iterable[str]) -> str | None:
    """The newest "ODBC Driver NN for SQL Server" among the installed drivers, if any."""
    versions = [int(found[1]) for name in installed if (found := _INSTALLED.fullmatch(name))]
    return f"ODBC Driver {max(versions)} for SQL Server" if versions else None


def packaged() -> Path | None:
    """The driver's library inside the wheel `mssql-python-odbc`, where it is installed.

    Windows is left out: its driver manager takes registered drivers only.
    """
    spec = find_spec(PACKAGE)
    if spec is None or spec.origin is None:
        return None
    libraries = Path(spec.origin).parent / "libs"
    machine = platform.machine().lower()
    machine = _ARCHITECTURES.get(machine, machine)
    if platform.system() == "Windows":
        return None
    if platform.system() == "Darwin":
        return _first(libraries / "macos" / machine / "lib", "libmsodbcsql*.dylib")
    family = linux_family(_os_release())
    for folder in (family, *sorted(path.name for path in (libraries / "linux").glob("*"))):
        found = _first(libraries / "linux" / folder / machine / "lib", "libmsodbcsql*.so*")
        if found is not None:
            return found
    return None


def linux_family(release: Mapping[str, str]) -> str:
    """The wheel's folder for a distribution, given its os-release file."""
    names = f"{release.get('ID', '')} {release.get('ID_LIKE', '')}".split()
    for folder, members in (
        ("alpine", {"alpine"}),
        ("suse", {"suse", "opensuse", "sles", "sled"}),
        ("rhel", {"rhel", "fedora", "centos", "rocky", "almalinux", "ol", "amzn"}),
    ):
        if members.intersection(names):
            return folder
    return "debian_ubuntu"


def _os_release() -> Mapping[str, str]:
    try:
        return platform.freedesktop_os_release()
    except OSError:
        return {}


def _first(folder: Path, pattern: str) -> Path | None:
    return next(iter(sorted(folder.glob(pattern))), None)
