"""What is to be told of problems now: a pure function of what is found and what is on record (H2).

A problem is told when it has lasted for a while, and its end when it has stayed away as long; what
comes and goes faster lasts. Those of one kind that begin or end about the same time are told
together, so that one cause makes one message however many mailboxes it hits.
"""

import hashlib
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Final

from calsync_agent.health.problems import Problem
from calsync_agent.health.situation import Situation
from calsync_agent.state.alerts import Case, Entry

GRACE: Final = timedelta(seconds=60)
"""How long a problem lasts before it is told, and stays away before its end is."""

TOGETHER: Final = GRACE / 2
"""What has lasted so long is told together with what is due."""

AGAIN_AFTER: Final = timedelta(seconds=60)
"""A message that nobody has got, and nobody is about to deliver, is told again."""


@dataclass(frozen=True, slots=True)
class Steps:
    """What is to be noted and told. `over`: names of what was never told, and is forgotten."""

    new: tuple[Case, ...] = ()
    risen: tuple[Case, ...] = ()
    back: frozenset[str] = frozenset()
    gone: frozenset[str] = frozenset()
    over: frozenset[str] = frozenset()
    begun: tuple[Entry, ...] = ()
    ended: tuple[Entry, ...] = ()

    def __bool__(self) -> bool:
        """Whether there is anything to be done."""
        return self != Steps()


def steps(
    known: Mapping[str, Entry],
    found: Iterable[Case],
    now: datetime,
    under_way: Collection[str] = frozenset(),
) -> Steps:
    """What is to be done; `under_way`: names of those that are being delivered just now."""
    there = {case.name: case for case in found}
    lasting = [entry for name, entry in known.items() if name in there]
    away = [entry for name, entry in known.items() if name not in there]
    risen = [there[one.case.name] for one in lasting if there[one.case.name].stage > one.case.stage]
    higher = {case.name: case for case in risen}
    lasting = [replace(one, case=higher.get(one.case.name, one.case)) for one in lasting]
    pending = [one for one in lasting if _untold(one, now, under_way)]
    leaving = [one for one in away if one.gone_at is not None]
    past = _due(leaving, lambda one: one.gone_at or now, now)
    return Steps(
        new=tuple(case for name, case in there.items() if name not in known),
        risen=tuple(risen),
        back=frozenset(one.case.name for one in lasting if one.gone_at is not None),
        gone=frozenset(one.case.name for one in away if one.gone_at is None),
        over=frozenset(one.case.name for one in past if one.told_at is None),
        begun=tuple(_due(pending, lambda one: one.begun_at, now)),
        ended=tuple(one for one in past if one.told_at is not None),
    )


def cases(problems: Iterable[Problem], situation: Situation) -> Iterator[Case]:
    """Each problem as one case, or as one for each profile that it is about."""
    codes = {line.row.id: line.employee.code for line in situation.profiles}
    for one in problems:
        texts = one.each or (one.text,) * len(one.profiles)
        for number, text in zip(one.profiles, texts, strict=True):
            name = f"{one.kind.value}:{number}"
            yield replace(_case(one, name), text=text, profile=codes.get(number, str(number)))
        if not one.profiles:
            digest = hashlib.sha256(one.about.encode()).hexdigest()
            yield _case(one, f"{one.kind.value}:{digest[:32] if one.about else ''}")


def _case(one: Problem, name: str) -> Case:
    return Case(
        name=name,
        kind=one.kind.value,
        weight=one.weight.name.lower(),
        text=one.text,
        mend=one.mend,
        since=one.since,
        stage=one.stage,
    )


def _untold(one: Entry, now: datetime, under_way: Collection[str]) -> bool:
    """Whether the beginning, or the stage that it has come to, is still to be told."""
    if one.told_at is None or one.case.stage > one.told_stage:
        return True
    lost = not one.delivered and one.case.name not in under_way
    return lost and abs(now - one.told_at) >= AGAIN_AFTER


def _due(
    entries: Collection[Entry], since: Callable[[Entry], datetime], now: datetime
) -> list[Entry]:
    """Those that have lasted long enough, and those of their kinds that nearly have."""
    # A clock that was put back makes nothing wait longer.
    aged = [(one, abs(now - since(one))) for one in entries]
    kinds = {one.case.kind for one, age in aged if age >= GRACE}
    return [one for one, age in aged if one.case.kind in kinds and age >= TOGETHER]
