"""Pseudonyms: the same for the same thing within one bundle, and of use to nobody outside of it.

They are digests with a key that is made for one bundle and never stored, so that nobody can try
names until one fits.
"""

import hashlib
import hmac
import secrets
from functools import lru_cache
from typing import Final
from uuid import UUID

from calsync_agent.bundle import length_class

_LENGTH: Final = 12


class Pseudonyms:
    """The pseudonyms of one bundle."""

    def __init__(self) -> None:
        self._key = secrets.token_bytes(32)
        self._digest = lru_cache(maxsize=100_000)(self._made)

    def text(self, value: object) -> str:
        """Of anything that somebody wrote, with the class of its length; blanks are nothing."""
        text = value if isinstance(value, str) else repr(value)
        return f"{self._digest('text', text)}~{length_class(len(text))}" if text.strip() else ""

    def code(self, value: object) -> str:
        """Of an employee's code, however it is spelt."""
        return f"C{self._digest('code', str(value).strip().casefold())[:8]}"

    def address(self, value: object) -> str:
        """Of an address, a principal name or an id of somebody; of the same domain, the same."""
        text = str(value).strip().casefold()
        local, at, domain = text.rpartition("@")
        if not at:
            return f"u{self._digest('user', text)}"
        host = self._digest("domain", domain)[:8]
        return f"m{self._digest('local', local + '@' + domain)}@d{host}.invalid"

    def thing(self, kind: str, value: object) -> str:
        """Of a computer, an address on the web, an id at Exchange, …: `host-1a2b3c4d5e6f`."""
        return f"{kind}-{self._digest(kind, str(value))}"

    def number(self, value: object) -> str:
        """Of a uuid, as another uuid."""
        if not isinstance(value, UUID):
            try:
                value = UUID(str(value))
            except ValueError:
                return self.text(str(value))
        whole = hmac.digest(self._key, b"uuid\0" + value.bytes, "sha256")
        return str(UUID(bytes=whole[:16], version=4))

    def _made(self, realm: str, text: str) -> str:
        told = f"{realm}\0{text}".encode("utf-8", "surrogatepass")
        return hmac.new(self._key, told, hashlib.sha256).hexdigest()[:_LENGTH]
