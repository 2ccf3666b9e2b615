"""Plays Microsoft Entra ID's part of a sign-in; and certificates to sign in with."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any
from urllib.parse import parse_qs

import httpx
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from cryptography.x509.oid import NameOID

from calsync_agent.exchange.transport.auth import MsalTokens
from calsync_agent.exchange.transport.settings import GraphSettings
from tests.exchange_client.fake import clock

TENANT = "11111111-2222-3333-4444-555555555555"
AUTHORITY = "https://login.sandbox.example"
SECRET = "s3cret-value"


def refusal(code: int, error: str = "invalid_client") -> dict[str, object]:
    return {
        "error": error,
        "error_description": f"AADSTS{code}: Something.\r\nTrace ID: t-1\r\nTimestamp: now",
        "error_codes": [code],
        "trace_id": "t-1",
        "correlation_id": "c-1",
    }


@dataclass
class Authority:
    """Plays the token endpoint; answers come from a script, the last line stays."""

    lines: list[tuple[int, Mapping[str, object] | str]] = field(default_factory=list)
    discovery: tuple[int, Mapping[str, object] | str] | None = None
    error: Exception | None = None
    requests: list[httpx.Request] = field(default_factory=list)
    asked: list[dict[str, list[str]]] = field(default_factory=list)
    on_token: Callable[[], None] | None = None

    def __call__(self, request: httpx.Request) -> httpx.Response:
        self.requests.append(request)
        if self.error is not None:
            raise self.error
        root = f"https://{request.url.netloc.decode()}/{TENANT}"
        if request.url.path.endswith("/openid-configuration"):
            configuration = {
                "issuer": f"{root}/v2.0",
                "token_endpoint": f"{root}/oauth2/v2.0/token",
                "authorization_endpoint": f"{root}/oauth2/v2.0/authorize",
            }
            return _response(*(self.discovery or (200, configuration)))
        if request.url.path == "/common/discovery/instance":
            return _response(200, {"tenant_discovery_endpoint": root, "metadata": []})
        self.asked.append(parse_qs(request.content.decode()))
        if self.on_token is not None:
            self.on_token()
        default = {"access_token": f"token-{len(self.asked)}", "expires_in": 3600}
        line = self.lines.pop(0) if len(self.lines) > 1 else None
        return _response(*(line or (self.lines[0] if self.lines else (200, default))))


def _response(status: int, body: Mapping[str, object] | str) -> httpx.Response:
    if isinstance(body, str):
        return httpx.Response(status, text=body)
    return httpx.Response(status, json=body, headers={"Retry-After": "40"} if status > 428 else {})


def tokens_of(played: Authority, /, **change: Any) -> MsalTokens:
    given = {"tenant_id": TENANT, "client_id": "app", "secret": SECRET, "authority": AUTHORITY}
    settings = GraphSettings(**{**given, **change})
    return MsalTokens(settings, transport=httpx.MockTransport(played), clock=clock())


def certificate(key: rsa.RSAPrivateKey | ec.EllipticCurvePrivateKey) -> x509.Certificate:
    """One that the key has signed itself, valid now."""
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "calsync")])
    begun = datetime.now(UTC) - timedelta(days=1)
    return (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(1)
        .not_valid_before(begun)
        .not_valid_after(begun + timedelta(days=365))
        .sign(key, hashes.SHA256())
    )


def pem(
    key: rsa.RSAPrivateKey | ec.EllipticCurvePrivateKey | None,
    *certificates: x509.Certificate,
    password: bytes | None = None,
) -> bytes:
    """The key and certificates, as they stand in a file."""
    encryption: serialization.KeySerializationEncryption = (
        serialization.BestAvailableEncryption(password)
        if password
        else serialization.NoEncryption()
    )
    form = serialization.PrivateFormat.PKCS8
    encoding = serialization.Encoding.PEM
    block = b"" if key is None else key.private_bytes(encoding, form, encryption)
    return block + b"".join(each.public_bytes(encoding) for each in certificates)
