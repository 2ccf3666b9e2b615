"""Where a case stands and why: a pure function of what is known (H4).

The first reason that holds is the one that is given: what is true of the appointment itself before
what is true of a profile, and that before what is true of everything.
"""

from collections.abc import Iterator
from typing import Final

from calsync_agent.domain.activity import Activity, BrokenActivity, Sending
from calsync_agent.domain.event import nameless
from calsync_agent.domain.hold import Held, HoldKind, Verdict
from calsync_agent.explaining.case import Answer, Around, Case, State
from calsync_agent.explaining.following import minute, restorable, upcoming
from calsync_agent.explaining.in_mailbox import linked, unlinked
from calsync_agent.health.profiles import ProfileLine
from calsync_agent.health.profiles import State as Faring
from calsync_agent.i18n import Message, message
from calsync_agent.state.quarantine import NEVER


def explain(case: Case, how: Around) -> Answer:
    """The answer to a case."""
    return next(_reasons(case, how))


def _reasons(case: Case, how: Around) -> Iterator[Answer]:
    """All that hold, the most telling first; the last one always does."""
    yield from _of_the_row(case)
    yield from _of_everything(how)
    profile = case.profile
    if profile is None:
        yield _without_profile(case)
        return
    yield from _of_the_profile(profile)
    yield from _set_aside(case, profile, how)
    if case.activity_id is None:
        yield _only_told(case, how)
    elif case.link is None:
        yield from unlinked(case, how)
    else:
        yield from linked(case, how)


def _of_the_row(case: Case) -> Iterator[Answer]:
    """What keeps an appointment that has no event from having one, whatever the profiles are."""
    if case.link is not None or case.activity_id is None or case.quarantined or case.held:
        return
    match case.activity:
        case None if not case.busy:
            yield Answer(
                State.DELETED,
                ("A3",),
                message("there is no such appointment in Consolidate any more"),
                restorable(case),
            )
        case Activity(deleted=True) | BrokenActivity(deleted=True):
            yield Answer(
                State.DELETED,
                ("A3",),
                message("it is deleted in Consolidate, and no event is linked to it"),
                restorable(case),
            )
        case Activity(sending=Sending.NONE):
            yield Answer(
                State.NOT_SENT,
                ("C4",),
                message("its activity type is not sent (calendar_sync is none)"),
                message("nothing, until it gets another type, or the type another calendar_sync"),
            )


def _of_everything(how: Around) -> Iterator[Answer]:
    if how.provider is None or not how.provider.tenant_id.strip():
        yield Answer(
            State.NOT_SYNCED,
            ("B10",),
            message("no provider is set up: there is no row of calsync_provider with a tenant"),
            message("nothing is synced until a tenant is entered"),
        )
    elif how.health.refused is not None:
        yield Answer(
            State.NOT_SYNCED,
            ("B10",),
            message("nothing is synced at present: {reason}", reason=how.health.refused),
            message("the agent begins by itself as soon as that is put right"),
        )
    elif how.health.copied:
        yield Answer(
            State.NOT_SYNCED,
            ("B12",),
            message("this database is a copy of another one, so that nothing is written"),
            message("nothing, until `adopt` has said which database this is"),
        )


def _without_profile(case: Case) -> Answer:
    match case.activity:
        case Activity() | BrokenActivity():
            return Answer(
                State.NOT_SENT,
                ("F1", "F2"),
                message("nobody who is responsible or takes part has a profile"),
                message("it is sent once one of them has an active profile"),
            )
    return Answer(
        State.NOT_LINKED,
        ("B6",),
        message("only the log or the history tells of it; nothing is linked to it now"),
        restorable(case),
    )


def _of_the_profile(line: ProfileLine) -> Iterator[Answer]:
    name = line.employee.title
    match line.state:
        case Faring.PAUSED:
            yield Answer(
                State.NOT_SYNCED,
                ("C5",),
                message("the profile of {name} is inactive", name=name),
                message("nothing is lost: once it is active it goes on where it stopped"),
            )
        case Faring.NOT_PERMITTED:
            yield Answer(
                State.NOT_SYNCED,
                ("C5",),
                message("{name} is inactive, or the sync is not permitted to them", name=name),
                message("nothing is lost: once it is permitted it goes on where it stopped"),
            )
        case Faring.NO_MAILBOX:
            yield Answer(
                State.NOT_SYNCED,
                ("B8",),
                message("the profile of {name} names no mailbox", name=name),
                message("nothing, until a mailbox is entered"),
            )
        case Faring.DOUBLE:
            yield Answer(
                State.NOT_SYNCED,
                ("I4",),
                message("another active profile has the mailbox of {name}", name=name),
                message("nothing, until one of the two is corrected or made inactive"),
            )


def _set_aside(case: Case, line: ProfileLine, how: Around) -> Iterator[Answer]:
    """What waits for an admin, for its time, or for somebody else."""
    held, aside, copy = case.held, case.quarantined, case.waiting
    if held is not None:
        rule = "F8" if held.kind is HoldKind.MAIL else "B7"
        why = _HELD[held.kind]
        yield Answer(State.HELD, (rule,), why, _after_the_verdict(case, held, line, how))
    if aside is not None:
        never = aside.next_at >= NEVER
        retried = message("it is tried again at once when it changes on either side")
        if not never:
            retried = message(
                "it is tried again at {time} UTC, and at once when it changes on either side",
                time=minute(aside.next_at),
            )
        yield Answer(
            State.QUARANTINED,
            ("B8", "G4"),
            message("it cannot be synced for now: {reason}", reason=aside.reason),
            upcoming(case, how, retried),
        )
    if copy is not None:
        yield Answer(
            State.WAITING,
            ("F4",),
            message("it is a copy of a meeting whose organizer's own event comes first"),
            upcoming(
                case,
                how,
                message("it is linked as soon as that is known, or taken over after ten minutes"),
            ),
        )


def _after_the_verdict(case: Case, held: Held, line: ProfileLine, how: Around) -> Message:
    match held.verdict:
        case Verdict.CONFIRMED:
            return upcoming(case, how, message("it was confirmed: the next cycle does it"))
        case Verdict.DISCARDED:
            return upcoming(case, how, message("it was discarded: the next cycle brings it back"))
        case None:
            return message(
                "it waits for an administrator: confirm {profile} or discard {profile}",
                profile=line.row.id,
            )


def _only_told(case: Case, how: Around) -> Answer:
    """An event of which nothing but a line is left."""
    why = message("only the log tells of it; no appointment is linked to it now")
    if case.event_id is not None and nameless(case.event_id):
        why = message("Exchange showed it without an id, so that it cannot be read")
    following = message("it is read again when it changes in Exchange")
    return Answer(State.NOT_LINKED, ("B5",), why, upcoming(case, how, following))


_HELD: Final = {
    HoldKind.DELETE_IN_CONSOLIDATE: message(
        "its deletion in Consolidate waits: there were too many deletions at once"
    ),
    HoldKind.DELETE_IN_EXCHANGE: message(
        "its deletion in Exchange waits: there were too many deletions at once"
    ),
    HoldKind.MAIL: message("what is to be sent would mail people: there were too many mails"),
}
