"""The order in which people expect names: `Room 2` before `Room 10`, whatever is capital."""

import re
from typing import TypeAlias

Key: TypeAlias = tuple[tuple[str, int], ...]

_DIGITS = re.compile(r"(\d+)")


def natural(text: str) -> Key:
    """What texts are sorted by."""
    parts = _DIGITS.split(text.casefold())
    words, numbers = parts[::2], [int(number) for number in parts[1::2]]
    return tuple(zip(words, [*numbers, -1], strict=True))
