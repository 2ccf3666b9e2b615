"""Looking a mailbox up in Exchange, where the app may read users."""

from dataclasses import dataclass
from pathlib import Path
from typing import Final, Protocol

from calsync_agent.i18n import Message, message
from calsync_tui.gateway import agent_program
from calsync_tui.gateway.agent_program import FoundUser, ProgramTrouble

# What keeps the program from looking anybody up, in the order in which it is put right.
_IN_THE_WAY: Final = ("settings", "database", "tables", "provider", "sign_in", "users")


@dataclass(frozen=True, slots=True)
class Findings:
    """Who was found; where nobody was, `problem` may say why."""

    users: tuple[FoundUser, ...] = ()
    problem: Message | None = None


class Finder(Protocol):
    """Finds users by address. Takes its time; may be cancelled."""

    async def find(self, address: str) -> Findings:
        """Whoever has this address or principal name; raises nothing."""


class ProgramFinder:
    """Has the headless program look, with the settings of a file."""

    def __init__(self, config: Path) -> None:
        self._config = config

    async def find(self, address: str) -> Findings:
        """Whoever has this address or principal name."""
        try:
            checked = await agent_program.check(self._config, find_user=address)
        except ProgramTrouble as trouble:
            return Findings(problem=trouble.message)
        if checked.found or checked.users_allowed:
            return Findings(checked.found)
        steps = {step.name: step.text for step in checked.failing}
        said = next((steps[name] for name in _IN_THE_WAY if name in steps), None)
        if said is None:
            return Findings(problem=message("the app may not look users up in Exchange"))
        return Findings(problem=message("{text}", text=" ".join(said.splitlines())))
