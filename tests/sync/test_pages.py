"""B9a: a listing that never comes to an end, and one that ends without a position."""

from collections.abc import Sequence
from datetime import datetime, timedelta

import pytest

from calsync_agent.appointment.model import EventId
from calsync_agent.appointment.people import Directory
from calsync_agent.domain.calendar import Page
from calsync_agent.domain.event import Event
from calsync_agent.errors import MailboxTrouble
from calsync_agent.exchange.calendar.delta import read_page
from calsync_agent.exchange.calendar.mailbox import Mailbox
from calsync_agent.exchange.transport.requests import Answer, Outcome, Request
from calsync_agent.sync import pages
from calsync_agent.sync.pages import Pages

pytestmark = pytest.mark.anyio


class Endless:
    """A feed that obeys a script: the pages' items and links, by turns."""

    def __init__(self, *bodies: dict[str, object]) -> None:
        self.bodies = bodies
        self.asked: list[str] = []

    async def send(self, mailbox: str, requests: Sequence[Request]) -> list[Outcome]:
        assert mailbox == "anna"
        (request,) = requests
        body = self.bodies[len(self.asked) % len(self.bodies)]
        self.asked.append(request.path)
        count = str(len(self.asked))
        links = {n: str(v).replace("{}", count) for n, v in body.items() if n != "value"}
        return [Answer(200, {**links, "value": body.get("value", [])})]


def removed(*numbers: str) -> list[dict[str, object]]:
    return [{"id": number, "@removed": {"reason": "deleted"}} for number in numbers]


async def all_pages(feed: Endless, first: Page) -> Page:
    walk = Pages(Mailbox(feed, "anna", Directory()))
    page = first
    while (following := await walk.after(page)) is not None:
        page = following
    return page


NEXT, DELTA = "@odata.nextLink", "@odata.deltaLink"
FIRST = Page(next_page="/users/anna/first")


@pytest.mark.parametrize(
    "bodies",
    [
        [{NEXT: "/users/anna/first"}],
        [{NEXT: "/users/anna/first", "value": removed("1")}],
        [{NEXT: "/users/anna/a"}, {NEXT: "/users/anna/first"}],
        [{NEXT: "/users/anna/{}"}],
        [{NEXT: "/users/anna/{}", "value": removed("1", "2")}],
        [{NEXT: "/users/anna/{}", "value": removed("1")}, {NEXT: "/users/anna/{}"}],
        [{NEXT: "/users/anna/{}", DELTA: "/users/anna/delta", "value": removed("1")}],
    ],
    ids=[
        "to itself",
        "to itself with an item",
        "two in a circle",
        "ever new and empty",
        "ever new and the same",
        "ever new by turns",
        "with a position beside it",
    ],
)
async def test_b9a_a_listing_without_end_is_left(bodies: list[dict[str, object]]) -> None:
    feed = Endless(*bodies)
    with pytest.raises(MailboxTrouble, match="does not come to an end"):
        await all_pages(feed, FIRST)
    assert len(feed.asked) <= pages.MOST_BARREN + 5


async def test_b9a_a_listing_that_always_brings_something_new_is_left(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(pages, "MOST", 200)
    feed = Endless(*({NEXT: "/users/anna/{}", "value": removed(str(n))} for n in range(300)))
    with pytest.raises(MailboxTrouble, match="after 201 pages"):
        await all_pages(feed, FIRST)


@pytest.mark.parametrize("body", [{}, {"value": removed("1")}])
async def test_b9a_a_last_page_that_leads_nowhere_is_trouble(body: dict[str, object]) -> None:
    with pytest.raises(MailboxTrouble, match="leads nowhere"):
        await all_pages(Endless(body), FIRST)


async def test_b9a_empty_pages_and_repeated_items_are_followed_to_the_end() -> None:
    empty: list[dict[str, object]] = [{NEXT: "/users/anna/{}"}] * 20
    again = [{NEXT: "/users/anna/{}", "value": removed("1")}] * 20
    more = [{NEXT: "/users/anna/{}", "value": removed("2")}]
    feed = Endless(*empty, *again, *more, {DELTA: "/users/anna/delta"})
    page = await all_pages(feed, FIRST)
    assert page.position == "/users/anna/delta"
    assert len(feed.asked) == 42


async def test_b9a_occurrences_of_one_series_are_news_on_every_page() -> None:
    def of(day: int) -> Page:
        master = EventId("series")
        shown = {master: {datetime(2026, 1, 1) + timedelta(days=day)}}
        return Page(series=frozenset({master}), shown=shown, next_page=f"/users/anna/{day}")

    walk = Pages(Mailbox(Endless({DELTA: "/d"}), "anna", Directory()))
    for day in range(3 * pages.MOST_BARREN):
        assert await walk.after(of(day)) is not None


def shown(number: str, subject: str, second: int | None) -> dict[str, object]:
    moment = None if second is None else f"2026-11-30T08:00:{second:02}Z"
    times = {"dateTime": "2026-12-01T09:00:00", "timeZone": "UTC"}
    return {
        "id": number,
        "type": "singleInstance",
        "subject": subject,
        "lastModifiedDateTime": moment,
        "start": times,
        "end": times,
    }


@pytest.mark.parametrize(
    ("versions", "counting"),
    [
        ([("neu", 2), ("alt", 1)], ["neu"]),
        ([("alt", 1), ("neu", 2)], ["alt", "neu"]),
        ([("neu", 2), ("alt", 1), ("neuer", 3), ("neu", 2)], ["neu", "neuer"]),
        ([("neu", 2), ("auch neu", 2)], ["neu", "auch neu"]),
        ([("neu", 2), ("ohne Zeit", None)], ["neu", "ohne Zeit"]),
    ],
)
async def test_b3_of_two_versions_on_different_pages_of_one_round_the_newer_counts(
    versions: list[tuple[str, int | None]], counting: list[str]
) -> None:
    walk = Pages(Mailbox(Endless({}), "anna", Directory()))
    found: list[str | None] = []
    for subject, second in versions:
        items = [shown("1", subject, second), shown("2", "ein anderes", 1)]
        page = walk.newest(read_page({"value": items}, Directory()))
        mine = (each for each in page.events if each.id == "1")
        found += [each.appointment.subject for each in mine if isinstance(each, Event)]
        assert len(page.events) in {1, 2}
    assert found == counting
