"""What the page of one profile says."""

from collections.abc import Sequence

from rich.text import Text

from calsync_agent import datetimes
from calsync_agent.health.overview import Pulse
from calsync_agent.health.profiles import ProfileLine
from calsync_agent.i18n import _
from calsync_agent.visible import visible
from calsync_tui import glyphs
from calsync_tui.gateway.profile_detail import Detail
from calsync_tui.pages import proved_text, status_text
from calsync_tui.themes import role
from calsync_tui.widgets.profile_cells import state

_LABEL = 13


def title(detail: Detail, width: int) -> Text:
    """Whose page it is, and how it stands."""
    line = detail.line
    if line is None:
        return Text(_("This profile is gone."))
    signs = glyphs.shown()
    name = line.employee.name
    code = f" ({line.employee.code})" if line.employee.code != name else ""
    left = Text.assemble(
        (_("Profile"), role("muted")),
        (f" {signs.current} ", role("muted")),
        (f"{name}{code}", "bold"),
    )
    right = state(line.state)
    gap = max(width - left.cell_len - right.cell_len, 1)
    return Text.assemble(left, " " * gap, right, no_wrap=True)


def binding(detail: Detail, line: ProfileLine, pulse: Pulse) -> Text:
    """How it is bound, and since when it is in step."""
    window = glyphs.shown().horizontal
    if detail.window is not None:
        first, last = (datetimes.day(moment) for moment in detail.window)
        window = f"{first} {glyphs.shown().to} {last}"
    lately = glyphs.shown().horizontal
    if line.synced_at is not None:
        lately = datetimes.ago(line.synced_at, pulse.now)
    person = (
        line.employee.name
        if line.employee.name == line.employee.code
        else f"{line.employee.code} {glyphs.shown().separator} {line.employee.name}"
    )
    return _labelled(
        [
            ("Consolidate", Text(person)),
            ("Exchange", Text(visible(line.row.mailbox))),
            (_("Direction"), Text(_direction(detail))),
            (_("Window"), Text(window)),
            (_("In step"), Text(lately)),
            (_("Equal"), proved_text.told(detail.situation.proofs.get(line.row.id), pulse.now)),
        ]
    )


def numbers(detail: Detail, line: ProfileLine) -> Text:
    """How many appointments are how."""
    signs = glyphs.shown()
    differs = role("differs", "bold")
    outwards, inwards = sum(detail.carried.outwards), sum(detail.carried.inwards)
    rows = [
        (signs.same, "muted", detail.linked, _("linked")),
        (signs.warning, "differs", line.held, _("wait for your answer")),
        (signs.error, "bad", line.quarantined, _("in quarantine")),
        (signs.kept, "muted", detail.kept, _("versions kept")),
    ]
    told = [
        Text.assemble(
            (f"{sign:<2}", role(colour)),
            (f"{status_text.number(count):>7} ", differs if count and colour != "muted" else ""),
            (word, role("muted")),
        )
        for sign, colour, count, word in rows
    ]
    last = Text.assemble((_("last hour"), role("muted")), " ")
    last.append(f"{signs.outwards} {outwards}", role("side-c")).append("  ")
    last.append(f"{signs.inwards} {inwards}", role("side-e"))
    return Text("\n").join([*told, last])


def _direction(detail: Detail) -> str:
    signs = glyphs.shown()
    own = [one for one in detail.ways if one is not None]
    row = detail.provider
    inbound, outbound = (
        (row is not None and usual) if way is None else way
        for way, usual in zip(
            detail.ways,
            (row and row.inbound, row and row.outbound),
            strict=True,
        )
    )
    shown = " ".join(
        sign for sign, on in ((signs.outwards, outbound), (signs.inwards, inbound)) if on
    )
    whose = _("its own") if own else _("as the provider's")
    which = shown or _("both off")
    return f"{which}  {whose}"


def _labelled(rows: Sequence[tuple[str, Text]]) -> Text:
    lines = [Text.assemble((f"{label:<{_LABEL}}", role("muted")), value) for label, value in rows]
    return Text("\n").join(lines)
