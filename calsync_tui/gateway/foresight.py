"""What the next sync would do, asked of the agent's program (`calsync-agent preview`)."""

from dataclasses import dataclass
from typing import Any, Self

from calsync_agent.appointment.model import ProfileId
from calsync_agent.i18n import message
from calsync_tui.gateway.agent_program import ProgramTrouble
from calsync_tui.gateway.door import Gateway
from calsync_tui.gateway.profile_changes import Ways


@dataclass(frozen=True, slots=True)
class Foreseen:
    """How many appointments it concerns, and whom it would mail."""

    to_exchange: int = 0
    to_consolidate: int = 0
    changes: int = 0
    deletions: int = 0
    inside: int = 0
    outside: int = 0
    held: tuple[str, ...] = ()

    @property
    def anything(self) -> bool:
        """Whether anything would be written."""
        return bool(self.to_exchange or self.to_consolidate or self.changes or self.deletions)

    def __add__(self, other: "Foreseen") -> "Self":
        """Both together."""
        names = ("to_exchange", "to_consolidate", "changes", "deletions", "inside", "outside")
        sums = {name: getattr(self, name) + getattr(other, name) for name in names}
        return type(self)(**sums, held=self.held + other.held)


async def foresee(gateway: Gateway, profile: ProfileId, ways: Ways) -> Foreseen:
    """What the next sync of a profile would do if it had these. Raises ProgramTrouble."""
    words = ["preview", "--profile", str(profile)]
    for name, value in ways.columns().items():
        told = "-" if value is None else str(int(value))
        words.append(f"--{name.replace('_', '-')}={told}")
    answer = await gateway.ask(*words)
    try:
        (one,) = answer
        return _foreseen(one)
    except (ValueError, KeyError, TypeError) as error:
        raise ProgramTrouble(message("calsync-agent preview gave no usable answer")) from error


def _foreseen(read: dict[str, Any]) -> Foreseen:
    mails = read["mails"]
    return Foreseen(
        to_exchange=len(read["only_consolidate"]),
        to_consolidate=len(read["only_exchange"]),
        changes=len(read["changes"]),
        deletions=len(read["deletions"]),
        inside=int(mails["inside"]),
        outside=int(mails["outside"]),
        held=tuple(map(str, read["held"])),
    )
