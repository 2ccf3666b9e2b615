"""What cycles did, in one sentence."""

from collections import Counter
from collections.abc import Iterable, Mapping
from typing import Final, TypeVar

from calsync_agent.appointment.model import ActivityId
from calsync_agent.domain.hold import Held, HoldKind
from calsync_agent.domain.policy import Profile
from calsync_agent.i18n import Message, Value, marked, message
from calsync_agent.plan.job import Count
from calsync_agent.state.quarantine import Quarantined

_Kind = TypeVar("_Kind")

_MOST_NAMED: Final = 10
"""Appointments that a line names."""

_WORDS: Final = {
    Count.CREATED_IN_CONSOLIDATE: marked("created in Consolidate"),
    Count.CHANGED_IN_CONSOLIDATE: marked("changed in Consolidate"),
    Count.DELETED_IN_CONSOLIDATE: marked("deleted in Consolidate"),
    Count.CREATED_IN_EXCHANGE: marked("created in Exchange"),
    Count.CHANGED_IN_EXCHANGE: marked("changed in Exchange"),
    Count.DELETED_IN_EXCHANGE: marked("deleted in Exchange"),
    Count.LINKED: marked("linked"),
    Count.CONFLICTS: marked("conflicts"),
    Count.MAILS_INSIDE: marked("mails inside"),
    Count.MAILS_OUTSIDE: marked("mails outside"),
    Count.HELD: marked("held"),
    Count.QUARANTINED: marked("not synced"),
    Count.OVERTAKEN: marked("overtaken by another change"),
    Count.UNANSWERED: marked("without an answer"),
}
"""All counts, in the order in which they are told."""

_WAITING: Final = {
    HoldKind.DELETE_IN_CONSOLIDATE: marked("deletions in Consolidate"),
    HoldKind.DELETE_IN_EXCHANGE: marked("deletions in Exchange"),
    HoldKind.MAIL: marked("changes that would mail people"),
}


def summary(counts: Mapping[Count, int], *, without: frozenset[Count] = frozenset()) -> Message:
    """`created in Consolidate: 3, linked: 2`."""
    told = {count: words for count, words in _WORDS.items() if count not in without}
    return _listed(counts, told) or message("in step, nothing to do")


def waiting(held: Iterable[Held]) -> Message:
    """What a held profile waits to do: `deletions in Exchange: 14`."""
    return _listed(Counter(one.kind for one in held), _WAITING) or message("nothing")


def aside_line(profile: Profile, one: Quarantined) -> Message:
    """That an item of a profile is not synced, and why (B8)."""
    return message(
        "profile {profile} ({mailbox}): not synced: {name}: {reason}",
        profile=profile.id,
        mailbox=profile.mailbox,
        name=one.known_as,
        reason=one.reason,
    )


def in_use_line(appointments: Iterable[ActivityId]) -> Message:
    """That somebody's transaction keeps appointments from being synced: which, by their ids."""
    ids = sorted(map(str, appointments))
    named = ", ".join(ids[:_MOST_NAMED])
    if len(ids) <= _MOST_NAMED:
        return message(
            "{count} appointments wait until somebody's transaction in Consolidate has ended:"
            " {ids}",
            count=len(ids),
            ids=named,
        )
    return message(
        "{count} appointments wait until somebody's transaction in Consolidate has ended: {ids}"
        " and {more} more",
        count=len(ids),
        ids=named,
        more=len(ids) - _MOST_NAMED,
    )


def held_line(profile: Profile, reason: Message) -> Message:
    """That something of a profile waits for an admin, and why (B7, F8)."""
    return message(
        "profile {profile} ({mailbox}): {reason}",
        profile=profile.id,
        mailbox=profile.mailbox,
        reason=reason,
    )


def _listed(amounts: Mapping[_Kind, int], words: Mapping[_Kind, str]) -> Message | None:
    done: Value = ""
    for kind, what in words.items():
        if amounts.get(kind):
            one = message("{what}: {amount}", what=message(what), amount=amounts[kind])
            done = message("{some}, {more}", some=done, more=one) if done else one
    return done if isinstance(done, Message) else None
