"""German and English for everything a person reads.

Source strings are English and double as gettext message ids. Ways to use them:

- `_("…")` translates at once, for what is shown now and never stored; `ngettext` likewise;
- `message("… {name} …", name=…)` makes a `Message`: template and fields kept apart, so that it
  can be stored, logged, and shown later in another language; `counted` likewise, for a number.

Catalogues are `calsync.po` in each package, compiled when it is installed (also with `-e`) and by
`packaging/update_catalogues.py`; without the compiled form everything reads in English.
"""

import gettext
import json
import locale
import os
import re
import struct
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from functools import cache
from importlib.util import find_spec
from pathlib import Path
from typing import Final, Literal, TypeAlias, get_args

from calsync_agent.visible import visible

Language: TypeAlias = Literal["de", "en"]
LANGUAGES: Final[tuple[Language, ...]] = get_args(Language)
DOMAIN: Final = "calsync"
PACKAGES: Final = ("calsync_agent", "calsync_tui")

Value: TypeAlias = "str | int | float | Message"


class _Current:
    """The language of this process; one process speaks one language at a time."""

    language: Language = "en"
    instead: gettext.NullTranslations | None = None


def use(language: Language) -> None:
    """Speak `language` from now on."""
    _Current.language = language


def current() -> Language:
    """The language spoken now."""
    return _Current.language


@contextmanager
def speaking(language: Language | gettext.NullTranslations) -> Iterator[None]:
    """Speak another language for a while, or a catalogue of one's own such as `Bracketed`."""
    before = _Current.language, _Current.instead
    if isinstance(language, gettext.NullTranslations):
        _Current.instead = language
    else:
        _Current.language, _Current.instead = language, None
    try:
        yield
    finally:
        _Current.language, _Current.instead = before


def preferred(fallback: Language) -> Language:
    """The language that the environment asks for, or `fallback` where that is neither.

    `LANGUAGE` lists languages, the first that is known counts; then the first that is set of
    `LC_ALL`, `LC_MESSAGES` and `LANG` decides alone, as with gettext. Where none is set, it is the
    C library's locale, which is where Windows keeps the user's choice.
    """
    settings = [os.environ.get(name, "") for name in ("LC_ALL", "LC_MESSAGES", "LANG")]
    chosen = next(filter(None, settings), "") or _library_locale()
    named = [] if chosen in {"C", "POSIX"} else os.environ.get("LANGUAGE", "").split(":")
    for name in (*named, chosen):
        match re.split(r"[^a-z]", name.lower())[0]:
            case "de" | "german":
                return "de"
            case "en" | "english":
                return "en"
    return fallback


class Bracketed(gettext.NullTranslations):
    """A language for tests: ⟦each text⟧ in brackets and half as long again.

    So one sees what does not go through the catalogue, and what has no room on the screen.
    """

    def gettext(self, message: str) -> str:
        """The text in brackets; its `{fields}` stay."""
        return f"⟦{message}{'·' * (len(message) // 2)}⟧"

    def ngettext(self, msgid1: str, msgid2: str, n: int) -> str:
        """The English form that fits, in brackets."""
        return self.gettext(msgid1 if n == 1 else msgid2)


def _library_locale() -> str:
    try:
        return locale.getlocale()[0] or ""
    except ValueError:
        # A name that Python does not know, such as `UTF-8` alone on macOS.
        return ""


def _spoken() -> gettext.NullTranslations:
    return _Current.instead or _catalogue(_Current.language)


@cache
def _catalogue(language: Language) -> gettext.NullTranslations:
    catalogue = gettext.NullTranslations()
    for package in PACKAGES:
        for compiled in _compiled(package, language):
            with compiled.open("rb") as readable:
                loaded = gettext.GNUTranslations(readable)
            loaded.add_fallback(catalogue)
            catalogue = loaded
    return catalogue


@cache
def known_texts() -> Mapping[str, tuple[str, ...]]:
    """Every English text of the program, each form by itself, with its translations."""
    known: dict[str, set[str]] = {}
    for language in LANGUAGES:
        for package in PACKAGES:
            for path in _compiled(package, language):
                for original, translation in _entries(path.read_bytes()):
                    for text in filter(None, original.split("\0")):
                        known.setdefault(text, set()).update(translation.split("\0"))
    return {text: tuple(sorted(translations)) for text, translations in known.items()}


