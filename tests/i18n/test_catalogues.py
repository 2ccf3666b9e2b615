"""The German catalogues say all that the source says, and say it in German."""

import ast
import gettext
import re
import string
from collections.abc import Iterator
from pathlib import Path
from types import ModuleType

import pytest
from babel.messages.catalog import Message as Entry

from calsync_agent.appointment.fields import Field
from calsync_agent.appointment.model import Response
from calsync_agent.plan.matrix import Cell
from calsync_agent.restoring import RULE

ROOT = Path(__file__).parents[2]
MEND = "run python packaging/update_catalogues.py"

# Where ae, oe and ue stand for no umlaut.
RIGHTLY = re.compile(
    r"[aeäq]ue|uell|zuer|tuen|statue|koex|soeben|poesie|israel|michael"
    r"|does|goes|true|value|issue|blue|continue",
    re.IGNORECASE,
)
SPELT_OUT = re.compile(r"\b\w*(?:ae|oe|ue)\w*\b", re.IGNORECASE)
# Words that only one of the two spellings of ß is right for.
SHARP = re.compile(
    r"\b(?:gross|groess|schliess|ausser|heiss|strasse|mass(?:e[ns]?)?\b|daß|muß)", re.IGNORECASE
)


def entries(tool: ModuleType) -> Iterator[tuple[str, Entry]]:
    for package in tool.PACKAGES:
        path = catalogue(package)
        if path.exists():
            yield from ((package, entry) for entry in tool.stored(path, "de") if entry.id)


def catalogue(package: str) -> Path:
    return ROOT / package / "locale" / "de" / "LC_MESSAGES" / "calsync.po"


def texts(entry: Entry) -> list[tuple[str, str]]:
    """Each English form with its German one."""
    if isinstance(entry.id, str):
        return [(entry.id, str(entry.string))]
    return list(zip(entry.id, entry.string or (), strict=True))


def test_every_text_in_the_source_has_a_german_translation(tool: ModuleType) -> None:
    missing = []
    for package in tool.PACKAGES:
        if (ROOT / package).is_dir():
            stored = tool.stored(catalogue(package), "de")
            for text in tool.extracted(ROOT, package):
                entry = stored.get(text.id)
                if text.id and (entry is None or not all(german for _, german in texts(entry))):
                    missing.append(text.id)
    assert not missing, f"{len(missing)} texts; {MEND} and translate them"


def test_the_catalogues_hold_no_text_that_the_source_does_not(tool: ModuleType) -> None:
    for package in tool.PACKAGES:
        if catalogue(package).exists():
            known = {text.id for text in tool.extracted(ROOT, package)}
            assert {e.id for e in tool.stored(catalogue(package), "de")} <= known, MEND


def test_no_translation_is_a_guess(tool: ModuleType) -> None:
    assert not [entry.id for _, entry in entries(tool) if entry.fuzzy]


def test_a_translation_has_the_same_fields(tool: ModuleType) -> None:
    for _, entry in entries(tool):
        for english, german in texts(entry):
            # A form for one may leave the number out.
            optional = {"count"} if isinstance(entry.id, tuple) else set()
            if german:
                assert fields(german) | optional == fields(english) | optional, english
                assert german.strip() == german or english.strip() != english, english


def test_umlauts_and_sharp_s_are_written_as_such(tool: ModuleType) -> None:
    for _, entry in entries(tool):
        for _, german in texts(entry):
            assert not spelt_out(german), german


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("für größere Änderungen, schließen, außer", []),
        ("die neue Quelle, genaue Dauer, aktuelle Zuständigkeit, zuerst, manuell", []),
        ("Wert {value} in `agent_queue.toml` und calsync_issue", []),
        ("fuer Aenderungen moeglich", ["fuer", "Aenderungen", "moeglich"]),
        ("grosse Dateien schliessen", ["gross", "schliess"]),
    ],
)
def test_the_check_for_umlauts_knows_words_with_ue(text: str, found: list[str]) -> None:
    assert spelt_out(text) == found


def test_the_compiled_catalogues_are_what_the_sources_say(tool: ModuleType, tmp_path: Path) -> None:
    for package in tool.PACKAGES:
        source = catalogue(package)
        if source.exists():
            (tmp_path / "expected.mo").write_bytes(tool.compiled(source, "de"))
            assert content(source.with_suffix(".mo")) == content(tmp_path / "expected.mo"), MEND


def test_no_date_and_no_line_number_is_stored(tool: ModuleType) -> None:
    for package in tool.PACKAGES:
        if catalogue(package).exists():
            text = catalogue(package).read_text(encoding="utf-8")
            assert not re.search(r"Date:|^#: .*\.py:\d|Generated-By|\b20\d\d\b", text, re.MULTILINE)


def content(path: Path) -> dict[object, str]:
    with path.open("rb") as readable:
        found = dict(vars(gettext.GNUTranslations(readable))["_catalog"])
    # The header names the version of Babel that compiled it.
    found.pop("")
    return found


def fields(text: str) -> set[str]:
    return {name for _, name, _, _ in string.Formatter().parse(text) if name is not None}


def spelt_out(text: str) -> list[str]:
    """The words that should have an umlaut or a sharp s; names of keys and files are none."""
    prose = re.sub(r"\{[^}]*\}|`[^`]*`|\S*[_/.@]\S*", " ", text)
    words = [word for word in SPELT_OUT.findall(prose) if not RIGHTLY.search(word)]
    return words + SHARP.findall(prose)


@pytest.mark.parametrize(
    "name",
    [*Cell, *Field, *Response, "start", "end", "time zone", "all-day", RULE],
)
def test_names_that_stand_in_sentences_are_in_the_catalogue(name: str, tool: ModuleType) -> None:
    assert tool.stored(catalogue("calsync_agent"), "de").get(str(name)) is not None


ASKS = {"_", "message", "counted", "ngettext"}


def _hidden(source: str) -> list[int]:
    """The lines where a text to be translated stands inside an f-string."""
    return [
        call.lineno
        for joined in ast.walk(ast.parse(source))
        if isinstance(joined, ast.JoinedStr)
        for call in ast.walk(joined)
        if isinstance(call, ast.Call)
        and isinstance(call.func, ast.Name)
        and call.func.id in ASKS
        and call.args
        and isinstance(call.args[0], ast.Constant)
    ]


def test_no_text_hides_inside_an_f_string_where_the_catalogues_do_not_see_it() -> None:
    assert _hidden("f\"{_('why')}\"") == [1]
    sources = [
        path for name in ("calsync_agent", "calsync_tui") for path in (ROOT / name).rglob("*.py")
    ]
    found = {str(path): _hidden(path.read_text(encoding="utf-8")) for path in sources}
    assert len(found) > 100
    assert {path: lines for path, lines in found.items() if lines} == {}
