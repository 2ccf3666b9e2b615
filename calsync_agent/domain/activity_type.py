"""What activity types mean in Exchange (`calsync_type`): a category, an online meeting (I2, I3)."""

from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass, field, replace

from calsync_agent.appointment.comparable import category_key
from calsync_agent.appointment.generated import is_generated
from calsync_agent.appointment.model import Appointment
from calsync_agent.domain.activity import Activity, BrokenActivity


@dataclass(frozen=True, slots=True)
class Meaning:
    """What one activity type means in Exchange; `private`: it makes its appointments so (C4)."""

    category: str | None = None
    online_meeting: bool = False
    private: bool = False


@dataclass(frozen=True, slots=True)
class Types:
    """The activity types that mean anything in Exchange.

    Types that are not sent (C4) are none of them: whoever gave an event their category would have
    it withdrawn. `usual`: what an appointment becomes whose category is taken away, the type that
    those from Exchange get; None where that is not sent either.
    """

    meanings: Mapping[int, Meaning] = field(default_factory=dict)
    usual: int | None = None

    def of(self, number: int | None) -> Meaning:
        """What a type means."""
        return _NOTHING if number is None else self.meanings.get(number, _NOTHING)

    def categories_of(self, number: int) -> tuple[str, ...]:
        """The category of a type, if it has one."""
        category = self.of(number).category
        return () if category is None else (category,)

    def shown(self, activity: Activity | BrokenActivity | None) -> Activity | BrokenActivity | None:
        """As `known`, of whatever there is."""
        return self.known(activity) if isinstance(activity, Activity) else activity

    def known(self, activity: Activity) -> Activity:
        """An activity of which its appointment tells what its type means."""
        appointment = self.as_type(activity.appointment, activity.type_id)
        known = appointment is activity.appointment
        return activity if known else replace(activity, appointment=appointment)

    def as_type(self, appointment: Appointment, number: int) -> Appointment:
        """An appointment with what its type means; one with a link of its own needs no other."""
        categories, link = self.categories_of(number), appointment.join_url
        online = self.of(number).online_meeting and (link is None or is_generated(link))
        if (appointment.categories, appointment.online) == (categories, online):
            return appointment
        return replace(appointment, categories=categories, online=online)

    def bound(self, appointment: Appointment) -> Appointment:
        """An event's appointment with those of its categories that types are bound to.

        What others it has is no affair of the sync.
        """
        if not appointment.categories:
            return appointment
        known = {category_key(c) for m in self.meanings.values() if (c := m.category)}
        kept = tuple(c for c in appointment.categories if category_key(c) in known)
        return (
            appointment
            if len(kept) == len(appointment.categories)
            else replace(appointment, categories=kept)
        )

    def with_type(self, appointment: Appointment, number: int) -> Appointment:
        """An event's appointment as it is in Consolidate, being of this type."""
        typed, private = self.as_type(appointment, number), self.of(number).private
        return replace(typed, private=True) if private and not typed.private else typed

    def turned(self, number: int, held: Collection[str], *, taken_away: bool = False) -> int:
        """The type that an appointment of type `number` has once its event holds these categories.

        A category besides its own is one that the event has been given since: the first in the
        table counts where several types are bound to it. `taken_away`: its own was there before.
        """
        keys = set(map(category_key, held))
        own = set(map(category_key, self.categories_of(number)))
        given = self._first(keys - own)
        if given is not None:
            return given
        gone = own and not own & keys and taken_away
        return self.usual if gone and self.usual is not None else number

    def given(self, held: Collection[str]) -> int | None:
        """The type that an event comes in with, by its categories."""
        return self._first(set(map(category_key, held)))

    def on_event(self, present: Iterable[str], wanted: Appointment) -> tuple[str, ...]:
        """All categories of an event that gets those of an appointment; others stay as they are."""
        bound = {category_key(c) for m in self.meanings.values() if (c := m.category)}
        own = {category_key(c): c for c in wanted.categories}
        kept = [c for c in present if category_key(c) in own or category_key(c) not in bound]
        there = set(map(category_key, kept))
        return (*kept, *(c for key, c in own.items() if key not in there))

    def _first(self, keys: Collection[str]) -> int | None:
        if not keys:
            return None
        having = (
            number
            for number, meaning in self.meanings.items()
            if meaning.category is not None and category_key(meaning.category) in keys
        )
        return min(having, default=None)


_NOTHING = Meaning()
