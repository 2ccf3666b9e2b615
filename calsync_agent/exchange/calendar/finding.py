"""Finds events by their iCalUId, which outlasts their id, in every calendar of a mailbox (B3)."""

from collections.abc import Collection, Iterator, Mapping, Sequence
from typing import Any, Final
from urllib.parse import quote, urlencode

from calsync_agent.appointment.model import ICalUid
from calsync_agent.exchange.transport.requests import Request

AT_ONCE: Final = 10
"""How many are looked for in one request; longer conditions may be refused."""
_MOST: Final = 100


def calendars(mailbox: str) -> Request:
    """The request for all calendars of a mailbox."""
    return Request("GET", f"/users/{quote(mailbox, safe='')}/calendars?$top={_MOST}")


def others(listed: Sequence[Mapping[str, Any]]) -> list[str]:
    """The calendars of the mailbox's own beside its default one.

    Those that other people share with its owner are listed, too; their events are not its.
    """
    owners = [_owner(each) for each in listed if each.get("isDefaultCalendar") is True]
    return [
        number
        for each in listed
        if each.get("isDefaultCalendar") is not True and _owner(each) in owners
        if isinstance(number := each.get("id"), str) and number
    ]


def _owner(calendar: Mapping[str, Any]) -> str:
    owner = calendar.get("owner")
    address = owner.get("address") if isinstance(owner, dict) else None
    return address.casefold() if isinstance(address, str) else ""


def by_uids(
    mailbox: str, uids: Collection[ICalUid], calendar: str | None = None
) -> Iterator[Request]:
    """The requests that find the events with these iCalUIds, in the default calendar or another."""
    user = f"/users/{quote(mailbox, safe='')}"
    where = user if calendar is None else f"{user}/calendars/{quote(calendar, safe='')}"
    wanted_uids = sorted(uids)
    for begin in range(0, len(wanted_uids), AT_ONCE):
        some = wanted_uids[begin : begin + AT_ONCE]
        wanted = " or ".join("iCalUId eq '{}'".format(uid.replace("'", "''")) for uid in some)
        query = urlencode(
            {"$filter": wanted, "$select": "id", "$top": _MOST}, safe="$", quote_via=quote
        )
        yield Request("GET", f"{where}/events?{query}")
