"""Profiles whose cycles fail, those with the same reason together."""

from collections.abc import Iterator

from calsync_agent.health.problems.problem import Kind, Problem, Weight
from calsync_agent.health.profiles import ProfileLine
from calsync_agent.health.situation import Situation
from calsync_agent.i18n import Message, counted, message
from calsync_agent.state.profile_status import Condition


def failing(situation: Situation) -> Iterator[Problem]:
    """What was said of them last."""
    by_reason: dict[str, tuple[Message, list[ProfileLine]]] = {}
    for one in situation.profiles:
        fare = one.fare
        if one.row.active and fare is not None and fare.condition is Condition.FAILING:
            reason = fare.error or message("unknown")
            by_reason.setdefault(reason.to_json(), (reason, []))[1].append(one)
    for reason, profiles in by_reason.values():
        told = counted(
            "The profile of {name} fails",
            "{count} profiles fail, among them that of {name}",
            len(profiles),
            name=profiles[0].name,
        )
        yield Problem(
            Kind.PROFILE_FAILING,
            Weight.ERROR,
            told,
            reason,
            since=min(one.fare.since for one in profiles if one.fare),
            profiles=tuple(one.row.id for one in profiles),
            about=reason.to_json(),
        )
