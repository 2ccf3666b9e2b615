"""Tokens by MSAL, against an authority that is played; and what Microsoft's refusals mean."""

import asyncio
import logging
import threading
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs

import httpx
import jwt
import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from cryptography.x509.oid import NameOID

from calsync_agent.errors import ConfigurationRefused, SignInRefused
from calsync_agent.exchange.auth import MsalTokens, scope
from calsync_agent.exchange.settings import GraphSettings
from calsync_agent.exchange.sign_in import MEANINGS
from calsync_agent.exchange.troubles import Unreachable
from tests.exchange_client.fake import clock

pytestmark = pytest.mark.anyio

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


def tokens_of(played: Authority, /, **change: Any) -> MsalTokens:  # noqa: ANN401 - settings
    given = {"tenant_id": TENANT, "client_id": "app", "secret": SECRET, "authority": AUTHORITY}
    settings = GraphSettings(**{**given, **change})
    return MsalTokens(settings, transport=httpx.MockTransport(played), clock=clock())


@pytest.fixture
def authority() -> Authority:
    return Authority()


async def test_b9_a_token_is_asked_for_once_and_kept(authority: Authority) -> None:
    tokens = tokens_of(authority)
    assert await tokens.token() == "token-1"
    assert await tokens.token() == "token-1"
    asked = authority.asked[0]
    assert asked["client_id"] == ["app"]
    assert asked["client_secret"] == [SECRET]
    assert asked["grant_type"] == ["client_credentials"]
    assert asked["scope"] == ["https://graph.microsoft.com/.default"]
    assert [request.url.path for request in authority.requests] == [
        f"/{TENANT}/v2.0/.well-known/openid-configuration",
        f"/{TENANT}/oauth2/v2.0/token",
    ]
    assert authority.requests[0].headers["User-Agent"] == "calsync/0.1.0"
    await tokens.aclose()


async def test_b9_a_token_is_renewed_before_it_ends(authority: Authority) -> None:
    tokens = tokens_of(authority)
    await tokens.token()
    await asyncio.sleep(3299)
    assert await tokens.token() == "token-1"
    await asyncio.sleep(2)
    tokens._application.remove_tokens_for_client()  # MSAL goes by the wall clock
    assert await tokens.token() == "token-2"


async def test_b9_a_short_lived_token_is_used_too(authority: Authority) -> None:
    authority.lines = [(200, {"access_token": "short", "expires_in": "60"})]
    tokens = tokens_of(authority)
    await tokens.token()
    await asyncio.sleep(44)
    await tokens.token()
    assert len(authority.asked) == 1
    await asyncio.sleep(2)
    await tokens.token()
    assert len(authority.asked) == 2


async def test_b9_a_token_that_is_not_accepted_is_replaced(authority: Authority) -> None:
    tokens = tokens_of(authority)
    await tokens.token()
    assert await tokens.token(force=True) == "token-2"
    assert await tokens.token() == "token-2"


async def test_b9_many_callers_cause_one_sign_in_in_a_thread(authority: Authority) -> None:
    threads: set[str] = set()
    everybody_asks = threading.Event()

    def on_token() -> None:
        threads.add(threading.current_thread().name)
        assert everybody_asks.wait(10)

    authority.on_token = on_token
    tokens = tokens_of(authority)
    callers = [asyncio.create_task(tokens.token()) for _ in range(20)]
    await asyncio.sleep(0)
    everybody_asks.set()
    assert set(await asyncio.gather(*callers)) == {"token-1"}
    assert len(authority.asked) == 1
    assert threading.main_thread().name not in threads


async def test_b9_a_secret_rotated_in_its_file_is_taken_without_a_restart(
    authority: Authority, tmp_path: Path
) -> None:
    path = tmp_path / "secret.txt"
    path.write_bytes(b"\xef\xbb\xbfold\r\n")
    authority.lines = [
        (401, refusal(7000222)),
        (200, {"access_token": "fresh", "expires_in": 3600}),
    ]
    tokens = tokens_of(authority, secret=None, secret_file=path)
    with pytest.raises(SignInRefused, match="expired"):
        await tokens.token()
    path.write_text("new", encoding="utf-8")
    assert await tokens.token() == "fresh"
    assert [asked["client_secret"] for asked in authority.asked] == [["old"], ["new"]]


async def test_b9_a_refusal_is_not_asked_for_again_in_a_loop(authority: Authority) -> None:
    authority.lines = [(400, refusal(700016, "unauthorized_client"))]
    tokens = tokens_of(authority)
    for _ in range(5):
        with pytest.raises(SignInRefused):
            await tokens.token()
    assert len(authority.asked) == 1
    authority.lines = []
    await asyncio.sleep(31)
    assert await tokens.token() == "token-2"  # mended in the portal; MSAL's memory is no hindrance


async def test_b9_after_a_forced_renewal_that_fails_the_old_token_is_gone(
    authority: Authority,
) -> None:
    tokens = tokens_of(authority)
    await tokens.token()
    authority.lines = [(401, refusal(7000215))]
    for force in (True, False):
        with pytest.raises(SignInRefused):
            await tokens.token(force=force)


@pytest.mark.parametrize("code", MEANINGS)
async def test_b10_each_refusal_is_explained(authority: Authority, code: int) -> None:
    authority.lines = [(401, refusal(code))]
    with pytest.raises(SignInRefused) as caught:
        await tokens_of(authority).token()
    sentence = str(caught.value)
    assert str(MEANINGS[code]) in sentence
    assert f"AADSTS{code}" in sentence
    for part in ("t-1", "app", TENANT):
        assert part in sentence
    assert "\n" not in sentence


