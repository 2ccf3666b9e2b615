"""A look at both sides has found them to differ (H5)."""

from collections.abc import Iterator

from calsync_agent.health.problems.problem import Kind, Problem, Weight
from calsync_agent.health.situation import Situation
from calsync_agent.i18n import counted, message


def differing(situation: Situation) -> Iterator[Problem]:
    """Each profile, until it is found equal."""
    for one in situation.profiles:
        found = situation.proofs.get(one.row.id)
        if not one.row.active or found is None or not found.differences:
            continue
        yield Problem(
            Kind.DIFFERENCES,
            Weight.WARNING,
            counted(
                "Both sides of {name} differ in {count} place, which the sync does not know of",
                "Both sides of {name} differ in {count} places, which the sync does not know of",
                found.differences,
                name=one.name,
            ),
            message(
                "Look at them: calsync-agent verify --profile {code}. The next night shows whether"
                " they are gone",
                code=one.employee.code,
            ),
            since=found.at,
            profiles=(one.row.id,),
        )
