"""A line below a list: how the list stands, and whose clock is shown."""

from rich.text import Text
from textual import events
from textual.app import ComposeResult
from textual.containers import Horizontal
from textual.message import Message
from textual.widgets import Static


class StatusLine(Horizontal):
    """What is told can be clicked, to do what it says."""

    DEFAULT_CSS = """
    StatusLine {
        height: 1;
        #told { width: 1fr; }
        #zone { width: auto; color: $text-muted; }
    }
    """

    class Clicked(Message):
        """Somebody clicked on the line."""

    def __init__(self) -> None:
        super().__init__()
        self._shown: dict[str, Text] = {}

    def compose(self) -> ComposeResult:
        """Left and right."""
        yield Static(id="told", markup=False)
        yield Static(id="zone", markup=False)

    def tell(self, told: Text, zone: str) -> None:
        """Show this, where it is not what is shown."""
        for name, text in (("told", told), ("zone", Text(zone))):
            if self._shown.get(name) != text:
                self._shown[name] = text
                self.query_one(f"#{name}", Static).update(text)

    def on_click(self, event: events.Click) -> None:
        """Tell the page."""
        event.stop()
        self.post_message(self.Clicked())