def test_b10_every_refusal_of_the_fact_sheet_has_its_meaning() -> None:
    known = {7000215, 7000222, 700016, 90002, 900023, 700027, 65001, 70011, 1002012, 500011}
    known |= {50196, 53003, 50128, 50194, 7000218, 7000112, 90055, 700024}
    assert known <= MEANINGS.keys()


@pytest.mark.parametrize(
    ("body", "shown"),
    [
        (refusal(99999), "Something. (Microsoft: AADSTS99999, trace id t-1)"),
        ({"error": "odd"}, "odd (Microsoft: odd, trace id -)"),
        (
            {"error": "odd", "error_description": "AADSTS7000215: x", "error_codes": ["?"]},
            "Certificates & secrets",
        ),
        ({"error": "odd", "error_description": "why not Trace ID: 1"}, "why not (Microsoft: odd"),
        ({"nothing": 1}, "trace id -"),
    ],
)
async def test_b10_unknown_refusals_are_told_in_microsofts_words(
    authority: Authority, body: Mapping[str, object], shown: str
) -> None:
    authority.lines = [(400, body)]
    with pytest.raises(SignInRefused) as caught:
        await tokens_of(authority).token()
    assert shown in str(caught.value)


async def test_b10_an_unknown_tenant_is_explained_though_msal_forgets_the_reason(
    authority: Authority,
) -> None:
    authority.discovery = (400, refusal(90002, "invalid_tenant"))
    with pytest.raises(SignInRefused, match=r"no such tenant.*AADSTS90002"):
        await tokens_of(authority).token()


async def test_b10_a_directory_without_a_reason_is_told_by_its_status(
    authority: Authority,
) -> None:
    authority.discovery = (404, {})
    with pytest.raises(SignInRefused, match="HTTP 404"):
        await tokens_of(authority).token()


@pytest.mark.parametrize("discovery", [{"issuer": "x"}, {"token_endpoint": 1}])
async def test_b10_an_authority_that_is_none_is_refused(
    authority: Authority, discovery: Mapping[str, object]
) -> None:
    authority.discovery = (200, discovery)
    with pytest.raises(SignInRefused, match=r"exchange\.authority"):
        await tokens_of(authority).token()


@pytest.mark.parametrize(
    ("line", "hint"),
    [
        ((200, "<html>Please log in to the WiFi</html>"), "log-in page"),
        ((200, "[]"), "log-in page"),
        ((302, "{}"), "log-in page"),
        ((503, "{}"), "overloaded"),
        ((429, {"error": "slow_down"}), "overloaded"),
        ((400, {"error": "temporarily_unavailable"}), "temporarily_unavailable"),
    ],
)
async def test_b9_an_authority_out_of_order_is_a_trouble(
    authority: Authority, line: tuple[int, Mapping[str, object] | str], hint: str
) -> None:
    if line[0] == 302:
        authority.discovery = line
    authority.lines = [line]
    tokens = tokens_of(authority)
    with pytest.raises(Unreachable, match=hint):
        await tokens.token()
    authority.lines, authority.discovery = [], None
    await asyncio.sleep(41)  # the 429 asked for 40 seconds
    assert await tokens.token()


async def test_b9_retry_after_of_the_sign_in_is_respected(authority: Authority) -> None:
    authority.lines = [(429, {"error": "slow_down"})]
    tokens = tokens_of(authority)
    for _ in range(2):
        with pytest.raises(Unreachable) as caught:
            await tokens.token()
        assert caught.value.retry_after == 40
        await asyncio.sleep(39)
    assert len(authority.asked) == 1


async def test_b9_callers_in_a_queue_do_not_each_wait_for_a_host_that_is_not_there(
    authority: Authority,
) -> None:
    authority.error = httpx.ConnectError("refused")
    tokens = tokens_of(authority)
    results = await asyncio.gather(*(tokens.token() for _ in range(20)), return_exceptions=True)
    assert {type(each) for each in results} == {Unreachable}
    assert "login.sandbox.example:443" in str(results[0])
    assert len(authority.requests) == 1


async def test_b9_microsofts_own_hosts_are_asked_for_their_aliases(authority: Authority) -> None:
    tokens = tokens_of(authority, authority="https://login.microsoftonline.com/")
    assert await tokens.token() == "token-1"
    assert {request.url.host for request in authority.requests} == {"login.microsoftonline.com"}


async def test_secrets_appear_in_no_error_and_no_log(
    authority: Authority, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.DEBUG)
    authority.lines = [(401, refusal(7000215)), (200, {"access_token": "tok", "expires_in": 9})]
    tokens = tokens_of(authority)
    with pytest.raises(SignInRefused) as caught:
        await tokens.token()
    await asyncio.sleep(31)
    await tokens.token()
    assert SECRET not in caplog.text + repr(caught.value) + str(caught.value)
    assert "tok'" not in caplog.text


def test_a_national_cloud_has_its_own_resource() -> None:
    assert scope("https://graph.microsoft.us/v1.0") == "https://graph.microsoft.us/.default"
    assert scope("https://127.0.0.1:8443/v1.0") == "https://graph.microsoft.com/.default"


# Certificates


def certificate(key: rsa.RSAPrivateKey | ec.EllipticCurvePrivateKey) -> x509.Certificate:
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "calsync")])
    begun = datetime(2026, 1, 1, tzinfo=UTC)
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
    encryption: serialization.KeySerializationEncryption = (
        serialization.BestAvailableEncryption(password)
        if password
        else serialization.NoEncryption()
    )
    form = serialization.PrivateFormat.PKCS8
    encoding = serialization.Encoding.PEM
    block = b"" if key is None else key.private_bytes(encoding, form, encryption)
    return block + b"".join(each.public_bytes(encoding) for each in certificates)


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
