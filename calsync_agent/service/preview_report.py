"""Previews as a report that can be sent: a page, or a table for a spreadsheet. Pure.

The page holds all that it needs, and no script; whatever people wrote is escaped. In the table
nothing can be taken for a formula.
"""

import csv
import io
import re
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from datetime import datetime
from html import escape
from typing import Final

from calsync_agent.appointment.fields import Field
from calsync_agent.appointment.model import Appointment
from calsync_agent.i18n import Value, _, current, message
from calsync_agent.state.log import named
from calsync_agent.sync.preview import Doubt, Preview, PreviewLine

_STYLE: Final = """
body { font: 15px/1.45 system-ui, sans-serif; max-width: 60rem; margin: 2rem auto; padding: 0 1rem;
  color: #1b1b1b; background: #fff; }
h1 { font-size: 1.5rem; } h2 { font-size: 1.2rem; margin-top: 2.2rem; } h3 { font-size: 1rem; }
table { border-collapse: collapse; width: 100%; margin: .6rem 0 1rem; }
th, td { text-align: left; vertical-align: top; padding: .25rem .6rem; border: 1px solid #ccc;
  white-space: pre-wrap; overflow-wrap: anywhere; }
th { background: #f1f1f1; } .number { text-align: right; } .differs { background: #fff3cd; }
@media print { body { margin: 0; max-width: none; } h2 { break-after: avoid; } }
"""
_FORMULA: Final = r'[\s"]*[=+\-@\uff1d\uff0b\uff0d\uff20]'
_BEGINS: Final = re.compile(rf"{_FORMULA}|[\t\r\n]")
_WITHIN: Final = re.compile(rf"(?<=[,;|\t\r\n])(?={_FORMULA})")
"""A spreadsheet that parts the cells by another sign than this file's begins a cell there."""


def page(previews: Sequence[Preview], at: datetime) -> str:
    """A page in HTML; `at` is this host's local time."""
    return "\n".join(_page(previews, at)) + "\n"


def table(previews: Iterable[Preview]) -> str:
    """One line for each appointment, parted by semicolons, as spreadsheets read them in German."""
    text = io.StringIO()
    lines = csv.writer(text, delimiter=";", lineterminator="\r\n")
    lines.writerow(
        (
            _("profile"),
            _("mailbox"),
            _("what"),
            _("begins"),
            _("subject"),
            _("by"),
            _("side"),
            _("fields"),
            _("reason"),
        )
    )
    for preview in previews:
        for what, listed in _sections(preview):
            for line in listed:
                lines.writerow(map(harmless, _cells(preview, what, line)))
        for address, count in sorted(preview.mailed.items()):
            mailed = (str(preview.profile), preview.mailbox, _("is mailed"), "", address)
            lines.writerow(map(harmless, (*mailed, "", "", "", str(count))))
    return text.getvalue()


def harmless(text: str) -> str:
    """Text that no spreadsheet takes for a formula, wherever it begins a cell."""
    safe = _WITHIN.sub("'", text.replace("\0", ""))
    return f"'{safe}" if _BEGINS.match(safe) else safe


def _sections(preview: Preview) -> Iterator[tuple[str, list[PreviewLine]]]:
    yield _("matched"), preview.matched
    yield _("ambiguous"), preview.ambiguous
    yield _("only in Consolidate, to be created in Exchange"), preview.only_consolidate
    yield _("only in Exchange, to be created in Consolidate"), preview.only_exchange
    yield _("changes"), preview.changes
    yield _("deletions"), preview.deletions
    yield _("refused"), preview.refusals


def _cells(preview: Preview, what: str, line: PreviewLine) -> tuple[str, ...]:
    return (
        str(preview.profile),
        preview.mailbox,
        what,
        line.start.replace("T", " ")[:16],
        line.subject or str(line.activity),
        _(line.by) if line.by else "",
        line.side.capitalize(),
        ", ".join(map(_, line.fields)),
        "" if line.reason is None else str(line.reason),
    )


def _page(previews: Sequence[Preview], at: datetime) -> Iterator[str]:
    title = escape(_("What the next sync would do"))
    yield f'<!doctype html>\n<html lang="{current()}">\n<head>\n<meta charset="utf-8">'
    policy = "default-src 'none'; style-src 'unsafe-inline'"
    yield f'<meta http-equiv="Content-Security-Policy" content="{policy}">'
    yield '<meta name="viewport" content="width=device-width">'
    yield f"<title>{title}</title>\n<style>{_STYLE}</style>\n</head>\n<body>\n<h1>{title}</h1>"
    told = message("As of {moment}; nothing has been written.", moment=f"{at:%Y-%m-%d %H:%M}")
    yield f"<p>{escape(str(told))}</p>"
    yield from _overview(previews)
    for preview in previews:
        yield from _profile(preview)
    yield "</body>\n</html>"


