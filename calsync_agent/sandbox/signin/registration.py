"""The app as it is registered in the tenant: its id, secrets and certificates."""

import hashlib
from dataclasses import dataclass, field
from datetime import datetime

from cryptography import x509
from cryptography.hazmat.primitives.serialization import Encoding


@dataclass(frozen=True, slots=True)
class Certificate:
    """A certificate registered for the app, in PEM."""

    pem: str

    def thumbprints(self) -> frozenset[bytes]:
        """SHA-1 and SHA-256 of the certificate, by either of which an assertion may name it."""
        der = self.loaded().public_bytes(Encoding.DER)
        sha1 = hashlib.sha1(der, usedforsecurity=False).digest()
        return frozenset({sha1, hashlib.sha256(der).digest()})

    def loaded(self) -> x509.Certificate:
        """The certificate itself."""
        return x509.load_pem_x509_certificate(self.pem.encode())


@dataclass(slots=True, kw_only=True)
class Registration:
    """An app registration. `secrets`: each with the moment it expires, or None."""

    client_id: str
    secrets: dict[str, datetime | None] = field(default_factory=dict)
    certificates: list[Certificate] = field(default_factory=list)
    enabled: bool = True
