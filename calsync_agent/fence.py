"""The fence around each item: what goes wrong with one, foreseen or not, costs it alone (B8).

`guarded` is for work on one item. `passing` is for work that many items share, a transaction above
all: it finds out by trying which of them it cannot be done with. What was raised on purpose
(`CalsyncError`: a restarted database, a lost lease, a closed mailbox) is no item's fault and passes
through; so does what fails without any item.
"""

import logging
import traceback
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final, Generic, TypeVar

from calsync_agent.errors import CalsyncError
from calsync_agent.i18n import Message, message

_log: Final = logging.getLogger(__name__)
_T = TypeVar("_T")

HOPELESS: Final = 50
"""So many items in a row, and not one that goes through: then it is not the items."""


def guarded(work: Callable[[], _T], fallen: Callable[[Exception], _T]) -> _T:
    """What `work` gives for one item; where it fails, what `fallen` makes of the error."""
    try:
        return work()
    except CalsyncError:
        raise
    except Exception as error:  # noqa: BLE001 - this is the fence
        return fallen(error)


async def guarded_call(work: Callable[[], Awaitable[_T]], fallen: Callable[[Exception], _T]) -> _T:
    """The same for work that waits for something."""
    try:
        return await work()
    except CalsyncError:
        raise
    except Exception as error:  # noqa: BLE001 - this is the fence
        return fallen(error)


@dataclass(slots=True)
class Passed(Generic[_T]):
    """The items that work can be done with, all together, and the others with their reasons."""

    good: list[_T] = field(default_factory=list)
    fallen: list[tuple[_T, Message]] = field(default_factory=list)


async def passing(
    items: Sequence[_T], attempt: Callable[[Sequence[_T]], Awaitable[object]], met: Exception
) -> Passed[_T]:
    """Which of the items go through together, after all of them at once have `met` an error.

    `attempt` tries the work with some of them and must leave no trace. It is made a few times for
    each item that falls, and once more for each time that the number of items doubles. Raises `met`
    where the work fails without any item, or with every single one of very many.
    """
    try:
        await attempt([])
    except CalsyncError:
        raise
    except Exception:  # noqa: BLE001 - the first error is the one to tell
        raise met from None
    passed = Passed[_T]()
    await _sift(items, attempt, met, passed)
    return passed


async def _sift(
    some: Sequence[_T],
    attempt: Callable[[Sequence[_T]], Awaitable[object]],
    met: Exception,
    passed: Passed[_T],
) -> None:
    try:
        await attempt([*passed.good, *some])
    except CalsyncError:
        raise
    except Exception as error:  # noqa: BLE001 - this is the fence
        if len(some) == 1:
            passed.fallen.append((some[0], reason(error)))
            if len(passed.fallen) >= HOPELESS and not passed.good:
                raise met from None
            return
        half = len(some) // 2
        await _sift(some[:half], attempt, met, passed)
        await _sift(some[half:], attempt, met, passed)
    else:
        passed.good += some


def reason(error: Exception) -> Message:
    """What an item fell over, without anything that it holds.

    The error's own words are left out: they may quote what people wrote.
    """
    _log.error(message("an error that nobody foresaw costs an item: {detail}", detail=told(error)))
    _log.debug("unexpected", exc_info=error)
    return message("calsync does not get through with it ({detail})", detail=told(error))


def told(error: BaseException) -> str:
    """An error by its type and its place in the program, or by what the database calls it."""
    orig = getattr(error, "orig", None)
    if orig is not None:
        state = getattr(orig, "pgcode", None) or getattr(orig, "sqlite_errorname", None)
        kind = type(orig).__name__
        return f"{type(error).__name__}: {state or kind}"
    ours = [
        (Path(frame.f_code.co_filename), number)
        for frame, number in traceback.walk_tb(error.__traceback__)
        if "calsync_agent" in frame.f_code.co_filename
    ]
    what = type(error).__name__
    if isinstance(error, KeyError) and str(error.args[:1]).strip("(',)").isidentifier():
        what += f" {error.args[0]}"  # a property's or a column's name
    return f"{what} in {ours[-1][0].name}:{ours[-1][1]}" if ours else what
