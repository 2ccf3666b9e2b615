"""How much may be done without asking: the guard against mass deletions and mail (B7, F8).

It remembers: what was done in the last hour, and in the last day, counts together with what a cycle
would add, so that many a little makes too much as well.
"""

from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Final

from calsync_agent.appointment.model import ActivityId
from calsync_agent.domain.deed import Deed, Mailed, Past
from calsync_agent.domain.hold import HoldKind
from calsync_agent.domain.version import Side
from calsync_agent.i18n import Message, message
from calsync_agent.plan.mail_forecast import Mails

ALL_TOGETHER: Final = 10
"""How many times as much all profiles together may delete."""

DELETING: Final = {
    Side.CONSOLIDATE: HoldKind.DELETE_IN_CONSOLIDATE,
    Side.EXCHANGE: HoldKind.DELETE_IN_EXCHANGE,
}


@dataclass(frozen=True, slots=True)
class Limits:
    """What an admin allows; deletions of an hour have to pass both limits to be too many."""

    max_deletes: int
    max_delete_percent: int
    max_deletes_a_day: int
    max_mails: int
    max_mails_a_day: int


@dataclass(frozen=True, slots=True)
class Plans:
    """What a cycle is about to do: the deletions on each side, and whom it mails for what."""

    deletions: Mapping[Side, frozenset[ActivityId]] = field(default_factory=dict)
    mailing: Mapping[ActivityId, Mails] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Ruling:
    """Which of it has to wait for an admin, and why."""

    deletions: frozenset[Side] = frozenset()
    mails: bool = False
    reasons: tuple[Message, ...] = ()

    def __or__(self, other: "Ruling") -> "Ruling":
        """What either holds."""
        reasons = self.reasons + tuple(r for r in other.reasons if r not in self.reasons)
        return Ruling(self.deletions | other.deletions, self.mails or other.mails, reasons)


def waiting_for(kinds: Collection[HoldKind]) -> Ruling:
    """What has to wait because something of its kind waits already."""
    sides = frozenset(side for side, kind in DELETING.items() if kind in kinds)
    return Ruling(sides, mails=HoldKind.MAIL in kinds)


def allowed(plans: Plans, ruling: Ruling) -> Iterator[Deed]:
    """What of the plans is done, for the guard to remember."""
    waits = set[ActivityId]().union(*(plans.deletions.get(side, ()) for side in ruling.deletions))
    if ruling.mails:
        waits |= plans.mailing.keys()
    for side, numbers in plans.deletions.items():
        yield from (Deed(number, DELETING[side]) for number in numbers - waits)
    for number, mails in plans.mailing.items():
        if number not in waits:
            yield Deed(number, HoldKind.MAIL, mails.inside, mails.outside)


def judge(plans: Plans, past: Past, limits: Limits) -> Ruling:
    """What of the plans is too much."""
    ruling = Ruling()
    for side, planned in plans.deletions.items():
        if planned:
            ruling |= _of_deletions(side, planned, past, limits)
    return ruling | _of_mails(plans.mailing, past, limits)


def _of_deletions(side: Side, planned: frozenset[ActivityId], past: Past, limits: Limits) -> Ruling:
    kind = DELETING[side]
    before, in_day = past.hour.get(kind, frozenset()), past.day.get(kind, frozenset())
    hour, day = before | planned, in_day | planned
    ruling = Ruling()
    if _too_many(len(hour), past.links, limits.max_deletes, limits.max_delete_percent):
        ruling |= Ruling(frozenset({side}), reasons=(_within_an_hour(side, hour, past.links),))
    elif len(day) > limits.max_deletes_a_day:
        ruling |= Ruling(frozenset({side}), reasons=(_within_a_day(side, day, limits),))
    together = past.all_hour.get(kind, 0) + len(planned - before)
    most = ALL_TOGETHER * limits.max_deletes
    if _too_many(together, past.all_links, most, limits.max_delete_percent):
        reason = message(
            "{count} of {links} appointments of all profiles would be deleted within an hour; all"
            " deletions wait for: calsync-agent confirm or discard",
            count=together,
            links=past.all_links,
        )
        ruling |= Ruling(frozenset(Side), reasons=(reason,))
    return ruling


def _within_an_hour(side: Side, deleted: frozenset[ActivityId], links: int) -> Message:
    if side is Side.CONSOLIDATE:
        return message(
            "{count} of {links} appointments would be deleted in Consolidate within an hour;"
            " they wait for: calsync-agent confirm or discard",
            count=len(deleted),
            links=links,
        )
    return message(
        "{count} of {links} events would be deleted in Exchange within an hour;"
        " they wait for: calsync-agent confirm or discard",
        count=len(deleted),
        links=links,
    )


def _within_a_day(side: Side, deleted: frozenset[ActivityId], limits: Limits) -> Message:
    if side is Side.CONSOLIDATE:
        return message(
            "{count} appointments would be deleted in Consolidate within 24 hours, more than"
            " max_deletes_a_day ({most}); they wait for: calsync-agent confirm or discard",
            count=len(deleted),
            most=limits.max_deletes_a_day,
        )
    return message(
        "{count} events would be deleted in Exchange within 24 hours, more than"
        " max_deletes_a_day ({most}); they wait for: calsync-agent confirm or discard",
        count=len(deleted),
        most=limits.max_deletes_a_day,
    )


def _of_mails(mailing: Mapping[ActivityId, Mails], past: Past, limits: Limits) -> Ruling:
    if not any(mails.total for mails in mailing.values()):
        return Ruling()
    hour = _mails(mailing, past.mailed_in_hour)
    day = _mails(mailing, past.mailed_in_day)
    if hour > limits.max_mails:
        reason = message(
            "Exchange would mail {count} people within an hour; what makes it do so waits for:"
            " calsync-agent confirm or discard",
            count=hour,
        )
        return Ruling(mails=True, reasons=(reason,))
    if day > limits.max_mails_a_day:
        reason = message(
            "Exchange would mail {count} people within 24 hours, more than max_mails_a_day"
            " ({most}); what makes it do so waits for: calsync-agent confirm or discard",
            count=day,
            most=limits.max_mails_a_day,
        )
        return Ruling(mails=True, reasons=(reason,))
    return Ruling()


def _mails(mailing: Mapping[ActivityId, Mails], past: Mailed) -> int:
    open_before = sum(count for number, count in past.unsure.items() if number not in mailing)
    return past.certain + open_before + sum(mails.total for mails in mailing.values())


def _too_many(deletes: int, links: int, most: int, percent: int) -> bool:
    return deletes > most and deletes * 100 > percent * links
