"""Chooses which lines of the log are shown."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

from textual.app import ComposeResult
from textual.containers import Horizontal
from textual.message import Message
from textual.widgets import Select

from calsync_agent.appointment.model import ProfileId
from calsync_agent.i18n import _, marked
from calsync_agent.state.log import Level
from calsync_tui.gateway.log import Filter, Whose
from calsync_tui.gateway.searching import Search
from calsync_tui.widgets.choosing import OneOf, ProfileChoice, Words, opened
from calsync_tui.widgets.log_lines import KINDS

_FROM: Final[Mapping[str, str]] = {
    Level.INFO: marked("from info on"),
    Level.WARNING: marked("from warnings on"),
    Level.ERROR: marked("errors only"),
}
_LEVELS: Final = list(Level)


@dataclass(slots=True)
class Chosen:
    """What is chosen; empty words stand for everything."""

    profile: str = ""
    level: str = ""
    kind: str = ""
    text: str = ""

    def filter(self) -> Filter:
        """As the gateway understands it, in the language spoken now."""
        levels = _LEVELS[_LEVELS.index(Level(self.level)) :] if self.level else []
        return Filter(
            profile=ProfileId(int(self.profile)) if self.profile else None,
            levels=frozenset(levels),
            kind=self.kind or None,
            search=Search(self.text),
        )


class LogFilter(Horizontal):
    """A line of three lists and a field; `chosen` outlives it."""

    DEFAULT_CSS = """
    LogFilter {
        height: 1;
        margin-bottom: 1;

        Select { width: 20; margin-right: 1; }
        #level { width: 18; }
        #kind { width: 20; }
        Input { width: 1fr; }
    }
    """

    class Changed(Message):
        """Something else is chosen."""

    def __init__(self, chosen: Chosen, whose: Mapping[ProfileId, Whose]) -> None:
        super().__init__()
        self.chosen = chosen
        self._whose = whose

    def compose(self) -> ComposeResult:
        """The lists and the field."""
        yield ProfileChoice(self.chosen.profile, self._whose)
        levels = {"": _("all levels"), **{value: _(text) for value, text in _FROM.items()}}
        yield OneOf(levels, chosen=self.chosen.level, name="level")
        kinds = {"": _("all kinds"), **{value: _(text) for value, text in KINDS.items()}}
        yield OneOf(kinds, chosen=self.chosen.kind, name="kind")
        yield Words(self.chosen.text)

    def know(self, whose: Mapping[ProfileId, Whose]) -> None:
        """Offer these profiles."""
        self.query_one(ProfileChoice).know(whose)

    def open(self, name: str) -> None:
        """Let somebody choose, or type."""
        opened(self.query_one(f"#{name}"))

    def clear(self) -> None:
        """Leave nothing out."""
        self.chosen.profile = self.chosen.level = self.chosen.kind = self.chosen.text = ""
        for select in self.query(Select):
            select.value = ""
        self.query_one(Words).value = ""
        self.post_message(self.Changed())

    def on_select_changed(self, changed: Select.Changed) -> None:
        """A list."""
        changed.stop()
        setattr(self.chosen, changed.select.id or "", str(changed.value))
        self.post_message(self.Changed())

    def on_words_wanted(self, wanted: Words.Wanted) -> None:
        """The field."""
        wanted.stop()
        self.chosen.text = wanted.text
        self.post_message(self.Changed())
