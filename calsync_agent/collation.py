"""How people look for names and put them in order, whatever the case and the accents."""

import re
import unicodedata
from collections.abc import Iterable
from typing import Final, TypeAlias

Key: TypeAlias = tuple[tuple[int, str], ...]

_NUMBERS: Final = re.compile(r"(\d+)")
_SPELT_OUT: Final = str.maketrans({"ä": "ae", "ö": "oe", "ü": "ue", "ø": "oe", "å": "aa"})


def natural(text: str) -> Key:
    """What texts are ordered by so that 2 stands before 10, and Österreich beside Oslo."""
    parts = _NUMBERS.split(plain(text))
    return tuple((int(part), "") if part.isdecimal() else (0, part) for part in parts)


def plain(text: str) -> str:
    """Without case and accents: `Müller` is `muller`, `ß` is `ss`."""
    folded = text.casefold()
    if folded.isascii():
        return folded
    apart = unicodedata.normalize("NFKD", folded)
    return "".join(sign for sign in apart if not unicodedata.combining(sign))


def words(typed: str) -> tuple[str, ...]:
    """What is looked for: each word by itself."""
    return tuple(typed.casefold().split())


def finds(looked_for: Iterable[str], text: str) -> bool:
    """Whether a text holds all the words, in any order; `ue` finds `ü`, and so does `u`."""
    return finds_in(asked(looked_for), spellings(text))


def spellings(text: str) -> tuple[str, ...]:
    """How a text may be spelt; to be kept where it is looked through with each letter typed."""
    shown = text.casefold()
    return tuple(dict.fromkeys((plain(shown), _spelt(shown))))


def asked(looked_for: Iterable[str]) -> tuple[tuple[str, ...], ...]:
    """How each of the words may be spelt."""
    return tuple(tuple(dict.fromkeys((plain(word), _spelt(word)))) for word in looked_for)


def finds_in(words_spelt: Iterable[Iterable[str]], text_spelt: Iterable[str]) -> bool:
    """As `finds`, for what is spelt out already."""
    return all(any(one in text for text in text_spelt for one in word) for word in words_spelt)


def _spelt(word: str) -> str:
    return plain(word.translate(_SPELT_OUT))
