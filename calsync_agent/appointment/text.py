"""Text as both sides can hold it: line breaks, blanks, lengths in UTF-16 units.

Anybody outside can send text. Every pattern here is one class of characters, at most repeated:
nothing can be tried in two ways, so that the cost grows with the length and no faster (B8).
"""

import re
from typing import Final

ELLIPSIS: Final = "…"
SUBJECT_LIMIT: Final = 255
"""Exchange's limit for a subject, in UTF-16 units."""
LOCATION_LIMIT: Final = 500
"""Consolidate's limit for a location, in UTF-16 units."""

# Neither PostgreSQL (NUL) nor Exchange's HTML can hold control characters.
_CONTROLS: Final = re.compile(r"[\x00-\x08\x0b\x0c\x0e-\x1f\x7f\ufffe\uffff\ud800-\udfff]")
_LINE_ENDS: Final = re.compile(r"[\t\r\n\u2028\u2029\x85]")
_BREAKS: Final = re.compile(r"\r\n?|\u2028|\u2029|\x85")
_BLANKS: Final = re.compile(r"[ \t\xa0]+")
_MANY_LINES: Final = re.compile(r"\n{3,}")


def one_line(text: str | None) -> str:
    """`text` in one line, without control characters and blanks at its ends; else as it is."""
    if not text:
        return ""
    # Most are: asked first, as this is asked of every event.
    if text.isascii() and text.isprintable():
        return text.strip()
    lines = [line.strip() for line in _LINE_ENDS.split(_CONTROLS.sub("", text))]
    return " ".join([line for line in lines if line]).strip()


def paragraphs(text: str | None) -> str:
    r"""`text` with `\n` as line break and without control characters, else as it is."""
    if not text:
        return ""
    return _CONTROLS.sub("", _BREAKS.sub("\n", text))


def folded(text: str) -> str:
    """What is left of `paragraphs` when only a round trip through Exchange's HTML does not count.

    HTML folds runs of blanks and empty lines and drops them at the ends (D1): texts that are
    equal here are the same text on both sides.
    """
    plain = "\n".join([line.strip() for line in text.split("\n")])
    # Looked for first: most texts hold none of this, and this is asked more than all else.
    if "  " in plain or "\t" in plain or "\xa0" in plain:
        plain = _BLANKS.sub(" ", plain)
    if "\n\n\n" in plain:
        plain = _MANY_LINES.sub("\n\n", plain)
    return plain.strip("\n")


def utf16_length(text: str) -> int:
    """The length as Exchange and SQL Server count it."""
    return len(text) if text.isascii() else len(text.encode("utf-16-le")) // 2


def cut(text: str, limit: int) -> str:
    """`text` itself where it fits `limit` UTF-16 units, else its beginning, marked with `…`.

    A character outside the basic plane is never cut in half.
    """
    if len(text) * 2 <= limit or utf16_length(text) <= limit:
        return text
    kept = text.encode("utf-16-le")[: (limit - 1) * 2].decode("utf-16-le", errors="ignore")
    return kept + ELLIPSIS


def alike(text: str) -> str:
    """What is left of a subject when case and spacing do not count (B4)."""
    return "".join(text.split()).casefold()
