"""The manual that comes with the program: whole in both languages, and its commands work."""

import re
import shlex
from collections.abc import Iterator
from pathlib import Path

import pytest

from calsync_agent import cli, manual
from calsync_agent.config import reading
from calsync_agent.explaining import rulebook
from calsync_agent.i18n import LANGUAGES, Language
from calsync_tui import cli as tui
from calsync_tui.pages import PAGES
from tests.commands.conftest import Run, run, world  # noqa: F401 - fixtures
from tests.commands.test_rights import block
from tests.support.world import World

FENCE = re.compile(r"^```(sh(?: run)?)\n(.*?)^```$", re.MULTILINE | re.DOTALL)
TOML = re.compile(r"^```toml\n(.*?)^```$", re.MULTILINE | re.DOTALL)
PROGRAMS = {"calsync-agent": cli.parser, "calsync-tui": tui.parser}
FOLDER = Path(manual.__file__).parent

each_language = pytest.mark.parametrize("language", LANGUAGES)
each_chapter = pytest.mark.parametrize("name", manual.CHAPTERS)


def lines(name: str, language: Language, kind: str | None = None) -> Iterator[list[str]]:
    """The words of each command in a chapter; with a kind, only of such fences."""
    for marked, text in FENCE.findall(manual.source(name, language)):
        for line in text.splitlines():
            words = shlex.split(line, comments=True)
            if words and words[0] in PROGRAMS and kind in {None, marked}:
                yield words


@each_language
def test_the_chapters_are_the_files_and_every_page_has_one(language: Language) -> None:
    assert {path.stem for path in (FOLDER / language).glob("*.md")} == set(manual.CHAPTERS)
    assert {page.NAME for page in PAGES} <= set(manual.CHAPTERS)


@each_chapter
def test_a_chapter_has_the_same_commands_and_rules_in_both_languages(name: str) -> None:
    english, german = (manual.chapter(name, language) for language in ("en", "de"))
    assert [*lines(name, "en")] == [*lines(name, "de")]
    assert re.findall(r"^> ([A-I]\d\w*) ", english, re.MULTILINE) == re.findall(
        r"^> ([A-I]\d\w*) ", german, re.MULTILINE
    )
    assert english.count("\n## ") == german.count("\n## ")
    assert not re.search(r"\b(fuer|ueber|koenn|muess|loesch|aendern)", german)


@each_language
@each_chapter
def test_every_command_in_the_manual_is_one(name: str, language: Language) -> None:
    assert [words for words in lines(name, language) if not parsed(*words)] == []


def parsed(program: str, *words: str) -> bool:
    try:
        PROGRAMS[program]().parse_args(words)
    except SystemExit as end:  # --help ends it, too
        return end.code == 0
    return True


@each_language
@each_chapter
def test_every_command_named_in_passing_is_one(name: str, language: Language) -> None:
    known = set(cli.parser()._subparsers._group_actions[0].choices)  # type: ignore[union-attr, arg-type]
    named = re.findall(r"`calsync-agent ([a-z]+)", manual.chapter(name, language))
    assert set(named) <= known


@pytest.mark.parametrize("dialect", ["sqlite"], indirect=True)
@each_language
@each_chapter
def test_the_runnable_commands_work_on_a_fresh_installation(
    run: Run,  # noqa: F811
    world: World,  # noqa: F811
    name: str,
    language: Language,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv("CALSYNC_CONFIG", str(world.folder / "agent.toml"))
    monkeypatch.chdir(world.folder)
    for program, *words in lines(name, language, "sh run"):
        assert program == "calsync-agent"
        said = run(*words)
        nobody_runs_it = words[0] == "status"
        assert said.status == (1 if nobody_runs_it else 0), (words, said)


@each_language
def test_the_rights_in_the_manual_are_those_that_are_tested(language: Language) -> None:
    text = manual.chapter("database", language)
    for dialect in ("postgresql", "mssql"):
        assert block(dialect) in text


@each_language
@each_chapter
def test_the_settings_in_the_manual_are_settings(
    name: str, language: Language, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("E", "s3cret-value")
    needed = (
        '[database]\nurl = "sqlite:///a.db"\n[exchange]\nclient_id = "a"\nclient_secret_env = "E"\n'
    )
    for number, text in enumerate(TOML.findall(manual.source(name, language))):
        path = tmp_path / f"{number}.toml"
        path.write_text(needed + text, encoding="utf-8")
        reading.read(path)


@each_language
def test_rules_are_quoted_from_the_rulebook(language: Language) -> None:
    text = manual.chapter("overview", language)
    assert f"> {rulebook.quote(['B4'])}" in text


@each_language
def test_the_command_prints_chapters_and_finds_words(run: Run, language: Language) -> None:  # noqa: F811
    listed = run("manual", "--lang", language)
    assert [line.split()[0] for line in listed.out.splitlines()[:-1]] == list(manual.CHAPTERS)
    said = run("manual", "history", "--lang", language)
    assert said.out.rstrip() == manual.chapter("history", language).rstrip()
    found = run("manual", "POSTGRESQL", "grant", "--lang", language)
    assert "(database)" in found.out
    assert "GRANT USAGE" in found.out
    none = run("manual", "xylophone", "--lang", language)
    assert (none.status, none.out) == (2, "")
    assert "xylophone" in none.err


@each_language
def test_every_message_that_names_a_command_is_in_the_manual(language: Language) -> None:
    text = manual.chapter("messages", language)
    found = {"en": "make them: calsync-agent db install", "de": "calsync-agent db install"}
    assert found[language] in text
    assert text.count("\n- ") >= 20
