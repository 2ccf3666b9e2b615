"""What the app was given in the tenant, as far as its token tells, and where more is given."""

import base64
import binascii
import json
from typing import Final
from urllib.parse import quote, urlencode, urlsplit

CALENDARS: Final = "Calendars.ReadWrite"
USERS: Final = "User.Read.All"

# Microsoft's clouds for governments and for China have portals of their own.
_PORTALS: Final = {
    "login.microsoftonline.us": "https://portal.azure.us",
    "login.partner.microsoftonline.cn": "https://portal.azure.cn",
    "login.chinacloudapi.cn": "https://portal.azure.cn",
}
_WORLDWIDE: Final = "https://portal.azure.com"


def named_permissions(token: str) -> frozenset[str] | None:
    """The application permissions in an access token, None where it cannot be read.

    Only for people to see, as the token is Graph's and not ours (GRAPH.md 9.1): what RBAC for
    Applications grants is not among them.
    """
    parts = token.split(".")
    if len(parts) != 3:  # noqa: PLR2004 - header, claims, signature
        return None
    try:
        claims = json.loads(base64.urlsafe_b64decode(parts[1] + "=" * (-len(parts[1]) % 4)))
    except (binascii.Error, ValueError, RecursionError):
        return None
    roles = claims.get("roles", []) if isinstance(claims, dict) else None
    return frozenset(map(str, roles)) if isinstance(roles, list) else None


def consent_url(authority: str, tenant: str, client_id: str) -> str:
    """Where an administrator of the tenant consents to what the app asks for (GRAPH.md 9.1)."""
    place = f"{authority.rstrip('/')}/{quote(tenant, safe='')}/adminconsent"
    return f"{place}?{urlencode({'client_id': client_id})}"


def credentials_page(authority: str, client_id: str) -> str:
    """The portal's page with the app's secrets and certificates."""
    return _page("Credentials", authority, client_id)


def permissions_page(authority: str, client_id: str) -> str:
    """The portal's page with the app's permissions."""
    return _page("CallAnAPI", authority, client_id)


def _page(name: str, authority: str, client_id: str) -> str:
    portal = _PORTALS.get(urlsplit(authority).hostname or "", _WORLDWIDE)
    blade = "view/Microsoft_AAD_RegisteredApps/ApplicationMenuBlade"
    return f"{portal}/#{blade}/~/{name}/appId/{quote(client_id, safe='')}"
