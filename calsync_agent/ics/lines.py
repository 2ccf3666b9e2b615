"""The lines of an iCalendar file: decoded, unfolded, numbered.

Total over all bytes: whatever a file holds, its lines come out. Nothing of it is lost, apart from
NUL bytes, which no text can hold.
"""

import codecs
import quopri
import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final

_WIDE: Final = (
    (codecs.BOM_UTF32_LE, "utf-32-le"),
    (codecs.BOM_UTF32_BE, "utf-32-be"),
    (codecs.BOM_UTF16_LE, "utf-16-le"),
    (codecs.BOM_UTF16_BE, "utf-16-be"),
)
# A return alone ends a line where a line begins after it; elsewhere it is a break in a text.
_ENDS: Final = re.compile(
    rb"(?<!\r)\r*\n|\r(?=(?:\xef\xbb\xbf)?[A-Za-z][A-Za-z0-9-]{0,40}[:;]|[ \t\r]|\Z)"
)
_CLASSIC_ENDS: Final = re.compile(rb"\r")
# These are never continued: a fold after one is the next line, indented.
_WHOLE: Final = re.compile(
    rb"\s*(BEGIN|END)\s*:\s*(VCALENDAR|VEVENT|VALARM|VTIMEZONE|STANDARD|DAYLIGHT|VTODO|VJOURNAL)\s*\Z",
    re.IGNORECASE,
)
_QUOTED: Final = re.compile(rb";\s*(ENCODING\s*=\s*)?QUOTED-PRINTABLE\s*[;:]", re.IGNORECASE)
_CHARSET: Final = re.compile(rb";\s*CHARSET\s*=\s*\"?([A-Za-z0-9_.-]{1,40})", re.IGNORECASE)
_LONGEST_HEAD: Final = 1000


@dataclass(frozen=True, slots=True)
class ContentLine:
    """A line without its folds; `number` is where it begins in the file, from 1."""

    number: int
    text: str


def lines(content: bytes) -> Iterator[ContentLine]:
    """The lines of a file that are not empty."""
    begun, pieces, quoted = 0, list[bytes](), False
    for number, each in enumerate(_physical(_narrow(content)), 1):
        piece = each.removeprefix(codecs.BOM_UTF8)
        if quoted and pieces[-1].endswith(b"="):
            pieces += [pieces.pop()[:-1], piece.lstrip(b" \t")]
        elif not piece.strip():
            continue
        elif piece[:1] in {b" ", b"\t"} and pieces and not _WHOLE.match(pieces[0]):
            pieces.append(piece[1:])
        else:
            if pieces:
                yield _line(begun, pieces)
            begun, pieces, quoted = number, [piece], bool(_QUOTED.search(_head(piece)))
    if pieces:
        yield _line(begun, pieces)


def from_quoted_printable(value: str, charset: str) -> str:
    """What quoted-printable text says, with the breaks of its lines as iCalendar writes them."""
    said = _decoded(quopri.decodestring(value.encode()).replace(b"\0", b""), charset)
    return re.sub(r"\r\n?|\n", r"\\n", said)


def _line(number: int, pieces: list[bytes]) -> ContentLine:
    whole = b"".join(pieces)
    named = _CHARSET.search(_head(whole))
    return ContentLine(number, _decoded(whole, named[1].decode() if named else ""))


def _head(line: bytes) -> bytes:
    """What stands before the value, about."""
    return line[:_LONGEST_HEAD].partition(b":")[0] + b":"


def _decoded(content: bytes, charset: str) -> str:
    """Text in the charset that is named, or in UTF-8; what is neither is Windows' own."""
    if charset:
        try:
            # Some charsets of Python's have more in them than text can hold.
            named = content.decode(charset).replace("\0", "")
            return named.encode("utf-8", errors="replace").decode()
        except (LookupError, ValueError):
            pass  # wrongly named
    return content.decode("utf-8", errors="calsync-windows")


def _windows(error: UnicodeError) -> tuple[str, int]:
    """What bytes that are no UTF-8 mean in cp1252; the five that mean nothing, in Latin-1."""
    if not isinstance(error, UnicodeDecodeError):
        raise error
    bytes_ = (error.object[n : n + 1] for n in range(error.start, error.end))
    return "".join(_from_windows(each) for each in bytes_), error.end


def _from_windows(byte: bytes) -> str:
    return byte.decode("cp1252", errors="ignore") or byte.decode("latin-1")


codecs.register_error("calsync-windows", _windows)


def _narrow(content: bytes) -> bytes:
    """The content in a charset that has ASCII in it, without NUL bytes."""
    wide = {b"B\0E\0": "utf-16-le", b"\0B\0E": "utf-16-be"}.get(content[:4], "")
    for bom, name in _WIDE:
        if content.startswith(bom):
            content, wide = content[len(bom) :], name
            break
    if wide:
        content = content.decode(wide, errors="replace").encode()
    return content.replace(b"\0", b"")


def _physical(content: bytes) -> Iterator[bytes]:
    """The content between line ends, one piece at a time."""
    ends = _ENDS if b"\n" in content else _CLASSIC_ENDS
    at = 0
    for found in ends.finditer(content):
        yield content[at : found.start()]
        at = found.end()
    yield content[at:]
