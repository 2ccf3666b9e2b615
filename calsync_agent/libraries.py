"""A library that does not load, said in one line; works with nothing else loaded.

A wheel for another Python, a missing DLL or a system too old shows itself only when the library is
imported, which may be anywhere, by ImportError or by OSError.
"""

import linecache
import re
from collections.abc import Iterator
from types import TracebackType
from typing import Final

from calsync_agent.i18n import Message, message

_OURS: Final = ("calsync_agent", "calsync_tui")
_IMPORT: Final = re.compile(r"\s*(?:import|from)\s+([A-Za-z_]\w*)")
_LONGEST: Final = 200


def unloadable(error: BaseException) -> Message | None:
    """What to do about a library that did not load; None where it is something else."""
    if not isinstance(error, ImportError | OSError):
        return None
    importing = list(_imports(error.__traceback__))
    if not importing and not isinstance(error, ImportError):
        return None
    named = [name for name in importing if name not in _OURS]
    told = error.name.partition(".")[0] if isinstance(error, ImportError) and error.name else None
    return message(
        "the library {library} cannot be loaded ({detail}). Install calsync anew with the Python"
        " that runs it; if that does not help, a system library is missing: on Windows the"
        " Microsoft Visual C++ Redistributable, elsewhere the package that the reason names",
        library=told or (named[-1] if named else "-"),
        detail=" ".join(str(error).split())[:_LONGEST] or type(error).__name__,
    )


def _imports(trace: TracebackType | None) -> Iterator[str]:
    """The modules that were being imported, outermost first."""
    while trace is not None:
        line = linecache.getline(trace.tb_frame.f_code.co_filename, trace.tb_lineno)
        if (found := _IMPORT.match(line)) is not None:
            yield found[1]
        trace = trace.tb_next