def _overview(previews: Sequence[Preview]) -> Iterator[str]:
    heads = (
        _("profile"),
        _("mailbox"),
        _("matched"),
        _("ambiguous"),
        _("new in Exchange"),
        _("new in Consolidate"),
        _("changes"),
        _("deletions"),
        _("refused"),
        _("mails"),
    )
    numbers = [
        (
            len(one.matched),
            len(one.ambiguous),
            len(one.only_consolidate),
            len(one.only_exchange),
            len(one.changes),
            len(one.deletions),
            len(one.refusals),
            one.mails.total,
        )
        for one in previews
    ]
    yield f"<table>\n<tr>{_row('th', heads)}</tr>"
    for one, counts in zip(previews, numbers, strict=True):
        whose = _row("td", (str(one.profile), one.mailbox))
        yield f"<tr>{whose}{_numbers(counts)}</tr>"
    if len(previews) > 1:
        whose = _row("td", (_("all"), ""))
        yield f"<tr>{whose}{_numbers([sum(column) for column in zip(*numbers, strict=True)])}</tr>"
    yield "</table>"


def _profile(preview: Preview) -> Iterator[str]:
    whose: dict[str, Value] = {"profile": preview.profile, "mailbox": preview.mailbox}
    if preview.first_sync:
        head = message("profile {profile} ({mailbox}): first sync", **whose)
    else:
        head = message("profile {profile} ({mailbox}): ordinary sync", **whose)
    yield f"<h2>{escape(str(head))}</h2>"
    for reason in (*preview.held, *((preview.waiting,) if preview.waiting else ())):
        yield f"<p>{escape(str(reason))}</p>"
    by = Counter(_(line.by) for line in preview.matched if line.by)
    if by:
        yield _heading(_("Matched, by what")) + "\n<table>"
        yield from (
            f"<tr>{_row('td', (how,))}{_numbers((count,))}</tr>" for how, count in by.most_common()
        )
        yield "</table>"
    if preview.mailed:
        yield _heading(_("Who would be mailed")) + "\n<table>"
        heads = (_("address"), _("appointments"))
        yield f"<tr>{_row('th', heads)}</tr>"
        for address, count in sorted(preview.mailed.items()):
            yield f"<tr>{_row('td', (address,))}{_numbers((count,))}</tr>"
        yield "</table>"
    if preview.doubtful:
        yield _heading(_("The most doubtful pairs"))
        for doubt in preview.doubtful:
            yield from _doubt(doubt)
    for name, listed in _sections(preview):
        if listed:
            yield from _listed(name, listed)


def _listed(name: str, lines: Sequence[PreviewLine]) -> Iterator[str]:
    yield f"<h3>{escape(name)}: {len(lines)}</h3>\n<table>"
    for line in lines:
        side = line.side.capitalize()
        fields = ", ".join(map(_, line.fields))
        told = [
            line.start.replace("T", " ")[:16],
            line.subject or str(line.activity),
            f"{side}: {fields}" if fields else side or (_(line.by) if line.by else ""),
            "" if line.reason is None else str(line.reason),
        ]
        yield f"<tr>{_row('td', told)}</tr>"
    yield "</table>"


def _doubt(doubt: Doubt) -> Iterator[str]:
    both = (doubt.consolidate, doubt.exchange)
    private = any(one.private for one in both)
    yield "<table>"
    if doubt.guessed:
        guess = _("there are others alike: which is which is a guess")
        yield f'<tr><td colspan="3">{escape(guess)}</td></tr>'
    yield f"<tr>{_row('th', ('', 'Consolidate', 'Exchange'))}</tr>"
    secret = next((str(named(one)) for one in both if one.private), None)
    subjects = [secret or str(named(one)) for one in both]
    yield _compared(_("subject"), subjects, differs=Field.SUBJECT in doubt.fields)
    times = [_time(one) for one in both]
    yield _compared(_("time"), times, differs=Field.TIME in doubt.fields)
    if not private:
        places = [one.location for one in both]
        yield _compared(_("location"), places, differs=Field.LOCATION in doubt.fields)
    others = [
        _(one.value)
        for one in doubt.fields
        if one not in {Field.SUBJECT, Field.TIME, Field.LOCATION}
    ]
    if others:
        head, told = escape(_("differs too")), escape(", ".join(others))
        yield f'<tr><th>{head}</th><td colspan="2">{told}</td></tr>'
    yield "</table>"


def _heading(text: str) -> str:
    return f"<h3>{escape(text)}</h3>"


def _compared(name: str, values: Sequence[str], *, differs: bool) -> str:
    if not any(values):
        return ""
    kind = ' class="differs"' if differs else ""
    cells = "".join(f"<td{kind}>{escape(value)}</td>" for value in values)
    return f"<tr><th>{escape(name)}</th>{cells}</tr>"


def _time(a: Appointment) -> str:
    if a.all_day:
        return f"{a.start:%Y-%m-%d} - {a.end:%Y-%m-%d}, " + _("all-day")
    return f"{a.start:%Y-%m-%d %H:%M} - {a.end:%Y-%m-%d %H:%M}, {a.zone}"


def _row(kind: str, values: Iterable[str]) -> str:
    return "".join(f"<{kind}>{escape(value)}</{kind}>" for value in values)


def _numbers(values: Iterable[int]) -> str:
    return "".join(f'<td class="number">{value}</td>' for value in values)
