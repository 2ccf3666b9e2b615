"""Certificates and secrets in files: used as they are now, refused when they cannot be."""

import sys
from pathlib import Path

import jwt
import pytest
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec, rsa

from calsync_agent.errors import ConfigurationRefused
from tests.exchange_client.authority import (
    AUTHORITY,
    TENANT,
    Authority,
    certificate,
    pem,
    tokens_of,
)

pytestmark = pytest.mark.anyio


KEY = rsa.generate_private_key(65537, 2048)
OTHER = rsa.generate_private_key(65537, 2048)
CURVE = ec.generate_private_key(ec.SECP256R1())


async def test_b9_a_certificate_signs_the_request(authority: Authority, tmp_path: Path) -> None:
    own = certificate(KEY)
    path = tmp_path / "app.pem"
    path.write_bytes(pem(KEY, certificate(OTHER), own))
    tokens = tokens_of(authority, secret=None, certificate_pem=path)
    assert await tokens.token() == "token-1"
    asked = authority.asked[0]
    assert asked["client_assertion_type"] == [
        "urn:ietf:params:oauth:client-assertion-type:jwt-bearer"
    ]
    (assertion,) = asked["client_assertion"]
    claims = jwt.decode(
        assertion,
        KEY.public_key(),
        algorithms=["PS256"],
        audience=f"{AUTHORITY}/{TENANT}/oauth2/v2.0/token",
    )
    assert claims["iss"] == claims["sub"] == "app"
    header = jwt.get_unverified_header(assertion)
    digest = jwt.utils.base64url_decode(header["x5t#S256"])
    assert digest == own.fingerprint(hashes.SHA256())


@pytest.mark.parametrize(
    ("content", "hint"),
    [
        (b"", "no private key"),
        (b"\xff\xfe", "no private key"),
        (pem(None, certificate(KEY)), "no private key"),
        (pem(KEY), "no certificate that belongs"),
        (pem(KEY, certificate(OTHER)), "no certificate that belongs"),
        (pem(KEY, certificate(KEY), password=b"secret"), "password"),
        (pem(CURVE, certificate(CURVE)), "RSA"),
        (None, "No such file"),
    ],
)
async def test_b10_an_unusable_certificate_is_refused(
    authority: Authority, tmp_path: Path, content: bytes | None, hint: str
) -> None:
    path = tmp_path / "app.pem"
    if content is not None:
        path.write_bytes(content)
    with pytest.raises(ConfigurationRefused, match=hint) as caught:
        await tokens_of(authority, secret=None, certificate_pem=path).token()
    assert "exchange.certificate_file" in str(caught.value)
    assert "BEGIN" not in str(caught.value)
    assert authority.requests == []


@pytest.mark.parametrize(
    ("content", "hint"),
    [(b"", "empty"), (b" \n", "empty"), (b"\xff\xfe\x00", "UTF-8"), (None, "No")],
)
async def test_b10_an_unusable_secret_file_is_refused(
    authority: Authority, tmp_path: Path, content: bytes | None, hint: str
) -> None:
    path = tmp_path / "secret.txt"
    if content is not None:
        path.write_bytes(content)
    with pytest.raises(ConfigurationRefused, match=hint) as caught:
        await tokens_of(authority, secret=None, secret_file=path).token()
    assert "exchange.client_secret_file" in str(caught.value)


@pytest.mark.skipif(sys.platform == "win32", reason="systemd")
async def test_b9_a_secret_that_systemd_hands_over_signs_in(
    authority: Authority, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    handed = tmp_path / "credentials"
    handed.mkdir()
    (handed / "client-secret").write_text("geheim\n", "utf-8")
    monkeypatch.setenv("CREDENTIALS_DIRECTORY", str(handed))
    tokens = tokens_of(authority, secret=None, secret_file=tmp_path / "client-secret")
    assert await tokens.token() == "token-1"
    assert authority.asked[0]["client_secret"] == ["geheim"]
