"""Every command says in its help what its exit status means (contract, section 1)."""

import re

import pytest

from calsync_agent.i18n import LANGUAGES, Language
from tests.commands.conftest import Run, run  # noqa: F401 - a fixture
from tests.rulebook import CONTRACT
from tests.shells.programs import every_command, whole

OFFERED = [command.words for program, command in every_command() if program == "calsync-agent"]


@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize("words", OFFERED, ids=" ".join)
def test_help_tells_the_exit_statuses(
    run: Run,  # noqa: F811
    words: tuple[str, ...],
    language: Language,
) -> None:
    said = run("--lang", language, *words, "--help")
    last = " ".join(said.out.rstrip().rpartition("\n\n")[2].split())
    assert last.startswith({"en": "exit status: 0 ", "de": "Exit-Status: 0 "}[language])
    assert last in {one.epilog for one in whole("calsync-agent", language).walk()}


def promised() -> dict[str, set[str]]:
    """What the contract's table says: by the command, the statuses that it names."""
    found: dict[str, set[str]] = {}
    for row in CONTRACT.read_text(encoding="utf-8").splitlines():
        if row.startswith("| `calsync-agent ") and row.count(" | ") >= 2:
            command, _what, statuses = row.strip("| ").replace("\\|", "/").rsplit(" | ", 2)
            numbers = set(re.findall(r"(?:^|; )(\d)\b", statuses))
            for words in re.findall(r"`(?:calsync-agent )?((?:db )?[a-z]+)", command):
                found.setdefault(words, set()).update(numbers)
    return found


@pytest.mark.parametrize(("command", "statuses"), promised().items())
def test_the_exit_statuses_of_the_contract_are_told(command: str, statuses: set[str]) -> None:
    told = {" ".join(one.words): one.epilog for one in whole("calsync-agent").walk()}
    if command in told:
        assert statuses
        assert set(re.findall(r"(?:: |; )(\d) ", told[command])) >= statuses
