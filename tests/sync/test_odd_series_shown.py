"""What the adverse sandbox shows oddly of a series, it shows on its days, too."""

import pytest

from calsync_agent.sandbox.adverse.content import shows
from tests.support.golden import anna, change, event, hire
from tests.support.golden_series import WEEK, WEEKLY, day, with_exceptions_in_outlook
from tests.support.rig import SOON, Rig

pytestmark = pytest.mark.parametrize("dialect", ["sqlite"], indirect=True)
HALF = "Saal \ud83d"


def test_b8_an_odd_location_of_a_series_is_that_of_its_days_but_of_those_with_their_own(
    rig: Rig,
) -> None:
    hire(rig)
    with_exceptions_in_outlook(rig)
    anna(rig).change(day(rig, "Serie dort", 3), location={"displayName": "anderswo"})
    series = anna(rig).item(event(rig, "Serie dort"))
    shows(series, location={"displayName": HALF}, iCalUId=f"{series.uid}\udc00")
    days = anna(rig).view(SOON, SOON + 10 * WEEK)
    assert [each["location"]["displayName"] for each in days] == [
        HALF,
        HALF,
        "anderswo",
        HALF,
        HALF,
    ]
    assert len({each["iCalUId"] for each in days}) > 1  # theirs, as before


def test_b8_what_becomes_a_series_is_odd_on_every_day(rig: Rig) -> None:
    hire(rig)
    number = anna(rig).create("Termin", SOON, SOON.replace(hour=10))
    shows(anna(rig).item(number), location={"displayName": HALF})
    change(rig, "Termin", recurrence=WEEKLY)
    shown = {each["location"]["displayName"] for each in anna(rig).view(SOON, SOON + 10 * WEEK)}
    assert shown == {HALF}
