"""HTML in its pieces.

Anybody outside can send HTML, whole or broken. It is read from its beginning to its end, once, and
nothing is looked for a second time in what was passed: the cost grows with the length (B8).
"""

import re
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field
from enum import Enum, auto
from html import unescape
from typing import Final

_MARKUP: Final = re.compile(r"<[A-Za-z/!?]")
_NAME: Final = re.compile(r"[A-Za-z][^ \t\r\n\f/>]*")
_ATTRIBUTE: Final = re.compile(r"[^ \t\r\n\f/>=]+")
_BARE: Final = re.compile(r"[^ \t\r\n\f>]+")
_BETWEEN: Final = re.compile(r"[ \t\r\n\f/]*")
_BLANKS: Final = re.compile(r"[ \t\r\n\f]*")
_REFERENCE: Final = re.compile(r"&(?:#[0-9]+;?|#[xX][0-9a-fA-F]+;?|[A-Za-z][A-Za-z0-9]{1,31};?)")
_LONGEST_REFERENCE: Final = 34
_RAW: Final = {
    name: re.compile(rf"</{name}", re.IGNORECASE) for name in ("script", "style", "title")
}
"""Elements whose content is no markup, and which no reader sees."""
_EMPTY: Final = frozenset(
    ("area", "base", "br", "col", "embed", "hr", "img", "input", "link", "meta", "param", "wbr")
)


DEEPEST: Final = 512
"""Elements in one another; browsers know no more either."""


class Kind(Enum):
    """What a piece of a document is; `OTHER` is seen by nobody."""

    TEXT = auto()
    OPENING = auto()
    CLOSING = auto()
    OTHER = auto()


@dataclass(frozen=True, slots=True)
class Token:
    """A piece of a document, from `start` to `end`; `name` of a tag is in lower case."""

    kind: Kind
    start: int
    end: int
    name: str = ""


@dataclass(frozen=True, slots=True)
class _Attribute:
    name: str
    value: str
    end: int


class TooDeep(ValueError):
    """Elements lie in one another deeper than in any document that people read."""


@dataclass(slots=True)
class OpenElements:
    """The opening tags of the elements in which one is while reading, the outermost first."""

    tags: list[Token] = field(default_factory=list)
    _names: Counter[str] = field(default_factory=Counter)

    def pass_by(self, token: Token) -> None:
        """A token has been read; a closing tag without an opening one means nothing.

        Raises TooDeep.
        """
        if token.kind is Kind.OPENING and token.name not in _EMPTY:
            if len(self.tags) == DEEPEST:
                raise TooDeep
            self.tags.append(token)
            self._names[token.name] += 1
        elif token.kind is Kind.CLOSING and self._names[token.name]:
            name = ""
            while name != token.name:
                name = self.tags.pop().name
                self._names[name] -= 1


def tokens(document: str) -> Iterator[Token]:
    """The pieces of a document, in their order and without gaps."""
    position, length = 0, len(document)
    while position < length:
        found = _MARKUP.search(document, position)
        begin = found.start() if found else length
        if begin > position:
            yield Token(Kind.TEXT, position, begin)
        if found is None:
            return
        token = _markup(document, begin)
        yield token
        position = token.end
        if token.kind is Kind.OPENING and token.name in _RAW and position < length:
            closing = _RAW[token.name].search(document, position)
            end = closing.start() if closing else length
            yield Token(Kind.OTHER, position, end)
            position = end


def attribute(document: str, tag: Token, wanted: str) -> str:
    """The value of an attribute of an opening tag; empty where it has none."""
    for each in _attributes(document, tag.start + 1 + len(tag.name)):
        if each.name == wanted:
            return unescaped(each.value)
    return ""


def unescaped(text: str) -> str:
    """`text` with its character references resolved."""
    return _REFERENCE.sub(_resolved, text) if "&" in text else text


def _resolved(reference: re.Match[str]) -> str:
    written = reference[0]
    return unescape(written) if len(written) <= _LONGEST_REFERENCE else "\ufffd"


def _markup(document: str, at: int) -> Token:
    """The tag, or what nobody sees, that begins at a place."""
    if document.startswith("<!--", at):
        for whole in ("<!-->", "<!--->"):
            if document.startswith(whole, at):
                return Token(Kind.OTHER, at, at + len(whole))
        return Token(Kind.OTHER, at, _after(document, "-->", at + 4))
    closing = document.startswith("</", at)
    name = _NAME.match(document, at + 1 + closing)
    if name is None:
        return Token(Kind.OTHER, at, _after(document, ">", at + 2))
    kind = Kind.CLOSING if closing else Kind.OPENING
    end = name.end()
    for each in _attributes(document, end):
        end = each.end
    return Token(kind, at, _after(document, ">", end), name[0].lower())


def _attributes(document: str, at: int) -> Iterator[_Attribute]:
    """The attributes of a tag whose name ends at a place."""
    length = len(document)
    while True:
        at = _end(_BETWEEN, document, at)
        if at >= length or document[at] == ">":
            return
        end = _end(_ATTRIBUTE, document, at)
        name = document[at:end].lower()
        at = _end(_BLANKS, document, end)
        value = ""
        if document.startswith("=", at):
            at = _end(_BLANKS, document, at + 1)
            if document.startswith(('"', "'"), at):
                end = document.find(document[at], at + 1)
                end = length if end < 0 else end
                value, at = document[at + 1 : end], min(end + 1, length)
            else:
                end = _end(_BARE, document, at)
                value, at = document[at:end], end
        yield _Attribute(name, value, at)


def _end(pattern: re.Pattern[str], document: str, at: int) -> int:
    found = pattern.match(document, at)
    return found.end() if found else at


def _after(document: str, sign: str, at: int) -> int:
    """Where what ends with `sign` is over; what never ends takes all the rest with it."""
    found = document.find(sign, at)
    return len(document) if found < 0 else found + len(sign)
