"""The pages' names in one line, for eyes and mouse; keys are the frame's."""

from collections.abc import Sequence
from dataclasses import dataclass

from rich.style import Style
from rich.text import Text
from textual.reactive import reactive
from textual.widget import Widget

from calsync_agent.i18n import _


@dataclass(frozen=True, slots=True)
class Tab:
    """One page: its name, its title marked for translation, and its digit."""

    name: str
    title: str
    digit: str


class TabBar(Widget):
    """`[1 Status]  2 Provider  …`: the page in sight stands in brackets."""

    DEFAULT_CSS = """
    TabBar {
        height: 1;
        padding: 0 1;
        background: $panel;
        color: $foreground;
        link-color: $foreground;
        link-background: transparent;
        link-style: none;
        link-color-hover: $foreground;
        link-background-hover: $primary 30%;
        link-style-hover: bold;
    }
    """

    active: reactive[str] = reactive("")

    def __init__(self, tabs: Sequence[Tab]) -> None:
        super().__init__()
        self._tabs = tabs

    def render(self) -> Text:
        """The line; each name can be clicked."""
        return Text("").join(map(self._tab, self._tabs))

    def _tab(self, tab: Tab) -> Text:
        label = f"{tab.digit} {_(tab.title)}"
        current = tab.name == self.active
        click = Style(meta={"@click": f"screen.page('{tab.name}')"})
        told = Text(f"[{label}] " if current else f" {label}  ", "bold reverse" if current else "")
        told.stylize(click, 0, len(told) - 1)
        if current:
            told = Text.assemble(told[:-1], " ")
        return told
