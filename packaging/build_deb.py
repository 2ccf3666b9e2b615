"""Builds the Debian package, from the lock alone: no difference between two builds.

python packaging/build_deb.py [--out dist] [--arch amd64|arm64] [--revision 1]

Needs Debian's `dpkg-deb`, and the packages that release-tools.lock names; `packaging/release` (with
`--only deb`) brings those itself.
"""

import argparse
import sys
import tempfile
from pathlib import Path

from making import deb, wheels
from making.program import build_wheel
from making.steps import Failed


def main() -> int:
    """Fetch, build, tell where it is."""
    asked = argparse.ArgumentParser(description="builds the Debian package of calsync")
    asked.add_argument("--out", type=Path, default=Path("dist"))
    asked.add_argument("--arch", choices=sorted(deb.MACHINES), default="amd64")
    asked.add_argument("--revision", type=int, default=1)
    given = asked.parse_args()
    given.out.mkdir(parents=True, exist_ok=True)
    package = deb.Package(given.arch, given.revision)
    with tempfile.TemporaryDirectory() as folder:
        own = wheels.Wheel(build_wheel(Path(folder, "own")))
        some = wheels.fetch(Path(folder, "wheels"), package.platforms)
        found = {python: [own, *each] for python, each in some.items()}
        sys.stdout.write(f"{deb.build(package, found, given.out)}\n")
    return 0


if __name__ == "__main__":
    try:
        sys.exit(main())
    except Failed as error:
        sys.exit(f"build_deb: {error}")
