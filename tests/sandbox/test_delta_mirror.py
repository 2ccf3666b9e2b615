"""A client that does nothing but follow delta has, after every round, what the view shows."""

from collections.abc import Callable
from contextlib import suppress
from datetime import date, datetime, timedelta
from itertools import islice
from typing import Any, TypeAlias
from urllib.parse import quote

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from calsync_agent.sandbox.graph.calls import answer_call
from calsync_agent.sandbox.graph.requests import Request, split_path, split_query
from calsync_agent.sandbox.model.entries import days_of
from calsync_agent.sandbox.model.refusals import GraphRefusal
from calsync_agent.sandbox.people import Person
from calsync_agent.sandbox.tenant import Tenant

BASE = "https://graph.example/v1.0"
WINDOW = "startDateTime=2026-02-01T00:00:00Z&endDateTime=2026-04-01T00:00:00Z"
Draw: TypeAlias = Callable[[st.SearchStrategy[Any]], Any]


class Mirror:
    """What a client knows of the window: the shown ids with start and end."""

    def __init__(self, tenant: Tenant, person: Person, *, immutable: bool) -> None:
        self.tenant, self.person = tenant, person
        self.prefer = 'IdType="ImmutableId", ' if immutable else ""
        self.link = f"/calendarView/delta?{WINDOW}"
        self.known: dict[str, dict[str, Any]] = {}

    def get(self, url: str, size: int) -> dict[str, Any]:
        path, _, query = url.removeprefix(BASE).partition("?")
        if not path.startswith("/users"):
            path = f"/users/{quote(self.person.upn)}{path}"
        headers = {"prefer": f"{self.prefer}odata.maxpagesize={size}"}
        request = Request("GET", split_path(path), split_query(query), headers, BASE)
        with self.tenant.lock:
            self.tenant.world.settle()
            body = answer_call(self.tenant.world, request, "app").body
        assert body is not None
        return body

    def follow(self, size: int) -> None:
        """One round."""
        pages = []
        while "@odata.deltaLink" not in (page := self.get(self.link, size)):
            pages.append(page["value"])
            assert len(page["value"]) <= size
            self.link = page["@odata.nextLink"]
        self.link = page["@odata.deltaLink"]
        items = {item["id"]: item for each in (*pages, page["value"]) for item in each}
        for id_, item in items.items():
            if "@removed" in item or item["type"] in {"seriesMaster", "singleInstance"}:
                self._drop(id_)
        self.known |= {id_: item for id_, item in items.items() if "@removed" not in item}

    def _drop(self, id_: str) -> None:
        self.known = {
            each: item
            for each, item in self.known.items()
            if each != id_ and item.get("seriesMasterId") != id_
        }

    def shown(self) -> dict[str, tuple[str, str]]:
        return {
            id_: (item["start"]["dateTime"], item["end"]["dateTime"])
            for id_, item in self.known.items()
            if item["type"] != "seriesMaster"
        }

    def truth(self) -> dict[str, tuple[str, str]]:
        found = self.get(f"/calendarView?{WINDOW}", 1000)["value"]
        return {item["id"]: (item["start"]["dateTime"], item["end"]["dateTime"]) for item in found}


def some_time(draw: Draw) -> datetime:
    return datetime(2026, 1, 15, 9) + timedelta(hours=draw(st.integers(0, 24 * 90)))


def some_recurrence(draw: Draw, start: datetime) -> dict[str, Any]:
    pattern = draw(
        st.sampled_from(
            [
                {"type": "daily", "interval": 3},
                {"type": "weekly", "interval": 1, "daysOfWeek": ["monday", "thursday"]},
                {"type": "absoluteMonthly", "interval": 1, "dayOfMonth": 31},
                {
                    "type": "absoluteYearly",
                    "interval": 1,
                    "dayOfMonth": start.day,
                    "month": start.month,
                },
            ]
        )
    )
    span = draw(
        st.sampled_from([{"type": "noEnd"}, {"type": "numbered", "numberOfOccurrences": 5}])
    )
    return {"pattern": pattern, "range": span}


def act(draw: Draw, person: Person, away: str) -> None:
    """Something that a person does; what Exchange refuses is left undone."""
    there = [str(event["id"]) for place in (None, away) for event in person.events(calendar=place)]
    start = some_time(draw)
    end = start + timedelta(hours=draw(st.integers(0, 30)))
    what = draw(st.sampled_from(["single", "series", "all-day"] + ["change"] * 9))
    if what == "single" or not there:
        person.create("einzeln", start, end)
        return
    if what == "all-day":
        person.create("ganztags", start.date(), start.date() + timedelta(days=2))
        return
    if what == "series":
        person.create("Serie", start, end, recurrence=some_recurrence(draw, start))
        return
    event_id = draw(st.sampled_from(there))
    change(draw, person, event_id, (start, end), away)


def change(
    draw: Draw, person: Person, event_id: str, times: tuple[datetime, datetime], away: str
) -> None:
    start, end = times
    is_series = person.event(event_id)["type"] == "seriesMaster"
    day = some_day(draw, person, event_id) if is_series else None
    match draw(st.sampled_from(["words", "time", "rule", "delete", "move", "day", "cancel"])):
        case "words":
            person.change(event_id, subject="neu")
        case "time":
            person.change(event_id, start=start, end=end)
        case "rule":
            rule = draw(st.sampled_from([None, some_recurrence(draw, start)]))
            person.change(event_id, start=start, end=end, recurrence=rule)
        case "delete":
            person.delete(event_id)
        case "move":
            home = person.mailbox.default_calendar
            person.move(event_id, draw(st.sampled_from([home, away])))
        case "day" if day is not None:
            person.change(person.occurrence(event_id, day), start=start, end=end)
        case "cancel" if day is not None:
            person.delete(person.occurrence(event_id, day))


def some_day(draw: Draw, person: Person, event_id: str) -> date | None:
    item = person.item(event_id)
    days = [entry.day for entry in islice(days_of(item), 20) if entry.day]
    return draw(st.sampled_from(days)) if days else None


@settings(max_examples=120, deadline=None, suppress_health_check=list(HealthCheck))
@given(st.data())
def test_following_delta_is_knowing_the_view(data: st.DataObject) -> None:
    tenant = Tenant()
    tenant.settings.duplicate_items = data.draw(st.booleans())
    tenant.settings.series_changed = data.draw(st.sampled_from(["keep", "discard"]))
    tenant.settings.occurrence_tombstones = data.draw(st.booleans())
    person = tenant.add_mailbox("anna")
    away = person.add_calendar("Privat")
    mirrors = [Mirror(tenant, person, immutable=immutable) for immutable in (True, False)]
    for _ in range(data.draw(st.integers(1, 5))):
        for _ in range(data.draw(st.integers(0, 6))):
            with suppress(GraphRefusal):
                act(data.draw, person, away)
        for mirror in mirrors:
            mirror.follow(data.draw(st.integers(1, 30)))
            assert mirror.shown() == mirror.truth()
    tenant.clock.advance(5)
    for mirror in mirrors:
        mirror.follow(10)
        assert mirror.shown() == mirror.truth()
