"""The token endpoint: client credentials by secret or certificate, refused as Entra refuses.

Numbers and texts: GRAPH.md 9.3.
"""

import base64
import binascii
import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final
from urllib.parse import unquote_plus
from uuid import UUID

from calsync_agent.sandbox.model.shapes import JsonObject
from calsync_agent.sandbox.model.world import World
from calsync_agent.sandbox.signin.assertions import check_assertion
from calsync_agent.sandbox.signin.refusals import SignInRefusal, refused
from calsync_agent.sandbox.signin.registration import Registration
from calsync_agent.sandbox.signin.tokens import Tokens

_DOMAIN: Final = re.compile(r"(?=.{4,253}$)([a-z0-9-]+\.)+[a-z]{2,}", re.IGNORECASE)
_GRAPH: Final = frozenset(
    {
        "https://graph.microsoft.com",
        "https://graph.microsoft.com/",
        "00000003-0000-0000-c000-000000000000",
    }
)
_SHARED: Final = frozenset({"common", "organizations", "consumers"})
_ASSERTION_TYPE: Final = "urn:ietf:params:oauth:client-assertion-type:jwt-bearer"


@dataclass(frozen=True, slots=True)
class TokenRequest:
    """What was posted to the token endpoint of a tenant. `base`: the authority's address."""

    base: str
    tenant: str
    form: Mapping[str, str]
    authorization: str | None = None


def openid_configuration(world: World, base: str, tenant: str) -> JsonObject:
    """What a client needs to know about a tenant. Raises SignInRefusal for an unknown one."""
    _check_tenant(world, tenant, shared=True)
    id_ = world.stored.tenant_id
    return {
        "token_endpoint": f"{base}/{tenant}/oauth2/v2.0/token",
        "token_endpoint_auth_methods_supported": [
            "client_secret_post",
            "private_key_jwt",
            "client_secret_basic",
        ],
        "jwks_uri": f"{base}/{tenant}/discovery/v2.0/keys",
        "response_types_supported": ["code", "id_token", "code id_token", "id_token token"],
        "scopes_supported": ["openid", "profile", "email", "offline_access"],
        "issuer": f"{base}/{id_}/v2.0",
        "authorization_endpoint": f"{base}/{tenant}/oauth2/v2.0/authorize",
        "device_authorization_endpoint": f"{base}/{tenant}/oauth2/v2.0/devicecode",
        "end_session_endpoint": f"{base}/{tenant}/oauth2/v2.0/logout",
        "tenant_region_scope": "EU",
        "cloud_instance_name": "microsoftonline.com",
        "msgraph_host": "graph.microsoft.com",
    }


def answer_token(
    world: World, registration: Registration, tokens: Tokens, request: TokenRequest
) -> JsonObject:
    """A token. Raises SignInRefusal."""
    _check_tenant(world, request.tenant, shared=False)
    if world.settings.sign_in_refusal is not None:
        raise _as_switched(world.settings.sign_in_refusal, registration, request)
    form = dict(request.form)
    _add_basic(form, request.authorization)
    for name in ("grant_type", "client_id", "scope"):
        if not form.get(name):
            raise refused(900144, parameter=name)
    if form["grant_type"] != "client_credentials":
        raise refused(70003, grant=form["grant_type"])
    client_id = form["client_id"]
    if client_id.lower() != registration.client_id.lower():
        raise refused(700016, app=client_id, tenant=request.tenant)
    if not registration.enabled:
        raise refused(7000112, app=client_id)
    _check_scope(form["scope"], request.tenant)
    _check_credential(world, registration, form, request)
    token = tokens.issue(client_id, f"{request.base}/{world.stored.tenant_id}/v2.0")
    lasts = world.settings.token_seconds
    return {
        "token_type": "Bearer",
        "expires_in": lasts,
        "ext_expires_in": lasts,
        "access_token": token,
    }


def _as_switched(number: int, registration: Registration, request: TokenRequest) -> SignInRefusal:
    """A refusal of any number, with all that its text may name."""
    return refused(
        number,
        app=registration.client_id,
        tenant=request.tenant,
        scope=request.form.get("scope", ""),
        resource="https://graph.microsoft.com",
        grant=request.form.get("grant_type", ""),
        parameter="client_id",
        reason="The key was not found.",
    )


def _check_tenant(world: World, tenant: str, *, shared: bool) -> None:
    stored = world.stored
    if tenant.lower() in {stored.tenant_id.lower(), stored.domain.lower()}:
        return
    if tenant.lower() in _SHARED:
        if shared:
            return
        raise refused(50194, app="the app")
    if not _is_guid(tenant) and not _DOMAIN.fullmatch(tenant):
        raise refused(900023, tenant=tenant)
    raise refused(90002, tenant=tenant)


def _check_scope(scope: str, tenant: str) -> None:
    scopes = scope.split()
    resource, separator, suffix = scopes[0].rpartition("/") if scopes else ("", "", "")
    if len(scopes) > 1:
        raise refused(70011, scope=scope)
    if not separator or suffix != ".default":
        raise refused(1002012, scope=scope)
    if resource not in _GRAPH:
        raise refused(500011, resource=resource, tenant=tenant)


def _check_credential(
    world: World, registration: Registration, form: Mapping[str, str], request: TokenRequest
) -> None:
    app = registration.client_id
    now = world.clock.now()
    if form.get("client_assertion"):
        if form.get("client_assertion_type") != _ASSERTION_TYPE:
            raise refused(900144, parameter="client_assertion_type")
        endpoints = {
            f"{request.base}/{tenant}/{tail}"
            for tenant in (request.tenant, world.stored.tenant_id, world.stored.domain)
            for tail in ("oauth2/v2.0/token", "v2.0")
        }
        check_assertion(form["client_assertion"], registration, endpoints, now)
        return
    secret = form.get("client_secret")
    if not secret:
        raise refused(7000218)
    if secret not in registration.secrets:
        raise refused(7000215, app=app)
    expiry = registration.secrets[secret]
    if expiry is not None and expiry <= now:
        raise refused(7000222, app=app)


def _add_basic(form: dict[str, str], authorization: str | None) -> None:
    """Client id and secret may come in a Basic header, URL-encoded each."""
    scheme, _, encoded = (authorization or "").partition(" ")
    if scheme.lower() != "basic":
        return
    try:
        client_id, _, secret = base64.b64decode(encoded).decode().partition(":")
    except (binascii.Error, UnicodeDecodeError):
        raise refused(7000218) from None
    form.setdefault("client_id", unquote_plus(client_id))
    form.setdefault("client_secret", unquote_plus(secret))


def _is_guid(text: str) -> bool:
    try:
        UUID(text)
    except ValueError:
        return False
    return True
