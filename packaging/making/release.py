"""All steps of a release, in their order.

committed ─▶ sdist ─▶ wheel ─┬▶ wheelhouses for servers without internet, with list and licences
           lock ─▶ wheels ───┼▶ deb
                             └▶ MSI
all of it ─▶ SHA256SUMS ─▶ signature
"""

import argparse
import shutil
import sys
import tempfile
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any, Final

from cyclonedx.schema import SchemaVersion
from cyclonedx.validation.json import JsonStrictValidator

from making import deb, licences, msi, sbom, signing, wheelhouse, wheels
from making.program import build_sdist, build_wheel
from making.steps import LOCK, PACKAGING, PYTHONS, Failed, emptied, sums, version
from making.wheels import Wheel

SUMS: Final = "SHA256SUMS"
ALL: Final = ("wheelhouse", "deb", "msi")


def main(arguments: Sequence[str]) -> int:
    """Make it, and say where it is."""
    asked = argparse.ArgumentParser(prog="packaging/release")
    asked.add_argument("--out", type=Path, default=Path("dist"))
    asked.add_argument("--twice", action="store_true", help="make all twice, and compare")
    asked.add_argument("--only", default=",".join(ALL), help="beside wheel and sdist")
    asked.add_argument("--revision", type=int, default=1, help="of the Debian package")
    given = asked.parse_args(arguments)
    wanted = frozenset(given.only.split(",")) & set(ALL)
    try:
        make(given.out.absolute(), wanted, given.revision)
        if given.twice:
            compare(given.out.absolute(), wanted, given.revision)
        signature = signing.sign(given.out / SUMS)
    except Failed as error:
        sys.stderr.write(f"release: {error}\n")
        return 1
    sys.stdout.write((given.out / SUMS).read_text(encoding="utf-8"))
    named = " or ".join(signing.VARIABLES)
    sys.stdout.write(
        f"signed: {signature}\n" if signature else f"not signed: {named} names a key\n"
    )
    return 0


def make(out: Path, wanted: frozenset[str], revision: int) -> None:
    """Make everything in an emptied folder."""
    emptied(out)
    with tempfile.TemporaryDirectory() as folder:
        sdist = build_sdist(out)
        own = Wheel(build_wheel(out, sdist))
        if wanted & {"wheelhouse", "deb"}:
            found = _with(own, wheels.fetch(Path(folder, "linux"), wheels.linux("x86_64")))
            if "wheelhouse" in wanted:
                _wheelhouse(found, out, "linux-x86_64", {})
            if "deb" in wanted:
                deb.build(deb.Package("amd64", revision), found, out)
                _list(found, out, f"calsync_{version()}_deb.cdx.json", "deb", {})
        if wanted & {"wheelhouse", "msi"}:
            pythons = PYTHONS if "wheelhouse" in wanted else (msi.PYTHON,)
            there = wheels.fetch(Path(folder, "windows"), (msi.PLATFORM,), msi.ENVIRONMENT, pythons)
            found = _with(own, there)
            if "wheelhouse" in wanted:
                _wheelhouse(found, out, "windows-amd64", msi.ENVIRONMENT)
            if "msi" in wanted:
                tools = msi.Tools.fetched(Path(folder, "tools"))
                inside = {msi.PYTHON: found[msi.PYTHON]}
                msi.build(tools, found[msi.PYTHON], version(), out)
                name = f"calsync-{version()}-msi.cdx.json"
                _list(inside, out, name, "msi", msi.ENVIRONMENT, tools.components())
        for name in ("constraints.txt", "requirements-mssql.lock"):
            shutil.copyfile(PACKAGING / name, out / name)
        shutil.copyfile(LOCK, out / LOCK.name)
    names = [path.name for path in out.iterdir()]
    (out / SUMS).write_text(sums(out, names), encoding="utf-8")


def compare(out: Path, wanted: frozenset[str], revision: int) -> None:
    """Make it all once more; raises Failed with the names of what came out otherwise."""
    with _aside() as again:
        make(again, wanted, revision)
        first, second = ((each / SUMS).read_text(encoding="utf-8") for each in (out, again))
    if first != second:
        lines = sorted(set(first.splitlines()) ^ set(second.splitlines()))
        raise Failed("not the same bytes:\n" + "\n".join(lines))
    sys.stdout.write(f"made twice, the same bytes: {len(first.splitlines())} files\n")


def _with(own: Wheel, found: Mapping[str, Sequence[Wheel]]) -> dict[str, list[Wheel]]:
    return {python: [own, *some] for python, some in found.items()}


def _wheelhouse(
    found: Mapping[str, Sequence[Wheel]], out: Path, what: str, environment: Mapping[str, str]
) -> None:
    listed = _list(found, out, f"calsync-{version()}-{what}.cdx.json", what, environment)
    told = out / f"calsync-{version()}-{what}.licences.txt"
    every = [wheel for some in found.values() for wheel in some]
    told.write_text(licences.document(every), encoding="utf-8")
    wheelhouse.build(found, listed, told, out, what)


def _list(
    found: Mapping[str, Sequence[Wheel]],
    out: Path,
    name: str,
    what: str,
    environment: Mapping[str, str],
    beside: Sequence[dict[str, Any]] = (),
) -> Path:
    """Write the list of contents, which has to be what CycloneDX's schema says."""
    text = sbom.document(found, what, environment, beside)
    wrong = JsonStrictValidator(SchemaVersion.V1_6).validate_str(text)
    if wrong is not None:
        raise Failed(f"{name} is not CycloneDX 1.6: {wrong}")
    (out / name).write_text(text, encoding="utf-8")
    return out / name


@contextmanager
def _aside() -> Iterator[Path]:
    with tempfile.TemporaryDirectory() as folder:
        yield Path(folder, "again")
