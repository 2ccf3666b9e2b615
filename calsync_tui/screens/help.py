"""The keys that work, below them a chapter of the manual; `/` looks for words in all of it."""

import re
from collections.abc import Sequence
from typing import ClassVar, Final

from rich.table import Table
from rich.text import Text
from textual.app import ComposeResult
from textual.binding import ActiveBinding, Binding, BindingType
from textual.containers import Vertical, VerticalScroll
from textual.widgets import Input, Markdown, Static

from calsync_agent import i18n, manual
from calsync_agent.i18n import _, marked
from calsync_tui import glyphs
from calsync_tui.screens.translated import TranslatedModal

_FENCE: Final = re.compile(r"^```[a-z]+$", re.MULTILINE)
_PLAIN: Final = str.maketrans(
    {"\N{SINGLE RIGHT-POINTING ANGLE QUOTATION MARK}": ">", "\N{BULLET}": "-"}
)


class ManualText(Markdown):
    """A part of the manual, as this terminal can show it."""

    DEFAULT_CSS = """
    ManualText {
        padding: 0;
        margin-top: 1;

        MarkdownH1 { content-align: left middle; margin: 0; }
        MarkdownFence { color: $foreground; margin: 0 0 1 0; & > Label { padding: 0 2; } }
    }
    """

    def __init__(self, text: str) -> None:
        if glyphs.is_plain():
            self.BULLETS = ["- "]
        super().__init__(_shown(text), open_links=False)

    def show(self, text: str) -> None:
        """Another part instead."""
        self.update(_shown(text))


def _shown(text: str) -> str:
    text = _FENCE.sub("```text", text)
    return glyphs.to_ascii(text.translate(_PLAIN)) if glyphs.is_plain() else text


class HelpScreen(TranslatedModal[None]):
    """Shows the keys of the window beneath, and a chapter. `bindings` come translated.

    `about`: what the program works with, in lines.
    """

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding(
            "escape,q",
            "back",
            marked("Close"),
            id="help.close",
            tooltip=marked("Back to the page"),
        ),
        Binding(
            "slash",
            "search",
            marked("Search"),
            id="help.search",
            tooltip=marked("Look for words in the whole manual"),
        ),
    ]

    DEFAULT_CSS = """
    HelpScreen {
        align: center middle;

        #help {
            width: 78;
            max-width: 96%;
            height: auto;
            max-height: 90%;
            padding: 1 2;
            border: round $primary;
            border-title-style: bold;
            background: $surface;
        }
        #help-text { height: auto; max-height: 100%; }
        #about { margin-bottom: 1; color: $muted; }
        #help-words { display: none; dock: bottom; }
    }
    """

    def __init__(
        self,
        page: str,
        bindings: dict[str, ActiveBinding],
        chapter: str,
        about: Sequence[str] = (),
    ) -> None:
        super().__init__()
        self._about = about
        self._page = page
        self._bindings_below = bindings
        self._chapter = manual.chapter(chapter, i18n.current())

    def compose(self) -> ComposeResult:
        """A table of keys, the chapter, and where words are entered."""
        with Vertical(id="help") as box:
            box.border_title = _("Help: {page}").format(page=self._page)
            box.border_subtitle = _("Escape closes, / searches the manual")
            with VerticalScroll(id="help-text"):
                if self._about:
                    yield Static(
                        "\n".join(self._about), classes="help-keys", id="about", markup=False
                    )
                yield Static(self._keys(), classes="help-keys")
                yield Static(
                    _("Tab and Shift+Tab go from field to field; the mouse works everywhere."),
                    classes="help-keys",
                )
                yield ManualText(self._chapter)
            yield Input(id="help-words", placeholder=_("Words to look for"), compact=True)

    def action_search(self) -> None:
        """Let words be entered."""
        words = self.query_one("#help-words", Input)
        words.display = True
        words.focus()

    def action_back(self) -> None:
        """Back from what was found to the chapter, or from there to the page."""
        words = self.query_one("#help-words", Input)
        if not words.display:
            self.app.pop_screen()
            return
        words.value = ""
        words.display = False
        self._show(self._chapter, keys=True)

    def on_input_submitted(self, entered: Input.Submitted) -> None:
        """Show every part of the manual with these words in it."""
        if not entered.value.strip():
            self.action_back()
            return
        found = manual.search(entered.value, i18n.current())
        nothing = _("Nothing in the manual has these words.")
        self._show("\n".join(one.text for one in found) or nothing, keys=False)

    def _show(self, text: str, *, keys: bool) -> None:
        for one in self.query(".help-keys"):
            one.display = keys
        self.query_one(ManualText).show(text)
        place = self.query_one("#help-text")
        place.scroll_home(animate=False)
        place.focus()

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
