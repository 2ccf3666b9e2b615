"""Work on texts from outside: what is heavy for its size leaves the loop (B8).

In a thread it holds the others up for no longer than one step of it takes.
"""

import asyncio
from collections.abc import Callable, Iterator, Mapping
from typing import Any, Final, TypeVar

LIGHT: Final = 20_000
"""Characters of bodies that are read at once: a few milliseconds, less than a thread is worth."""

T = TypeVar("T")


async def weighed(weight: int, work: Callable[[], T]) -> T:
    """The result of `work`, done in a thread where it is heavy."""
    return work() if weight <= LIGHT else await asyncio.to_thread(work)


def weight(answer: Mapping[str, Any] | None) -> int:
    """How many characters of bodies an answer holds, of events, pages and series alike."""
    return sum(map(len, _contents(answer)))


def _contents(answer: object) -> Iterator[str]:
    match answer:
        case {"value": list(items)}:
            for item in items:
                yield from _contents(item)
        case {"body": {"content": str(content)}, **others}:
            yield content
            occurrences = others.get("exceptionOccurrences")
            if isinstance(occurrences, list):
                for occurrence in occurrences:
                    yield from _contents(occurrence)
