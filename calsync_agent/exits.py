"""What the exit statuses of each command mean (contract, 1), for `--help` and the man page."""

from collections.abc import Mapping
from typing import Final, TypeAlias

from calsync_agent.i18n import _, marked

Meanings: TypeAlias = Mapping[int, str]
"""The meaning of each status; marked English texts."""

_DONE: Final = marked("done")
_SETTINGS: Final = marked(
    "the settings, the database or what was entered are wrong, and how is said"
)

USUAL: Final[Meanings] = {
    0: _DONE,
    1: marked("something does not answer for now, to be tried again later"),
    2: _SETTINGS,
}
"""What holds where nothing else is said."""

_EXITS: Final[Mapping[str, Meanings]] = {
    "run": {
        0: marked("stopped when asked to"),
        1: marked("something does not answer for now"),
        2: marked("the settings are wrong"),
    },
    "once": {
        0: marked("all is in step"),
        1: marked("a profile failed or is held, or an appointment was put aside, each named"),
        2: marked("the settings are wrong, the sign-in is refused, or the sync may not begin"),
    },
    "sandbox": {0: marked("stopped when asked to"), 2: _SETTINGS},
    "check": {
        0: marked("all is there"),
        1: marked("a mailbox, or who was to be found, is not to be had, or something is away"),
        2: marked("the sync would refuse to begin"),
    },
    "status": {
        0: marked("all is well"),
        1: marked("something needs a person"),
        2: marked("it cannot be told"),
    },
    "verify": {
        0: marked("both sides are equal"),
        1: marked("there are differences, or a mailbox could not be read"),
        2: _SETTINGS,
    },
    "duplicates": {
        0: marked("none are left"),
        1: marked("there are some, or a mailbox could not be read"),
        2: _SETTINGS,
    },
    "personal": {0: _DONE, 2: marked("there is no such employee, or their profile is active")},
    "calendar": {
        0: marked("both sides are equal"),
        1: marked("there are differences, or a mailbox could not be read"),
        2: _SETTINGS,
    },
    "support": {
        0: marked("the file is written, also where some of it was not to be had"),
        2: marked("the file cannot be written"),
    },
    "explain": {0: marked("something was found"), 1: marked("nothing was found"), 2: _SETTINGS},
    "confirm": {0: _DONE, 1: USUAL[1], 2: marked("there is no such profile, or it is not held")},
    "discard": {0: _DONE, 1: USUAL[1], 2: marked("there is no such profile, or it is not held")},
    "restore": {0: _DONE, 1: USUAL[1], 2: marked("no such version is kept")},
    "undo": {
        0: _DONE,
        1: marked("some appointments were left as they are, each named"),
        2: marked("the time is none, or there is no such profile"),
    },
    "adopt": {0: _DONE, 1: USUAL[1], 2: marked("there is nothing to be answered")},
    "manual": {0: _DONE, 2: marked("nothing has these words")},
    "completion": {0: _DONE},
    "profiles": {0: _DONE, 1: marked("some lines were left, each named"), 2: _SETTINGS},
    "service": {
        0: _DONE,
        1: marked("the service has ended again, or has not answered in time"),
        2: marked("Windows refuses that, the settings are wrong, or this is not Windows"),
    },
    "db import": {
        0: _DONE,
        1: marked("some entries were not taken, each named"),
        2: _SETTINGS,
    },
}
"""By the words of the command; of a command's own commands, those of the command hold."""


def meanings(command: str) -> Meanings:
    """What the exit statuses of a command mean, as in `meanings("db install")`."""
    return _EXITS.get(command) or _EXITS.get(command.partition(" ")[0]) or USUAL


def told(command: str) -> str:
    """The same as the last paragraph of its help, in the language spoken now."""
    each = (f"{status} {_(text)}" for status, text in meanings(command).items())
    return _("exit status: {meanings}").format(meanings="; ".join(each))
