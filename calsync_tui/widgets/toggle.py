"""Yes or no: `[x] text`."""

from dataclasses import dataclass
from typing import ClassVar

from rich.text import Text
from textual.binding import Binding, BindingType
from textual.message import Message
from textual.reactive import reactive
from textual.widget import Widget

from calsync_agent.i18n import _, marked


class Toggle(Widget, can_focus=True):
    """Switched by space, Enter or a click. `label` is marked for translation."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding(
            "space,enter",
            "switch",
            marked("Switch on or off"),
            show=False,
            id="toggle.switch",
            tooltip=marked("Switch on or off"),
        ),
    ]

    DEFAULT_CSS = """
    Toggle {
        height: 1;
        width: auto;
        pointer: pointer;
        &:focus { background: $block-cursor-background; color: $block-cursor-foreground; }
    }
    """

    value: reactive[bool] = reactive(default=False, init=False)

    @dataclass
    class Changed(Message):
        """It was switched."""

        toggle: "Toggle"
        value: bool

        @property
        def control(self) -> "Toggle":
            """The toggle, for `@on`."""
            return self.toggle

    def __init__(self, label: str, *, value: bool, name: str) -> None:
        super().__init__(name=name, id=name)
        self._label = label
        self.set_reactive(Toggle.value, value)

    def render(self) -> Text:
        """The sign and what it is about."""
        return Text(f"[{'x' if self.value else ' '}] {_(self._label)}", no_wrap=True)

    def get_content_width(self, *_sizes: object) -> int:
        """As wide as its text."""
        return self.render().cell_len

    def watch_value(self, value: bool) -> None:  # noqa: FBT001 - Textual's signature
        """Tell it."""
        self.post_message(self.Changed(self, value))

    def action_switch(self) -> None:
        """The other way."""
        self.value = not self.value

    def on_click(self) -> None:
        """The other way."""
        self.action_switch()
