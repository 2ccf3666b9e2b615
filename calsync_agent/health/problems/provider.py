"""The provider is missing, or set so that nothing happens."""

from collections.abc import Iterator

from calsync_agent.health.problems.problem import Kind, Problem, Weight
from calsync_agent.health.provider import draft_of, problems
from calsync_agent.health.situation import Situation
from calsync_agent.i18n import message


def unusable(situation: Situation) -> Iterator[Problem]:
    """There is none, or one of its values cannot be used."""
    wrong = problems(draft_of(situation.provider))
    if situation.provider is None:
        told = message("There is no provider yet")
    elif wrong:
        told = message("The provider's settings cannot be used")
    else:
        return
    yield Problem(
        Kind.PROVIDER, Weight.ERROR, told, message("Fill it in on the page Provider (F6)")
    )


def both_off(situation: Situation) -> Iterator[Problem]:
    """Nothing goes either way."""
    row = situation.provider
    if row is not None and not row.inbound and not row.outbound:
        yield Problem(
            Kind.DIRECTIONS_OFF,
            Weight.WARNING,
            message("Inbound and outbound synchronization are both off"),
            message("Switch one on on the page Provider (F6)"),
        )
