"""Screens whose keys are described in the language spoken now."""

from dataclasses import replace
from typing import Final, TypeVar

from textual.binding import ActiveBinding
from textual.screen import ModalScreen, Screen

from calsync_agent.i18n import _, marked

_T = TypeVar("_T")

TEXTUALS: Final = (marked("palette"), marked("Open the command palette"))
"""Descriptions of keys that Textual binds itself and that people see."""


def translated(bindings: dict[str, ActiveBinding]) -> dict[str, ActiveBinding]:
    """The same, described for people; bindings are written in English, marked for translation."""
    return {key: _translated(active) for key, active in bindings.items()}


def _translated(active: ActiveBinding) -> ActiveBinding:
    said = active.binding
    binding = replace(said, description=_(said.description), tooltip=_(said.tooltip))
    return active._replace(binding=binding, tooltip=_(active.tooltip))


class TranslatedScreen(Screen[_T]):
    """A whole window."""

    @property
    def active_bindings(self) -> dict[str, ActiveBinding]:
        """What footer, help and palette show."""
        return translated(super().active_bindings)

    async def translate(self) -> None:
        """Say everything anew, in the language spoken now."""
        await self.recompose()
        self.refresh_bindings()


class TranslatedModal(ModalScreen[_T]):
    """A question over the window."""

    @property
    def active_bindings(self) -> dict[str, ActiveBinding]:
        """What its footer shows."""
        return translated(super().active_bindings)
