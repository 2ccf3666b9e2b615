"""What rows mean, made anew only where they are others than the last time."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any, Generic, TypeAlias, TypeVar

_T = TypeVar("_T")

Tuples: TypeAlias = Sequence[tuple[Any, ...]]


@dataclass(frozen=True, slots=True, eq=False)
class Remade(Generic[_T]):
    """Rows as they were read, and what they mean."""

    rows: Tuples
    value: _T


def remade(rows: Tuples, before: Remade[_T] | None, of: Callable[[Tuples], _T]) -> Remade[_T]:
    """What these rows mean; the very same object as `before` where they are the same rows."""
    if before is not None and before.rows == rows:
        return before
    return Remade(rows, of(rows))
