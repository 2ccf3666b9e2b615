"""Work on texts from outside: what is heavy for its size leaves the loop (B8).

In a thread it holds the others up for no longer than one step of it takes.
"""

import asyncio
from collections.abc import Callable, Iterator, Mapping
from typing import Any, Final, TypeVar

LIGHT: Final = 20_000
"""Characters that are read at once: a few milliseconds, less than a thread is worth."""

T = TypeVar("T")


async def weighed(weight: int, work: Callable[[], T]) -> T:
    """The result of `work`, done in a thread where it is heavy."""
    return work() if weight <= LIGHT else await asyncio.to_thread(work)


def weight(answer: Mapping[str, Any] | None) -> int:
    """How many characters of text an answer holds, of events, pages and series alike."""
    return sum(map(len, _texts(answer)))


def _texts(answer: object) -> Iterator[str]:
    match answer:
        case {"value": list(items)}:
            for item in items:
                yield from _texts(item)
        case dict():
            body, occurrences = answer.get("body"), answer.get("exceptionOccurrences")
            content = body.get("content") if isinstance(body, dict) else None
            yield from (text for text in (content, answer.get("subject")) if isinstance(text, str))
            if isinstance(occurrences, list):
                for occurrence in occurrences:
                    yield from _texts(occurrence)
