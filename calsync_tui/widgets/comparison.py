"""Draws two versions of an appointment beside each other."""

from collections.abc import Sequence

from rich.table import Table
from rich.text import Text

from calsync_agent.appointment.codec import from_json
from calsync_agent.appointment.model import Appointment
from calsync_agent.domain.version import Side
from calsync_agent.i18n import _
from calsync_agent.state.history import Version
from calsync_agent.visible import visible
from calsync_tui.differences import Difference, Names, differences

CHANGED = "*"
"""The sign of a field that differs; a letter of every font."""
LABEL = 14


def kept(version: Version) -> Appointment:
    """The version that was lost."""
    return from_json(version.content)


def of_version(version: Version, names: Names) -> list[Difference]:
    """What was kept, and what replaced it."""
    after = None if version.replaced_by is None else from_json(version.replaced_by)
    return differences(from_json(version.content), after, names)


def headings(version: Version) -> tuple[str, str]:
    """Whose version was kept, and what came instead."""
    kept = {
        Side.CONSOLIDATE: _("Consolidate's version"),
        Side.EXCHANGE: _("Exchange's version"),
    }[version.side]
    return kept, _("deleted") if version.replaced_by is None else _("replaced by")


def drawn(rows: Sequence[Difference], headings: tuple[str, str]) -> Table:
    """Two columns; what differs bears a sign, and stands first."""
    table = Table(box=None, padding=(0, 2, 0, 0), expand=True, header_style="bold underline")
    table.add_column("", width=1)
    table.add_column(Text(_("Field")), width=LABEL)
    for heading in headings:
        table.add_column(Text(heading), ratio=1, overflow="fold")
    for row in rows:
        style = "bold" if row.differs else "dim"
        table.add_row(
            CHANGED if row.differs else " ",
            Text(row.label, style),
            printable(row.before, style),
            printable(row.after, style),
        )
    return table


def printable(text: str, style: str = "") -> Text:
    """Several lines of what people wrote, with nothing in it that moves a terminal's cursor."""
    return Text("\n".join(map(visible, text.splitlines())), style)
