"""Profiles as a table in a CSV file, as spreadsheets write it in German and English (I1). Pure.

The first line names the columns. Semicolon, comma or tab part them; the text is UTF-8, UTF-16 with
a mark, or Windows-1252. A line is one profile: no value holds a line break, so that a quote that is
never closed costs its own line alone.
"""

import csv
import io
import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Final

from calsync_agent.errors import ConfigurationRefused
from calsync_agent.i18n import Message, message

COLUMNS: Final = ("employee", "external_user_id", "active", "inbound", "outbound")
NEEDED: Final = COLUMNS[:2]
LONGEST: Final = 16 * 1024 * 1024
"""Bytes of a file."""

_LONGEST_LINE: Final = 10_000

_PARTED_BY: Final = ";,\t"
_WORDS: Final[Mapping[str, bool]] = {
    **dict.fromkeys(("1", "true", "wahr", "ja", "yes"), True),
    **dict.fromkeys(("0", "false", "falsch", "nein", "no"), False),
}
_FORMULA: Final = re.compile(r"'*[=+\-@]")
"""What a spreadsheet would reckon with has an apostrophe in front, which is none of the value's."""
_LINES: Final = re.compile(r"\r\n|\r|\n")
_SEPARATOR_LINE: Final = re.compile(r"sep=([;,\t])", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class Line:
    """A profile as a line of the file wants it; None for what is left as it is, or not said.

    `directions`: which columns of directions the file has; None in them means: as the provider.
    """

    number: int
    employee: str
    mailbox: str
    active: bool | None = None
    inbound: bool | None = None
    outbound: bool | None = None
    directions: frozenset[str] = frozenset()


@dataclass(frozen=True, slots=True)
class Wrong:
    """A line of which nothing can be made."""

    number: int
    reason: Message


def read(content: bytes, name: str) -> list[Line | Wrong]:
    """The lines of a file, those that are empty left out.

    Raises ConfigurationRefused where the file as a whole cannot be read.
    """
    lines = _LINES.split(_decoded(content, name))
    first, parted_by = 0, ""
    separator = _SEPARATOR_LINE.fullmatch(lines[0].strip(" "))
    if separator:
        first, parted_by = 1, separator[1]
    header = lines[first] if first < len(lines) else ""
    parted_by = parted_by or max(_PARTED_BY, key=header.count)
    columns = _columns(header, parted_by, name)
    found: list[Line | Wrong] = []
    for number, text in enumerate(lines[first + 1 :], first + 2):
        if text.strip(parted_by + ' "'):
            found.append(_line(number, text, parted_by, columns))
    return found


def write(rows: Iterable[Sequence[object]]) -> str:
    """The same as a text: values in the order of COLUMNS; None is empty, a flag is 1 or 0."""
    made = io.StringIO()
    writer = csv.writer(made, delimiter=";", lineterminator="\r\n")
    writer.writerow(COLUMNS)
    for row in rows:
        writer.writerow([_cell(value) for value in row])
    return made.getvalue()


def _cell(value: object) -> str:
    if value is None:
        return ""
    text = str(int(value)) if isinstance(value, bool) else str(value)
    return f"'{text}" if _FORMULA.match(text) else text


def _decoded(content: bytes, name: str) -> str:
    if len(content) > LONGEST:
        raise ConfigurationRefused(
            message("{file}: longer than {limit} bytes", file=name, limit=LONGEST)
        )
    wide = content.startswith((b"\xff\xfe", b"\xfe\xff"))
    for encoding in ("utf-16",) if wide else ("utf-8-sig", "cp1252"):
        try:
            text = content.decode(encoding)
        except UnicodeDecodeError:
            continue
        if "\0" not in text:
            return text
    raise ConfigurationRefused(
        message("{file}: is no text; save it as CSV (UTF-8) from the spreadsheet", file=name)
    )


def _columns(header: str, parted_by: str, name: str) -> list[str]:
    columns = [each.strip().casefold() for each in _values(header, parted_by) or []]
    missing = [each for each in NEEDED if each not in columns]
    odd = [each for each in columns if each and each not in COLUMNS]
    double = [each for each in COLUMNS if columns.count(each) > 1]
    if missing or odd or double:
        raise ConfigurationRefused(
            message(
                "{file}: the first line has to name the columns {columns}; there stands {found}",
                file=name,
                columns=";".join(COLUMNS),
                found=repr(header[:200]),
            )
        )
    return columns


def _values(text: str, parted_by: str) -> list[str] | None:
    """The values of a line; None where its quotes are wrong."""
    try:
        return next(csv.reader([text], delimiter=parted_by, strict=True), [])
    except csv.Error:
        return None


def _told(cell: str) -> str:
    value = cell.strip()
    return value[1:] if value.startswith("'") and _FORMULA.match(value) else value


def _line(number: int, text: str, parted_by: str, columns: Sequence[str]) -> Line | Wrong:
    if len(text) > _LONGEST_LINE:
        return Wrong(number, message("longer than {limit} characters", limit=_LONGEST_LINE))
    values = _values(text, parted_by)
    if values is None:
        return Wrong(number, message("a quotation mark is never closed, or stands amid a value"))
    # What a spreadsheet puts behind the last column is empty.
    if len(values) < len(columns) or any(each.strip() for each in values[len(columns) :]):
        return Wrong(
            number,
            message(
                "{count} values where the first line names {columns} columns",
                count=len(values),
                columns=len(columns),
            ),
        )
    told = {name: _told(value) for name, value in zip(columns, values, strict=False) if name}
    flags: dict[str, bool | None] = {}
    for name in COLUMNS[2:]:
        word = told.get(name, "")
        flags[name] = _WORDS.get(word.casefold())
        if word and flags[name] is None:
            return Wrong(
                number,
                message(
                    "{column} is {value}; it must be one of: {right}",
                    column=name,
                    value=repr(word[:80]),
                    right=", ".join(_WORDS),
                ),
            )
    return Line(
        number,
        told["employee"],
        told["external_user_id"],
        directions=frozenset(told) & {"inbound", "outbound"},
        **flags,
    )
