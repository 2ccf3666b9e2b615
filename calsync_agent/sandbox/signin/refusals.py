"""Entra's refusals by AADSTS number: error, HTTP status, text (GRAPH.md 9.3)."""

from datetime import UTC, datetime
from typing import Final
from uuid import uuid4

from calsync_agent.sandbox.model.shapes import JsonObject

_REFUSALS: Final[dict[int, tuple[str, int, str]]] = {
    7000215: (
        "invalid_client",
        401,
        (
            "Invalid client secret provided. Ensure the secret being sent in the request is "
            "the client secret value, not the client secret ID, for a secret added to app "
            "'{app}'."
        ),
    ),
    7000222: (
        "invalid_client",
        401,
        (
            "The provided client secret keys for app '{app}' are expired. Visit the Azure "
            "portal to create new keys for your app: https://aka.ms/NewClientSecret, or "
            "consider using certificate credentials for added security: "
            "https://aka.ms/certCreds."
        ),
    ),
    700016: (
        "unauthorized_client",
        400,
        (
            "Application with identifier '{app}' was not found in the directory '{tenant}'. "
            "This can happen if the application has not been installed by the administrator "
            "of the tenant or consented to by any user in the tenant. You may have sent your "
            "authentication request to the wrong tenant."
        ),
    ),
    90002: (
        "invalid_request",
        400,
        (
            "Tenant '{tenant}' not found. Check to make sure you have the correct tenant ID "
            "and are signing into the correct cloud. Check with your subscription "
            "administrator, this may happen if there are no active subscriptions for the "
            "tenant."
        ),
    ),
    900023: (
        "invalid_request",
        400,
        (
            "Specified tenant identifier '{tenant}' is neither a valid DNS name, nor a valid "
            "external domain."
        ),
    ),
    700027: (
        "invalid_client",
        401,
        (
            "The certificate with identifier used to sign the client assertion is not "
            "registered on application. [Reason - {reason}]"
        ),
    ),
    700024: (
        "invalid_client",
        401,
        "Client assertion is not within its valid time range.",
    ),
    700023: (
        "invalid_client",
        401,
        "Client assertion audience claim does not match Realm issuer.",
    ),
    50027: (
        "invalid_client",
        401,
        "JWT token is invalid or malformed.",
    ),
    700021: (
        "invalid_client",
        401,
        "Client assertion application identifier doesn't match 'client_id' parameter.",
    ),
    7000218: (
        "invalid_client",
        401,
        (
            "The request body must contain the following parameter: 'client_assertion' or "
            "'client_secret'."
        ),
    ),
    7000112: (
        "unauthorized_client",
        400,
        "Application '{app}' is disabled.",
    ),
    70011: (
        "invalid_scope",
        400,
        (
            "The provided value for the input parameter 'scope' is not valid. The scope "
            "{scope} is not valid."
        ),
    ),
    1002012: (
        "invalid_scope",
        400,
        (
            "The provided value for scope {scope} is not valid. Client credential flows must "
            "have a scope value with /.default suffixed to the resource identifier "
            "(application ID URI)."
        ),
    ),
    500011: (
        "invalid_resource",
        400,
        ("The resource principal named {resource} was not found in the tenant named {tenant}."),
    ),
    70003: (
        "unsupported_grant_type",
        400,
        "The app requested an unsupported grant type '{grant}'.",
    ),
    900144: (
        "invalid_request",
        400,
        "The request body must contain the following parameter: '{parameter}'.",
    ),
    50194: (
        "invalid_request",
        400,
        (
            "Application '{app}' is not configured as a multi-tenant application. Usage of "
            "the /common endpoint is not supported for such apps. Use a tenant-specific "
            "endpoint."
        ),
    ),
    65001: (
        "invalid_grant",
        400,
        ("The user or administrator has not consented to use the application with ID '{app}'."),
    ),
    50196: (
        "invalid_grant",
        400,
        (
            "The server terminated an operation because it encountered a client request loop."
            " Please contact your app vendor."
        ),
    ),
    53003: (
        "access_denied",
        400,
        (
            "Access has been blocked by Conditional Access policies. The access policy does "
            "not allow token issuance."
        ),
    ),
    50128: (
        "invalid_request",
        400,
        (
            "Invalid domain name. No tenant-identifying information found in either the "
            "request or implied by any provided credentials."
        ),
    ),
    90055: (
        "temporarily_unavailable",
        429,
        "Tenant is throttled due to request rate.",
    ),
}


class SignInRefusal(Exception):
    """A refusal of the token endpoint."""

    def __init__(self, number: int, error: str, status: int, text: str) -> None:
        super().__init__(text)
        self.number = number
        self.error = error
        self.status = status
        self.text = text

    def as_json(self, at: datetime) -> JsonObject:
        """The body that Entra answers."""
        trace, correlation = str(uuid4()), str(uuid4())
        stamp = at.astimezone(UTC).strftime("%Y-%m-%d %H:%M:%SZ")
        return {
            "error": self.error,
            "error_description": f"AADSTS{self.number}: {self.text} Trace ID: {trace} "
            f"Correlation ID: {correlation} Timestamp: {stamp}",
            "error_codes": [self.number],
            "timestamp": stamp,
            "trace_id": trace,
            "correlation_id": correlation,
            "error_uri": f"https://login.microsoftonline.com/error?code={self.number}",
        }


def refused(number: int, **fields: str) -> SignInRefusal:
    """The refusal of that number, with the fields of its text filled in."""
    error, status, text = _REFUSALS.get(number, ("invalid_request", 400, "Request refused."))
    return SignInRefusal(number, error, status, text.format(**fields))
