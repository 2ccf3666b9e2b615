"""The tenant's users, where the app may read them: whose mailbox a profile is to be bound to."""

from collections.abc import Mapping
from typing import Any, Final
from urllib.parse import quote, urlencode
from uuid import UUID

from calsync_agent.domain.calendar import Account, User
from calsync_agent.errors import MailboxClosed, MailboxUnavailable
from calsync_agent.exchange.transport.calls import Calls, Sender, items_of
from calsync_agent.exchange.transport.requests import Answer, Request
from calsync_agent.i18n import message

# What stands in place of a mailbox's name, where health and pace are kept.
_DIRECTORY: Final = "/users"
_PAGE: Final = 999  # the most that Graph gives
_GUEST: Final = "#EXT#"  # in the principal names of guests
_TOLD: Final = (
    "id,displayName,userPrincipalName,mail,proxyAddresses,userType,accountEnabled,assignedLicenses"
)
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
        raise _unread(answer)
    listed: Any = answer.body.get("value") or ()
    return [] if wanted is None else [_user(item) for item in listed]


async def all_users(graph: Sender) -> list[Account] | None:
    """All users, page after page; None where the app may not read them.

    Raises MailboxTrouble, SignInRefused. A listing that does not end is no listing (B9a).
    """
    request = Request("GET", f"/users?$select={_TOLD}&$top={_PAGE}")
    found: dict[str, Account] = {}
    links: set[str] = set()
    while True:
        try:
            (answer,) = await Calls(graph, _DIRECTORY).ask([request])
        except MailboxClosed as trouble:
            if trouble.lacks_permission:
                return None
            raise
        listed = items_of(answer)
        if listed is None:
            raise _unread(answer)
        found |= {account.id: account for account in map(_account, listed) if account is not None}
        link = (answer.body or {}).get("@odata.nextLink")
        if not isinstance(link, str) or not link:
            return list(found.values())
        if link in links:
            raise _unread(answer)
        links.add(link)
        request = Request("GET", link, paged=True)


def _account(item: Mapping[str, Any]) -> Account | None:
    """A user, whatever stands in its properties; None without an id."""
    number, principal = _text(item.get("id")), _text(item.get("userPrincipalName"))
    if not number:
        return None
    address = _text(item.get("mail"))
    proxies = item.get("proxyAddresses")
    further = [_text(each) for each in proxies] if isinstance(proxies, list) else []
    mailed = [each.partition(":")[2] for each in further if each[:5].casefold() == "smtp:"]
    licences, enabled = item.get("assignedLicenses"), item.get("accountEnabled")
    return Account(
        id=number,
        name=_text(item.get("displayName")),
        principal=principal,
        address=address,
        addresses=tuple(dict.fromkeys(each for each in (address, *mailed) if each)),
        guest=_text(item.get("userType")).casefold() == "guest" or _GUEST in principal.upper(),
        enabled=enabled if isinstance(enabled, bool) else None,
        licensed=bool(licences) if isinstance(licences, list) else None,
    )


def _text(value: object) -> str:
    return value.strip() if isinstance(value, str) else ""


def _unread(answer: Answer) -> MailboxUnavailable:
    return MailboxUnavailable(
        message(
            "the tenant's users cannot be read: {code}: {text}"
            " (status {status}, request-id {request_id})",
            code=answer.code or "-",
            text=answer.error_message,
            status=answer.status,
            request_id=answer.request_id,
        )
    )


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
