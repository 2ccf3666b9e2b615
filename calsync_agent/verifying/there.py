"""Exchange's side, as Graph shows the calendar: series expanded by Exchange itself."""

from collections import defaultdict
from collections.abc import AsyncIterator, Collection, Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, time, timedelta
from http import HTTPStatus
from typing import Any, Final
from urllib.parse import quote

from calsync_agent.errors import MailboxTrouble
from calsync_agent.exchange.transport.calls import Calls, Sender, items_of, unread
from calsync_agent.exchange.transport.requests import Request
from calsync_agent.i18n import message
from calsync_agent.verifying.texts import own_words, plain
from calsync_agent.verifying.values import Happening, Manner, Moment, Side

_SHOWN: Final = (
    "id,type,seriesMasterId,subject,body,location,start,end,isAllDay,importance,sensitivity,showAs,"
    "isReminderOn,reminderMinutesBeforeStart,attendees,organizer,isOrganizer,isCancelled,"
    "isOnlineMeeting,onlineMeeting,originalStart,categories"
)
_PAGE: Final = 100
_MOST_PAGES: Final = 10_000
_ANSWERS: Final = {
    "accepted": "accepted",
    "tentativelyAccepted": "tentative",
    "declined": "declined",
}


@dataclass(frozen=True, slots=True)
class Seen:
    """One event, or all that the view shows of one series; `items` is never empty."""

    id: str
    items: tuple[Mapping[str, Any], ...]

    @property
    def cancelled(self) -> bool:
        """Whether its organizer has called it off."""
        return all(bool(item.get("isCancelled")) for item in self.items)

    @property
    def subject(self) -> str:
        """How it is shown; a private one by no words."""
        return plain(self.items[0].get("subject"))

    @property
    def private(self) -> bool:
        """Whether its words are not shown."""
        return self.items[0].get("sensitivity") in {"private", "personal", "confidential"}

    @property
    def join_url(self) -> str:
        """The link by which people join it, where it is an online meeting."""
        first = self.items[0]
        told = (first.get("onlineMeeting") or {}).get("joinUrl")
        return told or "" if first.get("isOnlineMeeting") else ""

    @property
    def starts(self) -> Iterator[Moment]:
        """When its occurrences are."""
        for item in self.items:
            if item.get("type") != "seriesMaster":
                yield _when(item, "start")

    def side(self, people: Mapping[str, int], owner: int) -> Side:
        """What it says; `people`: employees by address."""
        first = self.items[0]
        usual = next((i for i in self.items if i.get("type") != "exception"), None)
        shown = [item for item in self.items if item.get("type") != "seriesMaster"]
        return Side(
            series=first.get("type") != "singleInstance",
            all_day=bool(first.get("isAllDay")),
            happenings={_original(item): _happening(item, self.join_url) for item in shown},
            manner=None if usual is None else _manner(usual),
            people=dict(_people(first.get("attendees") or [], people, owner)),
            organizer=_address(first.get("organizer")),
            join_url=self.join_url,
            categories=tuple(str(each) for each in first.get("categories") or ()),
        )


async def read(
    graph: Sender, mailbox: str, start: datetime, end: datetime, linked: Collection[str]
) -> dict[str, Seen]:
    """A mailbox's calendar in the window, and what is linked beyond it, by id.

    What is linked and not there is missing. Raises MailboxTrouble.
    """
    calls = Calls(graph, mailbox)
    found: defaultdict[str, list[Mapping[str, Any]]] = defaultdict(list)
    async for item in _view(calls, mailbox, start, end):
        found[item.get("seriesMasterId") or item["id"]].append(item)
    for item in await _by_id(calls, mailbox, sorted(set(linked) - found.keys())):
        found[item["id"]].append(item)
    return {number: Seen(number, tuple(items)) for number, items in found.items()}


async def _view(
    calls: Calls, mailbox: str, start: datetime, end: datetime
) -> AsyncIterator[Mapping[str, Any]]:
    user = quote(mailbox, safe="")
    path = (
        f"/users/{user}/calendarView?startDateTime={start:%Y-%m-%dT%H:%M:%S}Z"
        f"&endDateTime={end:%Y-%m-%dT%H:%M:%S}Z&$top={_PAGE}&$select={_SHOWN}"
    )
    seen: set[str] = set()
    for _page in range(_MOST_PAGES):
        (answer,) = await calls.ask([Request("GET", path)])
        items = items_of(answer)
        if items is None:
            raise unread(mailbox, answer)
        for item in items:
            if isinstance(item.get("id"), str):
                yield item
        following = (answer.body or {}).get("@odata.nextLink")
        if not isinstance(following, str):
            return
        if following in seen:
            break
        seen.add(following)
        path = following
    raise MailboxTrouble(
        message("the mailbox {mailbox} lists the same pages again and again", mailbox=mailbox)
    )


async def _by_id(calls: Calls, mailbox: str, numbers: Iterable[str]) -> list[Mapping[str, Any]]:
    user = quote(mailbox, safe="")
    asked = [
        Request("GET", f"/users/{user}/events/{quote(number, safe='')}?$select={_SHOWN}")
        for number in numbers
    ]
    found = []
    for answer in await calls.ask(asked):
        if answer.ok and answer.body is not None:
            found.append(answer.body)
        elif answer.status not in {HTTPStatus.NOT_FOUND, HTTPStatus.GONE}:
            raise unread(mailbox, answer)
    return found


def _happening(item: Mapping[str, Any], join_url: str) -> Happening:
    body = (item.get("body") or {}).get("content")
    return Happening(
        start=_when(item, "start"),
        end=_when(item, "end"),
        subject=plain(item.get("subject")),
        location=plain((item.get("location") or {}).get("displayName")),
        body=plain(own_words(body, join_url)),
    )


def _manner(item: Mapping[str, Any]) -> Manner:
    shown = item.get("showAs")
    minutes = item.get("reminderMinutesBeforeStart")
    return Manner(
        importance=str(item.get("importance")),
        private=item.get("sensitivity") != "normal",
        show_as="busy" if shown == "unknown" else str(shown),
        reminder=max(minutes, 0) if item.get("isReminderOn") and minutes is not None else None,
    )


def _people(
    attendees: Iterable[Mapping[str, Any]], people: Mapping[str, int], owner: int
) -> Iterator[tuple[int, str]]:
    for one in attendees:
        number = people.get(_address(one))
        if number is not None and number != owner:
            response = (one.get("status") or {}).get("response")
            yield number, _ANSWERS.get(str(response), "none")


def _address(person: Mapping[str, Any] | None) -> str:
    told = ((person or {}).get("emailAddress") or {}).get("address")
    return told.strip().casefold() if isinstance(told, str) else ""


def _original(item: Mapping[str, Any]) -> Moment:
    """By what its series knows it; of what is no exception it is when it is."""
    told = item.get("originalStart")
    if item.get("type") != "exception" or not isinstance(told, str):
        return _when(item, "start")
    at = _utc(told)
    # The midnight of an all-day day may be told in any zone.
    return (at + timedelta(hours=12)).date() if item.get("isAllDay") else at


def _when(item: Mapping[str, Any], name: str) -> Moment:
    at = _utc((item.get(name) or {}).get("dateTime"))
    if not item.get("isAllDay"):
        return at
    begun = name == "end" and at.time() > time()
    return at.date() + timedelta(days=begun)


def _utc(told: object) -> datetime:
    at = datetime.fromisoformat(str(told)[:26].rstrip("Z"))
    return at if at.tzinfo is None else at.astimezone(UTC).replace(tzinfo=None)
