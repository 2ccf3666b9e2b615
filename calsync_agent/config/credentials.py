"""The files and the variable that `agent.toml` names: read, checked, explained when wrong.

All functions raise `Wrong`. Nothing that was read is ever part of a message.
"""

import datetime as dt
import os
from pathlib import Path
from typing import Final

from cryptography import x509
from cryptography.exceptions import UnsupportedAlgorithm
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPrivateKey
from cryptography.hazmat.primitives.asymmetric.types import CertificatePublicKeyTypes
from pydantic import SecretStr

from calsync_agent.config.checks import Wrong
from calsync_agent.config.settings import ClientCertificate, ClientSecret, Settings
from calsync_agent.i18n import message
from calsync_agent.platform import NotOrdinary, TooLarge, is_folder, read_handed_over

LONGEST_SECRET: Final = 16_384
"""Bytes of a file with a password or a client secret, which have some 40 characters."""

LARGEST: Final = 1_000_000
"""Bytes of a file with certificates; the authorities that browsers trust are a quarter of that."""


def content(path: Path, most: int = LARGEST) -> bytes:
    """What the file holds, which may be up to `most` bytes.

    Where it is not there for this account, what systemd hands over under its name stands for it.
    """
    try:
        return read_handed_over(path, most)
    except NotOrdinary:
        raise Wrong(
            message("{path} is no ordinary file but a device or a pipe", path=str(path))
        ) from None
    except TooLarge:
        told = message(
            "{path} is too large ({most} bytes are allowed); it must be another file that is meant",
            path=str(path),
            most=most,
        )
        raise Wrong(told) from None
    except FileNotFoundError:
        raise Wrong(message("there is no file {path}", path=str(path))) from None
    except IsADirectoryError:
        raise Wrong(message("{path} is a folder; name a file in it", path=str(path))) from None
    except PermissionError:
        if is_folder(path):  # as Windows says it
            raise Wrong(message("{path} is a folder; name a file in it", path=str(path))) from None
        raise Wrong(
            message("{path} cannot be read by this account; give it the right to", path=str(path))
        ) from None
    except OSError as error:
        raise Wrong(
            message("{path} cannot be read: {reason}", path=str(path), reason=error.strerror or "")
        ) from None


def text(path: Path, most: int) -> str:
    """What the file holds, as text; a byte order mark is no part of it."""
    try:
        return content(path, most).decode("utf-8-sig")
    except UnicodeDecodeError:
        raise Wrong(
            message("{path} is not in UTF-8; save it in that encoding", path=str(path))
        ) from None


def secret(path: Path) -> SecretStr:
    """The one line that the file holds, without white space around it."""
    line = text(path, LONGEST_SECRET).strip()
    if not line:
        raise Wrong(message("{path} is empty; put the secret in it", path=str(path)))
    if len(line.splitlines()) > 1:
        raise Wrong(
            message("{path} has several lines; it may hold the secret alone", path=str(path))
        )
    if not line.isprintable():
        raise Wrong(
            message("{path} holds control characters; put the secret alone in it", path=str(path))
        )
    return SecretStr(line)


def secret_variable(name: str) -> SecretStr:
    """The secret in an environment variable."""
    value = os.environ.get(name, "").strip()
    if not value:
        raise Wrong(
            message("the environment variable {name} is not set or empty; set it", name=name)
        )
    return SecretStr(value)


def certificate(path: Path) -> ClientCertificate:
    """The private key in the file, and the certificate that belongs to it."""
    pem = content(path)
    key = _private_key(path, pem)
    public = key.public_key()
    for candidate in _certificates(path, pem):
        if _key_of(candidate) == public:
            _check_age(path, candidate)
            return ClientCertificate(
                private_key=SecretStr(_as_pem(key)),
                certificate=candidate.public_bytes(serialization.Encoding.PEM).decode(),
            )
    raise Wrong(
        message("the certificate in {path} does not belong to the key in it", path=str(path))
    )


def ends(settings: Settings) -> dt.datetime | None:
    """When what the app signs in with ends (UTC, without zone), as far as the settings tell.

    Of a secret they tell the day, of which it may see no more than the beginning.
    """
    credential = settings.credential
    if isinstance(credential, ClientSecret):
        told = settings.exchange.client_secret_expires
        return None if told is None else dt.datetime.combine(told, dt.time())
    found = x509.load_pem_x509_certificate(credential.certificate.encode())
    return found.not_valid_after_utc.replace(tzinfo=None)


def authorities(path: Path) -> None:
    """Refuse a file without certificates."""
    _certificates(path, content(path))


def _private_key(path: Path, pem: bytes) -> RSAPrivateKey:
    try:
        key = serialization.load_pem_private_key(pem, password=None)
    except TypeError:
        raise Wrong(
            message("the private key in {path} has a pass phrase; store it without", path=str(path))
        ) from None
    except (ValueError, UnsupportedAlgorithm):
        raise Wrong(
            message(
                "{path} holds no private key in PEM form (-----BEGIN PRIVATE KEY-----)",
                path=str(path),
            )
        ) from None
    if not isinstance(key, RSAPrivateKey):
        raise Wrong(
            message("the private key in {path} is not RSA; Entra ID takes no other", path=str(path))
        )
    return key


def _certificates(path: Path, pem: bytes) -> list[x509.Certificate]:
    try:
        return x509.load_pem_x509_certificates(pem)
    except ValueError:
        raise Wrong(
            message(
                "{path} holds no certificate in PEM form (-----BEGIN CERTIFICATE-----)",
                path=str(path),
            )
        ) from None


def _key_of(candidate: x509.Certificate) -> CertificatePublicKeyTypes | None:
    """Its public key; None for one that cannot be understood, which is not the app's then."""
    try:
        return candidate.public_key()
    except (ValueError, UnsupportedAlgorithm):
        return None


def _check_age(path: Path, candidate: x509.Certificate) -> None:
    end = candidate.not_valid_after_utc
    if end < dt.datetime.now(dt.UTC):
        raise Wrong(
            message(
                "the certificate in {path} expired on {day}; a new one is needed",
                path=str(path),
                day=end.date().isoformat(),
            )
        )


def _as_pem(key: RSAPrivateKey) -> str:
    return key.private_bytes(
        serialization.Encoding.PEM,
        serialization.PrivateFormat.PKCS8,
        serialization.NoEncryption(),
    ).decode()
