"""The token endpoint, and what Graph does with tokens (GRAPH.md 9)."""

from datetime import UTC, datetime, timedelta

import msal
import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import rsa
from cryptography.x509.oid import NameOID

from calsync_agent.sandbox.server import SandboxServer
from tests.sandbox.client import SCOPE, Client, refusal


class Certificate:
    """A key and its self-signed certificate, as an admin makes them."""

    def __init__(self) -> None:
        key = rsa.generate_private_key(public_exponent=65537, key_size=2048)
        name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "calsync")])
        now = datetime.now(UTC)
        made = (
            x509.CertificateBuilder()
            .subject_name(name)
            .issuer_name(name)
            .public_key(key.public_key())
            .serial_number(1)
            .not_valid_before(now)
            .not_valid_after(now + timedelta(days=1))
            .sign(key, hashes.SHA256())
        )
        self.pem = made.public_bytes(serialization.Encoding.PEM).decode()
        self.sha1 = made.fingerprint(hashes.SHA1()).hex()  # noqa: S303 - Entra's thumbprint
        self.key = key.private_bytes(
            serialization.Encoding.PEM,
            serialization.PrivateFormat.PKCS8,
            serialization.NoEncryption(),
        ).decode()


CERTIFICATE = Certificate()


@pytest.fixture(autouse=True)
def _no_bundle_from_the_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    # requests puts it over `verify`.
    monkeypatch.delenv("REQUESTS_CA_BUNDLE", raising=False)
    monkeypatch.delenv("CURL_CA_BUNDLE", raising=False)


def _msal(server: SandboxServer, credential: object, tenant: str) -> dict[str, object]:
    app = msal.ConfidentialClientApplication(
        server.client_id,
        client_credential=credential,
        authority=f"{server.authority}/{tenant}",
        instance_discovery=False,
        verify=server.ca_file,
    )
    answer: dict[str, object] = app.acquire_token_for_client([SCOPE])
    app.http_client.http_client.close()
    return answer


@pytest.mark.parametrize("named", ["tenant_id", "domain"])
def test_msal_signs_in_with_a_secret(graph: Client, named: str) -> None:
    tenant = getattr(graph.tenant, named)
    answer = _msal(graph.server, graph.server.client_secret, tenant)
    graph.http.headers["Authorization"] = f"Bearer {answer['access_token']}"
    assert graph.get("/events").status_code == 200


@pytest.mark.parametrize("with_chain", [False, True])
def test_msal_signs_in_with_a_registered_certificate(graph: Client, *, with_chain: bool) -> None:
    graph.tenant.register_certificate(CERTIFICATE.pem)
    credential = {"private_key": CERTIFICATE.key, "thumbprint": CERTIFICATE.sha1}
    if with_chain:
        credential |= {"public_certificate": CERTIFICATE.pem}
    answer = _msal(graph.server, credential, graph.tenant.tenant_id)
    assert answer["token_type"] == "Bearer"


def test_msal_is_told_why_a_certificate_is_refused(server: SandboxServer) -> None:
    credential = {"private_key": CERTIFICATE.key, "thumbprint": CERTIFICATE.sha1}
    answer = _msal(server, credential, server.tenant_id)
    assert answer["error"] == "invalid_client"
    assert "AADSTS700027" in str(answer["error_description"])


def test_an_assertion_signed_with_another_key_is_refused(graph: Client) -> None:
    graph.tenant.register_certificate(CERTIFICATE.pem)
    other = {"private_key": Certificate().key, "thumbprint": CERTIFICATE.sha1}
    answer = _msal(graph.server, other, graph.tenant.tenant_id)
    assert "AADSTS700027" in str(answer["error_description"])


def test_an_assertion_out_of_its_time_is_refused(graph: Client) -> None:
    graph.tenant.register_certificate(CERTIFICATE.pem)
    graph.tenant.clock.advance(3600)
    credential = {"private_key": CERTIFICATE.key, "thumbprint": CERTIFICATE.sha1}
    answer = _msal(graph.server, credential, graph.tenant.tenant_id)
    assert "AADSTS700024" in str(answer["error_description"])


