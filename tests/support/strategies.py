"""Appointments for Hypothesis: few values of each field, so that two of them often agree.

Each case is one number, whose digits choose: thousands of cases take seconds, and the simplest
cases are those of small numbers.
"""

import os
from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Final, TypeVar

from hypothesis import HealthCheck, settings
from hypothesis import strategies as st

from calsync_agent.appointment.fields import Field
from calsync_agent.appointment.model import Appointment, Importance, ShowAs
from calsync_agent.domain.policy import Policy, Priority

_T = TypeVar("_T")

AT_NIGHT: Final = os.environ.get("CALSYNC_PLAN_EXAMPLES")
MANY: Final = settings(
    max_examples=int(AT_NIGHT or 1000),
    derandomize=AT_NIGHT is None,
    deadline=None,
    database=None,
    suppress_health_check=list(HealthCheck),
)
"""As many cases as a run of all tests bears; more, and others each time, where asked for."""

MONDAY: Final = datetime(2026, 11, 30)
ZONES: Final = ("Europe/Vienna", "America/New_York", "UTC", "Antarctica/Troll", "Asia/Kolkata")
TEXTS: Final = ("Jour fixe", "", "Müller & Söhne <ä> 🎉", "x" * 400)
BODIES: Final = ("Text", "", "Zeile\n\n\n\n zwei   Worte \n", "a\tb\xa0c\r\nd 🎉 <b>&amp;</b>")
EDITED: Final = (
    Field.SUBJECT,
    Field.BODY,
    Field.LOCATION,
    Field.TIME,
    Field.IMPORTANCE,
    Field.PRIVATE,
    Field.SHOW_AS,
    Field.REMINDER,
)


class Digits:
    """A number taken apart, choice by choice."""

    def __init__(self, number: int) -> None:
        self._rest = number

    def one_of(self, *options: _T) -> _T:
        """One of them; the first where nothing is left."""
        return self.some(options)

    def some(self, options: Sequence[_T]) -> _T:
        """One of them."""
        self._rest, chosen = divmod(self._rest, len(options))
        return options[chosen]

    def appointment(self) -> Appointment:
        """A single appointment of one person."""
        all_day = self.one_of(False, False, True)  # noqa: FBT003 - options
        start = MONDAY + timedelta(days=self.one_of(0, 1))
        if all_day:
            end = start + timedelta(days=self.one_of(1, 2))
        else:
            start += timedelta(hours=self.one_of(9, 10, 23))
            end = start + timedelta(minutes=self.one_of(30, 0))
        return Appointment(
            subject=self.some(TEXTS),
            start=start,
            end=end,
            zone=self.some(ZONES),
            all_day=all_day,
            body=self.some(BODIES),
            location=self.some(TEXTS),
            importance=self.some(tuple(Importance)),
            private=self.one_of(False, True),  # noqa: FBT003 - options
            show_as=self.some(tuple(ShowAs)),
            reminder_minutes=self.one_of(None, 0, 15),
        )

    def fields(self) -> frozenset[Field]:
        """Which fields somebody edits; often none, or one."""
        match self.one_of(0, 1, 2):
            case 0:
                return frozenset()
            case 1:
                return frozenset({self.some(EDITED)})
        return frozenset(field for field in EDITED if self.one_of(False, True))  # noqa: FBT003

    def policy(self) -> Policy:
        """Both ways, mostly."""
        return Policy(
            inbound=self.one_of(True, True, False),  # noqa: FBT003 - options
            outbound=self.one_of(True, True, False),  # noqa: FBT003 - options
            priority=self.some(tuple(Priority)),
        )


def digits() -> st.SearchStrategy[Digits]:
    """Enough choices for any case."""
    return st.integers(0, 2**220).map(Digits)


def appointments() -> st.SearchStrategy[Appointment]:
    """Single appointments of one person."""
    return digits().map(Digits.appointment)
