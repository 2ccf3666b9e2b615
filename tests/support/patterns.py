"""Tells of a regular expression whether its cost can grow faster than what it reads.

Searching is linear where no long run can be in vain: whatever follows an unbounded repetition must
be able to match nothing, and no repetition holds another unbounded one.
"""

import re
from collections.abc import Iterator
from re import _constants as op  # type: ignore[attr-defined]
from re import _parser as parser  # type: ignore[attr-defined]
from typing import Any, Final

_REPEATS: Final = {op.MAX_REPEAT, op.MIN_REPEAT, op.POSSESSIVE_REPEAT}


def dangers(pattern: re.Pattern[str]) -> list[str]:
    """What makes a pattern's cost doubtful; empty where it is linear for certain."""
    return list(_dangers(parser.parse(pattern.pattern, pattern.flags), behind=False))


def _dangers(parsed: Any, *, behind: bool) -> Iterator[str]:
    """`behind`: what stands behind these elements may fail to match."""
    items = list(parsed)
    for at, (kind, argument) in enumerate(items):
        fails = behind or any(_needed(item) for item in items[at + 1 :])
        if kind in _REPEATS:
            _, most, inner = argument
            endless = most == op.MAXREPEAT
            if endless and fails:
                yield f"what follows a repetition may fail: {argument}"
            if endless and any(_endless(item) for item in inner):
                yield f"a repetition within a repetition: {argument}"
            yield from _dangers(inner, behind=fails)
        for inner in _inside(kind, argument):
            yield from _dangers(inner, behind=fails)


def _inside(kind: Any, argument: Any) -> list[Any]:
    if kind is op.SUBPATTERN:
        return [argument[3]]
    if kind is op.BRANCH:
        return list(argument[1])
    if kind in {op.ASSERT, op.ASSERT_NOT}:
        return [argument[1]]
    return [argument] if kind is op.ATOMIC_GROUP else []


def _endless(item: Any) -> bool:
    kind, argument = item
    if kind in _REPEATS:
        return bool(argument[1] == op.MAXREPEAT) or any(map(_endless, argument[2]))
    return any(_endless(one) for inner in _inside(kind, argument) for one in inner)


def _needed(item: Any) -> bool:
    """Whether an element may fail to match."""
    kind, argument = item
    if kind in _REPEATS:
        return bool(argument[0] > 0)
    if kind is op.SUBPATTERN:
        return any(map(_needed, argument[3]))
    if kind is op.BRANCH:
        return all(any(map(_needed, branch)) for branch in argument[1])
    return True


def nested(pattern: re.Pattern[str]) -> bool:
    """Whether something unbounded is repeated without bounds."""
    return _nested(parser.parse(pattern.pattern, pattern.flags))


def _nested(parsed: Any) -> bool:
    for kind, argument in parsed:
        if kind in _REPEATS:
            inner = argument[2]
            if argument[1] == op.MAXREPEAT and any(map(_endless, inner)):
                return True
            if _nested(inner):
                return True
        elif any(map(_nested, _inside(kind, argument))):
            return True
    return False
