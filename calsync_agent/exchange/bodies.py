"""Bodies of events: text in and out, and the join block of an online meeting kept intact.

Teams appends a block to the body: a line of underscores, the words of invitation with the link,
another line of underscores. A body written without it disables the meeting (graph-facts 2.2).
"""

import html
import re
from collections.abc import Mapping
from html.parser import HTMLParser
from typing import Any, Final

from calsync_agent.appointment.text import paragraphs

_RULE: Final = re.compile(r"_{20,}")
_JOINS: Final = re.compile(r"https://[^\s\"'<>]*(?:meetup-join|/meet/|join\.skype)", re.IGNORECASE)
_OPENING_TAGS: Final = re.compile(r"(?:<(?:div|p|span|br)\b[^>]*>\s*)*\Z", re.IGNORECASE)
_BODY_TAG: Final = re.compile(r"<body\b[^>]*>", re.IGNORECASE)


def read_body(body: Mapping[str, Any] | None) -> str:
    """The text of an `itemBody`, without the join block."""
    content = str((body or {}).get("content") or "")
    if str((body or {}).get("contentType") or "text").lower() == "html":
        content = html_to_text(content)
    text = paragraphs(content)
    block = _join_block(text)
    return (text if block is None else text[:block]).strip("\n").rstrip()


def with_join_block(text: str, stored_html: str) -> str:
    """`text` as HTML in place of what stands before the join block in `stored_html`."""
    block = _join_block(stored_html)
    if block is None:
        return text_to_html(text)
    begin = _OPENING_TAGS.search(stored_html[:block])
    kept = stored_html[begin.start() if begin else block :]
    opening = _BODY_TAG.search(stored_html)
    head = stored_html[: opening.end()] if opening else "<html><body>"
    return f"{head}<div>{_lines(text)}</div>{kept}"


def text_to_html(text: str) -> str:
    """Plain text as an HTML document that reads the same."""
    return f"<html><body><div>{_lines(text)}</div></body></html>"


def html_to_text(document: str) -> str:
    """What a reader sees of an HTML document, as text; line breaks where blocks end."""
    parser = _Reader()
    parser.feed(document)
    parser.close()
    return "".join(parser.pieces)


def _lines(text: str) -> str:
    return "<br>\n".join(html.escape(line, quote=False) for line in text.split("\n"))


def _join_block(content: str) -> int | None:
    """Where the join block begins: a rule of underscores with a join link behind it."""
    for rule in _RULE.finditer(content):
        if _JOINS.search(content, rule.end()):
            return rule.start()
    return None


class _Reader(HTMLParser):
    """Collects the text; `style`, `script` and `head` are not seen by a reader."""

    _BLOCKS: Final = frozenset({"p", "div", "tr", "li", "h1", "h2", "h3", "h4", "table", "ul"})
    _HIDDEN: Final = frozenset({"style", "script", "head", "title"})

    def __init__(self) -> None:
        super().__init__(convert_charrefs=True)
        self.pieces: list[str] = []
        self._hidden = 0

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        del attrs
        if tag in self._HIDDEN:
            self._hidden += 1
        elif tag == "br":
            self.pieces.append("\n")
        elif tag in self._BLOCKS:
            self._break()

    def handle_endtag(self, tag: str) -> None:
        if tag in self._HIDDEN:
            self._hidden = max(0, self._hidden - 1)
        elif tag in self._BLOCKS:
            self._break()

    def handle_data(self, data: str) -> None:
        if not self._hidden:
            self.pieces.append(re.sub(r"[ \t\r\n]+", " ", data))

    def _break(self) -> None:
        if self.pieces and not self.pieces[-1].endswith("\n"):
            self.pieces.append("\n")
