"""A section of a page: an edge with its name in it; in little room a rule above it alone."""

from rich.text import Text
from textual.containers import Vertical

from calsync_tui.widgets.columns import cut

_CORNERS = 2
"""Cells of the upper edge, beside the content's, that its name cannot have."""


class Pane(Vertical):
    """`border_title` names it, `border_subtitle` says its main key."""

    DEFAULT_CSS = """
    Pane {
        height: auto;
        padding: 0 1;
        border: solid $edge;
        border-title-style: bold;
        border-title-color: $foreground;
        border-subtitle-color: $muted;

        &:focus-within { border: solid $focus; border-title-color: $focus; }
        &.-differs { border-title-color: $differs; }
        &.-bad { border-title-color: $bad; }
    }
    """

    def name_it(self, name: Text) -> None:
        """Put a name into the upper edge that may be longer than it."""
        self.border_title = cut(name, max(self.size.width - _CORNERS, 1))
