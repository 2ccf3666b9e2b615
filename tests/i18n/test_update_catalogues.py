"""`packaging/update_catalogues.py` keeps translations, and changes files only when texts do."""

from pathlib import Path
from types import ModuleType

import pytest

SOURCE = '''
"""A docstring is no text."""
from calsync_agent.i18n import _, counted, marked, message, ngettext

_("at once")
message("with {{field}} over"
        " two lines", field=1)
ngettext("one", "{{count}} many", 2)
counted("{{count}} thing", "{{count}} things", 3)
TABLE = [marked("in a table")]
str("not this") + other("nor this")
{more}
'''


@pytest.fixture
def house(tmp_path: Path, tool: ModuleType, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A small project of one package; the tool works on it."""
    (tmp_path / "calsync_agent").mkdir()
    monkeypatch.setattr(tool, "ROOT", tmp_path)
    write(tmp_path)
    return tmp_path


def write(house: Path, more: str = "") -> None:
    source = SOURCE.format(more=more)
    (house / "calsync_agent" / "module.py").write_text(source, encoding="utf-8")


def catalogue(house: Path) -> Path:
    return house / "calsync_agent" / "locale" / "de" / "LC_MESSAGES" / "calsync.po"


def test_every_way_to_say_something_is_found_and_nothing_else(
    tool: ModuleType, house: Path
) -> None:
    found = [entry.id for entry in tool.extracted(house, "calsync_agent") if entry.id]
    assert found == [
        "at once",
        "with {field} over two lines",
        ("one", "{count} many"),
        ("{count} thing", "{count} things"),
        "in a table",
    ]


def test_a_second_run_changes_nothing(tool: ModuleType, house: Path) -> None:
    assert tool.main([]) == 0
    files = {path: path.read_bytes() for path in house.rglob("calsync.*o")}
    assert len(files) == 2
    assert tool.main([]) == 0
    assert {path: path.read_bytes() for path in house.rglob("calsync.*o")} == files


def test_translations_are_kept_when_texts_come_and_go(tool: ModuleType, house: Path) -> None:
    tool.main([])
    translated = catalogue(house).read_text(encoding="utf-8")
    translated = translated.replace('"at once"\nmsgstr ""', '"at once"\nmsgstr "sofort"')
    catalogue(house).write_text(translated, encoding="utf-8")
    write(house, '_("at once, too")')
    tool.main([])
    entries = {entry.id: entry.string for entry in tool.stored(catalogue(house), "de")}
    assert entries["at once"] == "sofort"
    assert entries["at once, too"] == ""
    write(house)
    tool.main([])
    assert catalogue(house).read_text(encoding="utf-8") == translated


def test_moving_a_text_within_a_file_changes_nothing(tool: ModuleType, house: Path) -> None:
    tool.main([])
    before = catalogue(house).read_bytes()
    module = house / "calsync_agent" / "module.py"
    module.write_text("\n\n\n" + module.read_text(encoding="utf-8"), encoding="utf-8")
    tool.main([])
    assert catalogue(house).read_bytes() == before


def test_a_check_writes_nothing_and_tells_whether_there_is_something_to_do(
    tool: ModuleType, house: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert tool.main(["--check"]) == 1
    assert not catalogue(house).exists()
    assert capsys.readouterr().out == (
        "calsync_agent/locale/de/LC_MESSAGES/calsync.po is out of date\n"
    )
    tool.main([])
    assert tool.main(["--check"]) == 0


def test_a_package_without_texts_gets_no_catalogue(tool: ModuleType, house: Path) -> None:
    (house / "calsync_tui").mkdir()
    tool.main([])
    assert not (house / "calsync_tui" / "locale").exists()


def test_compiling_writes_only_what_differs(tool: ModuleType, house: Path) -> None:
    tool.main([])
    [compiled] = tool.compile_catalogues(house)
    before = compiled.stat().st_ino
    assert tool.compile_catalogues(house) == [compiled]
    assert compiled.stat().st_ino == before
    compiled.write_bytes(b"stale")
    tool.compile_catalogues(house)
    assert compiled.read_bytes() == tool.compiled(catalogue(house), "de")
