"""What the page of both calendars says."""

from collections import Counter
from collections.abc import Iterator, Sequence
from datetime import date, timedelta
from typing import Final

from rich.table import Table
from rich.text import Text

from calsync_agent.i18n import _, current, marked
from calsync_tui import glyphs
from calsync_tui.gateway.calendars import Item, Pair, Standing
from calsync_tui.themes import role
from calsync_tui.widgets.agenda import missing, when
from calsync_tui.widgets.calendar_grid import WEEK, colour_of, day_name, sign_of

FIELDS: Final = {
    "start": marked("time"),
    "end": marked("time"),
    "all_day": marked("all-day"),
    "subject": marked("subject"),
    "location": marked("location"),
    "body": marked("text"),
    "importance": marked("importance"),
    "private": marked("private"),
    "show_as": marked("show as"),
    "reminder_minutes": marked("reminder"),
    "recurrence": marked("recurrence"),
    "occurrence": marked("occurrence"),
    "participants": marked("participants"),
    "responses": marked("responses"),
    "organizer": marked("organizer"),
    "online_meeting_url": marked("online meeting"),
    "category": marked("category"),
}
"""The contract's words for fields, as people say them."""


def title(name: str, first: date, days: int, read_at: str, *, brief: bool = False) -> Text:
    """Whose calendars, and of when; a week by its number alone in little room."""
    signs = glyphs.shown()
    last = first + timedelta(days=days - 1)
    if days > WEEK:
        middle = first + timedelta(days=days // 2)
        span = f"{middle:%m/%Y}" if current() == "de" else f"{middle:%Y-%m}"
    else:
        week = _("week {number}").format(number=first.isocalendar().week)
        span = week if brief else f"{week}, {day_name(first)} {signs.to} {day_name(last)}"
    told = Text.assemble((name, "bold"), f" {signs.separator} {span}", no_wrap=True)
    if read_at:
        told.append(f" {signs.separator} ", role("muted"))
        told.append(_("read at {time}").format(time=read_at), role("muted"))
    return told


def counts(pairs: Sequence[Pair], *, brief: bool) -> Text:
    """How many stand how."""
    words = {
        Standing.SAME: _("equal"),
        Standing.DIFFERS: _("different"),
        Standing.ONLY_HERE: _("only Consolidate"),
        Standing.ONLY_THERE: _("only Exchange"),
        Standing.ASIDE: _("set aside"),
        Standing.UNKNOWN: _("not read"),
    }
    found = Counter(pair.standing for pair in pairs)
    parts = []
    for standing, word in words.items():
        if found[standing]:
            sign = f"{sign_of(standing)} {found[standing]}"
            parts.append(Text(sign if brief else f"{sign} {word}", role(colour_of(standing))))
    return Text("  ").join(parts)


def details(pair: Pair, width: int, *, whole: bool) -> Table:
    """Both sides of one, field by field, and what comes next."""
    table = Table(box=None, padding=(0, 1, 0, 0), expand=True, show_header=False)
    table.add_column(width=11, no_wrap=True)
    table.add_column(ratio=1, no_wrap=True, overflow="ellipsis")
    table.add_column(ratio=1, no_wrap=True, overflow="ellipsis")
    sign = Text(f"{sign_of(pair.standing)} ", role(colour_of(pair.standing), "bold"))
    table.add_row(
        sign,
        Text("Consolidate", role("side-c", "bold")),
        Text("Exchange", role("side-e", "bold")),
    )
    for label, one, other, differs in _rows(pair):
        if whole or differs or pair.here is None or pair.there is None:
            style = role("differs", "bold") if differs else ""
            table.add_row(Text(label, role("muted")), Text(one, style), Text(other, style))
    del width
    return table


def _rows(pair: Pair) -> Iterator[tuple[str, str, str, bool]]:
    here, there = pair.here, pair.there
    moved = pair.is_moved or bool({"start", "end", "all_day"} & set(pair.fields))
    yield _("Time"), _when(here, pair), _when(there, pair), moved
    yield _("Subject"), _said(here, "subject"), _said(there, "subject"), "subject" in pair.fields
    if _said(here, "location") or _said(there, "location"):
        differs = "location" in pair.fields
        yield _("Location"), _said(here, "location"), _said(there, "location"), differs


def next_step(pair: Pair) -> str:
    """One sentence: what differs, and what comes next."""
    shown = {"start", "end", "subject", "location"}
    names = dict.fromkeys(_(FIELDS.get(name, name)) for name in pair.fields if name not in shown)
    also = ""
    if names:
        also = _("Also different: {fields}.").format(fields=", ".join(names)) + " "
    if pair.reason:
        return also + _("Left as it is for now: {reason}").format(reason=pair.reason)
    match pair.standing:
        case Standing.SAME:
            return _("Both sides are equal.")
        case Standing.DIFFERS:
            return also + _("The next round settles it; Enter shows what happened so far.")
        case Standing.ONLY_HERE:
            return _("The next round creates it in Exchange.")
        case Standing.ONLY_THERE:
            return _("The next round creates it in Consolidate.")
        case Standing.ASIDE:
            return also + _("It cannot be compared.")
        case Standing.UNKNOWN:
            return _("The mailbox could not be read; this is Consolidate's side.")


def _when(item: Item | None, pair: Pair) -> str:
    if item is None:
        return missing(pair)
    told = f"{day_name(item.start.date())} {when(item)}"
    if not item.all_day and item.end.date() != item.start.date():
        told += f" {day_name(item.end.date())}"
    return told


def _said(item: Item | None, field: str) -> str:
    return "" if item is None else str(getattr(item, field))
