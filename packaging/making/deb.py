"""The Debian package: an environment below /opt, the service, and what goes with them.

wheels ──stage──▶ a tree as it will lie on disk ──build──▶ calsync_VERSION_ARCH.deb
"""

import email.utils
import gzip
import hashlib
import os
import shutil
import stat
import sys
import tempfile
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from making import licences, sbom
from making.steps import PACKAGING, PYTHONS, ROOT, epoch, run, version
from making.wheels import Wheel, lay_out, linux

MACHINES: Final[Mapping[str, str]] = {"amd64": "x86_64", "arm64": "aarch64"}
"""Debian's names of architectures, and those of wheels."""

_PROGRAMS: Final = {"calsync-agent": "calsync_agent.cli", "calsync-tui": "calsync_tui.cli"}
_LAUNCHER: Final = """\
#!/opt/calsync/bin/python3 -I
import sys

from {module} import main

sys.exit(main())
"""
_VENV: Final = "home = /usr/bin\ninclude-system-site-packages = false\n"
_SCRIPTS: Final = ("postinst", "prerm", "postrm")
_DOCUMENTS: Final = ("README.md", "packaging/DATABASE.md", "packaging/SERVICE.md")
_EXAMPLES: Final = ("agent.toml.sample", "prometheus-rules.yml", "grafana-dashboard.json")
_MAINTAINER: Final = "calsync maintainers <maintainers@calsync.example>"


@dataclass(frozen=True, slots=True)
class Package:
    """What is to be built: for which architecture, and the how manieth of this version."""

    architecture: str
    revision: int = 1

    @property
    def version(self) -> str:
        """The version as Debian writes it."""
        return f"{version()}-{self.revision}"

    @property
    def file(self) -> str:
        """The name of the package's file."""
        return f"calsync_{self.version}_{self.architecture}.deb"

    @property
    def platforms(self) -> tuple[str, ...]:
        """Which wheels run there."""
        return linux(MACHINES[self.architecture])


def build(package: Package, wheels: Mapping[str, Sequence[Wheel]], out: Path) -> Path:
    """Build it from wheels for each Python, calsync's own among them; the file in `out`."""
    with tempfile.TemporaryDirectory() as folder:
        tree = Path(folder, "tree")
        _stage(package, wheels, tree)
        _control(package, tree)
        _settle(tree)
        made = out / package.file
        run(
            *("dpkg-deb", "--root-owner-group", "--uniform-compression", "-Zxz", "-z2"),
            "--threads-max=1",  # more of them make other bytes
            *("--build", tree, made),
            extra={"SOURCE_DATE_EPOCH": str(epoch())},
        )
    return made


def _stage(package: Package, wheels: Mapping[str, Sequence[Wheel]], tree: Path) -> None:
    home = tree / "opt" / "calsync"
    lay_out(wheels, home / "lib")
    (home / "pyvenv.cfg").write_text(_VENV, encoding="utf-8")
    (home / "bin").mkdir()
    (home / "bin" / "python3").symlink_to("/usr/bin/python3")
    links = tree / "usr" / "bin"
    links.mkdir(parents=True)
    for program, module in _PROGRAMS.items():
        launcher = home / "bin" / program
        launcher.write_text(_LAUNCHER.format(module=module), encoding="utf-8")
        launcher.chmod(0o755)
        (links / program).symlink_to(f"/opt/calsync/bin/{program}")
    units = tree / "usr" / "lib" / "systemd" / "system"
    _copy(PACKAGING / "calsync-agent.service", units / "calsync-agent.service")
    _shells(home, tree / "usr" / "share")
    _documents(package, wheels, tree / "usr" / "share")


def _shells(home: Path, share: Path) -> None:
    """Man pages and completion, made by the very program that is packed, with the Python here."""
    site = home / "lib" / f"python{sys.version_info[0]}.{sys.version_info[1]}" / "site-packages"
    paths = os.pathsep.join((str(home / "lib" / "common"), str(site)))
    how = {"PYTHONPATH": paths, "PYTHONDONTWRITEBYTECODE": "1", "LANGUAGE": "en"}
    with tempfile.TemporaryDirectory() as folder:
        for tool, place in (("make_man", "man"), ("make_completion", "completion")):
            script = PACKAGING / f"{tool}.py"
            run(sys.executable, "-s", script, Path(folder, place), folder=Path(folder), extra=how)
        for page in sorted(Path(folder, "man").rglob("*.1")):
            _zip(page.read_bytes(), share / page.relative_to(folder).with_suffix(".1.gz"))
        for name, place in (
            ("bash", "bash-completion/completions"),
            ("zsh", "zsh/vendor-completions"),
            ("fish", "fish/vendor_completions.d"),
        ):
            for script in sorted(Path(folder, "completion", name).iterdir()):
                _copy(script, share / place / script.name)


