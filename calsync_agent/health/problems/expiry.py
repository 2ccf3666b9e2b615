"""What the agents sign in with ends soon (H3)."""

from collections.abc import Iterator
from datetime import timedelta
from typing import Final

from calsync_agent.health.problems.problem import Kind, Problem, Weight
from calsync_agent.health.situation import Situation
from calsync_agent.i18n import counted, message

DAYS_BEFORE: Final = (30, 14, 3)
"""When it is said; from the last one on it is urgent."""


def expiring(situation: Situation) -> Iterator[Problem]:
    """Each end once, however many agents sign in with the same."""
    pulse = situation.pulse
    ends = {one.credential_expires_at for one in pulse.alive if one.credential_expires_at}
    for end in sorted(ends):
        left = end - pulse.now
        stage = sum(left <= timedelta(days=days) for days in DAYS_BEFORE)
        if stage == 0:
            continue
        told = counted(
            "The certificate that the agent signs in with ends in {count} day, on {date}",
            "The certificate that the agent signs in with ends in {count} days, on {date}",
            max(left.days, 0),
            date=end.date().isoformat(),
        )
        yield Problem(
            Kind.CREDENTIAL_EXPIRES,
            Weight.ERROR if stage == len(DAYS_BEFORE) else Weight.WARNING,
            told,
            message(
                "Make a new one, enter it in Microsoft Entra ID beside the old one, and put it into"
                " exchange.certificate_file; the agent takes it over while it runs"
            ),
            about=end.isoformat(),
            stage=stage,
        )
