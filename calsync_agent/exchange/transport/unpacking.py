"""The bytes of an answer, unpacked, and never more of them than are taken in (B9a).

Pure. Unpacking stops at the bound, so that a few packed bytes cannot fill the memory.
"""

import zlib
from typing import Final

LARGEST: Final = 32 * 1024 * 1024
"""Bytes of one answer, packed or unpacked."""

LARGEST_SIGN_IN: Final = 1024 * 1024
"""The same of the sign-in, whose answers MSAL reads by itself."""

LONGEST: Final = 300.0
"""Seconds from a request until its answer is complete."""

OFFERED: Final = "gzip, deflate"
"""How an answer may be packed: the value of Accept-Encoding."""

_EITHER: Final = 32 + zlib.MAX_WBITS  # gzip or zlib, told by its first bytes
_BARE: Final = -zlib.MAX_WBITS  # deflate without a header, which some servers send
_PACKED: Final = frozenset({"gzip", "x-gzip", "deflate"})
_PLAIN: Final = frozenset({"", "identity"})


class TooLarge(Exception):
    """There is more than the bound allows."""


class Unpackable(Exception):
    """It is packed in a way that was not offered, or it is damaged."""


def is_plain(encoding: str) -> bool:
    """Whether the value of Content-Encoding says that the bytes are as they are meant."""
    return encoding.strip().lower() in _PLAIN


def unpacked(content: bytes, encoding: str, most: int = LARGEST) -> bytes:
    """The bytes that `content` stands for. Raises TooLarge, Unpackable."""
    if is_plain(encoding) or not content:
        if len(content) > most:
            raise TooLarge
        return content
    name = encoding.strip().lower()
    if name not in _PACKED:  # twice packed as well
        raise Unpackable(name[:100])
    try:
        return _inflated(content, _EITHER, most)
    except zlib.error as error:
        if name != "deflate":
            raise Unpackable(str(error)) from error
    try:
        return _inflated(content, _BARE, most)
    except zlib.error as error:
        raise Unpackable(str(error)) from error


def _inflated(content: bytes, form: int, most: int) -> bytes:
    packed = zlib.decompressobj(form)
    found = packed.decompress(content, most + 1)
    if len(found) > most:
        raise TooLarge
    return found
