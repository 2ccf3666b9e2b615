"""What the app proves itself with: a secret, or a certificate with its private key."""

from pathlib import Path
from typing import Final, TypeAlias

from cryptography import x509
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPrivateKey
from cryptography.hazmat.primitives.serialization import (
    Encoding,
    NoEncryption,
    PrivateFormat,
    load_pem_private_key,
)

from calsync_agent.errors import ConfigurationRefused
from calsync_agent.exchange.transport.settings import GraphSettings
from calsync_agent.i18n import Message, message
from calsync_agent.platform import read_handed_over

# As MSAL takes it: the secret, or private_key and public_certificate as PEM, of which it makes
# assertions that are signed with PS256 and name the certificate by its SHA-256 (since 1.35).
Credential: TypeAlias = str | dict[str, str]

LARGEST: Final = 1_000_000
"""Bytes of a file that is read."""

_SECRET_KEY: Final = "exchange.client_secret_file"  # noqa: S105 - the setting's name
_NEXT_KEY: Final = "exchange.client_secret_next_file"
_CERTIFICATE_KEY: Final = "exchange.certificate_file"


def read_credential(settings: GraphSettings) -> Credential:
    """The credential as it stands now, so that a rotated one is taken without a restart.

    Blocking. Raises ConfigurationRefused; its sentence never holds any of the content.
    """
    if settings.certificate_pem is not None:
        return _certificate(settings.certificate_pem)
    if settings.secret_file is not None:
        return _secret(_SECRET_KEY, settings.secret_file)
    return settings.secret or ""


def read_next(settings: GraphSettings) -> str | None:
    """The secret that takes the place of one that is refused; None where there is none.

    Blocking. Raises ConfigurationRefused, as above.
    """
    if settings.next_secret_file is not None:
        return _secret(_NEXT_KEY, settings.next_secret_file)
    return settings.next_secret or None


def _secret(key: str, path: Path) -> str:
    try:
        # Windows' editors put a byte order mark before it, and all put a line break after it.
        secret = _read(key, path).decode("utf-8-sig").strip()
    except UnicodeDecodeError:
        raise _refused(key, path, message("it is no UTF-8 text")) from None
    if not secret:
        raise _refused(key, path, message("it is empty"))
    return secret


def _certificate(path: Path) -> dict[str, str]:
    pem = _read(_CERTIFICATE_KEY, path)
    key = _private_key(path, pem)
    try:
        certificates = x509.load_pem_x509_certificates(pem)
    except ValueError:
        certificates = []
    for certificate in certificates:  # the authorities' may stand in the file as well
        if certificate.public_key() == key.public_key():
            return {
                "private_key": key.private_bytes(
                    Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()
                ).decode("ascii"),
                "public_certificate": certificate.public_bytes(Encoding.PEM).decode("ascii"),
            }
    raise _refused(
        _CERTIFICATE_KEY, path, message("it holds no certificate that belongs to its private key")
    )


def _private_key(path: Path, pem: bytes) -> RSAPrivateKey:
    try:
        key = load_pem_private_key(pem, password=None)
    except TypeError:
        raise _refused(
            _CERTIFICATE_KEY, path, message("its private key is protected by a password")
        ) from None
    except ValueError:
        raise _refused(_CERTIFICATE_KEY, path, message("it holds no private key as PEM")) from None
    if not isinstance(key, RSAPrivateKey):
        raise _refused(_CERTIFICATE_KEY, path, message("Microsoft takes RSA keys only"))
    return key


def _read(key: str, path: Path) -> bytes:
    try:
        return read_handed_over(path, LARGEST)
    except OSError as error:
        raise _refused(
            key, path, message("{reason}", reason=error.strerror or type(error).__name__)
        ) from None


def _refused(key: str, path: Path, reason: Message) -> ConfigurationRefused:
    return ConfigurationRefused(
        message("{key} = {path} cannot be used: {reason}", key=key, path=str(path), reason=reason)
    )
