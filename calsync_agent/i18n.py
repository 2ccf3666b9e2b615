"""German and English for everything a person reads.

Source strings are English and double as gettext message ids. Two ways to use them:

- `_("…")` translates at once, for what is shown now and never stored;
- `message("… {name} …", name=…)` makes a `Message`: template and fields kept apart, so that it
  can be stored, logged, and shown later in another language.
"""

import gettext
import json
import locale
import os
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from importlib.resources import files
from typing import Final, Literal, TypeAlias, get_args

Language: TypeAlias = Literal["de", "en"]
LANGUAGES: Final[tuple[Language, ...]] = get_args(Language)
DOMAIN: Final = "calsync"
PACKAGES: Final = ("calsync_agent", "calsync_tui")

Value: TypeAlias = "str | int | float | Message"


class _Current:
    """The language of this process; one process speaks one language at a time."""

    language: Language = "en"


def use(language: Language) -> None:
    """Speak `language` from now on."""
    _Current.language = language


def current() -> Language:
    """The language spoken now."""
    return _Current.language


def preferred(fallback: Language) -> Language:
    """The language that the environment asks for, or `fallback` where it names neither.

    POSIX variables are looked at first (`LC_ALL`, `LC_MESSAGES`, `LANG`, in gettext's order), then
    the C library's locale, which is where Windows keeps the user's choice.
    """
    named = [os.environ.get(name, "") for name in ("LC_ALL", "LC_MESSAGES", "LANG")]
    named.append(locale.getlocale()[0] or "")
    for name in filter(None, named):
        if name.lower().startswith(("de", "german")):
            return "de"
        if name.lower().startswith(("en", "english")):
            return "en"
    return fallback


@cache
def _catalogue(language: Language) -> gettext.NullTranslations:
    catalogue = gettext.NullTranslations()
    for package in PACKAGES:
        path = files("calsync_agent").joinpath("..", package, "locale", language, "LC_MESSAGES")
        compiled = path.joinpath(f"{DOMAIN}.mo")
        if compiled.is_file():
            with compiled.open("rb") as readable:
                loaded = gettext.GNUTranslations(readable)
            loaded.add_fallback(catalogue)
            catalogue = loaded
    return catalogue


def _(text: str) -> str:
    """`text` in the language spoken now."""
    return _catalogue(_Current.language).gettext(text)


def ngettext(one: str, many: str, count: int) -> str:
    """The form of the sentence that fits `count`, in the language spoken now."""
    return _catalogue(_Current.language).ngettext(one, many, count)


@dataclass(frozen=True, slots=True)
class Message:
    """A sentence for people: an English template with `{named}` fields, and their values.

    A field may be a `Message` itself (a reason inside a sentence).
    """

    template: str
    fields: Mapping[str, Value]

    def __str__(self) -> str:
        """The sentence in the language spoken now."""
        shown = {name: str(value) for name, value in self.fields.items()}
        return _(self.template).format(**shown)

    def to_json(self) -> str:
        """The stored form; `from_json` reads it."""
        return json.dumps(_plain(self), ensure_ascii=False, sort_keys=True)

    @staticmethod
    def from_json(stored: str) -> "Message":
        """What `to_json` stored. Raises ValueError where it is something else."""
        return _read(json.loads(stored))


def message(template: str, **fields: Value) -> Message:
    """A `Message`; the function's name is what the string extractor looks for."""
    return Message(template, fields)


def _plain(value: Value) -> object:
    if isinstance(value, Message):
        fields = {name: _plain(field) for name, field in value.fields.items()}
        return {"template": value.template, "fields": fields}
    return value


def _read(stored: object) -> Message:
    match stored:
        case {"template": str(template), "fields": dict(fields)}:
            return Message(template, {str(n): _value(v) for n, v in fields.items()})
        case _:
            raise ValueError(f"not a stored message: {stored!r}")


def _value(stored: object) -> Value:
    if isinstance(stored, (str, int, float)):
        return stored
    return _read(stored)
