"""What Microsoft Entra ID's refusals mean for the admin, and where to mend them.

The meanings are those of GRAPH.md 9.3. Microsoft asks nobody to decide by the numbers, so they
only choose the sentence; Microsoft's own code, text and trace id stand beside it.
"""

import re
from collections.abc import Mapping
from typing import Final

from calsync_agent.errors import SignInRefused, Unreachable
from calsync_agent.exchange.transport.settings import GraphSettings
from calsync_agent.i18n import Message, message

# `error` values that say the service, not the app, is at fault for now (RFC 6749, 4.1.2.1).
_PASSING: Final = frozenset({"temporarily_unavailable", "server_error", "service_unavailable"})

_WRONG_TENANT: Final = message(
    "there is no such tenant. Correct the tenant id: Entra admin centre, Overview, Tenant ID"
)
_NOT_IN_TENANT: Final = message(
    "the tenant does not know the app. Compare exchange.client_id with the Application (client) "
    "ID and the tenant id with the Directory (tenant) ID (Entra admin centre, App registrations, "
    "Overview); an app of another tenant needs admin consent in this one first"
)
_SCOPE: Final = message(
    "Microsoft does not know what the token is asked for. Check that exchange.graph_url and "
    "exchange.authority belong to the same Microsoft cloud"
)
_NO_CREDENTIAL: Final = message(
    "the app's secret or certificate did not arrive. Check that the file or variable named in "
    "exchange.client_secret_file, client_secret_env or certificate_file is not empty"
)

MEANINGS: Final[Mapping[int, Message]] = {
    7000215: message(
        "the client secret is wrong. Often it is the secret's ID instead of its Value, which is "
        "shown only once: make a new one (Entra admin centre, App registrations, Certificates & "
        "secrets) and put its Value into the file or variable"
    ),
    7000222: message(
        "the client secret or certificate has expired. Make a new one (Entra admin centre, App "
        "registrations, Certificates & secrets) and put it into the file or variable; no restart "
        "is needed"
    ),
    700016: _NOT_IN_TENANT,
    7000229: message(
        "the app has no service principal in the tenant. Grant admin consent (Entra admin centre, "
        "App registrations, API permissions), which makes one"
    ),
    90002: _WRONG_TENANT,
    900023: message(
        "the tenant id is neither a GUID nor a domain. Correct it: Entra admin centre, Overview, "
        "Tenant ID"
    ),
    50128: _WRONG_TENANT,
    50194: message(
        "the app belongs to one tenant, but no tenant was named. Set the tenant id: Entra admin "
        "centre, Overview, Tenant ID"
    ),
    700027: message(
        "the certificate is not one of the app's, or not the one its private key belongs to. "
        "Upload the certificate of exchange.certificate_file (Entra admin centre, App "
        "registrations, Certificates & secrets, Certificates)"
    ),
    700024: message(
        "the signed request is not valid at this time. Set the clock of this computer right"
    ),
    65001: message(
        "nobody has consented to the app's permissions. Grant admin consent (Entra admin centre, "
        "App registrations, API permissions)"
    ),
    70011: _SCOPE,
    1002012: _SCOPE,
    500011: message(
        "the tenant knows no Microsoft Graph under the address asked for. Check that "
        "exchange.graph_url and exchange.authority belong to the same Microsoft cloud"
    ),
    50196: message(
        "Microsoft takes the app for one that asks in a loop. Check that no other program signs in "
        "with the same client id, and wait some minutes"
    ),
    53003: message(
        "a Conditional Access policy blocks the app. Exempt it, or the address of this computer "
        "(Entra admin centre, Protection, Conditional Access, Policies; for apps: workload "
        "identities)"
    ),
    7000218: _NO_CREDENTIAL,
    7000112: message(
        "the app is disabled. Enable it (Entra admin centre, Enterprise applications, Properties, "
        "Enabled for users to sign in)"
    ),
    90055: message(
        "Microsoft throttles or blocks the sign-ins of this tenant. Wait some minutes; if it "
        "lasts, ask Microsoft's support"
    ),
}

# That it is the secret itself, or that it has run out (GRAPH.md 9.3): another one may do.
_OF_THE_SECRET: Final = frozenset({7000215, 7000222})


class CredentialRefused(SignInRefused):
    """The app's secret is wrong or has expired; another one may be taken."""


_CODE: Final = re.compile(r"AADSTS([0-9]{1,10})\b")
_LONGEST: Final = 300  # characters of Microsoft's own text


def refused(reply: Mapping[str, object], settings: GraphSettings) -> SignInRefused | Unreachable:
    """What an error answer of the token endpoint means (GRAPH.md 9.3)."""
    code = _code(reply)
    reason = MEANINGS.get(code) if code is not None else None
    sentence = message(
        "Microsoft Entra ID does not sign the app {client_id} in to the tenant {tenant}: {reason} "
        "(Microsoft: {error}, trace id {trace_id})",
        client_id=settings.client_id,
        tenant=settings.tenant_id,
        reason=message("{text}", text=_text(reply)) if reason is None else reason,
        error=_string(reply, "error") if code is None else f"AADSTS{code}",
        trace_id=_string(reply, "trace_id") or _string(reply, "correlation_id") or "-",
    )
    if reason is None and _string(reply, "error") in _PASSING:
        return Unreachable(sentence)
    return CredentialRefused(sentence) if code in _OF_THE_SECRET else SignInRefused(sentence)


def _code(reply: Mapping[str, object]) -> int | None:
    codes = reply.get("error_codes")
    if isinstance(codes, list) and codes and isinstance(codes[0], int):
        return codes[0]
    found = _CODE.search(_string(reply, "error_description"))
    return int(found[1]) if found else None


def _text(reply: Mapping[str, object]) -> str:
    """Microsoft's own sentence: the first line, without the ids that follow it."""
    lines = _string(reply, "error_description").splitlines()
    line = (lines[0] if lines else "").partition(" Trace ID:")[0]
    return line[:_LONGEST] or _string(reply, "error")


def _string(reply: Mapping[str, object], name: str) -> str:
    value = reply.get(name)
    return value if isinstance(value, str) else ""
