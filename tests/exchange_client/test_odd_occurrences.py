"""Occurrences in the feed that cannot be read stop nothing else (B8)."""

from typing import Any

import pytest

from calsync_agent.appointment.people import Directory
from calsync_agent.exchange.calendar.delta import read_page


@pytest.mark.parametrize(
    "start",
    [{"dateTime": "soon"}, {"dateTime": None}, {}, "2026-12-01", [], {"dateTime": "2026-13-01"}],
    ids=str,
)
def test_b8_an_occurrence_whose_start_cannot_be_read_only_points_at_its_series(start: Any) -> None:
    odd = {"id": "1", "type": "occurrence", "seriesMasterId": "m", "start": start}
    well = {
        "id": "2",
        "type": "occurrence",
        "seriesMasterId": "other",
        "start": {"dateTime": "2026-12-01T09:00:00.0000000", "timeZone": "UTC"},
    }
    page = read_page({"value": [odd, well]}, Directory())
    assert page.series == {"m", "other"}
    assert list(page.shown) == ["other"]
