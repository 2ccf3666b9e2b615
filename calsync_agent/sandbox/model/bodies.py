"""Bodies: Exchange keeps HTML, whatever it was given, and makes text of it when asked.

Neither way is exact. Sent text comes back without blanks at the ends of lines, with a final line
break, with tabs as blanks; sent HTML comes back as a whole document with CRLF.
"""

import re
from dataclasses import dataclass
from html import escape
from typing import Final

from calsync_agent.sandbox.model.pieces import Piece, after_tag, pieces, without_scripts

PREVIEW_LENGTH: Final = 255

_META: Final = '<meta http-equiv="Content-Type" content="text/html; charset=utf-8">'
_FROM_TEXT: Final = (
    f'<html><head>\r\n{_META}<meta name="Generator" content="Microsoft Exchange Server">\r\n'
    "<!-- converted from text -->\r\n"
    "<style><!-- .EmailQuote { margin-left: 1pt; padding-left: 4pt; "
    "border-left: #800000 2px solid; } --></style></head>\r\n"
    '<body>\r\n<font size="2"><span style="font-size:11pt;"><div class="PlainText">'
)
_FROM_TEXT_END: Final = "</div></span></font>\r\n</body>\r\n</html>\r\n"
_NEWLINE: Final = re.compile(r"\r\n|\r|\n")
_RULE: Final = "_" * 32
_WHITE: Final = re.compile(r"[ \t\r\n]+")
_TAB: Final = " " * 8
_HARD_BLANK: Final = "\xa0"


@dataclass(frozen=True, slots=True)
class Body:
    """A body as kept: the HTML, and the text that Exchange makes of it."""

    html: str = ""
    text: str = ""

    @property
    def preview(self) -> str:
        """The beginning of the text."""
        return self.text[:PREVIEW_LENGTH]


def body_from_text(text: str) -> Body:
    """What Exchange keeps of a plain text."""
    if not text:
        return Body()
    lines = (_line_as_html(line) for line in _NEWLINE.split(text))
    return _body(_FROM_TEXT + "<br>\r\n".join(lines) + _FROM_TEXT_END)


def body_from_html(html: str) -> Body:
    """What Exchange keeps of HTML: scripts go, a fragment becomes a document, lines end in CRLF."""
    if not html:
        return Body()
    cleaned = _NEWLINE.sub("\r\n", without_scripts(html))
    opening = after_tag(cleaned, "html")
    if opening < 0:
        document = f"<html><head>\r\n{_META}</head><body>{cleaned}</body></html>\r\n"
    elif "charset" in cleaned.lower():
        document = cleaned
    else:
        head = after_tag(cleaned, "head")
        at = opening if head < 0 else head
        added = f"<head>\r\n{_META}</head>" if head < 0 else f"\r\n{_META}"
        document = cleaned[:at] + added + cleaned[at:]
    return _body(document)


def _body(html: str) -> Body:
    maker = _TextMaker()
    for piece in pieces(html):
        maker.take(piece)
    return Body(html, maker.text())


def _line_as_html(line: str) -> str:
    quoted = escape(line.replace("\t", _TAB), quote=False)
    if quoted.startswith(" "):
        quoted = "&nbsp;" + quoted[1:]
    return quoted.replace("  ", " &nbsp;")


class _TextMaker:
    """Makes text of HTML: blocks and breaks become lines, runs of white space one blank."""

    _BLOCKS: Final = frozenset(
        [
            "address",
            "article",
            "blockquote",
            "div",
            "dl",
            "dt",
            "dd",
            "footer",
            "h1",
            "h2",
            "h3",
            "h4",
            "h5",
            "h6",
            "header",
            "li",
            "ol",
            "p",
            "pre",
            "section",
            "table",
            "tr",
            "ul",
        ]
    )

    def __init__(self) -> None:
        self._lines: list[list[str]] = [[]]
        self._link = ""
        self._link_text: list[str] = []

    def take(self, piece: Piece) -> None:
        """The next piece of the document."""
        match piece:
            case Piece("", text, _):
                self._say(text)
            case Piece("+br", _, _):
                self._lines.append([])
            case Piece("+hr", _, _):
                self._begin_line()
                self._lines[-1] = [_RULE]
                self._lines.append([])
            case Piece("+a", _, href):
                self._link, self._link_text = href, []
            case Piece("-a", _, _):
                if self._link and "".join(self._link_text).strip() != self._link:
                    self._lines[-1].append(f"<{self._link}>")
                self._link = ""
            case Piece(tag, _, _) if tag[1:] in self._BLOCKS:
                self._begin_line()
                if tag == "-p":
                    self._lines.append([])

    def _say(self, data: str) -> None:
        """Take text up."""
        line = self._lines[-1]
        collapsed = _WHITE.sub(" ", data)
        if not line or line[-1].endswith(" "):
            collapsed = collapsed.removeprefix(" ")
        if collapsed:
            line.append(collapsed)
            self._link_text.append(collapsed)

    def text(self) -> str:
        """The lines, without what trails; ends in CRLF unless empty."""
        lines = ["".join(line).replace(_HARD_BLANK, " ").rstrip() for line in self._lines]
        whole = "\r\n".join(lines).rstrip("\r\n")
        return whole + "\r\n" if whole else ""

    def _begin_line(self) -> None:
        if "".join(self._lines[-1]).strip(" "):
            self._lines.append([])
        else:
            self._lines[-1] = []
