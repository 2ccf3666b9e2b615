"""What is packed is what the wheels hold, listed in full, with its licence, in the same bytes."""

import hashlib
import json
import zipfile
from collections.abc import Callable
from pathlib import Path

import check_sbom
import pytest
from making import licences, sbom, wheels
from making.archive import pack
from making.steps import Failed
from making.wheels import Wheel

Make = Callable[..., Wheel]


@pytest.fixture
def make(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Make:
    """Makes a wheel with these files, and what a wheel must have."""
    monkeypatch.setenv("SOURCE_DATE_EPOCH", "1800000000")

    def made(name: str, tag: str = "py3-none-any", *metadata: str, **files: bytes) -> Wheel:
        path = tmp_path / "wheels" / f"{name}-1.0-{tag}.whl"
        path.parent.mkdir(exist_ok=True)
        told = "\n".join(("Metadata-Version: 2.4", f"Name: {name}", "Version: 1.0", *metadata, ""))
        with zipfile.ZipFile(path, "w") as archive:
            archive.writestr(f"{name}-1.0.dist-info/METADATA", told)
            archive.writestr(f"{name}-1.0.dist-info/licenses/LICENSE", f"Copyright {name}")
            for inside, content in files.items():
                archive.writestr(inside, content)
        return Wheel(path)

    return made


MIT = "License-Expression: MIT"


def test_what_all_pythons_share_is_laid_out_once(make: Make, tmp_path: Path) -> None:
    pure = make("alike", **{"alike/__init__.py": b""})
    eleven, twelve = (make("own", f"cp{n}-cp{n}-any", **{f"own{n}.so": b""}) for n in (311, 312))
    wheels.lay_out({"3.11": [pure, eleven], "3.12": [pure, twelve]}, tmp_path / "lib")
    made = {str(p.relative_to(tmp_path / "lib")) for p in (tmp_path / "lib").rglob("*.*")}
    assert {"common/alike/__init__.py", "python3.11/site-packages/own311.so"} <= made
    assert "python3.12/site-packages/own312.so" in made
    assert "python3.12/site-packages/own311.so" not in made
    shared = tmp_path / "lib" / "python3.12" / "site-packages" / "calsync.pth"
    assert (shared.parent / shared.read_text().strip()).resolve() == tmp_path / "lib" / "common"


LOCKED = """# comment
both==1.0 \\
    --hash=sha256:aa
pywin32==312 ; sys_platform == 'win32' \\
    --hash=sha256:bb \\
    --hash=sha256:cc
older==2.0 ; python_full_version < '3.13' \\
    --hash=sha256:dd
"""


@pytest.mark.parametrize(
    ("system", "python", "names"),
    [
        ("linux", "3.12", ["both==1.0", "older==2.0"]),
        ("linux", "3.13", ["both==1.0"]),
        ("win32", "3.13", ["both==1.0", "pywin32==312"]),
    ],
)
def test_what_a_lock_names_for_another_system_is_taken_for_that_system(
    system: str, python: str, names: list[str]
) -> None:
    held = wheels.holding(LOCKED, python, {"sys_platform": system})
    assert [line.split()[0] for line in held.splitlines() if "==" in line] == names
    assert held.count("--hash=") == LOCKED.count("--hash=") - sum(
        f"{name}==" not in held for name in ("both", "older", "pywin32", "pywin32")
    )


@pytest.mark.parametrize(
    "inside", ["../evil.py", "own-1.0.data/data/etc/passwd", "own-1.0.data/headers/own.h"]
)
def test_a_wheel_that_would_go_elsewhere_is_refused(
    make: Make, tmp_path: Path, inside: str
) -> None:
    with pytest.raises(Failed):
        wheels.unpack(make("own", **{inside: b""}), tmp_path / "site")


def test_two_wheels_with_one_file_are_refused(make: Make, tmp_path: Path) -> None:
    wheels.unpack(make("one", **{"same.py": b"1"}), tmp_path / "site")
    with pytest.raises(Failed, match=r"both have same\.py"):
        wheels.unpack(make("two", **{"same.py": b"2"}), tmp_path / "site")


def test_whatever_has_no_known_licence_stops_a_release(make: Make) -> None:
    assert licences.expression(make("told", "py3-none-any", MIT)) == "MIT"
    with pytest.raises(Failed, match="the licence of unheard-of is not known"):
        licences.expression(make("unheard_of"))
    with pytest.raises(Failed, match=r"the licence of libodd-1a2b\.so\.3 is not known"):
        licences.of_library("libodd-1a2b.so.3")
    assert licences.of_library("libssl-8bd944e8.so.3") == "Apache-2.0"
    assert licences.of_library(f"libpq-{'0a' * 16}.dll") == "PostgreSQL"


def test_libraries_are_known_wherever_a_wheel_has_them(make: Make) -> None:
    beside = f"own-1.0.data/platlib/msvcp140-{'0a' * 16}.dll"
    files = {"own.libs/libpq.so.5": b"", beside: b"", "own/its_own.dll": b""}
    assert sorted(licences.libraries(make("own", **files))) == [beside, "own.libs/libpq.so.5"]


def test_the_text_has_every_licence(make: Make) -> None:
    some = [make(name, "py3-none-any", MIT) for name in ("second", "first")]
    text = licences.document([*some, *some])
    assert text.index("first 1.0: MIT") < text.index("second 1.0: MIT")
    assert text.count("Copyright first") == text.count("Copyright second") == 1


@pytest.fixture
def listed(make: Make) -> str:
    own = make("calsync", "py3-none-any", MIT, "Requires-Dist: carrier; python_version < '3.12'")
    crate = {"name": "crate", "version": "2", "purl": "pkg:cargo/crate@2", "type": "library"}
    inner = json.dumps({"components": [crate]}).encode()
    found = {}
    for python in ("3.11", "3.12"):
        carrier = make(
            "carrier",
            f"cp{python.replace('.', '')}-abi3-any",
            MIT,
            **{
                "carrier.libs/libpq-1a2b.so.5": python.encode(),
                "carrier-1.0.dist-info/sboms/a.cdx.json": inner,
            },
        )
        found[python] = [own, carrier]
    return sbom.document(found, "test")


def test_the_list_names_what_wheels_carry_along(listed: str) -> None:
    body = json.loads(listed)
    assert body["metadata"]["component"]["name"] == "calsync"
    (carrier,) = body["components"]
    inner = [each["name"] for each in carrier["components"]]
    assert sorted(inner) == ["carrier.libs/libpq-1a2b.so.5"] * 2 + ["crate"]
    needed = {each["ref"]: each["dependsOn"] for each in body["dependencies"]}
    assert needed["pkg:pypi/calsync@1.0"] == ["pkg:pypi/carrier@1.0"]
    references = [carrier["bom-ref"], *(each["bom-ref"] for each in carrier["components"])]
    assert len(set(references)) == len(references)


LIBRARY = {"carrier.libs/libpq-1a2b.so.5": hashlib.sha256(b"3.11").hexdigest()}


@pytest.mark.parametrize(
    ("there", "libraries", "found"),
    [
        ({"calsync": "1.0", "carrier": "1.0", "pip": "26"}, LIBRARY, []),
        ({"calsync": "1.0"}, LIBRARY, ["carrier: listed 1.0, installed None"]),
        (
            {"calsync": "1.0", "carrier": "1.1"},
            LIBRARY,
            ["carrier: listed 1.0, installed 1.1"],
        ),
        (
            {"calsync": "1.0", "carrier": "1.0", "stray": "3"},
            LIBRARY,
            ["stray: listed None, installed 3"],
        ),
        (
            {"calsync": "1.0", "carrier": "1.0"},
            {next(iter(LIBRARY)): "0" * 64},
            [f"{next(iter(LIBRARY))}: installed, and not listed like this"],
        ),
        (
            {"calsync": "1.0", "carrier": "1.0"},
            {},
            [f"{next(iter(LIBRARY))}: listed, and not installed"],
        ),
    ],
)
def test_each_difference_to_what_is_installed_is_told(
    listed: str, there: dict[str, str], libraries: dict[str, str], found: list[str]
) -> None:
    told = check_sbom.differences(json.loads(listed), (there, libraries))
    assert told == found


LONG = f"wheels/{'long-' * 40}.whl"


def test_an_archive_has_the_same_bytes_whenever_it_is_packed(make: Make, tmp_path: Path) -> None:
    one = make("one")
    first = pack({"b": one.path, LONG: one.path}, tmp_path / "first.tar.gz").read_bytes()
    one.path.touch()
    one.path.chmod(0o600)
    assert pack({LONG: one.path, "b": one.path}, tmp_path / "x.tar.gz").read_bytes() == first
