"""Completion of both programs for four shells, made from their parsers."""

import re
import shutil
import subprocess
from pathlib import Path

import pytest

from calsync_agent.i18n import LANGUAGES, Language
from calsync_agent.shells.completion import SHELLS, bash, fish, zsh
from tests.commands.conftest import Run, run  # noqa: F401 - a fixture
from tests.shells.programs import PROGRAMS, every_command, tool, whole

BASH = shutil.which("bash")
FISH = shutil.which("fish")
ZSH = shutil.which("zsh")


@pytest.mark.parametrize("shell", SHELLS)
@pytest.mark.parametrize("program", PROGRAMS)
def test_completion_knows_every_command_and_every_option(shell: str, program: str) -> None:
    grammar = whole(program)
    script = SHELLS[shell](program, grammar)
    offered = _offered(shell, program, script)
    for command in grammar.walk():
        expected = {name for option in command.options for name in option.names}
        expected |= {one.words[-1] for one in command.commands}
        assert offered[" ".join(command.words)] >= expected, command.words
        known = [choice for option in command.options for choice in option.choices]
        assert all(choice in script for choice in known)


def _offered(shell: str, program: str, script: str) -> dict[str, set[str]]:
    """By the command, the words that the script says may follow."""
    if shell == "fish":
        found: dict[str, set[str]] = {}
        for at, rest in re.findall(
            rf"^complete -c {program} -n '\w+ \"(.*?)\"' (.*)$", script, re.MULTILINE
        ):
            words = found.setdefault(at, set())
            words |= {f"--{name}" for name in re.findall(r"-l (\S+)", rest)}
            words |= {f"-{name}" for name in re.findall(r"-s (\S)", rest)}
            words |= set(re.findall(r"^-f -a (\w+) -d", rest))
        return found
    pattern, word = {
        "bash": (r"^        '([a-z ]*)'\) (.*) ;;$", r"(?<![\w-])-{0,2}[a-z][a-z-]*"),
        "zsh": (r"^        '([a-z ]*)'\) (.*) ;;$", r"(?<=')-{0,2}[a-z][a-z-]*(?=:)"),
        "powershell": (
            r"^        '([a-z ]*)' = @\((@\(.*)\)$",
            r"(?<=@\(')-{0,2}[a-z][a-z-]*(?=')",
        ),
    }[shell]
    return {
        at: set(re.findall(word, rest)) for at, rest in re.findall(pattern, script, re.MULTILINE)
    }


@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize("program", PROGRAMS)
def test_no_text_ends_a_string_of_powershell_early(program: str, language: Language) -> None:
    script = SHELLS["powershell"](program, whole(program, language))
    assert not re.search("[\u2018-\u201b]", script)
    for line in script.splitlines():
        if re.match(r"        '.*' = ", line):
            outside = re.sub(r"'(?:[^']|'')*'", "", line)
            assert re.fullmatch(r"[\s=@(),]*", outside), line


CASES = [
    (["calsync-agent", ""], {"once", "status", "db"}, {"install", "--json"}),
    (["calsync-agent", "st"], {"status"}, {"once"}),
    (["calsync-agent", "db", ""], {"install", "ddl"}, {"once", "status"}),
    (["calsync-agent", "--config", "once", "db", "in"], {"install"}, {"once"}),
    (["calsync-agent", "--lang", ""], {"de", "en"}, {"once"}),
    (["calsync-agent", "db", "ddl", "--dialect", ""], {"postgresql", "mssql"}, {"de"}),
    (["calsync-agent", "db", "ddl", "--w"], {"--with-consolidate"}, {"--feed"}),
    (["calsync-agent", "completion", ""], {"bash", "powershell"}, {"once"}),
    (["calsync-agent", "status", "--j"], {"--json"}, {"--lang"}),
    (["calsync-tui", "--pl"], {"--plain"}, {"--demo"}),
]


@pytest.mark.skipif(BASH is None, reason="there is no bash")
@pytest.mark.parametrize(("words", "there", "absent"), CASES)
def test_bash_completes(words: list[str], there: set[str], absent: set[str]) -> None:
    offered = _ask_bash(words)
    assert offered >= there
    assert not offered & absent


@pytest.mark.skipif(BASH is None, reason="there is no bash")
def test_bash_completes_a_value_behind_an_equals_sign() -> None:
    assert _ask_bash(["calsync-agent", "--lang", "=", "d"]) == {"de"}
    assert _ask_bash(["calsync-agent", "--lang", "="]) == {"de", "en"}
    assert "status" in _ask_bash(["calsync-agent", "--lang", "=", "de", "st"])


@pytest.mark.skipif(BASH is None, reason="there is no bash")
def test_bash_completes_files_where_a_file_is_wanted(tmp_path: Path) -> None:
    (tmp_path / "my agent.toml").touch()
    for words in (["--config"], ["db", "import"]):
        assert _ask_bash(["calsync-agent", *words, "my"], tmp_path) == {"my agent.toml"}


def _ask_bash(words: list[str], folder: Path | None = None) -> set[str]:
    program = words[0]
    script = f"""
compopt() {{ :; }}
{bash(program, whole(program))}
COMP_WORDS=("$@")
COMP_CWORD=$(($# - 1))
_{program.replace("-", "_")}
printf '%s\\n' "${{COMPREPLY[@]}}"
"""
    command = ["bash", "--norc", "-euc", script, "bash", *words]
    done = subprocess.run(command, capture_output=True, text=True, check=True, cwd=folder)
    assert done.stderr == ""
    return set(done.stdout.splitlines()) - {""}


@pytest.mark.skipif(FISH is None, reason="there is no fish")
@pytest.mark.parametrize(("words", "there", "absent"), CASES)
def test_fish_completes(words: list[str], there: set[str], absent: set[str]) -> None:
    line = " ".join(words)
    script = f"{fish(words[0], whole(words[0]))}\ncomplete -C '{line}'"
    done = subprocess.run(
        ["fish", "--no-config", "-c", script], capture_output=True, text=True, check=True
    )
    offered = {line.split("\t")[0] for line in done.stdout.splitlines()}
    assert done.stderr == ""
    assert offered >= there
    assert not offered & absent


@pytest.mark.skipif(ZSH is None, reason="there is no zsh")
@pytest.mark.parametrize("program", PROGRAMS)
def test_zsh_reads_it(program: str, tmp_path: Path) -> None:
    script = tmp_path / f"_{program}"
    script.write_text(zsh(program, whole(program)), encoding="utf-8")
    subprocess.run(["zsh", "-fn", script], check=True)


def test_the_command_prints_what_the_tool_writes(run: Run, tmp_path: Path) -> None:  # noqa: F811
    written = {path.parent.name: path for path in tool("make_completion")(tmp_path)[:4]}
    assert list(written) == list(SHELLS)
    for shell, path in written.items():
        said = run("--lang", "en", "completion", shell)
        assert (said.status, said.err) == (0, "")
        assert said.out.rstrip() == path.read_text(encoding="utf-8").rstrip()


def test_every_command_and_every_option_has_a_help_text() -> None:
    for _program, command in every_command():
        assert command.help
        assert [one for one in (*command.options, *command.operands) if not one.help] == []
