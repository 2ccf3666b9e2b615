"""The same event several times on one page: no order is promised (graph-facts 1.3)."""

from itertools import permutations
from typing import Any

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


def test_b3_a_tombstone_in_between_counts_as_told_last() -> None:
    gone = {"id": "AAMk", "@removed": {"reason": "deleted"}}
    page = read_page({"value": [VERSIONS[2], gone]}, Directory())
    assert page.tombstones == {"AAMk"}
    assert page.events == ()
    assert shown(VERSIONS[2], gone, VERSIONS[0]) == "v1"
