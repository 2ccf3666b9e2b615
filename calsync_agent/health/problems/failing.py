"""Profiles whose cycles fail, those with the same reason together."""

from collections.abc import Iterator, Sequence

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
            by_reason.setdefault(_cause(reason), (reason, []))[1].append(one)
    for cause, (reason, profiles) in by_reason.items():
        yield Problem(
            Kind.PROFILE_FAILING,
            Weight.ERROR,
            _told(profiles, profiles[0].name),
            reason,
            since=min(one.fare.since for one in profiles if one.fare),
            profiles=tuple(one.row.id for one in profiles),
            about=cause,
            each=tuple(_told(profiles[:1], one.name) for one in profiles),
        )


def _told(profiles: Sequence[ProfileLine], name: str) -> Message:
    return counted(
        "The profile of {name} fails",
        "{count} profiles fail, among them that of {name}",
        len(profiles),
        name=name,
    )


def _cause(reason: Message) -> str:
    """What is alike where mailboxes fail for one cause: not their names, nor numbers."""
    inner = (_cause(one) for one in reason.fields.values() if isinstance(one, Message))
    return "\n".join((reason.template, *inner))
