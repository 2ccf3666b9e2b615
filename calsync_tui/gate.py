"""The last gate before the terminal: whatever a widget draws, nothing in it is obeyed.

What comes from outside is made visible where it is read (`calsync_agent.visible`); what a widget
draws past that, an entry field for instance, loses the signs here. They take no room on the screen,
so that nothing moves.
"""

from rich.segment import Segment
from textual.color import Color
from textual.filter import LineFilter

from calsync_agent.visible import inert


class Gate(LineFilter):
    """Lets through what can be seen."""

    def apply(self, segments: list[Segment], background: Color) -> list[Segment]:
        """The line without signs that a terminal obeys."""
        del background
        return [
            segment if segment.text.isprintable() else Segment(inert(segment.text), segment.style)
            for segment in segments
        ]
