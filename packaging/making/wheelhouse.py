"""A wheelhouse: all that an installation needs, for a server without internet."""

import tempfile
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Final

from making.archive import pack
from making.steps import LOCK, PACKAGING, Failed, file_digest, version
from making.wheels import Wheel

INSTALL: Final = """\
Installs calsync {version} without internet, on {what} with Python 3.11 to 3.14:

    python3 -m venv /opt/calsync
    /opt/calsync/bin/pip install --no-index --find-links wheels \\
        --require-hashes -r requirements.lock
"""


def build(
    wheels: Mapping[str, Sequence[Wheel]], sbom: Path, licences: Path, out: Path, what: str
) -> Path:
    """Pack the wheels, calsync's own among them, with their hashes; the archive in `out`."""
    top = f"calsync-{version()}-wheelhouse-{what}"
    every = {wheel.path.name: wheel for some in wheels.values() for wheel in some}
    own = [wheel for wheel in every.values() if wheel.name == "calsync"]
    if len(own) != 1:
        raise Failed(f"a wheelhouse has one wheel of calsync, not {len(own)}")
    with tempfile.TemporaryDirectory() as folder:
        lock = Path(folder, "requirements.lock")
        entry = f"calsync=={version()} \\\n    --hash=sha256:{file_digest(own[0].path)}\n"
        lock.write_text(LOCK.read_text(encoding="utf-8") + entry, encoding="utf-8")
        told = Path(folder, "INSTALL.txt")
        told.write_text(INSTALL.format(version=version(), what=what), encoding="utf-8")
        files = {f"{top}/wheels/{name}": wheel.path for name, wheel in every.items()}
        files |= {f"{top}/{path.name}": path for path in (lock, told)}
        files[f"{top}/check_sbom.py"] = PACKAGING / "check_sbom.py"
        files |= {f"{top}/sbom.cdx.json": sbom, f"{top}/licences.txt": licences}
        return pack(files, out / f"{top}.tar.gz")
