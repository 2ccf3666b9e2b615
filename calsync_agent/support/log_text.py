"""The last lines of the log file: which of the program's sentences each of them is."""

import json
import os
import re
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Final

from calsync_agent.i18n import known_texts
from calsync_agent.platform import is_file
from calsync_agent.support import known
from calsync_agent.support.telling import Telling

MOST_LINES: Final = 2_000
MOST_BYTES: Final = 1_000_000

_LONGEST: Final = 2_000
_LEAST_WORDS: Final = 12
"""Letters of a sentence's own that it takes to know it by."""

_HEAD: Final = re.compile(
    r"(\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z) (debug|info|warning|error|critical) +"
    r"(\S+)/(\d+|-) (.*)"
)
_FRAME: Final = re.compile(r'\s*File "([^"]*)", line (\d+), in .*')
_FIELD: Final = re.compile(r"\{\w+\}")
_LEVELS: Final = frozenset({"debug", "info", "warning", "error", "critical"})


def told(path: Path, telling: Telling) -> list[dict[str, object]]:
    """The last lines, oldest first; none where there is no such file. Raises OSError."""
    if not is_file(path):
        return []
    with path.open("rb") as file:
        size = file.seek(0, os.SEEK_END)
        file.seek(max(0, size - MOST_BYTES))
        lines = file.read(MOST_BYTES).decode("utf-8", "replace").splitlines()
    if size > MOST_BYTES:
        del lines[:1]  # begun before
    return [_line(line[:_LONGEST], telling) for line in lines[-MOST_LINES:]]


def _line(line: str, telling: Telling) -> dict[str, object]:
    try:
        found = json.loads(line)
    except (ValueError, RecursionError):
        found = None
    if isinstance(found, dict):
        template = found.get("template")
        kept = template if isinstance(template, str) and known.is_template(template) else None
        return {
            **_place(found.get("at"), found.get("level"), found.get("profile"), telling),
            **_cycle(found.get("cycle")),
            **({"template": kept} if kept else _said(str(found.get("message")), telling)),
        }
    head = _HEAD.fullmatch(line)
    if head is None:
        return {"template": None, "length": len(line)}
    at, level, profile, cycle, text = head.groups()
    return {**_place(at, level, profile, telling), **_cycle(cycle), **_said(text, telling)}


def _place(at: object, level: object, profile: object, telling: Telling) -> dict[str, object]:
    whole = isinstance(at, str) and re.fullmatch(r"[\d:.TZ-]{10,30}", at)
    return {
        "at": at if whole else None,
        "level": level if level in _LEVELS else None,
        "profile": None if profile in {None, "-"} else telling.pseudonyms.code(profile),
    }


def _cycle(cycle: object) -> dict[str, object]:
    text = str(cycle)
    return {"cycle": int(text)} if text.isascii() and text.isdigit() and len(text) < 10 else {}  # noqa: PLR2004 - digits


def _said(text: str, telling: Telling) -> dict[str, object]:
    frame = _FRAME.fullmatch(text)
    if frame is not None:
        name = Path(frame[1].replace("\\", "/")).name
        return {"file": name if name in known.program_files() else "other", "line": int(frame[2])}
    for sentence in _sentences():
        if sentence.core in text and sentence.pattern.fullmatch(text):
            return {"template": sentence.template}
    told = telling.unforeseen(text)
    return {"template": None, "length": len(text)} if told is None else told


@dataclass(frozen=True, slots=True)
class _Sentence:
    """A sentence of the program as a log shows it; `core`: the longest piece between its fields."""

    template: str
    core: str
    pattern: re.Pattern[str]


@cache
def _sentences() -> tuple[_Sentence, ...]:
    """All by which a line can be known, in either language, those with most words first.

    An error's own words may follow behind a colon.
    """
    found = list(_all())
    found.sort(key=lambda pair: len(_FIELD.sub("", pair[1])), reverse=True)
    return tuple(
        _Sentence(
            template,
            max(_FIELD.split(text), key=len),
            re.compile(
                ".*?".join(re.escape(piece) for piece in _FIELD.split(text)) + "(: .*)?", re.DOTALL
            ),
        )
        for template, text in found
    )


def _all() -> Iterator[tuple[str, str]]:
    for template, translations in known_texts().items():
        for text in {template, *translations}:
            pieces = _FIELD.split(text)
            if sum(map(len, pieces)) >= _LEAST_WORDS and "\n" not in text:
                yield template, text
