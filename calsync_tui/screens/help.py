"""The keys that work, and what the signs mean."""

from typing import ClassVar

from rich.table import Table
from rich.text import Text
from textual.app import ComposeResult
from textual.binding import ActiveBinding, Binding, BindingType
from textual.containers import VerticalScroll
from textual.widgets import Static

from calsync_agent.i18n import _, marked
from calsync_tui.screens.translated import TranslatedModal


class HelpScreen(TranslatedModal[None]):
    """Shows the keys of the window beneath. `bindings` come translated."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding(
            "escape,f1,q",
            "app.pop_screen",
            marked("Close"),
            id="help.close",
            tooltip=marked("Back to the page"),
        ),
    ]

    DEFAULT_CSS = """
    HelpScreen {
        align: center middle;

        VerticalScroll {
            width: 74;
            max-width: 96%;
            height: auto;
            max-height: 90%;
            padding: 1 2;
            border: round $primary;
            border-title-style: bold;
            background: $surface;
        }
    }
    """

    def __init__(self, page: str, bindings: dict[str, ActiveBinding]) -> None:
        super().__init__()
        self._page = page
        self._bindings_below = bindings

    def compose(self) -> ComposeResult:
        """A table of keys."""
        with VerticalScroll() as box:
            box.border_title = _("Help: {page}").format(page=self._page)
            box.border_subtitle = _("Escape closes")
            yield Static(self._keys())
            yield Static(_("Tab and Shift+Tab go from field to field; the mouse works everywhere."))

    def _keys(self) -> Table:
        table = Table.grid(padding=(0, 2))
        table.add_column(no_wrap=True)
        table.add_column()
        lines: dict[str, tuple[list[str], ActiveBinding]] = {}
        for active in self._bindings_below.values():
            if active.binding.id and active.binding.description and active.enabled:
                shown = self.app.get_key_display(active.binding)
                lines.setdefault(active.binding.action, ([], active))[0].append(shown)
        for keys, active in lines.values():
            told = active.binding.description
            if active.binding.tooltip and active.binding.tooltip != told:
                told = f"{told}: {active.binding.tooltip}"
            table.add_row(Text(" ".join(keys), "bold"), Text(told))
        return table
