"""Whether a list of contents (CycloneDX) and what is installed are the same.

python packaging/check_sbom.py SBOM.json PYTHON     as in: … /opt/calsync/bin/python3

Prints each difference; exit status 0 none, 1 some. It compares the distributions with their
versions, and the shared libraries that they carry along with their SHA-256. Needs no package.
"""

import json
import subprocess
import sys
from pathlib import Path
from typing import Any, Final

LOOK: Final = r"""
import hashlib, importlib.metadata, json, pathlib, sys
known, files = {}, {}
for one in importlib.metadata.distributions():
    known[one.metadata["Name"].replace("_", "-").replace(".", "-").lower()] = one.version
home = pathlib.Path(sys.executable).parent
if any(home.glob("python*._pth")):  # a Python that came along: its libraries, too
    for file in home.glob("*.dll"):
        files[file.name] = hashlib.sha256(file.read_bytes()).hexdigest()
for folder in map(pathlib.Path, dict.fromkeys(sys.path)):
    found = [*folder.glob("*.libs/*"), *folder.glob("*-" + "[0-9a-f]" * 32 + ".dll")]
    for file in found if folder.is_dir() else ():
        name = file.relative_to(folder).as_posix()
        files[name] = hashlib.sha256(file.read_bytes()).hexdigest()
print(json.dumps([known, files]))
"""

TOOLS: Final = frozenset({"pip", "setuptools", "wheel"})
"""What a virtual environment brings itself."""


def listed(sbom: dict[str, Any]) -> tuple[dict[str, str], dict[str, set[str]]]:
    """The distributions and the libraries that a list names; a library may be there in several."""
    components = [sbom["metadata"]["component"], *sbom["components"]]
    distributions = [each for each in components if each["type"] in {"application", "library"}]
    known = {each["name"]: each["version"] for each in distributions}
    files: dict[str, set[str]] = {}
    for each in components:
        for inner in each.get("components", []):
            if inner["type"] == "file":
                files.setdefault(inner["name"], set()).add(inner["hashes"][0]["content"])
    return known, files


def differences(
    sbom: dict[str, Any], installed: tuple[dict[str, str], dict[str, str]]
) -> list[str]:
    """A line for each."""
    known, files = listed(sbom)
    there, libraries = installed
    found = [
        f"{name}: listed {known.get(name)}, installed {there.get(name)}"
        for name in sorted(known.keys() | there.keys() - TOOLS)
        if known.get(name) != there.get(name)
    ]
    found += [
        f"{name}: installed, and not listed like this"
        for name in sorted(libraries)
        if libraries[name] not in files.get(name, set())
    ]
    missing = files.keys() - libraries.keys()
    return found + [f"{name}: listed, and not installed" for name in sorted(missing)]


def main(arguments: list[str]) -> int:
    """Compare and tell."""
    sbom = json.loads(Path(arguments[0]).read_text(encoding="utf-8"))
    printed = subprocess.check_output([arguments[1], "-I", "-c", LOOK], text=True)
    known, files = json.loads(printed)
    found = differences(sbom, (known, files))
    for line in found:
        sys.stdout.write(f"{line}\n")
    if not found:
        said = f"no difference: {len(known.keys() - TOOLS)} distributions, {len(files)} libraries"
        sys.stdout.write(f"{said}\n")
    return 1 if found else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
