"""A line across the window while the database does not answer."""

from datetime import datetime

from textual.widgets import Static

from calsync_agent import datetimes
from calsync_agent.errors import CalsyncError
from calsync_agent.i18n import _
from calsync_tui import glyphs


class Banner(Static):
    """Says what is wrong and of when the data is; not there while all is well."""

    DEFAULT_CSS = """
    Banner {
        display: none;
        height: auto;
        max-height: 3;
        padding: 0 1;
        background: $error;
        color: $background;
        text-style: bold;
        &.-shown { display: block; }
        &:ansi { background: ansi_red; color: ansi_bright_white; }
    }
    """

    def __init__(self) -> None:
        super().__init__("", markup=False)
        self._error: CalsyncError | None = None
        self._as_of: datetime | None = None

    def tell(self, error: CalsyncError | None, as_of: datetime | None) -> None:
        """Show why nothing can be read (None: it can), and of when the data is (UTC)."""
        if (error and error.message) == (self._error and self._error.message):
            return
        self._error, self._as_of = error, as_of
        self.set_class(error is not None, "-shown")
        self.translate()

    def translate(self) -> None:
        """Say it in the language spoken now."""
        if self._error is None:
            return
        lines = [f"{glyphs.shown().error} {self._error}"]
        if self._as_of is not None:
            told = _("Shown is what was known at {time}; it is tried again each second.")
            lines.append(told.format(time=datetimes.clock_time(self._as_of)))
        self.update("\n".join(lines))
