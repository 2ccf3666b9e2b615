"""Which way the category goes between an appointment's type and its event (I2).

It is decided apart from the other fields, because a type cannot be empty: an event without the
category takes nothing from its appointment, unless the category was taken away from it there.
"""

from dataclasses import dataclass
from typing import Final

from calsync_agent.appointment.comparable import category_key
from calsync_agent.appointment.content import changed, fingerprint
from calsync_agent.appointment.fields import Field
from calsync_agent.domain.activity import Activity
from calsync_agent.domain.event import Event
from calsync_agent.plan.matrix import Change
from calsync_agent.plan.pair import Pair
from calsync_agent.plan.projection import outward_fields

CATEGORY: Final = frozenset({Field.CATEGORY})


@dataclass(frozen=True, slots=True)
class Both:
    """What is written of fields on both sides of a pair that is there on both."""

    consolidate: Change | None
    exchange: Change | None


def with_category(pair: Pair, planned: Both, *, inward: bool) -> Both:
    """What is planned, with the category going the way that it has to go.

    `inward`: it is Exchange's version that is taken over, where both have one.
    """
    if not pair.types.meanings:
        return planned
    comes, goes = _ways(pair, inward=inward)
    goes = goes and Field.CATEGORY in outward_fields(pair.role)
    consolidate, exchange = _others(planned.consolidate), _others(planned.exchange)
    if comes:
        consolidate |= CATEGORY
    if goes:
        exchange |= CATEGORY
    return Both(
        Change(consolidate) if consolidate else None, Change(exchange) if exchange else None
    )


def new_type(pair: Pair) -> int | None:
    """The type that the appointment takes because of its event; None where it keeps its own."""
    if not isinstance(pair.activity, Activity) or not isinstance(pair.event, Event):
        return None
    number = pair.activity.type_id
    turned = pair.types.turned(number, pair.theirs.categories, taken_away=_taken_away(pair))
    return None if turned == number else turned


def sent_back(pair: Pair) -> frozenset[Field]:
    """What an event has to be given that is about to come in for the first time."""
    event = pair.event
    if not isinstance(event, Event) or not event.is_organizer:
        return frozenset()
    number = pair.types.given(pair.theirs.categories)
    meaning = pair.types.of(pair.types.usual if number is None else number)
    lacks = meaning.category is not None and category_key(meaning.category) not in _held(pair)
    private = meaning.private and not pair.theirs.private
    return (CATEGORY if lacks else frozenset()) | (
        frozenset({Field.PRIVATE}) if private else frozenset()
    )


def comes_by_copy(pair: Pair) -> bool:
    """Whether the category of an attendee's copy is taken over; it is never written there (F5)."""
    return bool(pair.types.meanings) and _changed_there(pair) and new_type(pair) is not None


def _ways(pair: Pair, *, inward: bool) -> tuple[bool, bool]:
    """Whether the category comes in, and whether it goes out."""
    own, held = _own(pair), _held(pair)
    if own == held:
        return False, False
    if pair.link is None:
        if own and own <= held:
            return False, False  # others that types are bound to were there before
    elif not (_changed_here(pair) or _changed_there(pair)):
        return False, False
    if not inward or not (held or _taken_away(pair)):
        return False, True
    turned = new_type(pair)
    if turned is None:
        return False, True
    return True, set(map(category_key, pair.types.categories_of(turned))) != held


def _taken_away(pair: Pair) -> bool:
    """Whether somebody took the type's category away in Outlook, and nobody changed the type."""
    return pair.link is not None and _changed_there(pair) and not _changed_here(pair)


def _own(pair: Pair) -> set[str]:
    return set(map(category_key, pair.mine.categories))


def _held(pair: Pair) -> set[str]:
    return set(map(category_key, pair.theirs.categories))


def _changed_here(pair: Pair) -> bool:
    if pair.link is None:
        return True
    return Field.CATEGORY in changed(pair.link.consolidate, fingerprint(pair.mine))


def _changed_there(pair: Pair) -> bool:
    if pair.link is None:
        return True
    return Field.CATEGORY in changed(pair.link.exchange, fingerprint(pair.theirs))


def _others(change: Change | None) -> frozenset[Field]:
    return change.fields - CATEGORY if change else frozenset()
