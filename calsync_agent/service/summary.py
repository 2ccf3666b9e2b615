"""What cycles did, in one sentence."""

from collections.abc import Mapping
from typing import Final

from calsync_agent.i18n import Message, Value, marked, message
from calsync_agent.sync.job import Count

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


def summary(counts: Mapping[Count, int], *, without: frozenset[Count] = frozenset()) -> Message:
    """`created in Consolidate: 3, linked: 2`."""
    done: Value = ""
    for count, words in _WORDS.items():
        if counts.get(count) and count not in without:
            one = message("{what}: {amount}", what=message(words), amount=counts[count])
            done = message("{some}, {more}", some=done, more=one) if done else one
    return done if isinstance(done, Message) else message("in step, nothing to do")
