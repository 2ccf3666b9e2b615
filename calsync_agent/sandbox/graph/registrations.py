"""`/applications`: the app's own registration, for an app that may read it (GRAPH.md 9.5)."""

from datetime import UTC, datetime
from typing import Final
from uuid import NAMESPACE_URL, uuid5

from calsync_agent.sandbox.graph.filters import parse_filter
from calsync_agent.sandbox.graph.requests import GraphReply, Request
from calsync_agent.sandbox.model.refusals import GraphRefusal
from calsync_agent.sandbox.model.shapes import JsonObject
from calsync_agent.sandbox.model.world import World
from calsync_agent.sandbox.signin.registration import Registration

_READING: Final = frozenset(
    {
        "Application.Read.All",
        "Application.ReadWrite.OwnedBy",
        "Application.ReadWrite.All",
        "Directory.Read.All",
        "Directory.ReadWrite.All",
    }
)
_MADE: Final = datetime(2026, 1, 1, tzinfo=UTC)
_NEVER: Final = datetime(2299, 12, 31, tzinfo=UTC)


def list_applications(world: World, registration: Registration, request: Request) -> GraphReply:
    """`/applications`, with `$filter` by appId; 403 without the permission."""
    if request.method != "GET" or not _READING & set(world.settings.roles):
        raise GraphRefusal(
            403,
            "Authorization_RequestDenied",
            "Insufficient privileges to complete the operation.",
        )
    app = registration.client_id
    there = True
    if "$filter" in request.query:
        holds = parse_filter(request.query["$filter"], frozenset({"appId"}))
        there = holds(lambda _path: app)
    body: JsonObject = {
        "@odata.context": f"{request.base}/$metadata#applications(appId,passwordCredentials)",
        "value": [_application(registration)] if there else [],
    }
    return GraphReply(200, body)


def _application(registration: Registration) -> JsonObject:
    return {
        "id": str(uuid5(NAMESPACE_URL, registration.client_id)),
        "appId": registration.client_id,
        "passwordCredentials": [
            {
                "customKeyIdentifier": None,
                "displayName": f"secret {number}",
                "endDateTime": _moment(expires or _NEVER),
                "hint": secret[:3],
                "keyId": str(uuid5(NAMESPACE_URL, f"{registration.client_id} {secret}")),
                "secretText": None,
                "startDateTime": _moment(_MADE),
            }
            for number, (secret, expires) in enumerate(registration.secrets.items(), 1)
        ],
    }


def _moment(at: datetime) -> str:
    return at.astimezone(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")
