"""Texts as they are compared: without what neither HTML nor a database keeps."""

import re
from typing import Final

_LOST: Final = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\x7f\ud800-\udfff\ufeff]")
_RULE: Final = re.compile(r"_{20,}")
_CUT: Final = "…"


def plain(text: object) -> str:
    """A text with each run of blanks as one."""
    return " ".join(_LOST.sub("", text if isinstance(text, str) else "").split())


def own_words(text: object, join_url: str) -> str:
    """A body without the block by which people join an online meeting, where there is one.

    The block reaches from the last line drawn before its link to the first like one after it.
    """
    whole = text if isinstance(text, str) else ""
    if not join_url or join_url not in whole:
        return whole
    before, _link, after = whole.partition(join_url)
    drawn = list(_RULE.finditer(before))
    if not drawn:
        return before.rpartition("\n")[0]
    like = (one for one in _RULE.finditer(after) if len(one[0]) == len(drawn[-1][0]))
    closing = next(like, None)
    return before[: drawn[-1].start()] + (after[closing.end() :] if closing else "")


def alike(one: str, other: str) -> bool:
    """Whether two texts say the same, or one is the other cut at a limit (D2)."""
    first, second = ("".join(text.split()) for text in (one, other))
    if first == second:
        return True
    return _cut(first, second) or _cut(second, first)


def _cut(short: str, long: str) -> bool:
    return short.endswith(_CUT) and len(short) > 1 and long.startswith(short[: -len(_CUT)])
