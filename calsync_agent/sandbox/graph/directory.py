"""Users, calendars and zones: what Graph tells about the tenant."""

from typing import Final
from urllib.parse import quote

from calsync_agent.sandbox.graph.filters import Row, parse_filter
from calsync_agent.sandbox.graph.rendering import Renderer
from calsync_agent.sandbox.graph.requests import GraphReply, Request
from calsync_agent.sandbox.model.items import Calendar, Mailbox
from calsync_agent.sandbox.model.refusals import GraphRefusal, invalid_query
from calsync_agent.sandbox.model.shapes import JsonObject
from calsync_agent.sandbox.model.world import World
from calsync_agent.sandbox.model.zones import IANA_NAMES, WINDOWS_NAMES

_PATHS: Final = frozenset(
    [
        "id",
        "mail",
        "userPrincipalName",
        "displayName",
        "accountEnabled",
        "proxyAddresses",
        "userType",
        "assignedLicenses",
    ]
)
_LONGEST_PAGE: Final = 999
_EXCHANGE_PLAN: Final = "4b9405b0-7788-4568-add1-99614e613b69"
_PAGE: Final = 100
_SHOWN: Final = ("id", "displayName", "mail", "userPrincipalName")
_SELECTABLE: Final = {name.lower(): name for name in _PATHS}


def list_users(world: World, request: Request) -> GraphReply:
    """`/users`, with `$filter`, `$select`, `$top` and `$count`."""
    _only_get(request)
    _check_role(world)
    users = [user_json(mailbox) for mailbox in world.people()]
    if "$filter" in request.query:
        holds = parse_filter(_lowered(request.query["$filter"]), _PATHS)
        users = [user for user in users if holds(_row(user))]
    top, skip = (
        _number(request, "$top", _PAGE),
        _number(request, "$skiptoken", 0),
    )
    if not 1 <= top <= _LONGEST_PAGE:
        raise invalid_query(f"Invalid page size specified: '{top}'. Must be between 1 and 999.")
    body: JsonObject = {"@odata.context": f"{request.base}/$metadata#users"}
    if request.query.get("$count", "").lower() == "true":
        body["@odata.count"] = len(users)
    body["value"] = [_selected(request, user) for user in users[skip : skip + top]]
    if skip + top < len(users):
        kept = "".join(
            f"&{name}={quote(value)}"
            for name, value in request.query.items()
            if name != "$skiptoken"
        )
        body["@odata.nextLink"] = f"{request.base}/users?$skiptoken={skip + top}{kept}"
    return GraphReply(200, body)


def one_user(world: World, request: Request, name: str) -> GraphReply:
    """`/users/{id|upn}`."""
    _only_get(request)
    _check_role(world)
    try:
        mailbox = world.user(name)
    except GraphRefusal:
        raise GraphRefusal(
            404,
            "Request_ResourceNotFound",
            f"Resource '{name}' does not exist or one of its queried reference-property objects "
            "are not present.",
        ) from None
    context = f"{request.base}/$metadata#users/$entity"
    return GraphReply(200, {"@odata.context": context, **_selected(request, user_json(mailbox))})


def user_json(mailbox: Mailbox) -> JsonObject:
    """A user with all that can be selected."""
    main, *aliases = mailbox.addresses
    return {
        "id": mailbox.id,
        "displayName": mailbox.name,
        "mail": main if mailbox.licensed else None,
        "userPrincipalName": mailbox.upn,
        "accountEnabled": mailbox.kind != "shared",
        "userType": "Guest" if mailbox.kind == "guest" else "Member",
        "assignedLicenses": [{"disabledPlans": [], "skuId": _EXCHANGE_PLAN}]
        if mailbox.licensed and mailbox.kind == "user"
        else [],
        "proxyAddresses": [f"SMTP:{main}", *(f"smtp:{alias}" for alias in aliases)],
    }


def calendar_json(renderer: Renderer, calendar: Calendar) -> JsonObject:
    """A calendar."""
    mailbox = renderer.mailbox
    return {
        "id": calendar.id,
        "name": calendar.name,
        "color": "auto",
        "isDefaultCalendar": calendar.id == mailbox.default_calendar,
        "changeKey": renderer.world.ids.change_key(mailbox.id, 0, 0),
        "canShare": True,
        "canViewPrivateItems": True,
        "canEdit": True,
        "allowedOnlineMeetingProviders": ["teamsForBusiness"],
        "defaultOnlineMeetingProvider": "teamsForBusiness",
        "isTallyingResponses": True,
        "isRemovable": calendar.id != mailbox.default_calendar,
        "owner": {"name": mailbox.name, "address": mailbox.addresses[0]},
    }


def list_calendars(renderer: Renderer, request: Request) -> GraphReply:
    """`/calendars`."""
    calendars = renderer.mailbox.calendars.values()
    context = f"{request.base}/$metadata#users('{quote(renderer.mailbox.id)}')/calendars"
    shown = [calendar_json(renderer, calendar) for calendar in calendars]
    return GraphReply(200, {"@odata.context": context, "value": shown})


def supported_zones(request: Request, function: str) -> GraphReply:
    """`/outlook/supportedTimeZones`, also with its standard in brackets."""
    iana = "iana" in function.lower()
    names = IANA_NAMES if iana else WINDOWS_NAMES
    zones = [{"alias": name, "displayName": name} for name in names]
    context = f"{request.base}/$metadata#Collection(timeZoneInformation)"
    return GraphReply(200, {"@odata.context": context, "value": zones})


def _selected(request: Request, user: JsonObject) -> JsonObject:
    written = request.query.get("$select")
    if written is None:
        return {name: user[name] for name in _SHOWN}
    names = [name.strip() for name in written.split(",") if name.strip()]
    for name in names:
        if name.lower() not in _SELECTABLE:
            raise invalid_query(
                f"Could not find a property named '{name}' on type 'microsoft.graph.user'."
            )
    return {_SELECTABLE[name.lower()]: user[_SELECTABLE[name.lower()]] for name in names}


def _row(user: JsonObject) -> Row:
    return lambda path: _folded(user[path])


def _folded(value: object) -> object:
    """The directory compares without regard to case."""
    match value:
        case str():
            return value.lower()
        case list():
            return [str(each).lower() for each in value]
        case _:
            return value


def _lowered(written: str) -> str:
    """The filter with its literals in lower case; names stay as they are."""
    parts = written.split("'")
    return "'".join(part.lower() if at % 2 else part for at, part in enumerate(parts))


def _number(request: Request, name: str, default: int) -> int:
    written = request.query.get(name)
    if written is None:
        return default
    if not written.isdecimal():
        raise invalid_query(f"Invalid value '{written}' for {name} query option found.")
    return int(written)


def _only_get(request: Request) -> None:
    if request.method != "GET":
        raise GraphRefusal(
            403,
            "Authorization_RequestDenied",
            "Insufficient privileges to complete the operation.",
        )


def _check_role(world: World) -> None:
    if not {"User.Read.All", "Directory.Read.All"} & set(world.settings.roles):
        raise GraphRefusal(
            403,
            "Authorization_RequestDenied",
            "Insufficient privileges to complete the operation.",
        )
