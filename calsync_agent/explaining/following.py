"""What follows from an answer, or what has to come before that."""

from datetime import datetime

from calsync_agent.domain.activity import Activity
from calsync_agent.explaining.case import Around, Case
from calsync_agent.i18n import Message, message


def upcoming(case: Case, how: Around, following: Message) -> Message:
    """What follows, or what has to come before it."""
    fare = case.profile.fare if case.profile is not None else None
    if not how.attended:
        return message("nothing, until an agent runs; then: {what}", what=following)
    if fare is not None and fare.error is not None:
        return message(
            "the mailbox has to be reached first ({reason}); then: {what}",
            reason=fare.error,
            what=following,
        )
    return following


def private(case: Case, following: Message) -> Message:
    """What follows, and that it is private where it is."""
    if isinstance(case.activity, Activity) and case.activity.appointment.private:
        return message("{what}, as private", what=following)
    return following


def closed_out(case: Case) -> bool:
    """Whether nothing may be written to Exchange (A2)."""
    return not case.outbound


def restorable(case: Case) -> Message:
    """That nothing follows, but for what an admin may bring back (B6)."""
    if not case.versions:
        return message("nothing")
    number = case.versions[0].id
    return message("nothing; `restore {number}` brings back what was kept last", number=number)


def minute(moment: datetime) -> str:
    """A time to the minute."""
    return f"{moment:%Y-%m-%d %H:%M}"
