"""Nobody whom somebody else has just invited is uninvited by the sync (F3).

And no category that somebody has just given an event is taken away (I2). Attendees and categories
are replaced as a whole. If-Match keeps a list that is out of date from being written,
where Exchange honours it, which is not documented (GRAPH.md 4.3). It is found out once per
tenant by a write that changes nothing. Where it is not honoured, the list is read in the same batch
just before, compared with the answer just after, and whoever got lost in between is put back.
"""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import replace
from http import HTTPStatus
from typing import Any, Final, TypeAlias

from calsync_agent.domain.calendar import Conditions
from calsync_agent.domain.operation import ChangeEvent, Lost
from calsync_agent.exchange.calendar import writes
from calsync_agent.exchange.transport.calls import Calls
from calsync_agent.exchange.transport.requests import Answer, Outcome, Request

_Json: TypeAlias = Mapping[str, Any]

_SOME: Final = 25
"""How many events are looked through for one that nobody is invited to."""


async def find_out(calls: Calls, conditions: Conditions) -> None:
    """Find out whether If-Match is honoured, on an event that nobody is invited to.

    Where the mailbox has none it stays unknown. Raises MailboxTrouble.
    """
    query = f"?$select=id,attendees&$top={_SOME}"
    (listed,) = await calls.ask([Request("GET", writes.events_path(calls.mailbox) + query)])
    items: Any = (listed.body or {}).get("value") if listed.ok else None
    for item in items if isinstance(items, list) else ():
        if not isinstance(item, dict) or not isinstance(item.get("id"), str):
            continue  # whatever else Exchange sends here costs no write (B8)
        etag = str(item.get("@odata.etag") or "")
        if item.get("attendees") == [] and etag and item["id"]:
            path = writes.event_path(calls.mailbox, item["id"])
            outdated = Request("PATCH", path, {}, {"If-Match": _other(etag)})
            (outcome,) = await calls.send([outdated])
            if isinstance(outcome, Answer):
                conditions.honoured = writes.overtaken(outcome)
            return


async def changed_carefully(
    calls: Calls, operation: ChangeEvent, request: Request
) -> tuple[Outcome, tuple[str, ...]]:
    """What came of changing attendees or categories of an event while others may do so, too.

    Also the addresses of those who had to be put back. Raises MailboxTrouble.
    """
    path = writes.event_path(calls.mailbox, operation.event.id)
    reading = Request("GET", f"{path}?$select=attendees,categories")
    before, after = await calls.send([reading, replace(request, after=True)])
    if isinstance(after, Lost):
        return after, ()
    if isinstance(before, Lost) or after.status == HTTPStatus.FAILED_DEPENDENCY:
        # Nothing was written: the event is read again, and decided about anew.
        conflict = replace(after, status=HTTPStatus.CONFLICT)
        return before if isinstance(before, Lost) else conflict, ()
    if not after.ok:
        return after, ()
    lost: list[_Json] = []
    again: dict[str, Any] = {}
    if operation.attendees is not None:
        known = writes.attendees(operation.event.attendees)
        lost = list(_lost(_attendees(before), known, _attendees(after)))
        if lost:
            again["attendees"] = [*_attendees(after), *lost]
    if operation.categories is not None:
        there = {*operation.event.appointment.categories, *_categories(after)}
        names = [each for each in _categories(before) if each not in there]
        if names:
            again["categories"] = [*_categories(after), *names]
    if not again:
        return after, ()
    (outcome,) = await calls.send([Request("PATCH", path, again)])
    return outcome, tuple(map(_address, lost))


def _lost(
    before: Iterable[_Json], known: Iterable[_Json], after: Iterable[_Json]
) -> Iterator[_Json]:
    """Whoever was invited without our knowing, and is invited no more."""
    there = {_address(each) for each in (*known, *after)}
    return (each for each in before if _address(each) not in there)


def _attendees(answer: Answer) -> list[_Json]:
    given: Any = (answer.body or {}).get("attendees")
    return [each for each in given if isinstance(each, dict)] if isinstance(given, list) else []


def _categories(answer: Answer) -> list[str]:
    given: Any = (answer.body or {}).get("categories")
    return [each for each in given if isinstance(each, str)] if isinstance(given, list) else []


def _address(attendee: _Json) -> str:
    address: Any = attendee.get("emailAddress")
    if not isinstance(address, dict):
        return ""
    return str(address.get("address") or address.get("name") or "").strip().casefold()


def _other(etag: str) -> str:
    """An etag of the same form that no version has: a letter in its middle is another one."""
    middle = len(etag) // 2
    letter = "A" if etag[middle] != "A" else "B"
    return etag[:middle] + letter + etag[middle + 1 :]
