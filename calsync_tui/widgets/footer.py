"""The keys that can be pressed now, as many as there is room for: none is drawn over another."""

from textual import events
from textual.app import ComposeResult
from textual.widgets import Footer
from textual.widgets._footer import FooterKey

HELP = "f1"
"""What tells of all the others, and so is never left out."""


class FittingFooter(Footer):
    """Textual's, without the last of the keys where the line is too short; help names them."""

    _width = 0

    def compose(self) -> ComposeResult:
        """The keys in their order."""
        self._width = self.app.size.width
        found = list(super().compose())
        keys = [one for one in found if isinstance(one, FooterKey)]
        last = [one for one in keys if one.has_class("-command-palette")]
        if self.screen.has_class("-narrow"):  # where it is not shown
            last = []
        room = self._width - sum(map(self._needs, last)) - len(last)
        room -= sum(self._needs(one) for one in keys if one.key == HELP)
        for one in found:
            if isinstance(one, FooterKey) and one.key != HELP and one not in last:
                room -= self._needs(one)
                if room < 0:
                    continue
            yield one

    def on_resize(self, event: events.Resize) -> None:
        """Other room, other keys."""
        if event.size.width != self._width:
            self.call_after_refresh(self.recompose)

    def _needs(self, one: FooterKey) -> int:
        """Cells for a key with its name, and the spaces around."""
        return len(one.key_display) + len(one.description) + (2 if self.compact else 3)
