"""The rulebook, the contract and the facts hold together with the code and the tests."""

import re
from pathlib import Path
from typing import Final

import pytest

from calsync_agent import cli
from tests import rulebook

_READ: Final = {".py", ".md", ".toml", ".sample"}


def test_every_rule_that_is_named_anywhere_stands_in_the_rulebook() -> None:
    unknown = sorted({found for found in rulebook.codes() if found.what not in rulebook.rules()})

    assert unknown == []


def test_every_rule_is_named_by_a_test_unless_it_is_not_built_yet() -> None:
    assert rulebook.not_built() <= set(rulebook.rules())

    untested = {code for code, tests in rulebook.holding().items() if not tests}

    assert untested == rulebook.not_built()


def test_no_test_is_named_by_a_number() -> None:
    numbered = [test for test in rulebook.tests() if re.match(r"test_\d", test.name)]

    assert numbered == []


def test_every_section_of_contract_and_facts_that_is_named_is_there() -> None:
    named = set(rulebook.sections_named())

    assert {found.what.split()[0] for found in named} == set(rulebook.SECTIONED)
    assert sorted(found for found in named if found.what not in rulebook.sections()) == []


def test_the_table_of_rules_and_tests_in_contributing_is_true() -> None:
    shown = rulebook.shown()

    assert {code: title for code, (title, _) in shown.items()} == rulebook.rules()
    for code, (_, where) in shown.items():
        files = {test.file for test in rulebook.holding()[code]} or {rulebook.NOT_BUILT}
        assert where in files, f"{code}: write it anew: python -m tests.rulebook --write"


@pytest.mark.parametrize(
    ("name", "rules"),
    [
        ("test_b8_an_item_costs_itself_alone", ("B8",)),
        ("test_f1a_b5_a_copy_is_never_imported", ("F1a", "B5")),
        ("test_b10_newer_tables", ("B10",)),
        ("test_a_text_of_2_lines", ()),
        ("test_e2_18_a_zone", ("E2",)),
    ],
)
def test_a_tests_name_begins_with_the_rules_it_holds_to(name: str, rules: tuple[str, ...]) -> None:
    assert rulebook.named_by(name) == rules


def test_every_command_of_the_contract_is_there_or_said_to_be_missing(
    capsys: pytest.CaptureFixture[str],
) -> None:
    contract = rulebook.CONTRACT.read_text(encoding="utf-8")
    promised = set(re.findall(r"`calsync-agent ([a-z]+)", contract))
    missing = re.search(r"^- Commands: (.+)\.$", contract, re.MULTILINE)

    assert cli.main(["--lang", "en", "--help"]) == 0
    offered = set(re.findall(r"^    ([a-z]+) ", capsys.readouterr().out, re.MULTILINE))

    assert promised - offered == set(re.findall(r"[a-z]+", missing[1] if missing else ""))


def test_nothing_refers_to_what_is_not_in_the_project() -> None:
    names = ("graph-facts", "database-facts", "semantics.md", "work/shared", "../shared")
    places = [*rulebook.PROJECT.glob("*.md"), *_files("calsync_agent"), *_files("calsync_tui")]
    places += [*_files("packaging"), *_files("tests")]

    assert [(path, name) for path in places for name in names if name in _read(path)] == []


def _files(folder: str) -> list[Path]:
    found = (rulebook.PROJECT / folder).rglob("*")
    return [path for path in found if path.suffix in _READ and path != Path(__file__)]


def _read(path: Path) -> str:
    return path.read_text(encoding="utf-8")
