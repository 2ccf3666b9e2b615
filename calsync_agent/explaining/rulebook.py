"""What the rulebook says of a rule, to be quoted."""

import re
from collections.abc import Iterable, Mapping
from functools import cache
from importlib.resources import files
from typing import Final

_RULE: Final = re.compile(
    r"^- \*\*([A-I]\d{1,2}[a-z]?) (.+?)\.\*\* (.+?)(?=^- |^#|^\s*$|\Z)", re.MULTILINE | re.DOTALL
)
_SHORT: Final = 60
_SENTENCE: Final = re.compile(r".+?[.!](?=\s|$)", re.DOTALL)


@cache
def sentences() -> Mapping[str, str]:
    """Each rule's code with its title and its first sentence, or two where it is short."""
    text = (files("calsync_agent") / "RULES.md").read_text(encoding="utf-8")
    return {
        code: f"{' '.join(title.split())}: {_first(' '.join(body.split()))}"
        for code, title, body in _RULE.findall(text)
    }


def quote(codes: Iterable[str]) -> str:
    """The rules by code, title and first words."""
    said = sentences()
    return " ".join(f"{code} {said[code]}" for code in codes)


def _first(text: str) -> str:
    said = ""
    for found in _SENTENCE.finditer(text):
        said += found[0]
        if len(said) >= _SHORT:
            break
    return said or text
