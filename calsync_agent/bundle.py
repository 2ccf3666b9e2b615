"""The file that `calsync-agent support` writes and `calsync-agent sandbox --replay` reads.

A zip with JSON and text. Tables are `{"columns": […], "rows": [[…], …], "cut": bool}`: what stands
in them is pseudonyms and shapes, never texts. A pseudonym of a text is `1a2b3c4d5e6f~60`: the same
text has the same one within one file, and `60` tells how long it is at most.
"""

import io
import json
import re
import zipfile
import zlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from calsync_agent.errors import ConfigurationRefused
from calsync_agent.i18n import message
from calsync_agent.platform import read_file

FORMAT: Final = 1
MANIFEST: Final = "manifest.json"
README: Final = "README.txt"
TABLES: Final = "tables/{name}.json"
LARGEST: Final = 100_000_000
"""Bytes that a file may have, packed or unpacked."""

_SHORTEST: Final = (0, 20, 60, 255, 500)
_PSEUDONYM: Final = re.compile(r"([0-9a-f]{12})~(\d{1,9})")
_LONGEST_TEXT: Final = 32_000


@dataclass(frozen=True, slots=True)
class Rows:
    """A table's rows; `cut`: there are more than these."""

    columns: tuple[str, ...]
    rows: Sequence[Sequence[Any]]
    cut: bool = False

    def as_json(self) -> dict[str, object]:
        """How it stands in the file."""
        return {"columns": list(self.columns), "rows": self.rows, "cut": self.cut}

    def named(self) -> list[dict[str, Any]]:
        """Each row by the names of its columns."""
        return [dict(zip(self.columns, row, strict=True)) for row in self.rows]


def length_class(length: int) -> int:
    """The least of 0, 20, 60, 255, 500, 1000, 2000, … that is not less."""
    for most in _SHORTEST:
        if length <= most:
            return most
    most = 2 * _SHORTEST[-1]
    while most < length:
        most *= 2
    return most


def is_pseudonym(text: str) -> bool:
    """Whether it stands for a text."""
    return _PSEUDONYM.fullmatch(text) is not None


def stand_in(pseudonym: str) -> str:
    """A text in the place of the one that a pseudonym stands for, as long as its class says.

    Very long ones are shorter: a file that was made to harm must not fill the memory.
    """
    found = _PSEUDONYM.fullmatch(pseudonym)
    if found is None:
        return pseudonym
    length = min(int(found[2]), _LONGEST_TEXT)
    return found[1].ljust(length, "x")[:length]


def packed(parts: Mapping[str, object]) -> bytes:
    """The file: texts as they are, everything else as JSON."""
    held = io.BytesIO()
    with zipfile.ZipFile(held, "w", zipfile.ZIP_DEFLATED) as zipped:
        for name, part in parts.items():
            text = part if isinstance(part, str) else _json(part)
            # Without the clock's time zone and the account that a file of its own would tell.
            entry = zipfile.ZipInfo(name)
            entry.compress_type = zipfile.ZIP_DEFLATED
            zipped.writestr(entry, text)
    return held.getvalue()


def is_bundle(path: Path) -> bool:
    """Whether the file is one of ours."""
    try:
        unpacked(path)
    except ConfigurationRefused:
        return False
    return True


def unpacked(path: Path) -> dict[str, Any]:
    """The parts that are JSON, by their names. Raises ConfigurationRefused."""
    try:
        with zipfile.ZipFile(io.BytesIO(read_file(path, LARGEST))) as zipped:
            entries = zipped.infolist()
            if sum(entry.file_size for entry in entries) > LARGEST:
                raise _refused(path)
            parts = {
                entry.filename: json.loads(zipped.read(entry))
                for entry in entries
                if entry.filename.endswith(".json")
            }
    except OSError as error:
        raise ConfigurationRefused(
            message(
                "{path} cannot be read: {reason}",
                path=str(path),
                reason=error.strerror or type(error).__name__,
            )
        ) from None
    except (
        ValueError,
        EOFError,
        RecursionError,
        RuntimeError,
        zipfile.BadZipFile,
        zlib.error,
    ):
        raise _refused(path) from None
    manifest = parts.get(MANIFEST)
    if not isinstance(manifest, dict) or manifest.get("format") != FORMAT:
        raise _refused(path)
    return parts


def is_cut(parts: Mapping[str, Any], table: str) -> bool:
    """Whether there were more rows than the file tells of."""
    found = parts.get(TABLES.format(name=table))
    return isinstance(found, dict) and bool(found.get("cut"))


def rows_of(parts: Mapping[str, Any], table: str) -> list[dict[str, Any]]:
    """The rows of a table, each by the names of its columns; none where it is not there."""
    found = parts.get(TABLES.format(name=table))
    match found:
        case {"columns": list(columns), "rows": list(rows)}:
            return [dict(zip(columns, row, strict=True)) for row in rows]
    return []


def _refused(path: Path) -> ConfigurationRefused:
    return ConfigurationRefused(
        message(
            "{path}: is no file that this version of calsync-agent support has written",
            path=str(path),
        )
    )


def _json(part: object) -> str:
    """One row of a table to a line, so that it can be looked through."""
    match part:
        case {"columns": columns, "rows": list(rows), **rest}:
            lines = ",\n".join(json.dumps(row, separators=(",", ":")) for row in rows)
            head = json.dumps({"columns": columns, **rest})[:-1]
            return f'{head}, "rows": [\n{lines}\n]}}\n'
    return json.dumps(part, indent=1) + "\n"
