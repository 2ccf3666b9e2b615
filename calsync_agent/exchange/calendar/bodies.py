"""Bodies of events: text in and out, and what an online meeting put there kept as it is.

A body that is written without its join block disables the meeting (GRAPH.md 2.2). What of a
body is generated is decided in `appointment/generated.py`, by the event's own join link, for
reading, comparing and writing alike; here it is found again in the HTML that Exchange keeps (D7).
"""

import re
from collections.abc import Mapping
from typing import Any, Final

from calsync_agent.appointment.generated import joined, own_text
from calsync_agent.appointment.text import folded, one_line, paragraphs
from calsync_agent.exchange.calendar.html_text import html_of, html_to_text
from calsync_agent.exchange.calendar.join_block import Block, body_begin, find_block

_BODY_END: Final = re.compile(r"</body", re.IGNORECASE)


def own_link(item: Mapping[str, Any]) -> str | None:
    """The join link of an event that is an online meeting; None where it is none, or has none."""
    return join_link(item) if item.get("isOnlineMeeting") is True else None


def join_link(item: Mapping[str, Any]) -> str | None:
    """The link that Graph gives an event, whatever it calls it; as a row and a body can hold it."""
    meeting = item.get("onlineMeeting")
    links = (
        (meeting or {}).get("joinUrl") if isinstance(meeting, dict) else None,
        item.get("onlineMeetingUrl"),
    )
    return next(filter(None, (one_line(link) for link in links if isinstance(link, str))), None)


def read_body(body: Mapping[str, Any] | None, link: str | None) -> str:
    """The text of an `itemBody`, without the join block that belongs to `link`."""
    content = str((body or {}).get("content") or "")
    if str((body or {}).get("contentType") or "text").lower() == "html":
        content = html_to_text(content)
    return own_text(paragraphs(content), link).strip("\n").rstrip()


def rewritten(document: str, link: str | None, present: str, wanted: str) -> str | None:
    """The stored HTML of an online meeting's body with `wanted` as its text.

    `present` is its text as it was read: people's own, or all of it where the block was not certain
    there. None where it is not certain that the block stays what and where it is.
    """
    block = find_block(document, link) if link else None
    if block is None or link is None:
        return None
    wanted = paragraphs(wanted)
    whole = _around(block.text, present) is not None
    around: tuple[str | None, str | None] | None = None
    if whole:
        around = _around(block.text, wanted)
    elif block.ruled and _read_without(block, present):
        around = _divided(block, wanted)
    if around is None:
        return None
    made = _composed(document, block, *around)
    again = find_block(made, link)
    kept = document[block.start : block.end]
    if again is None or kept not in made[again.start : again.end] or again.ruled != block.ruled:
        return None
    read = again.whole if whole else joined(again.above, again.below)
    return made if _words(read) == _words(wanted) else None


def _read_without(block: Block, present: str) -> bool:
    """Whether the text was read without the block: it holds no rules but people's own."""
    rule = _words(block.text)[0]
    own = _words(block.above).count(rule) + _words(block.below).count(rule)
    return _words(present).count(rule) == own


def _divided(block: Block, wanted: str) -> tuple[str | None, str | None]:
    """What of a text goes above the block and what below; None for what stays as it is."""
    lines, below = wanted.split("\n"), _words(block.below)
    filled = [at for at, line in enumerate(lines) if line.strip()]
    if not below:
        return wanted, None
    if len(below) <= len(filled) and _words(wanted)[-len(below) :] == below:
        return "\n".join(lines[: filled[-len(below)]]), None
    above = _words(block.above)
    if above and len(above) <= len(filled) and _words(wanted)[: len(above)] == above:
        return None, "\n".join(lines[filled[len(above) - 1] + 1 :])
    return wanted, ""


def _around(block: str, text: str) -> tuple[str, str] | None:
    """What of a text stands above and below the words of the block; None where they do not."""
    sought = "\n".join(["", *_words(block), ""])
    lines = text.split("\n")
    filled = [at for at, line in enumerate(lines) if line.strip()]
    searched = "\n".join(["", *_words(text), ""])
    at = searched.find(sought)
    if at < 0 or not block.strip() or searched.find(sought, at + 1) >= 0:
        return None
    first = searched.count("\n", 0, at)
    last = first + sought.count("\n") - 2
    return "\n".join(lines[: filled[first]]), "\n".join(lines[filled[last] + 1 :])


def _words(text: str) -> list[str]:
    """The lines of a text that hold words, as far as a round trip through HTML keeps them."""
    return [line for line in folded(paragraphs(text)).split("\n") if line]


def _composed(document: str, block: Block, above: str | None, below: str | None) -> str:
    """The document with other text around the block."""
    begin = body_begin(document)
    begin = begin if begin <= block.start else 0
    head, tail = document[: block.start], document[block.end :]
    if above is not None:
        outer = [document[tag.start : tag.end] for tag in block.outside if tag.start >= begin]
        head = document[:begin] + html_of(above) + "".join(outer)
    if below is not None:
        inner = [f"</{tag.name}>" for tag in reversed(block.outside) if tag.start >= begin]
        closing = [found.start() for found in _BODY_END.finditer(tail)]
        rest = tail[closing[-1] :] if closing else ""
        tail = "".join(inner) + html_of(below) + rest
    return head + document[block.start : block.end] + tail