def test_msal_cannot_even_begin_in_an_unknown_tenant(server: SandboxServer) -> None:
    with pytest.raises(ValueError, match="authority configuration"):
        _msal(server, server.client_secret, "11111111-2222-3333-4444-555555555555")


def test_a_secret_in_a_basic_header_is_as_good(graph: Client) -> None:
    url = f"{graph.server.authority}/{graph.tenant.tenant_id}/oauth2/v2.0/token"
    answer = graph.http.post(
        url,
        data={"grant_type": "client_credentials", "scope": SCOPE},
        auth=(graph.server.client_id, graph.server.client_secret),
    )
    assert answer.json()["expires_in"] == 3600


@pytest.mark.parametrize(
    ("form", "status", "error", "number"),
    [
        ({"client_secret": "wrong"}, 401, "invalid_client", 7000215),
        ({"client_secret": "old"}, 401, "invalid_client", 7000222),
        ({"client_secret": ""}, 401, "invalid_client", 7000218),
        ({"client_id": "nobody"}, 400, "unauthorized_client", 700016),
        ({"client_id": ""}, 400, "invalid_request", 900144),
        ({"grant_type": "password"}, 400, "unsupported_grant_type", 70003),
        ({"scope": "https://graph.microsoft.com/Mail.Read"}, 400, "invalid_scope", 1002012),
        ({"scope": f"{SCOPE} openid"}, 400, "invalid_scope", 70011),
        ({"scope": "https://example.com/.default"}, 400, "invalid_resource", 500011),
        ({"tenant": "common"}, 400, "invalid_request", 50194),
        ({"tenant": "nonsense"}, 400, "invalid_request", 900023),
        ({"tenant": "unknown.example"}, 400, "invalid_request", 90002),
    ],
)
def test_wrong_input_is_refused_with_its_number(
    graph: Client, form: dict[str, str], status: int, error: str, number: int
) -> None:
    graph.tenant.add_secret("old", datetime(2020, 1, 1, tzinfo=UTC))
    good = {"client_id": graph.server.client_id, "client_secret": graph.server.client_secret}
    answer = graph.token(**{**good, **form})
    body = answer.json()
    assert (answer.status_code, body["error"], body["error_codes"]) == (status, error, [number])
    assert body["error_description"].startswith(f"AADSTS{number}: ")
    assert {"timestamp", "trace_id", "correlation_id", "error_uri"} <= set(body)


def test_every_sign_in_can_be_refused_on_demand(graph: Client) -> None:
    graph.tenant.settings.sign_in_refusal = 53003
    good = {"client_id": graph.server.client_id, "client_secret": graph.server.client_secret}
    assert graph.token(**good).json()["error_codes"] == [53003]


def test_a_disabled_app_is_refused(graph: Client) -> None:
    graph.tenant.registration.enabled = False
    good = {"client_id": graph.server.client_id, "client_secret": graph.server.client_secret}
    assert graph.token(**good).json()["error_codes"] == [7000112]


@pytest.mark.parametrize("header", [None, "Bearer", "Bearer nonsense", "Basic x"])
def test_graph_refuses_what_is_no_token(graph: Client, header: str | None) -> None:
    del graph.http.headers["Authorization"]
    sent = {} if header is None else {"Authorization": header}
    answer = graph.get("/events", **sent)
    assert refusal(answer) == (401, "InvalidAuthenticationToken")


def test_a_token_expires_and_a_revoked_one_is_refused_at_once(graph: Client) -> None:
    graph.tenant.clock.advance(3601)
    assert refusal(graph.get("/events")) == (401, "InvalidAuthenticationToken")
    graph.sign_in()
    assert graph.get("/events").status_code == 200
    graph.tenant.revoke_tokens()
    assert refusal(graph.get("/events")) == (401, "InvalidAuthenticationToken")


def test_without_consent_there_is_a_token_that_opens_nothing(graph: Client) -> None:
    graph.tenant.settings.roles = ()
    graph.sign_in()
    assert refusal(graph.get("/events")) == (403, "ErrorAccessDenied")
    assert refusal(graph.get("/users")) == (403, "Authorization_RequestDenied")
    graph.tenant.settings.roles = ("Calendars.Read",)
    assert graph.get("/events").status_code == 200
    assert refusal(graph.post_event()) == (403, "ErrorAccessDenied")
