"""HTML as a reader sees it, line by line, and where in the document each line stands.

Links and rules are told as Exchange tells them in its texts: `words<address>`, and 32 underscores.
"""

import re
from dataclasses import dataclass, field
from html import escape
from typing import Final, TypeAlias

from calsync_agent.appointment.text import paragraphs
from calsync_agent.exchange.calendar.markup import Kind, Token, attribute, tokens, unescaped

_BLANKS: Final = re.compile(r"[ \t\r\n\f]+")
_BLOCKS: Final = frozenset(
    (
        "address",
        "article",
        "blockquote",
        "center",
        "dd",
        "div",
        "dl",
        "dt",
        "footer",
        "form",
        "h1",
        "h2",
        "h3",
        "h4",
        "h5",
        "h6",
        "header",
        "li",
        "main",
        "ol",
        "p",
        "pre",
        "section",
        "table",
        "tr",
        "ul",
    )
)
_CELLS: Final = frozenset({"td", "th"})
_RULE: Final = "_" * 32
_TOLD_LINKS: Final = ("http:", "https:", "mailto:", "tel:")


Line: TypeAlias = tuple[str, int, int]
"""A line, and from where to where its words stand in the document; -1 where it has none.

Plain tuples: of objects of a class, a million would keep the garbage collector busy, and with it
everybody.
"""


def html_to_text(document: str) -> str:
    """What a reader sees of an HTML document, as text."""
    return "\n".join([text for text, _, _ in html_lines(document)])


def html_lines(document: str) -> list[Line]:
    """What a reader sees of an HTML document."""
    reader = _Reader(document)
    for token in tokens(document):
        reader.take(token)
    reader.break_line()
    return reader.lines


def text_to_html(text: str) -> str:
    """Plain text as an HTML document that reads the same."""
    return f"<html><body>{html_of(text)}</body></html>"


def html_of(text: str) -> str:
    """Plain text as a piece of HTML that reads the same."""
    if not text.strip():
        return ""
    return "<div>" + "<br>\n".join([_line_of(line) for line in text.split("\n")]) + "</div>\n"


def _line_of(line: str) -> str:
    quoted = escape(line, quote=False).replace("  ", " &nbsp;")
    return f"&nbsp;{quoted[1:]}" if quoted.startswith(" ") else quoted


@dataclass(slots=True)
class _Reader:
    document: str
    lines: list[Line] = field(default_factory=list)
    _words: list[str] = field(default_factory=list)
    _start: int = -1
    _end: int = -1
    _link: str = ""
    _link_words: list[str] = field(default_factory=list)
    _kept_blanks: int = 0  # inside how many `pre`

    def take(self, token: Token) -> None:
        """Read the next piece."""
        match token:
            case Token(kind=Kind.TEXT):
                self._text(token)
            case Token(kind=Kind.OPENING, name="br"):
                self.break_line()
            case Token(kind=Kind.OPENING, name="hr"):
                self._begin_block()
                self._say(_RULE, token)
                self.break_line()
            case Token(kind=Kind.OPENING, name="a"):
                self._link, self._link_words = attribute(self.document, token, "href"), []
            case Token(kind=Kind.CLOSING, name="a"):
                self._end_link(token)
            case Token(kind=Kind.OPENING, name=name) if name in _CELLS:
                if self._words:
                    self._words.append(" ")
            case Token(kind=Kind.OPENING | Kind.CLOSING, name=name) if name in _BLOCKS:
                self._begin_block()
                if name == "pre":
                    step = 1 if token.kind is Kind.OPENING else -1
                    self._kept_blanks = max(0, self._kept_blanks + step)
                elif name == "p" and token.kind is Kind.CLOSING:
                    self.break_line()

    def break_line(self) -> None:
        """End the line, empty or not."""
        self.lines.append(("".join(self._words).rstrip(), self._start, self._end))
        self._words, self._start, self._end = [], -1, -1

    def _text(self, token: Token) -> None:
        written = unescaped(self.document[token.start : token.end])
        if not self._kept_blanks:
            self._say(_BLANKS.sub(" ", written), token)
            return
        first, *others = paragraphs(written).split("\n")
        self._say(first, token)
        for line in others:
            self.break_line()
            self._say(line, token)

    def _say(self, words: str, token: Token) -> None:
        if not self._kept_blanks and (not self._words or self._words[-1].endswith(" ")):
            words = words.removeprefix(" ")
        if not words:
            return
        self._words.append(words)
        self._link_words.append(words)
        if not words.isspace():
            self._start = token.start if self._start < 0 else self._start
            self._end = token.end

    def _end_link(self, token: Token) -> None:
        link, self._link = self._link.strip(), ""
        told = link.casefold().startswith(_TOLD_LINKS)
        if told and "".join(self._link_words).strip() != link:
            self._say(f"<{link}>", Token(Kind.TEXT, token.start, token.start))

    def _begin_block(self) -> None:
        if "".join(self._words).strip():
            self.break_line()
        else:
            self._words, self._start, self._end = [], -1, -1
