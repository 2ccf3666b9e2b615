"""Ids, change keys and iCalendar UIDs: they look like Exchange's and can be told from garbage.

An id holds the mailbox and how often that has moved to another server, the item's number, how often
the item has moved (default ids only, which is why those change with a move) and the day of an
occurrence, closed by a checksum. Both forms are safe in a URL but for their last "=", about 150
characters long, and differ from others by case alone.
"""

import base64
import binascii
import hashlib
import struct
import uuid
from dataclasses import dataclass
from datetime import date
from typing import Final

_FORM: Final = struct.Struct(">3sc16sHIII")
_MARK: Final = b"\xfb\xef\xff"  # "--__": what takes ids for words or for base64 breaks at once
_DEFAULT: Final = b"D"
_IMMUTABLE: Final = b"I"
_CHECKSUMS: Final = {_DEFAULT: 76, _IMMUTABLE: 77}  # lengths that end with and without "="
_GLOBAL_OBJECT: Final = "040000008200E00074C5B7101A82E008"


@dataclass(frozen=True, slots=True)
class Reference:
    """What an id stands for. `moves` is None in an immutable id, `day` None outside a series.

    `server`: how often the mailbox had moved to another server when the id was made.
    """

    mailbox: str
    server: int
    key: int
    moves: int | None
    day: date | None


class Identifiers:
    """Makes ids from a seed: the same seed and the same history give the same ids."""

    def __init__(self, seed: str) -> None:
        self.seed = seed
        self._secret = hashlib.sha256(seed.encode()).digest()

    def guid(self, *parts: object) -> str:
        """A GUID for what the parts name."""
        return str(uuid.UUID(bytes=self._digest("\0".join(map(str, parts)).encode(), 16)))

    def event_id(
        self, mailbox: str, key: int, moves: int | None, day: date | None = None, *, server: int = 0
    ) -> str:
        """The id of an event or (with `day`) of an occurrence; `moves` None makes it immutable."""
        kind = _IMMUTABLE if moves is None else _DEFAULT
        held = _FORM.pack(
            _MARK,
            kind,
            uuid.UUID(mailbox).bytes,
            server,
            key,
            moves or 0,
            day.toordinal() if day else 0,
        )
        whole = held + self._checksum(held, kind)
        return base64.urlsafe_b64encode(whole).decode()

    def read(self, event_id: str) -> Reference | None:
        """What an id stands for; None for what was never one. Case matters."""
        if "+" in event_id or "/" in event_id:  # which the decoder would take for "-" and "_"
            return None
        try:
            whole = base64.b64decode(event_id, altchars=b"-_", validate=True)
            held = whole[: _FORM.size]
            _, kind, mailbox, server, key, moves, ordinal = _FORM.unpack(held)
        except (binascii.Error, struct.error, ValueError):
            return None
        if kind not in _CHECKSUMS or whole[_FORM.size :] != self._checksum(held, kind):
            return None
        day = date.fromordinal(ordinal) if ordinal else None
        return Reference(
            str(uuid.UUID(bytes=mailbox)),
            server,
            key,
            None if kind == _IMMUTABLE else moves,
            day,
        )

    def change_key(self, mailbox: str, key: int, version: int, day: date | None = None) -> str:
        """What changes with every version of an item."""
        held = f"{mailbox} {key} {version} {day}".encode()
        return base64.b64encode(self._digest(held, 30)).decode()

    def ical_uid(self, *parts: object) -> str:
        """A global object id as Exchange makes them."""
        return f"{_GLOBAL_OBJECT}{'0' * 32}10000000{uuid.UUID(self.guid(*parts)).hex.upper()}"

    def _checksum(self, held: bytes, kind: bytes) -> bytes:
        first = self._digest(held, 64)
        return (first + first[::-1])[: _CHECKSUMS[kind]]

    def _digest(self, held: bytes, size: int) -> bytes:
        return hashlib.blake2b(held, digest_size=size, key=self._secret).digest()


def occurrence_uid(uid: str, day: date) -> str:
    """The iCalUId of one occurrence: the series' with the day in the place kept for it."""
    at = len(_GLOBAL_OBJECT)
    if not uid.startswith(_GLOBAL_OBJECT):  # from elsewhere
        return f"{uid}.{day:%Y%m%d}"
    return f"{uid[:at]}{day.year:04X}{day.month:02X}{day.day:02X}{uid[at + 8 :]}"
