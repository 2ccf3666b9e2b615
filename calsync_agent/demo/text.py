"""Text in columns of a terminal: how wide it is, cut, padded, and put so that it can be encoded."""

import unicodedata
from typing import Final

_SUBSTITUTES: Final = str.maketrans(
    {
        "ä": "ae",
        "ö": "oe",
        "ü": "ue",
        "Ä": "Ae",
        "Ö": "Oe",
        "Ü": "Ue",
        "ß": "ss",
        "ø": "oe",
        "Ø": "Oe",
        "§": "Par.",
        "…": "...",
        "·": "-",
        "→": "->",
        "←": "<-",
    }
)


def width(text: str) -> int:
    """How many columns `text` takes: East Asian characters and emoji two, combining marks none."""
    return sum(map(_width, text))


def _width(char: str) -> int:
    if unicodedata.category(char) in {"Mn", "Me", "Cf"}:
        return 0
    return 2 if unicodedata.east_asian_width(char) in {"W", "F"} else 1


def cut(text: str, columns: int, mark: str = "…") -> str:
    """`text` itself where it fits, else as much of it as fits together with `mark`."""
    if width(text) <= columns:
        return text
    kept, mark = "", mark if width(mark) <= columns else ""
    for char in text:
        if width(kept + char + mark) > columns:
            break
        kept += char
    return kept.rstrip() + mark


def padded(text: str, columns: int, mark: str = "…") -> str:
    """`text` cut and filled up with blanks to exactly that many columns."""
    short = cut(text, columns, mark)
    return short + " " * (columns - width(short))


def encodable(text: str, encoding: str) -> str:
    """`text` with what the encoding cannot hold put in other words."""
    if _holds(encoding, text):
        return text
    return "".join(char if _holds(encoding, char) else _substitute(char) for char in text)


def _holds(encoding: str, text: str) -> bool:
    try:
        text.encode(encoding)
    except UnicodeEncodeError:
        return False
    return True


def _substitute(char: str) -> str:
    known = char.translate(_SUBSTITUTES)
    if known.isascii():
        return known
    plain = unicodedata.normalize("NFKD", char).encode("ascii", "ignore").decode()
    symbol = unicodedata.category(char).startswith("S")
    return plain or ("*" if symbol else "?") * min(_width(char), 1)
