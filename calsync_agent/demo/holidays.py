"""The public holidays of Austria: § 7 (2) Arbeitsruhegesetz."""

from datetime import date, timedelta
from typing import Final

from dateutil.easter import easter

_FIXED: Final = (
    ("Neujahr", 1, 1),
    ("Heilige Drei Könige", 1, 6),
    ("Staatsfeiertag", 5, 1),
    ("Mariä Himmelfahrt", 8, 15),
    ("Nationalfeiertag", 10, 26),
    ("Allerheiligen", 11, 1),
    ("Mariä Empfängnis", 12, 8),
    ("Weihnachten", 12, 25),
    ("Stephanstag", 12, 26),
)
_AFTER_EASTER: Final = (
    ("Ostermontag", 1),
    ("Christi Himmelfahrt", 39),
    ("Pfingstmontag", 50),
    ("Fronleichnam", 60),
)


def holidays(year: int) -> list[tuple[date, str]]:
    """The thirteen public holidays of a year in their order, with their names in the law."""
    sunday = easter(year)
    return sorted(
        [(date(year, month, day), name) for name, month, day in _FIXED]
        + [(sunday + timedelta(days), name) for name, days in _AFTER_EASTER]
    )
