"""How much one cycle may do without asking: the guard against mass deletions and mail (B7, F8)."""

from dataclasses import dataclass

from calsync_agent.i18n import Message, message
from calsync_agent.state.history import Side


@dataclass(frozen=True, slots=True)
class Limits:
    """What an admin allows. A number of deletions has to pass both limits to be too many."""

    max_deletes: int
    max_delete_percent: int
    max_mails: int


@dataclass(frozen=True, slots=True)
class Plans:
    """What a cycle is about to do: deletions by side, and mails; of so many links."""

    in_consolidate: int
    in_exchange: int
    mails: int
    links: int


@dataclass(frozen=True, slots=True)
class Ruling:
    """Which of it has to wait for an admin, and why."""

    deletions: frozenset[Side] = frozenset()
    mails: bool = False
    reasons: tuple[Message, ...] = ()


def judge(plans: Plans, limits: Limits) -> Ruling:
    """What of the plans is too much."""
    held: set[Side] = set()
    reasons: list[Message] = []
    if _too_many(plans.in_consolidate, plans.links, limits):
        held.add(Side.CONSOLIDATE)
        reasons.append(
            message(
                "{count} of {links} appointments would be deleted in Consolidate at once;"
                " they wait for: calsync-agent confirm or discard",
                count=plans.in_consolidate,
                links=plans.links,
            )
        )
    if _too_many(plans.in_exchange, plans.links, limits):
        held.add(Side.EXCHANGE)
        reasons.append(
            message(
                "{count} of {links} events would be deleted in Exchange at once;"
                " they wait for: calsync-agent confirm or discard",
                count=plans.in_exchange,
                links=plans.links,
            )
        )
    too_much_mail = plans.mails > limits.max_mails
    if too_much_mail:
        reasons.append(
            message(
                "Exchange would mail {count} people at once; what makes it do so waits for:"
                " calsync-agent confirm or discard",
                count=plans.mails,
            )
        )
    return Ruling(frozenset(held), too_much_mail, tuple(reasons))


def _too_many(deletes: int, links: int, limits: Limits) -> bool:
    return deletes > limits.max_deletes and deletes * 100 > limits.max_delete_percent * links
