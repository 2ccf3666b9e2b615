"""HTML in pieces, as Exchange reads it: once, from its beginning to its end, whatever it is."""

import re
from collections.abc import Iterator
from html import unescape
from typing import Final, NamedTuple

_STOP: Final = re.compile("[>\"']")
_NAME: Final = re.compile("[a-z][a-z0-9:-]*", re.IGNORECASE)
_HREF: Final = re.compile("href[ \t\r\n]*=[ \t\r\n]*(\"[^\"]*\"|'[^']*'|[^ >\"']+)", re.IGNORECASE)
_REFERENCE: Final = re.compile(
    "&(#[0-9]{1,7}|#x[0-9a-f]{1,6}|[a-z][a-z0-9]{1,31});?", re.IGNORECASE
)
_UNREAD: Final = {
    name: re.compile(f"</{name}", re.IGNORECASE) for name in ("script", "style", "title")
}
_SCRIPT: Final = re.compile(r"<script\b", re.IGNORECASE)
_SCRIPT_END: Final = re.compile("</script[ \t\r\n]*>", re.IGNORECASE)
_BLANKS: Final = " \t\r\n"


class Piece(NamedTuple):
    """Text, or a tag: `+name` opens and `-name` closes an element; `href` is a link's address."""

    tag: str
    text: str = ""
    href: str = ""


def pieces(html: str) -> Iterator[Piece]:
    """The pieces that count; what never ends takes the rest with it."""
    at = 0
    while at < len(html):
        begin = html.find("<", at)
        if begin != at:
            yield Piece("", _resolved(html[at:] if begin < 0 else html[at:begin]))
        if begin < 0:
            return
        if html.startswith("<!--", begin):
            end = html.find("-->", begin + 4)
            at = end + 3
        elif html.startswith(("<!", "<?"), begin):
            end = html.find(">", begin)
            at = end + 1
        else:
            closing = html.startswith("</", begin)
            found = _NAME.match(html, begin + 1 + closing)
            if found is None:
                yield Piece("", "<")
                at = begin + 1
                continue
            end, name = _end_of_tag(html, found.end()), found[0].lower()
            at = end + 1
            if end >= 0:
                yield _tag(name, html[found.end() : end], closing=closing)
            if end >= 0 and not closing and name in _UNREAD:
                over = _UNREAD[name].search(html, at)
                end = at = over.start() if over else -1
        if end < 0:
            return


def without_scripts(html: str) -> str:
    """The document without what could run in it."""
    kept: list[str] = []
    at = 0
    while (begin := _SCRIPT.search(html, at)) is not None:
        end = _SCRIPT_END.search(html, begin.end())
        if end is None:
            break
        kept.append(html[at : begin.start()])
        at = end.end()
    return "".join([*kept, html[at:]])


def after_tag(html: str, name: str) -> int:
    """Where the first opening tag of that name ends; -1 where there is none."""
    found = re.search(rf"<{name}\b", html, re.IGNORECASE)
    end = html.find(">", found.end()) if found else -1
    return end + 1 if end >= 0 else -1


def _tag(name: str, rest: str, *, closing: bool) -> Piece:
    if closing:
        return Piece(f"-{name}")
    found = _HREF.search(rest) if name == "a" else None
    return Piece(f"+{name}", href=_resolved(found[1].strip("\"'")) if found else "")


def _end_of_tag(html: str, at: int) -> int:
    """Where the `>` of a tag stands; in a quoted value it is a sign like others."""
    while (found := _STOP.search(html, at)) is not None:
        if found[0] == ">":
            return found.start()
        at = found.end()
        before = found.start() - 1
        while html[before] in _BLANKS:
            before -= 1
        if html[before] == "=":
            at = html.find(found[0], at) + 1
            if at == 0:
                return -1
    return -1


def _resolved(text: str) -> str:
    return _REFERENCE.sub(lambda found: unescape(found[0]), text) if "&" in text else text
