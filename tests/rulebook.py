"""The rulebook and who names it: which rules there are, and which tests hold to them.

python -m tests.rulebook          how many tests hold to each rule, and in which files
python -m tests.rulebook B8 D7    the tests of these rules
python -m tests.rulebook --write  writes the table in CONTRIBUTING.md anew
"""

import ast
import io
import re
import sys
import tokenize
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Final

PROJECT: Final = Path(__file__).parents[1]
_AGENT: Final = PROJECT / "calsync_agent"
RULES: Final = _AGENT / "RULES.md"
CONTRACT: Final = _AGENT / "CONTRACT.md"
CONTRIBUTING: Final = PROJECT / "CONTRIBUTING.md"
SECTIONED: Final = {
    "CONTRACT.md": CONTRACT,
    "GRAPH.md": _AGENT / "exchange" / "GRAPH.md",
    "DATABASES.md": _AGENT / "database" / "DATABASES.md",
}
BEGIN: Final = "<!-- written by `python -m tests.rulebook --write` -->"
END: Final = "<!-- until here -->"
NOT_BUILT: Final = "not built yet"

_CODE: Final = r"[A-I]\d{1,2}[a-z]?"
_RULE: Final = re.compile(rf"^- \*\*({_CODE}) (.+?)\.\*\*", re.MULTILINE | re.DOTALL)
_IN_PROSE: Final = re.compile(rf"(?<![\w./\"'`-])({_CODE})(?![\w-])")
"""In prose about the sync every such word is a rule; in backticks it is a key, as `F1`."""
_IN_BRACKETS: Final = re.compile(rf"\({_CODE}(?:, {_CODE})*\)|, {_CODE}\)")
"""In texts of other kinds only what stands in brackets is."""
_ALONE: Final = re.compile(rf"{_CODE}(?:, {_CODE})*")
_NAMED: Final = re.compile(r"test_((?:[a-i]\d{1,2}[a-z]?_)+)")
_NUMBER: Final = re.compile(r"\d+(?:\.\d+)?")
_HEADING: Final = re.compile(rf"^#{{2,3}} ({_NUMBER.pattern})\.? ", re.MULTILINE)
_SECTION: Final = re.compile(
    rf"(CONTRACT|GRAPH|DATABASES)\.md\s+({_NUMBER.pattern}(?:,\s+{_NUMBER.pattern})*)"
)


@dataclass(frozen=True, slots=True)
class Named:
    """A test, and the rules with which its name begins."""

    file: str
    name: str
    rules: tuple[str, ...]


@dataclass(frozen=True, slots=True, order=True)
class Citation:
    """A rule's code or a section of a document, and where it is named."""

    what: str
    place: str


@cache
def rules() -> Mapping[str, str]:
    """Each rule's code with its title, in the rulebook's order."""
    return {code: " ".join(title.split()) for code, title in _RULE.findall(_text(RULES))}


def not_built() -> frozenset[str]:
    """The rules of which the rulebook says that the program does not keep them yet."""
    return frozenset(_IN_PROSE.findall(_text(RULES).split("\n## Not built yet\n")[1]))


@cache
def tests() -> Sequence[Named]:
    """Every test of the project."""
    return [
        Named(_place(path), node.name, named_by(node.name))
        for path in _modules("tests")
        for node in ast.walk(ast.parse(_text(path)))
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef)
        and node.name.startswith("test_")
    ]


def named_by(name: str) -> tuple[str, ...]:
    """The rules with which a test's name begins: `test_b8_d7_…` names B8 and D7."""
    found = _NAMED.match(name)
    return () if found is None else tuple(code.capitalize() for code in found[1][:-1].split("_"))


@cache
def holding() -> Mapping[str, Sequence[Named]]:
    """For every rule the tests that name it."""
    return {code: [test for test in tests() if code in test.rules] for code in rules()}


