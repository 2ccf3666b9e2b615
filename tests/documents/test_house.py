"""What CONTRIBUTING says of the house is so."""

import ast
import re
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
TEXT = (ROOT / "CONTRIBUTING.md").read_text("utf-8")
AGENT = ROOT / "calsync_agent"
PLACES = sorted(set(re.findall(r"`([a-z_/]+\.py)(?::(\w+))?`", TEXT)))
LONGEST = 400


def candidates(path: str) -> list[Path]:
    tui = ROOT / "calsync_tui"
    rooms = [ROOT, AGENT, tui, *AGENT.iterdir(), *tui.iterdir(), AGENT / "exchange/calendar"]
    return [room / path for room in rooms if (room / path).is_file()]


def defined(path: Path) -> set[str]:
    tree = ast.parse(path.read_text("utf-8"))
    named = ast.ClassDef | ast.FunctionDef | ast.AsyncFunctionDef
    return {node.name for node in tree.body if isinstance(node, named)}


@pytest.mark.parametrize(("path", "name"), PLACES)
def test_every_place_that_contributing_names_is_there(path: str, name: str) -> None:
    found = candidates(path)
    assert found, f"there is no {path}"
    assert not name or any(name in defined(each) for each in found)


def test_every_room_has_a_line_in_contributing() -> None:
    rooms = {room.name for room in AGENT.iterdir() if (room / "__init__.py").is_file()}
    told = set(re.findall(r"^\| `(\w+)/` \|", TEXT, re.MULTILINE))
    assert rooms - {"commands", "platform"} <= told


def test_no_file_is_too_long_to_be_read_in_one_sitting() -> None:
    files = [*AGENT.rglob("*.py"), *(ROOT / "calsync_tui").rglob("*.py")]
    lengths = {each: len(each.read_text("utf-8").splitlines()) for each in files}
    assert {str(each): lines for each, lines in lengths.items() if lines > LONGEST} == {}
