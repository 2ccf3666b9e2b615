"""Man pages of both programs, in both languages."""

import re
import shutil
import subprocess
from pathlib import Path

import pytest

from calsync_agent.i18n import LANGUAGES, Language
from tests.shells.programs import PROGRAMS, tool, whole


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    made = tmp_path_factory.mktemp("man")
    tool("make_man")(made)
    return made


def plain(text: str) -> str:
    """A page's source without what roff needs."""
    return text.replace("\\-", "-").replace("\\(aq", "'").replace("\\&", "").replace("\\e", "\\")


def source(folder: Path, program: str, language: Language) -> Path:
    return (folder if language == "en" else folder / language) / "man1" / f"{program}.1"


@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize("program", PROGRAMS)
def test_the_man_page_has_every_command_and_option_and_the_exit_statuses(
    folder: Path, program: str, language: Language
) -> None:
    grammar = whole(program, language)
    text = plain(source(folder, program, language).read_text(encoding="utf-8"))
    sections = {
        part.split("\n")[0]: part for part in re.split(r"^\.SS ", text, flags=re.MULTILINE)[1:]
    }
    assert list(sections) == [" ".join(one.words) for one in grammar.walk() if one.words]
    common = {option.names for option in grammar.options}
    for command in grammar.walk():
        part = sections[" ".join(command.words)] if command.words else text
        own = [one for one in (*command.options, *command.operands) if one.names not in common]
        for argument in own if command.words else command.options:
            shown = ", ".join(argument.names) or argument.value
            assert f"\\fB{shown}" in part
            assert argument.help in part
        assert command.epilog in part


@pytest.mark.skipif(shutil.which("groff") is None, reason="there is no groff")
@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize("program", PROGRAMS)
def test_groff_has_nothing_to_say_against_the_man_page(
    folder: Path, program: str, language: Language
) -> None:
    command = ["groff", "-man", "-Tutf8", "-Kutf8", "-ww", source(folder, program, language)]
    done = subprocess.run(command, capture_output=True, text=True, check=True)
    assert done.stderr == ""
    assert program in done.stdout
