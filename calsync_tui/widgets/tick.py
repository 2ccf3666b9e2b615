"""A yes or no that is told by its sign, not by its colour: `[x] Active`."""

from dataclasses import dataclass
from typing import ClassVar

from rich.text import Text
from textual.binding import Binding, BindingType
from textual.message import Message
from textual.reactive import reactive
from textual.widget import Widget

from calsync_agent.i18n import marked
from calsync_tui import glyphs


class Tick(Widget, can_focus=True):
    """Space, Enter and the mouse change it. `label` comes translated."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding(
            "space,enter",
            "change",
            marked("Change"),
            id="tick.change",
            tooltip=marked("Yes or no"),
        )
    ]

    DEFAULT_CSS = """
    Tick {
        width: auto;
        height: 1;
        &:focus { text-style: reverse; }
    }
    """

    value: reactive[bool] = reactive(default=False)

    @dataclass
    class Changed(Message):
        """Somebody changed it."""

        tick: "Tick"

        @property
        def control(self) -> "Tick":
            """Which one."""
            return self.tick

    def __init__(self, label: str, *, value: bool, id: str | None = None) -> None:  # noqa: A002 - as in all widgets
        super().__init__(id=id)
        self._label = label
        self.set_reactive(Tick.value, value)

    def render(self) -> Text:
        """Sign and label."""
        return Text(f"{box(on=self.value)} {self._label}")

    def action_change(self) -> None:
        """Yes, where it was no."""
        self.value = not self.value
        self.post_message(self.Changed(self))

    def on_click(self) -> None:
        """The same."""
        self.action_change()


def box(*, on: bool) -> str:
    """`[x]` or `[ ]`, with the sign of this terminal."""
    return f"[{glyphs.shown().marked if on else ' '}]"
