"""Items that are not synced for now (B8)."""

from collections.abc import Iterator

from calsync_agent.health.problems.problem import Kind, Problem, Weight
from calsync_agent.health.situation import Situation
from calsync_agent.i18n import counted, message


def quarantined(situation: Situation) -> Iterator[Problem]:
    """Each profile says how many."""
    for one in situation.profiles:
        if one.quarantined:
            yield Problem(
                Kind.QUARANTINED,
                Weight.WARNING,
                counted(
                    "{count} appointment of {name} is not synced",
                    "{count} appointments of {name} are not synced",
                    one.quarantined,
                    name=one.name,
                ),
                message("The page Status (F5) and the log say which, and why"),
                since=one.quarantined_since,
                profiles=(one.row.id,),
                about=str(one.row.id),
            )
