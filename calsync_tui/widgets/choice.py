"""One of a few: `(o) this`, `( ) that`."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import ClassVar

from rich.style import Style
from rich.text import Text
from textual.binding import Binding, BindingType
from textual.message import Message
from textual.reactive import reactive
from textual.widget import Widget

from calsync_agent.i18n import _, marked


class Choice(Widget, can_focus=True):
    """Chosen by arrow keys, space or a click. `options`: values with labels, marked.

    A value that is no option leaves all of them empty.
    """

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding(
            "right,down,space",
            "step(1)",
            marked("Next"),
            show=False,
            id="choice.next",
            tooltip=marked("Choose the next"),
        ),
        Binding(
            "left,up",
            "step(-1)",
            marked("Previous"),
            show=False,
            id="choice.previous",
            tooltip=marked("Choose the one before"),
        ),
    ]

    DEFAULT_CSS = """
    Choice {
        height: 1;
        width: auto;
        pointer: pointer;
        link-style: none;
        link-color: $foreground;
        link-background: transparent;
        link-style-hover: bold;
        link-color-hover: $foreground;
        link-background-hover: $primary 30%;
        &:focus {
            background: $block-cursor-background;
            color: $block-cursor-foreground;
            link-color: $block-cursor-foreground;
        }
    }
    """

    value: reactive[str] = reactive("", init=False)

    @dataclass
    class Changed(Message):
        """Another one was chosen."""

        choice: "Choice"
        value: str

        @property
        def control(self) -> "Choice":
            """The choice, for `@on`."""
            return self.choice

    def __init__(self, options: Mapping[str, str], *, value: str, name: str) -> None:
        super().__init__(name=name, id=name)
        self._options = options
        self.set_reactive(Choice.value, value)

    def render(self) -> Text:
        """All of them in a line; each can be clicked."""
        parts = []
        for value, label in self._options.items():
            sign = "o" if value == self.value else " "
            click = Style(meta={"@click": f"choose('{value}')"})
            parts.append(Text(f"({sign}) {_(label)}", click))
        return Text("   ", no_wrap=True).join(parts)

    def get_content_width(self, *_sizes: object) -> int:
        """As wide as its text."""
        return self.render().cell_len

    def watch_value(self, value: str) -> None:
        """Tell it."""
        self.post_message(self.Changed(self, value))

    def action_choose(self, value: str) -> None:
        """This one."""
        self.focus()
        self.value = value

    def action_step(self, step: int) -> None:
        """The one after or before, around the end."""
        values = list(self._options)
        here = values.index(self.value) if self.value in values else -max(step, 0)
        self.value = values[(here + step) % len(values)]
