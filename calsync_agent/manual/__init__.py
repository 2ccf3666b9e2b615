"""The manual that comes with the program: a chapter is a Markdown file in each language.

A line `> (B4)` in a chapter becomes what the rulebook says of that rule. What stands in fences with
`sh` are commands for people to type; those with `sh run` also work on a fresh installation as they
stand, in their order, which a test does.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache
from importlib.resources import files
from typing import Final

from calsync_agent.explaining import rulebook
from calsync_agent.i18n import Language

CHAPTERS: Final = (
    "overview",
    "setup",
    "database",
    "status",
    "provider",
    "profiles",
    "types",
    "log",
    "history",
    "messages",
    "upkeep",
    "scripts",
    "privacy",
    "limits",
)
"""In the order in which they are read. A page of the terminal UI has the chapter of its name."""

FENCE: Final = "```sh"

_QUOTED: Final = re.compile(r"^> \(([A-I]\d{1,2}[a-z]?)\)$", re.MULTILINE)
_COMMENT: Final = re.compile(r"^<!--.*?-->\n", re.MULTILINE)
_SECTION: Final = re.compile(r"^(?=#{1,2} )", re.MULTILINE)


@dataclass(frozen=True, slots=True)
class Section:
    """A part of a chapter, from its heading to the next one; `text` begins with the heading."""

    chapter: str
    heading: str
    text: str


def source(name: str, language: Language) -> str:
    """A chapter as it is written."""
    return (files(__name__) / language / f"{name}.md").read_text(encoding="utf-8")


@cache
def chapter(name: str, language: Language) -> str:
    """A chapter as Markdown for people, with the rules that it names quoted."""
    text = _COMMENT.sub("", _QUOTED.sub(_quotation, source(name, language)))
    return text.replace(f"{FENCE} run\n", f"{FENCE}\n")


def sections(language: Language) -> Iterator[Section]:
    """All parts of all chapters."""
    for name in CHAPTERS:
        for part in filter(str.strip, _SECTION.split(chapter(name, language))):
            yield Section(name, part.partition("\n")[0].lstrip("# "), part.rstrip() + "\n")


def title(name: str, language: Language) -> str:
    """What a chapter is called."""
    return chapter(name, language).partition("\n")[0].lstrip("# ")


def search(words: str, language: Language) -> list[Section]:
    """The parts with all these words in them, in whatever case."""
    wanted = words.casefold().split()
    return [one for one in sections(language) if all(w in one.text.casefold() for w in wanted)]


def _quotation(found: re.Match[str]) -> str:
    return f"> {rulebook.quote([found[1]])}"
