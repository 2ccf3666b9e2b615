"""What a command says: results on stdout, what is wrong on stderr, a line at a time.

The one way to either: nothing that comes from outside ends a line, or is obeyed by a terminal.
"""

import json
import os
import sys

from calsync_agent.errors import Trouble
from calsync_agent.i18n import message
from calsync_agent.visible import visible


class Unheard(Trouble):
    """The output cannot be written: its disk is full, or whatever it goes to is gone."""


def say(line: object) -> None:
    """A line of the result. Raises BrokenPipeError where nobody reads on, and Unheard."""
    try:
        sys.stdout.write(f"{visible(str(line))}\n")
    except BrokenPipeError:
        raise
    except OSError as error:
        raise _unheard(error) from None


def say_json(value: object) -> None:
    """The result as JSON, indented."""
    for line in json.dumps(value, ensure_ascii=False, indent=1).split("\n"):
        say(line)


def flush() -> None:
    """See the result out. Raises as `say` does."""
    try:
        sys.stdout.flush()
    except BrokenPipeError:
        raise
    except OSError as error:
        raise _unheard(error) from None


def give_up() -> None:
    """Let go of what was not written, which Python would try once more at its end."""
    os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())


def _unheard(error: OSError) -> Unheard:
    give_up()
    reason = error.strerror or type(error).__name__
    return Unheard(message("the output cannot be written: {reason}", reason=reason))


def warn(line: object) -> None:
    """A line about what is wrong."""
    if sys.stderr is not None:  # a service on Windows may have none
        sys.stderr.write(f"{visible(str(line))}\n")
