"""Where an appointment stands in one mailbox that is synced: without event, and with one."""

from collections.abc import Iterator
from typing import Final

from calsync_agent.domain.activity import Activity, BrokenActivity, Sending
from calsync_agent.domain.link import Role
from calsync_agent.explaining.case import Answer, Around, Case, State
from calsync_agent.explaining.following import closed_out, private, upcoming
from calsync_agent.i18n import message

_NEXT_CYCLE: Final = message("the next cycle carries it over")


def unlinked(case: Case, how: Around) -> Iterator[Answer]:
    """Why an appointment has no event here; the last reason always holds."""
    relation = case.relation
    if isinstance(case.activity, BrokenActivity):
        yield Answer(
            State.QUARANTINED,
            ("B8",),
            message("it cannot be synced for now: {reason}", reason=case.activity.reason),
            upcoming(case, how, message("it is sent as soon as that is mended")),
        )
    if case.busy:
        yield _in_use(case, how)
    if relation is None or relation.wanted is None:
        yield _not_theirs(case)
    if not case.in_scope and case.window is not None:
        yield Answer(
            State.NOT_SENT,
            ("C1",),
            message(
                "it ended before {date}, where the window begins, and is no open series",
                date=case.window.start.date().isoformat(),
            ),
            message("nothing, unless its time changes"),
        )
    if closed_out(case):
        yield Answer(
            State.WAITING,
            ("A2",),
            message("outbound is switched off, so that nothing is written to Exchange"),
            message("it is sent once outbound is switched on"),
        )
    if relation is not None and (not relation.ready or relation.unexamined):
        yield Answer(
            State.WAITING,
            ("G10",),
            message("it belonged into another mailbox before, whose event comes first"),
            upcoming(case, how, _NEXT_CYCLE),
        )
    if not case.compared:
        yield Answer(
            State.TO_SEND,
            ("B4",),
            message("the profile's first sync is not done yet"),
            upcoming(case, how, message("the first sync pairs it with an event, or sends it")),
        )
    yield Answer(
        State.TO_SEND,
        ("A1", "A4"),
        message("it is new in Consolidate, and not sent yet"),
        upcoming(case, how, private(case, message("the next cycle sends it"))),
    )


def _not_theirs(case: Case) -> Answer:
    """Why this mailbox ought to have no event of ours."""
    activity, relation = case.activity, case.relation
    rules: tuple[str, ...] = ("F2",)
    if isinstance(activity, Activity) and activity.from_outside:
        rules, why = ("F4", "F5"), message("somebody outside organizes it, and no copy lies here")
        following = message("it is linked when a copy of the meeting comes into the mailbox")
    elif relation is not None and relation.inside:
        rules, why = (
            ("F1",),
            message("Exchange delivers it, from the mailbox of who is responsible"),
        )
        following = message("the copy is linked as soon as Exchange has delivered it")
    elif case.takes_part:
        why = message("they have declined, or the meeting lives in Exchange already")
        following = message("nothing, unless that changes")
    else:
        why = message("they neither are responsible for it nor take part")
        following = message("nothing, unless that changes")
    return Answer(State.NOT_SENT, rules, why, following)


def linked(case: Case, how: Around) -> Iterator[Answer]:
    """What is to be said of an appointment that has an event here, or is about to."""
    link, activity = case.link, case.activity
    if link is None:
        return
    if case.busy:
        yield _in_use(case, how)
    gone = activity is None or activity.deleted
    withdrawn = isinstance(activity, Activity) and activity.sending is Sending.NONE
    if gone or withdrawn:
        why = message("it is deleted in Consolidate, and still linked to an event")
        if withdrawn and not gone:
            why = message("its activity type is not sent any more, and an event is still linked")
        rules = ("C4",) if withdrawn and not gone else ("A3", "B7")
        if closed_out(case):
            following = message("the event is removed once outbound is switched on")
            yield Answer(State.WAITING, ("A2", *rules), why, following)
        following = message("the next cycle removes the event")
        yield Answer(State.TO_REMOVE, rules, why, upcoming(case, how, following))
    if isinstance(activity, BrokenActivity):
        reason = activity.reason
        why = message("it cannot be synced for now: {reason}", reason=reason)
        following = message("it is kept in step again as soon as that is mended")
        yield Answer(State.QUARANTINED, ("B8",), why, upcoming(case, how, following))
    if link.event_id is None:
        why = message("an event was about to be made; whether it was is not known yet")
        rules = ("B2a",) if link.unfound else ("B2",)
        following = message("the next cycle looks for it, and makes it where it is not there")
        yield Answer(State.WAITING, rules, why, upcoming(case, how, following))
    if link.unfinished:
        why = message("a write to Exchange was cut off")
        yield Answer(State.TO_SEND, ("B1",), why, upcoming(case, how, _NEXT_CYCLE))
    if case.changed and link.role is Role.COPY:
        yield Answer(
            State.TO_SEND,
            ("F5", "F6"),
            message("it was changed in Consolidate, but is a copy of somebody's meeting"),
            upcoming(case, how, message("only an answer is sent; the rest is put back")),
        )
    if case.changed and closed_out(case):
        why = message("it was changed in Consolidate, and outbound is switched off")
        following = message("the change is sent once outbound is switched on")
        yield Answer(State.WAITING, ("A2",), why, following)
    if case.changed:
        why = message("it was changed in Consolidate since both were in step")
        yield Answer(State.TO_SEND, ("A1", "A3"), why, upcoming(case, how, _NEXT_CYCLE))
    yield _in_step(case, how)


def _in_step(case: Case, how: Around) -> Answer:
    rules: tuple[str, ...] = ("A5",)
    why = message("it is linked, and both sides were the same when last compared")
    if isinstance(case.activity, Activity) and case.activity.sending is Sending.PRIVATE:
        rules, why = (
            ("C4",),
            message("it is linked; its activity type makes it private in Exchange"),
        )
    elif not case.in_scope:
        rules, why = ("C3",), message("it is linked; it has left the window and stays where it is")
    following = message("changes of either side are carried over")
    if not case.inbound:
        rules, following = (*rules, "A2"), message("changes made in Exchange wait: inbound is off")
    return Answer(State.IN_STEP, rules, why, upcoming(case, how, following))


def _in_use(case: Case, how: Around) -> Answer:
    return Answer(
        State.WAITING,
        ("B14",),
        message("somebody is at work on it in Consolidate: their transaction is not committed"),
        upcoming(case, how, message("it is looked at again as soon as that has ended")),
    )