def codes() -> Iterator[Citation]:
    """Every code that is named in code, tests and documents."""
    for test in tests():
        yield from (Citation(code, f"{test.file}::{test.name}") for code in test.rules)
    for path in _modules("calsync_agent", "calsync_tui", "packaging", "tests"):
        yield from (Citation(code, _place(path)) for code in _codes_in(path))
    for path in _documents():
        text = _text(path)
        found = _IN_PROSE.findall(text) if path in {RULES, CONTRACT} else _in_brackets(text)
        yield from (Citation(code, _place(path)) for code in found)


def sections_named() -> Iterator[Citation]:
    """Every section of the contract or of the facts that is named, as in "GRAPH.md 2.2"."""
    for path in (*_modules("calsync_agent", "calsync_tui", "packaging", "tests"), *_documents()):
        for document, numbers in _SECTION.findall(_text(path)):
            for number in _NUMBER.findall(numbers):
                yield Citation(f"{document}.md {number}", _place(path))


def sections() -> frozenset[str]:
    """Every section that the contract and the facts have."""
    return frozenset(
        f"{name} {number}"
        for name, path in SECTIONED.items()
        for number in _HEADING.findall(_text(path))
    )


def table() -> str:
    """For each rule its title and the file with most of its tests, in Markdown.

    Without counts, which would have to be written anew with every test.
    """
    lines = ["| rule | what it is about | where its tests begin |", "|---|---|---|"]
    for code, title in rules().items():
        files = Counter(test.file for test in holding()[code])
        where = f"`{files.most_common(1)[0][0]}`" if files else NOT_BUILT
        lines.append(f"| {code} | {title} | {where} |")
    return "\n".join(lines)


def shown() -> Mapping[str, tuple[str, str]]:
    """What the table in CONTRIBUTING.md says: each rule's title, and where its tests begin."""
    part = _text(CONTRIBUTING).partition(BEGIN)[2].partition(END)[0]
    rows = (line.strip("| ").split(" | ") for line in part.strip().splitlines()[2:])
    return {code: (title, where.strip("`")) for code, title, where in rows}


def main(words: Sequence[str]) -> None:
    """Print or write what is asked for."""
    if list(words) == ["--write"]:
        before, _, rest = _text(CONTRIBUTING).partition(BEGIN)
        after = rest.partition(END)[2]
        CONTRIBUTING.write_text(f"{before}{BEGIN}\n{table()}\n{END}{after}", encoding="utf-8")
        return
    for code in words:
        for test in holding()[code]:
            print(f"{test.file}::{test.name}")
    for code, title in () if words else rules().items():
        found = holding()[code]
        print(
            f"{code:<4}{len(found):>4}  {title}"
            + (f" ({NOT_BUILT})" if code in not_built() else "")
        )
        for file, count in Counter(test.file for test in found).most_common():
            print(f"{'':<4}{count:>8}  {file}")


def _codes_in(path: Path) -> Iterator[str]:
    """What comments and docstrings name, and texts in brackets or where a text is nothing else."""
    product = path.is_relative_to(_AGENT)
    for token in tokenize.generate_tokens(io.StringIO(_text(path)).readline):
        text = token.string
        if token.type == tokenize.COMMENT or text.startswith(('"""', 'r"""')):
            yield from _IN_PROSE.findall(text)
        elif token.type == tokenize.STRING:
            alone = product and _ALONE.fullmatch(text.strip("\"'"))
            yield from re.findall(_CODE, text) if alone else _in_brackets(text)


def _in_brackets(text: str) -> Iterator[str]:
    for group in _IN_BRACKETS.findall(text):
        yield from re.findall(_CODE, group)


def _documents() -> Sequence[Path]:
    folders = ("calsync_agent", "calsync_tui", "packaging", "tests")
    found = [path for folder in folders for path in (PROJECT / folder).rglob("*.md")]
    return sorted([*PROJECT.glob("*.md"), *found])


def _modules(*folders: str) -> Sequence[Path]:
    return sorted(path for folder in folders for path in (PROJECT / folder).rglob("*.py"))


def _place(path: Path) -> str:
    return path.relative_to(PROJECT).as_posix()


@cache
def _text(path: Path) -> str:
    return path.read_text(encoding="utf-8")


if __name__ == "__main__":
    main(sys.argv[1:])
