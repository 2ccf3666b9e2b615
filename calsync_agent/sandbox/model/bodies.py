"""Bodies: Exchange keeps HTML, whatever it was given, and makes text of it when asked.

Neither way is exact. Sent text comes back without blanks at the ends of lines, with a final line
break, with tabs as blanks; sent HTML comes back as a whole document with CRLF.
"""

import re
from dataclasses import dataclass
from html import escape
from html.parser import HTMLParser
from typing import Final

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
_SCRIPT: Final = re.compile(r"<script\b.*?</script\s*>", re.IGNORECASE | re.DOTALL)
_HEAD: Final = re.compile(r"<head\b[^>]*>", re.IGNORECASE)
_HTML: Final = re.compile(r"<html\b[^>]*>", re.IGNORECASE)
_RULE: Final = "_" * 32
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
    cleaned = _NEWLINE.sub("\r\n", _SCRIPT.sub("", html))
    opening = _HTML.search(cleaned)
    if opening is None:
        document = f"<html><head>\r\n{_META}</head><body>{cleaned}</body></html>\r\n"
    elif "charset" in cleaned.lower():
        document = cleaned
    else:
        head = _HEAD.search(cleaned)
        at = (head or opening).end()
        added = f"\r\n{_META}" if head else f"<head>\r\n{_META}</head>"
        document = cleaned[:at] + added + cleaned[at:]
    return _body(document)


def _body(html: str) -> Body:
    maker = _TextMaker()
    maker.feed(html)
    maker.close()
    return Body(html, maker.text())


def _line_as_html(line: str) -> str:
    quoted = escape(line.replace("\t", _TAB), quote=False)
    if quoted.startswith(" "):
        quoted = "&nbsp;" + quoted[1:]
    return quoted.replace("  ", " &nbsp;")


class _TextMaker(HTMLParser):
    """Makes text of HTML: blocks and breaks become lines, runs of white space one blank."""

    _SILENT: Final = frozenset({"head", "style", "script", "title"})
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
        super().__init__(convert_charrefs=True)
        self._lines: list[str] = [""]
        self._silent = 0
        self._link = ""
        self._link_text = ""

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        """Begin an element."""
        if tag in self._SILENT:
            self._silent += 1
        elif tag == "br":
            self._lines.append("")
        elif tag == "hr":
            self._begin_line()
            self._lines[-1] = _RULE
            self._lines.append("")
        elif tag == "a":
            self._link, self._link_text = dict(attrs).get("href") or "", ""
        elif tag in self._BLOCKS:
            self._begin_line()

    def handle_endtag(self, tag: str) -> None:
        """End an element."""
        if tag in self._SILENT:
            self._silent = max(0, self._silent - 1)
        elif tag == "a":
            if self._link and self._link_text.strip() != self._link:
                self._lines[-1] += f"<{self._link}>"
            self._link = ""
        elif tag in self._BLOCKS:
            self._begin_line()
            if tag == "p":
                self._lines.append("")

    def handle_data(self, data: str) -> None:
        """Take text up."""
        if self._silent:
            return
        collapsed = re.sub(r"[ \t\r\n]+", " ", data)
        if not self._lines[-1] or self._lines[-1].endswith(" "):
            collapsed = collapsed.removeprefix(" ")
        self._lines[-1] += collapsed
        self._link_text += collapsed

    def text(self) -> str:
        """The lines, without what trails; ends in CRLF unless empty."""
        lines = [line.replace(_HARD_BLANK, " ").rstrip() for line in self._lines]
        whole = "\r\n".join(lines).rstrip("\r\n")
        return whole + "\r\n" if whole else ""

    def _begin_line(self) -> None:
        if self._lines[-1].strip(" "):
            self._lines.append("")
        else:
            self._lines[-1] = ""
