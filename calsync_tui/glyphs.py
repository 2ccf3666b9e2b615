"""Every sign that is no letter, with its twin for plain terminals.

Only signs that Consolas, Lucida Console and PuTTY's fonts have. A sign never stands without the
word that it illustrates, and none is an emoji.
"""

from dataclasses import dataclass, fields
from typing import Final


@dataclass(frozen=True, slots=True)
class Glyphs:
    """The signs of one kind of terminal."""

    well: str
    off: str
    warning: str
    error: str
    waiting: str
    marked: str
    current: str
    to: str
    outwards: str
    """From Consolidate to Exchange, or only in Consolidate."""
    inwards: str
    """From Exchange to Consolidate, or only in Exchange."""
    same: str
    differs: str
    kept: str
    shade: str
    """Where something is missing."""
    left_edge: str
    right_edge: str
    separator: str
    ellipsis: str
    more_above: str
    more_below: str
    horizontal: str
    vertical: str
    levels: str
    """From nothing to the most, for a sparkline."""


RICH: Final = Glyphs(
    well="●",
    off="○",
    warning="▲",
    error="■",
    waiting="◊",
    marked="√",
    current="►",
    to="→",
    outwards="►",
    inwards="◄",
    same="=",
    differs="≠",
    kept="≡",
    shade="░",
    left_edge="▌",
    right_edge="▐",
    separator="·",
    ellipsis="…",
    more_above="▲",
    more_below="▼",
    horizontal="─",
    vertical="│",
    levels="▁▂▃▄▅▆▇█",
)

PLAIN: Final = Glyphs(
    well="*",
    off="o",
    warning="!",
    error="#",
    waiting="?",
    marked="x",
    current=">",
    to="->",
    outwards=">",
    inwards="<",
    same="=",
    differs="<>",
    kept="%",
    shade=":",
    left_edge="|",
    right_edge="|",
    separator="-",
    ellipsis="...",
    more_above="^",
    more_below="v",
    horizontal="-",
    vertical="|",
    levels="_.-=+*#@",
)


class _Current:
    """The signs of this process's terminal; it has one terminal, as it has one language."""

    glyphs: Glyphs = RICH


def use(glyphs: Glyphs) -> None:
    """Show these from now on."""
    _Current.glyphs = glyphs


def shown() -> Glyphs:
    """The signs to show now."""
    return _Current.glyphs


def is_plain() -> bool:
    """Whether the terminal takes ASCII only."""
    return _Current.glyphs is PLAIN


def to_ascii(text: str) -> str:
    """A text of ours with the signs that have twins replaced; letters stay as they are."""
    for field in fields(Glyphs):
        if field.name != "levels":
            text = text.replace(getattr(RICH, field.name), getattr(PLAIN, field.name))
    return text