def _documents(package: Package, wheels: Mapping[str, Sequence[Wheel]], share: Path) -> None:
    place = share / "doc" / "calsync"
    for name in _DOCUMENTS:
        _copy(ROOT / name, place / Path(name).name)
    for name in _EXAMPLES:
        _copy(PACKAGING / name, place / "examples" / name)
    _zip((ROOT / "CHANGELOG.md").read_bytes(), place / "changelog.gz")
    _zip(_changelog(package).encode(), place / "changelog.Debian.gz")
    every = [wheel for some in wheels.values() for wheel in some]
    (place / "copyright").write_text(_copyright(every), encoding="utf-8")
    _zip(licences.document(every).encode(), place / "licences.txt.gz")
    (place / "sbom.cdx.json").write_text(sbom.document(wheels, "deb"), encoding="utf-8")
    _copy(PACKAGING / "check_sbom.py", place / "examples" / "check_sbom.py")
    overrides = share / "lintian" / "overrides" / "calsync"
    _copy(PACKAGING / "debian" / "lintian-overrides", overrides)


def _changelog(package: Package) -> str:
    date = email.utils.formatdate(epoch())
    return (
        f"calsync ({package.version}) unstable; urgency=medium\n\n"
        f"  * Version {version()}; /usr/share/doc/calsync/changelog.gz tells what has changed.\n\n"
        f" -- {_MAINTAINER}  {date}\n"
    )


def _copyright(wheels: Sequence[Wheel]) -> str:
    """In Debian's form (https://www.debian.org/doc/packaging-manuals/copyright-format/1.0/)."""
    head = (
        "Format: https://www.debian.org/doc/packaging-manuals/copyright-format/1.0/\n"
        "Upstream-Name: calsync\n"
        "Comment: The texts of all licences are in licences.txt.gz beside this file.\n"
    )
    body = "".join(
        f" {line}\n" if line else " .\n" for line in (ROOT / "LICENSE").read_text().splitlines()
    )
    paragraphs = [head, f"Files: *\nCopyright: calsync maintainers\nLicense: Expat\n{body}"]
    for wheel in sorted({one.name: one for one in wheels}.values(), key=lambda one: one.name):
        if wheel.name == "calsync":
            continue
        tops = sorted({name.split("/")[0] for name in wheel.names if ".data/" not in name})
        files = "\n       ".join(f"opt/calsync/lib/*/{top}*" for top in tops)
        told = licences.expression(wheel).replace(" OR ", " or ").replace(" AND ", " and ")
        paragraphs.append(
            f"Files: {files}\nCopyright: the authors of {wheel.name}, see licences.txt.gz\n"
            f"License: {told}\n See licences.txt.gz.\n"
        )
    return "\n".join(paragraphs)


def _control(package: Package, tree: Path) -> None:
    place = tree / "DEBIAN"
    place.mkdir()
    source = PACKAGING / "debian"
    files = [path for path in tree.rglob("*") if path.is_file() and not path.is_symlink()]
    size = sum(-(-path.stat().st_size // 1024) for path in files)
    major, _, minor = PYTHONS[-1].partition(".")
    text = (source / "control").read_text(encoding="utf-8")
    (place / "control").write_text(
        text.format(
            version=package.version,
            architecture=package.architecture,
            size=size,
            oldest=PYTHONS[0],
            above=f"{major}.{int(minor) + 1}",
        ),
        encoding="utf-8",
    )
    _copy(source / "triggers", place / "triggers")
    for name in _SCRIPTS:
        _copy(source / name, place / name)
        (place / name).chmod(0o755)
    (place / "md5sums").write_text(_md5sums(tree), encoding="utf-8")


def _md5sums(tree: Path) -> str:
    lines = []
    for path in sorted(tree.rglob("*")):
        inside = path.relative_to(tree)
        if path.is_file() and not path.is_symlink() and inside.parts[0] != "DEBIAN":
            known = hashlib.md5(path.read_bytes(), usedforsecurity=False).hexdigest()
            lines.append(f"{known}  {inside}\n")
    return "".join(lines)


def _settle(tree: Path) -> None:
    """Give everything its rights and the one time, whatever the builder's umask and clock."""
    when = epoch()
    for path in (tree, *tree.rglob("*")):
        if not path.is_symlink():
            runs = path.is_dir() or bool(path.stat().st_mode & stat.S_IXUSR)
            path.chmod(0o755 if runs else 0o644)
        os.utime(path, (when, when), follow_symlinks=False)


def _copy(source: Path, target: Path) -> None:
    target.parent.mkdir(parents=True, exist_ok=True)
    shutil.copyfile(source, target)


def _zip(content: bytes, target: Path) -> None:
    target.parent.mkdir(parents=True, exist_ok=True)
    target.write_bytes(gzip.compress(content, 9, mtime=0))
