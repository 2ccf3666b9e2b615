"""What the agents sign in with ends soon, or has been refused already (H3)."""

from collections.abc import Collection, Iterator
from datetime import datetime, timedelta
from typing import Final

from calsync_agent.health.problems.problem import Kind, Problem, Weight
from calsync_agent.health.situation import Situation
from calsync_agent.i18n import Message, counted, message
from calsync_agent.state.agents import SECRET, Signing

DAYS_BEFORE: Final = (30, 14, 3)
"""When it is said; from the last one on it is urgent."""


def expiring(situation: Situation) -> Iterator[Problem]:
    """What the living agents tell."""
    yield from of_agents([one.signing for one in situation.pulse.alive], situation.pulse.now)


def of_agents(signing: Collection[Signing], now: datetime) -> Iterator[Problem]:
    """Each end once, however many sign in with the same."""
    if any(one.spare for one in signing):
        yield _replaced()
    ends = {(one.ends_at, one.kind == SECRET) for one in signing if one.ends_at is not None}
    for end, secret in sorted(ends):
        left = end - now
        stage = sum(left <= timedelta(days=days) for days in DAYS_BEFORE)
        if stage == 0:
            continue
        yield Problem(
            Kind.CREDENTIAL_EXPIRES,
            Weight.ERROR if stage == len(DAYS_BEFORE) else Weight.WARNING,
            _secret(end, left) if secret else _certificate(end, left),
            _NEW_SECRET if secret else _NEW_CERTIFICATE,
            about=end.isoformat(),
            stage=stage,
        )


def _replaced() -> Problem:
    """The next secret is in use; it is the last one until another is entered beside it."""
    return Problem(
        Kind.CREDENTIAL_EXPIRES,
        Weight.WARNING,
        message(
            "Microsoft does not take the app's client secret any more; the agent signs in with"
            " the next one"
        ),
        message(
            "Put the next secret in the place of the present one (exchange.client_secret_file"
            " or client_secret_env), and empty client_secret_next_file or"
            " client_secret_next_env; the agent takes it over while it runs"
        ),
        about="spare",
    )


_NEW_SECRET: Final = message(
    "Make a new one in Microsoft Entra ID beside the old one (App registrations, Certificates &"
    " secrets) and put its value into the file or variable of the settings, and the new day into"
    " exchange.client_secret_expires where it was entered; the agent takes it over while it runs"
)
_NEW_CERTIFICATE: Final = message(
    "Make a new one, enter it in Microsoft Entra ID beside the old one, and put it into"
    " exchange.certificate_file; the agent takes it over while it runs"
)


def _secret(end: datetime, left: timedelta) -> Message:
    if left <= timedelta():
        return message(
            "The client secret that the agent signs in with has ended on {date}", date=_day(end)
        )
    return counted(
        "The client secret that the agent signs in with ends in {count} day, on {date}",
        "The client secret that the agent signs in with ends in {count} days, on {date}",
        left.days,
        date=_day(end),
    )


def _certificate(end: datetime, left: timedelta) -> Message:
    if left <= timedelta():
        return message(
            "The certificate that the agent signs in with has ended on {date}", date=_day(end)
        )
    return counted(
        "The certificate that the agent signs in with ends in {count} day, on {date}",
        "The certificate that the agent signs in with ends in {count} days, on {date}",
        left.days,
        date=_day(end),
    )


def _day(end: datetime) -> str:
    return end.date().isoformat()
