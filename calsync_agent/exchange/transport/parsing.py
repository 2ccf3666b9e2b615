"""An answer's bytes as JSON, whatever a server, a proxy or an attacker has put into them (B9a).

What is usual is read at once. What is large is read in a thread, and by Python's own scanner: it
lets the loop take its turns, which the quick one does not. What is nested beyond measure loses
what lies too deep, and a number that no computer holds becomes infinite: both cost the item that
they stand in, and no other.
"""

import asyncio
import json
import json.scanner
import re
from typing import Any, Final

HEAVY: Final = 512 * 1024
"""Bytes from which on reading leaves the loop."""

DEEPEST: Final = 64
"""How deep values may lie in each other; Graph's lie less than twenty deep."""

_LONGEST_NUMBER: Final = 308  # digits: what a number of any computer takes, sign and all

# A text is passed over as a whole, cut off or not: each character is looked at once.
_MARK: Final = re.compile(r'"[^"\\]*(?:\\.[^"\\]*)*(?:"|\\?\Z)|[\[\]{}]', re.DOTALL)


async def parsed(content: bytes) -> object:
    """The value that `content` holds. Raises ValueError."""
    if len(content) > HEAVY:
        return await asyncio.to_thread(patiently, content)
    try:
        found: object = json.loads(content)
    except (json.JSONDecodeError, UnicodeDecodeError):
        raise
    except (RecursionError, ValueError):  # too deep, or a number too long
        return await asyncio.to_thread(patiently, content)
    return found


def patiently(content: bytes) -> object:
    """The same for content that is large or odd. Raises ValueError."""
    text = content.decode(json.detect_encoding(content), "surrogatepass")
    decoder: Any = json.JSONDecoder(parse_int=_number)
    scanner: Any = json.scanner  # the stubs know the quick one only
    decoder.scan_once = scanner.py_make_scanner(decoder)
    try:
        found: object = decoder.decode(text)
    except RecursionError:
        found = decoder.decode(shallow(text))
    return found


def _number(text: str) -> int | float:
    return int(text) if len(text) <= _LONGEST_NUMBER else float(text)


def shallow(text: str) -> str:
    """JSON in which null stands in place of what lies deeper than `DEEPEST`."""
    kept: list[str] = []
    depth = begin = 0
    for mark in _MARK.finditer(text):
        sign = mark.group()
        if sign in {"[", "{"}:
            depth += 1
            if depth == DEEPEST + 1:
                kept += text[begin : mark.start()], "null"
        elif sign in {"]", "}"}:
            if depth == DEEPEST + 1:
                begin = mark.end()
            depth -= 1
    if depth <= DEEPEST:
        kept.append(text[begin:])
    return "".join(kept)
