"""What differs between the two sides of one appointment: a pure function of both."""

from collections.abc import Iterator
from dataclasses import dataclass

from calsync_agent.verifying.here import Span
from calsync_agent.verifying.texts import alike
from calsync_agent.verifying.values import Happening, Moment, Side


@dataclass(frozen=True, slots=True)
class Found:
    """One difference of a pair; `occurrence`: of which one of a series."""

    field: str
    here: object
    there: object
    occurrence: Moment | None = None


def compare(here: Side, there: Side, role: str, span: Span, *, voice: bool) -> Iterator[Found]:
    """All differences. `voice`: this copy is the one that Consolidate's side comes from."""
    if here.series != there.series:
        yield Found("recurrence", here.series, there.series)
        return
    if here.all_day != there.all_day:
        yield Found("all_day", here.all_day, there.all_day)
        return
    if here.series:
        yield from _occurrences(here, there, span)
    else:
        mine, theirs = (next(iter(side.happenings.values())) for side in (here, there))
        yield from _happening(mine, theirs)
    if role != "copy" or voice:
        yield from _manner(here, there)
    if role != "copy":
        yield from _category(here, there)
    if role == "copy" and voice and here.organizer != there.organizer:
        yield Found("organizer", here.organizer, there.organizer)
    if role == "organizer":
        yield from _people(here, there)
    if role != "plain" and there.join_url and here.join_url != there.join_url:
        yield Found("online_meeting_url", here.join_url, there.join_url)


def _occurrences(here: Side, there: Side, span: Span) -> Iterator[Found]:
    for at in sorted(here.happenings.keys() | there.happenings.keys()):
        mine, theirs = here.happenings.get(at), there.happenings.get(at)
        if mine is None or theirs is None:
            one = mine or theirs
            if one is not None and span.inside(at) and span.inside(one.start):
                yield Found("occurrence", mine and mine.start, theirs and theirs.start, at)
            continue
        for found in _happening(mine, theirs):
            yield Found(found.field, found.here, found.there, at)


def _happening(mine: Happening, theirs: Happening) -> Iterator[Found]:
    for name in ("start", "end"):
        one, other = getattr(mine, name), getattr(theirs, name)
        if one != other:
            yield Found(name, one, other)
    for name in ("subject", "location", "body"):
        one, other = getattr(mine, name), getattr(theirs, name)
        if not alike(one, other):
            yield Found(name, one, other)


def _manner(here: Side, there: Side) -> Iterator[Found]:
    if here.manner is None or there.manner is None:
        return
    for name in ("importance", "private", "show_as", "reminder"):
        one, other = getattr(here.manner, name), getattr(there.manner, name)
        if one != other:
            yield Found("reminder_minutes" if name == "reminder" else name, one, other)


def _category(here: Side, there: Side) -> Iterator[Found]:
    """Whether the event has the category of the type; others that it has beside it do no harm."""
    own = {each.casefold() for each in here.categories}
    held = {each.strip().casefold() for each in there.categories} & here.bound
    if own - held or (held and not own):
        yield Found("category", ", ".join(here.categories), ", ".join(there.categories))


def _people(here: Side, there: Side) -> Iterator[Found]:
    if here.people.keys() != there.people.keys():
        yield Found("participants", sorted(here.people), sorted(there.people))
    both = here.people.keys() & there.people.keys()
    # Whoever declined by deleting stays declined here, which the organizer's event does not tell
    # (F6, G13).
    deleted = {n for n in both if (here.people[n], there.people[n]) == ("declined", "none")}
    mine, theirs = ({n: side.people[n] for n in sorted(both - deleted)} for side in (here, there))
    if mine != theirs:
        yield Found("responses", mine, theirs)
