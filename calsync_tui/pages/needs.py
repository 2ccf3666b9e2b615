"""What needs a person: the problems, those that are alike told once, and limits that are near."""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Final

from calsync_agent.appointment.model import ProfileId
from calsync_agent.health.problems import Kind, Problem, Weight, problems
from calsync_agent.health.profiles import ProfileLine
from calsync_agent.health.situation import Situation
from calsync_agent.i18n import _, ngettext
from calsync_tui.pages.limits import Limit

ONE_BY_ONE: Final = 3
"""So many held profiles are told one by one; more of them together."""
_NAMES: Final = 3


@dataclass(frozen=True, slots=True)
class Need:
    """One thing. `mend`: what is to be done; `profiles`: whom it is about."""

    kind: Kind | None
    grave: bool
    text: str
    mend: str
    since: datetime | None = None
    profiles: tuple[ProfileId, ...] = ()
    about: str = ""


def needs(situation: Situation, limits: Sequence[Limit] = ()) -> list[Need]:
    """All of them, what matters most first."""
    found = problems(situation)
    by_kind = {kind: [one for one in found if one.kind is kind] for kind in Kind}
    told: list[Need] = []
    for one in found:
        alike = by_kind[one.kind]
        if one.kind is Kind.QUARANTINED and len(alike) > 1:
            if one is alike[0]:
                told.append(
                    _together(situation, alike, _quarantined, lambda line: line.quarantined)
                )
        elif one.kind is Kind.PROFILE_HELD and len(alike) > ONE_BY_ONE:
            if one is alike[0]:
                told.append(_together(situation, alike, _held, lambda line: line.held))
        else:
            told.append(_alone(one))
    return [*told, *_near(limits)]


def _alone(one: Problem) -> Need:
    grave = one.weight is Weight.ERROR
    return Need(one.kind, grave, str(one.text), str(one.mend), one.since, one.profiles, one.about)


def _together(
    situation: Situation,
    alike: Sequence[Problem],
    said: Callable[[int, int], str],
    count: Callable[[ProfileLine], int],
) -> Need:
    profiles = tuple(number for one in alike for number in one.profiles)
    lines = [line for line in situation.profiles if line.row.id in set(profiles)]
    names = ", ".join(line.name for line in lines[:_NAMES])
    more = len(lines) - _NAMES
    if more > 0:
        names = _("{names} and {count} more").format(names=names, count=more)
    text = f"{said(len(lines), sum(map(count, lines)))}: {names}"
    since = min((one.since for one in alike if one.since), default=None)
    first = alike[0]
    return Need(
        first.kind, first.weight is Weight.ERROR, text, str(first.mend), since, profiles, "together"
    )


def _held(profiles: int, changes: int) -> str:
    told = ngettext(
        "{count} profile is held, {changes} changes wait for your answer",
        "{count} profiles are held, {changes} changes wait for your answer",
        profiles,
    )
    return told.format(count=profiles, changes=changes)


def _quarantined(profiles: int, items: int) -> str:
    told = ngettext(
        "{count} appointment of {profiles} people is not synced",
        "{count} appointments of {profiles} people are not synced",
        items,
    )
    return told.format(count=items, profiles=profiles)


def _near(limits: Sequence[Limit]) -> Iterator[Need]:
    for one in limits:
        if one.near:
            told = _("{what}: {used} of {most} used up").format(
                what=_(one.label), used=one.used, most=one.most
            )
            mend = _("Beyond it, changes wait for your answer; the limit stands in agent.toml")
            profiles = () if one.profile is None else (one.profile,)
            yield Need(None, grave=False, text=told, mend=mend, profiles=profiles, about=one.label)
