"""Appointments for Hypothesis: few values of each field, so that two of them often agree."""

import os
from datetime import datetime, timedelta
from typing import Final

from hypothesis import HealthCheck, settings
from hypothesis import strategies as st

from calsync_agent.appointment.content import Field
from calsync_agent.appointment.model import Appointment, Importance, ShowAs
from calsync_agent.state.profiles import Policy, Priority

AT_NIGHT: Final = os.environ.get("CALSYNC_PLAN_EXAMPLES")
MANY: Final = settings(
    max_examples=int(AT_NIGHT or 300),
    derandomize=AT_NIGHT is None,
    deadline=None,
    database=None,
    suppress_health_check=list(HealthCheck),
)
"""As many cases as a run of all tests bears; more, and others each time, where asked for."""

MONDAY: Final = datetime(2026, 11, 30)
ZONES: Final = ("Europe/Vienna", "America/New_York", "UTC", "Antarctica/Troll", "Asia/Kolkata")

TEXTS: Final = ("", "Jour fixe", "Müller & Söhne <ä> 🎉", "x" * 600)
BODIES: Final = ("", "Text", "Zeile\n\n\n\n zwei   Worte \n", "a\tb\xa0c\r\nd 🎉 <b>&amp;</b>")


def _timed() -> st.SearchStrategy[tuple[datetime, datetime, str, bool]]:
    def made(hours: int, length: int, zone: str) -> tuple[datetime, datetime, str, bool]:
        start = MONDAY + timedelta(hours=hours)
        return start, start + timedelta(minutes=length), zone, False

    return st.builds(made, st.integers(0, 3), st.sampled_from((0, 30)), st.sampled_from(ZONES))


def _all_day() -> st.SearchStrategy[tuple[datetime, datetime, str, bool]]:
    def made(day: int, length: int, zone: str) -> tuple[datetime, datetime, str, bool]:
        start = MONDAY + timedelta(days=day)
        return start, start + timedelta(days=length), zone, True

    return st.builds(made, st.integers(0, 1), st.integers(1, 2), st.sampled_from(ZONES))


def appointments() -> st.SearchStrategy[Appointment]:
    """Single appointments of one person."""

    def made(
        time: tuple[datetime, datetime, str, bool],
        subject: str,
        body: str,
        location: str,
        importance: Importance,
        private: bool,  # noqa: FBT001 - Hypothesis passes it by position
        show_as: ShowAs,
        reminder: int | None,
    ) -> Appointment:
        start, end, zone, all_day = time
        return Appointment(
            subject=subject[:500],
            start=start,
            end=end,
            zone=zone,
            all_day=all_day,
            body=body,
            location=location[:500],
            importance=importance,
            private=private,
            show_as=show_as,
            reminder_minutes=reminder,
        )

    return st.builds(
        made,
        st.one_of(_timed(), _all_day()),
        st.sampled_from(TEXTS),
        st.sampled_from(BODIES),
        st.sampled_from(TEXTS),
        st.sampled_from(Importance),
        st.booleans(),
        st.sampled_from(ShowAs),
        st.sampled_from((None, 0, 15)),
    )


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


def fields() -> st.SearchStrategy[frozenset[Field]]:
    """Which fields somebody edits; often none."""
    return st.one_of(st.just(frozenset[Field]()), st.frozensets(st.sampled_from(EDITED)))


def policies() -> st.SearchStrategy[Policy]:
    """Both ways, mostly."""
    way = st.sampled_from((True, True, False))
    return st.builds(Policy, inbound=way, outbound=way, priority=st.sampled_from(Priority))
