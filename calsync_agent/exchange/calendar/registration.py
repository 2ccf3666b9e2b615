"""When the app's secret ends, where the app may read its own registration (H3, GRAPH.md 9.5)."""

from collections.abc import Iterable, Mapping
from datetime import UTC, datetime
from typing import Any, Final
from urllib.parse import quote

from calsync_agent.errors import MailboxClosed, MailboxUnavailable
from calsync_agent.exchange.transport.calls import Calls, Sender, items_of
from calsync_agent.exchange.transport.requests import Request
from calsync_agent.i18n import message

READING: Final = frozenset(
    {
        "Application.Read.All",
        "Application.ReadWrite.OwnedBy",
        "Application.ReadWrite.All",
        "Directory.Read.All",
        "Directory.ReadWrite.All",
    }
)
"""Each of these permissions lets the app read its registration."""

# What stands in place of a mailbox's name, where health and pace are kept.
_DIRECTORY: Final = "/applications"
_HINT: Final = 3  # characters of a secret that Graph tells


async def secret_ends(
    graph: Sender, app: str, secrets: Iterable[str], now: datetime
) -> datetime | None:
    """When the last of the app's secrets ends (UTC); None where that is not told.

    Raises MailboxTrouble, SignInRefused.
    """
    literal = quote(app.replace("'", "''"), safe="")
    wanted = f"$filter=appId%20eq%20'{literal}'&$select=appId,passwordCredentials"
    try:
        (answer,) = await Calls(graph, _DIRECTORY).ask([Request("GET", f"/applications?{wanted}")])
    except MailboxClosed as trouble:
        if trouble.lacks_permission:
            return None
        raise
    listed = items_of(answer)
    if listed is None:
        raise MailboxUnavailable(
            message(
                "the app's registration cannot be read: {code} (status {status})",
                code=answer.code or "-",
                status=answer.status,
            )
        )
    held = [
        one
        for item in listed
        for one in item.get("passwordCredentials") or ()
        if isinstance(one, dict)
    ]
    ends = [end for secret in secrets if (end := end_of(secret, held, now)) is not None]
    return max(ends, default=None)


def end_of(secret: str, held: Iterable[Mapping[str, Any]], now: datetime) -> datetime | None:
    """When a secret ends that is good now; what is held tells its first characters alone.

    Where several begin alike, it is the one that ends first: said too early rather than too late.
    """
    alike = [
        end
        for one in held
        if one.get("hint") == secret[:_HINT] and (end := _moment(one.get("endDateTime")))
    ]
    lasting = [end for end in alike if end > now]
    return min(lasting) if lasting else max(alike, default=None)


def _moment(told: object) -> datetime | None:
    """UTC, without zone; None for what is no time."""
    if not isinstance(told, str):
        return None
    try:
        return datetime.fromisoformat(told).astimezone(UTC).replace(tzinfo=None)
    except (ValueError, OverflowError):
        return None
