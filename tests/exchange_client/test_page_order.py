"""The same event several times on one page: no order is promised (GRAPH.md 1.3)."""

from itertools import permutations
from typing import Any, Final

import pytest

from calsync_agent.appointment.people import Directory
from calsync_agent.domain.event import Event
from calsync_agent.exchange.calendar.delta import read_page


def version(subject: str, modified: str | None) -> dict[str, Any]:
    return {
        "id": "AAMk",
        "type": "singleInstance",
        "subject": subject,
        "lastModifiedDateTime": modified,
        "start": {"dateTime": "2026-12-01T09:00:00.0000000", "timeZone": "UTC"},
        "end": {"dateTime": "2026-12-01T10:00:00.0000000", "timeZone": "UTC"},
        "isOrganizer": True,
    }


VERSIONS = [version(f"v{n}", f"2026-11-0{n}T08:00:00.0000000Z") for n in (1, 2, 3)]


def shown(*items: dict[str, Any]) -> str:
    (event,) = read_page({"value": list(items)}, Directory()).events
    assert isinstance(event, Event)
    return event.appointment.subject


@pytest.mark.parametrize("order", list(permutations(VERSIONS)))
def test_b3_of_several_versions_on_a_page_the_newest_counts_in_whatever_order(
    order: tuple[dict[str, Any], ...],
) -> None:
    assert shown(*order) == "v3"


@pytest.mark.parametrize("modified", [None, "2026-11-03T08:00:00.0000000Z"])
def test_b3_where_time_does_not_tell_the_last_one_counts(modified: str | None) -> None:
    assert shown(VERSIONS[2], version("last", modified)) == "last"


GONE: Final = {"id": "AAMk", "@removed": {"reason": "deleted"}}
HOLLOW: Final = {"id": "AAMk", "type": None, "start": None}


@pytest.mark.parametrize("others", [VERSIONS[:1], VERSIONS[:2], [HOLLOW], [HOLLOW, VERSIONS[0]]])
def test_b5_what_is_there_and_has_left_on_one_page_is_looked_at_in_whatever_order(
    others: list[dict[str, Any]],
) -> None:
    for order in permutations([GONE, *others]):
        page = read_page({"value": list(order)}, Directory())
        assert (page.events, page.tombstones, page.hollow) == ((), frozenset(), {"AAMk"})


def test_b5_what_has_only_left_has_left() -> None:
    page = read_page({"value": [GONE, GONE]}, Directory())
    assert (page.events, page.tombstones, page.hollow) == ((), {"AAMk"}, frozenset())
