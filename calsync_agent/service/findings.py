"""What a check-up has found, step by step."""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from typing import TypeVar

from calsync_agent.database.failures import permitted
from calsync_agent.domain.calendar import User
from calsync_agent.errors import CalsyncError
from calsync_agent.i18n import Message

_T = TypeVar("_T")


@dataclass(frozen=True, slots=True)
class CheckStep:
    """One thing that was looked at. `mend`: the page on which it is put right, or empty.

    `status` is what the command ends with if this is the worst: 0 all right, 1 something is closed
    or away, 2 nothing can be synced before it is put right. A `warning` keeps nothing from working.
    """

    name: str
    message: Message
    status: int = 0
    mend: str = ""
    warning: bool = False


@dataclass(slots=True)
class Checkup:
    """What was found. `users_allowed`: whether the app may look users up."""

    steps: list[CheckStep] = field(default_factory=list)
    consent_url: str = ""
    users_allowed: bool = False
    found: list[User] = field(default_factory=list)

    @property
    def status(self) -> int:
        """The worst of all steps."""
        return max((step.status for step in self.steps), default=0)

    def fine(self, name: str, text: Message, mend: str = "") -> None:
        """A step went well."""
        self.steps.append(CheckStep(name, text, mend=mend))

    def warned(self, name: str, text: Message) -> None:
        """Something of a step that went well should be put right all the same."""
        self.steps.append(CheckStep(name, text, warning=True))

    def failed(self, name: str, error: CalsyncError, mend: str = "") -> None:
        """A step did not."""
        self.steps.append(CheckStep(name, error.message, error.exit_status, mend))

    async def attempt(
        self, name: str, work: Awaitable[_T], told: Callable[[_T], Message]
    ) -> _T | None:
        """What `work` returns, and the step told; None where it failed."""
        try:
            with permitted():
                result = await work
        except CalsyncError as error:
            self.failed(name, error)
            return None
        self.fine(name, told(result))
        return result
