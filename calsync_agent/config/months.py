"""How far a window may reach, in the settings and for a profile; light, for the command line."""

from typing import Final

PAST_MONTHS: Final = range(121)
FUTURE_MONTHS: Final = range(1, 61)
