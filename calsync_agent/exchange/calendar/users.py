"""The tenant's users, where the app may read them: whose mailbox a profile is to be bound to."""

from collections.abc import Mapping
from typing import Any, Final
from urllib.parse import quote, urlencode
from uuid import UUID

from calsync_agent.domain.calendar import User
from calsync_agent.errors import MailboxClosed, MailboxUnavailable
from calsync_agent.exchange.transport.calls import Calls, Sender
from calsync_agent.exchange.transport.requests import Request
from calsync_agent.i18n import message

# What stands in place of a mailbox's name, where health and pace are kept.
_DIRECTORY: Final = "/users"
_SHOWN: Final = "id,displayName,mail,userPrincipalName"


async def find_users(graph: Sender, wanted: str | None) -> list[User] | None:
    """The users with this address, principal name or object id; None where the app may not read.

    Without `wanted` it only finds out whether the app may. Raises MailboxTrouble, SignInRefused.
    """
    query = {"$select": _SHOWN, "$top": "1"} if wanted is None else _filtered(wanted)
    request = Request("GET", f"/users?{urlencode(query, quote_via=quote, safe='$,')}")
    try:
        (answer,) = await Calls(graph, _DIRECTORY).ask([request])
    except MailboxClosed as trouble:
        if trouble.lacks_permission:
            return None
        raise
    if not answer.ok or not answer.body:
        raise MailboxUnavailable(
            message(
                "the tenant's users cannot be read: {code}: {text}"
                " (status {status}, request-id {request_id})",
                code=answer.code or "-",
                text=answer.error_message,
                status=answer.status,
                request_id=answer.request_id,
            )
        )
    listed: Any = answer.body.get("value") or ()
    return [] if wanted is None else [_user(item) for item in listed]


def _filtered(wanted: str) -> dict[str, str]:
    literal = wanted.replace("'", "''")
    try:
        condition = f"id eq '{UUID(wanted)}'"
    except ValueError:
        condition = f"mail eq '{literal}' or userPrincipalName eq '{literal}'"
    return {"$filter": condition, "$select": _SHOWN}


def _user(item: Mapping[str, Any]) -> User:
    address = item.get("mail") or item.get("userPrincipalName") or ""
    return User(str(item.get("id") or ""), str(item.get("displayName") or ""), str(address))
