"""A list of profiles to choose from, and a field for words to look for."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final

from rich.text import Text
from textual.message import Message
from textual.timer import Timer
from textual.widgets import Input, Select, Static

from calsync_agent.appointment.model import ProfileId
from calsync_agent.i18n import _, marked
from calsync_tui import glyphs
from calsync_tui.gateway.log import Whose

PAUSE: Final = 0.25
"""Seconds without a key until what was typed is looked for."""

TEXTUALS: Final = (marked("Dismiss menu"),)
"""What Textual itself says of an open list; `screens.translated` puts it into German."""


class OneOf(Select[str]):
    """A list that opens, of values and their texts for people."""

    def __init__(self, options: Mapping[str, str], *, chosen: str, name: str) -> None:
        super().__init__(_texts(options), value=chosen, allow_blank=False, compact=True, id=name)

    def on_mount(self) -> None:
        """Its arrows are signs like all others."""
        self.query_one(".down-arrow", Static).update(glyphs.shown().more_below)
        self.query_one(".up-arrow", Static).update(glyphs.shown().more_above)


def _texts(options: Mapping[str, str]) -> list[tuple[Text, str]]:
    # As Text, because a plain string would be read as markup.
    return [(Text(text, no_wrap=True), value) for value, text in options.items()]


class ProfileChoice(OneOf):
    """One profile, by its number as text, or all of them (an empty text)."""

    def __init__(self, chosen: str, whose: Mapping[ProfileId, Whose]) -> None:
        self._whose = whose
        super().__init__(self._profiles(chosen), chosen=chosen, name="profile")

    def know(self, whose: Mapping[ProfileId, Whose]) -> None:
        """Offer these profiles from now on."""
        if whose != self._whose:
            self._whose = whose
            chosen = str(self.value)
            with self.prevent(Select.Changed):
                self.set_options(_texts(self._profiles(chosen)))
                self.value = chosen

    def _profiles(self, chosen: str) -> dict[str, str]:
        known = {str(number): f"{one.code} {one.name}" for number, one in self._whose.items()}
        gone = {chosen: f"#{chosen}"} if chosen and chosen not in known else {}
        return {"": _("all profiles"), **known, **gone}


class Words(Input):
    """A field for words; it tells of them when nobody types on, or at once with Enter."""

    @dataclass
    class Wanted(Message):
        """These words are looked for."""

        text: str

    def __init__(self, text: str) -> None:
        super().__init__(text, placeholder=_("search for words"), id="text", compact=True)
        self._told = text
        self._pause: Timer | None = None

    def on_input_changed(self, changed: Input.Changed) -> None:
        """Whoever types on is waited for."""
        changed.stop()
        self._settle()
        self._pause = self.set_timer(PAUSE, self._tell)

    def on_input_submitted(self, submitted: Input.Submitted) -> None:
        """Whoever presses Enter waits no longer."""
        submitted.stop()
        self._tell()

    def _tell(self) -> None:
        self._settle()
        if self.value != self._told:
            self._told = self.value
            self.post_message(self.Wanted(self.value))

    def _settle(self) -> None:
        if self._pause is not None:
            self._pause.stop()
            self._pause = None


def opened(field: Any) -> None:  # noqa: ANN401 - a field of any kind
    """Put the focus on a field, and show what a list offers."""
    field.focus()
    if isinstance(field, Select):
        field.action_show_overlay()