def _entries(compiled: bytes) -> Iterator[tuple[str, str]]:
    """The pairs in a compiled catalogue ("The Format of GNU MO Files", gettext's manual)."""
    order = "<" if compiled[:4] == b"\xde\x12\x04\x95" else ">"
    count, originals, translations = struct.unpack(f"{order}3I", compiled[8:20])
    for number in range(count):
        pair = []
        for table in (originals, translations):
            length, place = struct.unpack_from(f"{order}2I", compiled, table + 8 * number)
            pair.append(compiled[place : place + length].decode())
        yield pair[0], pair[1]


def _compiled(package: str, language: Language) -> list[Path]:
    """The package's catalogue, found without importing it: the agent loads no UI."""
    spec = find_spec(package)
    folders = (spec and spec.submodule_search_locations) or ()
    paths = [Path(each, "locale", language, "LC_MESSAGES", f"{DOMAIN}.mo") for each in folders]
    return [path for path in paths if path.is_file()]


def _(text: str) -> str:
    """`text` in the language spoken now."""
    # To gettext, the empty text is the catalogue's own header.
    return _spoken().gettext(text) if text else ""


def ngettext(one: str, many: str, count: int) -> str:
    """The form of the sentence that fits `count`, in the language spoken now."""
    return _spoken().ngettext(one, many, count)


def marked(text: str) -> str:
    """`text` itself; it is translated where it is shown, by `_`. For tables of texts."""
    return text


@dataclass(frozen=True, slots=True)
class Message:
    """A sentence for people: an English template with `{named}` fields, and their values.

    A field may be a `Message` itself (a reason inside a sentence). With `plural`, the field `count`
    decides which of the two templates it is. Texts among the
    fields are kept as `visible` shows them.
    """

    template: str
    fields: Mapping[str, Value]
    plural: str = ""

    def __post_init__(self) -> None:
        """Keep what the fields say from being obeyed by a terminal."""
        fields = {n: visible(v) if isinstance(v, str) else v for n, v in self.fields.items()}
        object.__setattr__(self, "fields", fields)

    def __str__(self) -> str:
        """The sentence in the language spoken now."""
        shown = {name: str(value) for name, value in self.fields.items()}
        count = self.fields.get("count")
        if self.plural and isinstance(count, int):
            return ngettext(self.template, self.plural, count).format(**shown)
        return _(self.template).format(**shown)

    def to_json(self) -> str:
        """The stored form; `from_json` reads it."""
        return in_json(self.plain())

    def plain(self) -> dict[str, object]:
        """What `to_json` stores, to be stored together with something else."""
        fields = {name: _plain(field) for name, field in self.fields.items()}
        plain: dict[str, object] = {"template": self.template, "fields": fields}
        return plain | {"plural": self.plural} if self.plural else plain

    @staticmethod
    def from_json(stored: str) -> "Message":
        """What `to_json` stored. Raises ValueError where it is something else."""
        return _read(json.loads(stored))


def message(template: str, **fields: Value) -> Message:
    """A `Message`; the function's name is what the string extractor looks for."""
    return Message(template, fields)


def counted(one: str, many: str, count: int, **fields: Value) -> Message:
    """A `Message` about `{count}` things: `one` for a single one, `many` for any other number."""
    return Message(one, {**fields, "count": count}, many)


in_json: Final[Callable[[object], str]] = json.JSONEncoder(
    ensure_ascii=False, sort_keys=True
).encode
"""How a message, and what stands beside it, is stored."""


def _plain(value: Value) -> object:
    return value.plain() if isinstance(value, Message) else value


def _read(stored: object) -> Message:
    match stored:
        case {"template": str(template), "fields": dict(fields), **rest}:
            plural = rest.get("plural", "")
            if isinstance(plural, str):
                return Message(template, {str(n): _value(v) for n, v in fields.items()}, plural)
    raise ValueError(f"not a stored message: {stored!r}")


def _value(stored: object) -> Value:
    if isinstance(stored, (str, int, float)):
        return stored
    return _read(stored)
