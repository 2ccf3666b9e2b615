"""What the names of time zones mean, however odd; never silently UTC (D3)."""

from datetime import datetime, timedelta
from typing import Any, Final

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from tzlocal.windows_tz import win_tz

from calsync_agent.appointment import zones
from calsync_agent.appointment.people import Directory
from calsync_agent.domain.event import Event, UnreadableEvent
from calsync_agent.exchange.calendar.event_codec import read_event
from tests.support.world import SOON, World

VIENNA: Final = "W. Europe Standard Time"
LONG: Final = "(UTC+01:00) Amsterdam, Berlin, Bern, Rome, Stockholm, Vienna"
UNKNOWN: Final = ("Customized Time Zone", "tzone://Microsoft/Custom", "Mars/Olympus", "", " ", None)


@pytest.mark.parametrize(
    ("name", "windows"),
    [
        (LONG, VIENNA),
        ("(GMT+01:00) Amsterdam, Berlin, Bern, Rome, Stockholm, Vienna", VIENNA),
        ("(UTC+01:00) Amsterdam, Berlin, Bern, Rom, Stockholm, Wien", VIENNA),
        ("(UTC+01:00) Belgrade, Bratislava, Budapest, Prague", "Central Europe Standard Time"),
        ("(UTC+01:00) Brussels, Copenhagen, Madrid, Paris", "Romance Standard Time"),
        ("(UTC+01:00) Sarajevo, Skopje, Warschau, Zagreb", "Central European Standard Time"),
        ("(UTC+01:00) West Central Africa", "W. Central Africa Standard Time"),
        ("(UTC) Dublin, Edinburgh, Lisbon, London", "GMT Standard Time"),
        ("(UTC+02:00) Helsinki, Kyiv, Riga, Sofia", "FLE Standard Time"),
        ("(UTC-05:00) Eastern Time (US & Canada)", "Eastern Standard Time"),
        ("(UTC-08:00) Pacific Time (US & Canada)", "Pacific Standard Time"),
        ("(UTC-05:00) Indiana (East)", "US Eastern Standard Time"),
        ("(UTC-07:00) Chihuahua, La Paz, Mazatlan", "Mountain Standard Time (Mexico)"),
        ("(UTC+05:30) Chennai, Kolkata, Mumbai, New Delhi", "India Standard Time"),
        ("(UTC+13:00) Samoa", "Samoa Standard Time"),
        ("(UTC-01:00) Cape Verde Is.", "Cape Verde Standard Time"),
        ("(UTC) Coordinated Universal Time", "UTC"),
        ("W. Europe Standard Time 1", VIENNA),
        ("w. europe standard time", VIENNA),
        ("  W.  Europe Standard  Time ", VIENNA),
        ("W. Europe Daylight Time", VIENNA),
        ("Mitteleuropäische Zeit", VIENNA),
        ("Mitteleuropäische Sommerzeit", VIENNA),
        ("Kamchatka Standard Time", "Russia Time Zone 11"),
        ("Mid-Atlantic Standard Time", "UTC-02"),
        ("Mexico Standard Time 2", "Mountain Standard Time (Mexico)"),
        ("Europe/Kiev", "FLE Standard Time"),
        ("Asia/Calcutta", "India Standard Time"),
        ("US/Eastern", "Eastern Standard Time"),
        ("europe/vienna", VIENNA),
        ("tzone://Microsoft/Utc", "UTC"),
        ("GMT", "UTC"),
    ],
)
def test_d3_a_name_that_means_a_zone_is_solved(name: str, windows: str) -> None:
    zone = zones.resolve(name)
    assert zone is not None
    assert zones.windows_name(zone) == windows


@pytest.mark.parametrize(
    "name",
    [
        *UNKNOWN,
        "GMT+0100",
        "(UTC+01:00) Atlantis",
        "(UTC+01:00) New York",
        "(UTC+01:00)",
        "localtime",
        "Standard Time",
        "x" * 100_000,
        "(" * 100_000,
    ],
)
def test_d3_a_name_that_means_no_zone_for_certain_is_none(name: str | None) -> None:
    assert zones.resolve(name) is None


@settings(deadline=None)
@given(st.one_of(st.text(max_size=80), st.sampled_from(sorted(win_tz)).map(str.upper)))
def test_d3_whatever_a_zone_is_called_it_is_known_or_none(name: str) -> None:
    zone = zones.resolve(name)
    if zone is not None:
        zones.to_utc(datetime(2026, 7, 1), zone)


def series(named: object, ruled: object, **properties: object) -> dict[str, Any]:
    """Every Monday at 9:00 in Vienna, from 30 November 2026 on."""
    bounds = {"type": "noEnd", "startDate": "2026-11-30", "recurrenceTimeZone": ruled}
    pattern = {"type": "weekly", "interval": 1, "daysOfWeek": ["monday"]}
    return {
        "id": "1",
        "type": "seriesMaster",
        "originalStartTimeZone": named,
        "start": {"dateTime": "2026-11-30T08:00:00.0000000", "timeZone": "UTC"},
        "end": {"dateTime": "2026-11-30T09:00:00.0000000", "timeZone": "UTC"},
        "recurrence": {"pattern": pattern, "range": bounds},
        **properties,
    }


def read(body: dict[str, Any], home: str | None = "Europe/Vienna") -> Event | UnreadableEvent:
    return read_event(body, Directory(home=home))


@pytest.mark.parametrize("odd", [*UNKNOWN, LONG, "Atlantis Standard Time"])
@pytest.mark.parametrize("other", [VIENNA, "Europe/Vienna", LONG])
@pytest.mark.parametrize("which", ["named", "ruled"])
def test_d3_a_series_keeps_the_zone_that_one_of_its_two_names_means(
    odd: str | None, other: str, which: str
) -> None:
    event = read(series(odd, other) if which == "named" else series(other, odd), home=None)
    assert isinstance(event, Event)
    assert zones.identity(event.appointment.zone) == VIENNA
    assert event.appointment.start == datetime(2026, 11, 30, 9)


@pytest.mark.parametrize("odd", [*UNKNOWN, "GMT+0100", "(UTC+01:00) Atlantis", "UTC+01:00"])
def test_d3_a_series_of_an_unknown_zone_keeps_the_clock_where_we_are_and_says_so(
    odd: str | None,
) -> None:
    event = read(series(odd, odd))
    assert isinstance(event, Event)
    assert event.appointment.zone == "Europe/Vienna"
    assert event.appointment.start == datetime(2026, 11, 30, 9)
    assert ["kept in Europe/Vienna instead" in str(warning) for warning in event.warnings] == [True]


@pytest.mark.parametrize("odd", [*UNKNOWN, "GMT+0900", "(UTC-05:00) Atlantis"])
def test_d3_a_series_that_is_meant_nowhere_near_is_named_and_never_taken_for_utc(
    odd: str | None,
) -> None:
    for body, home in (
        (series(odd, odd), None),
        (series(odd, odd), "Etc/GMT+12"),  # where its first day would be another
    ):
        event = read(body, home)
        assert isinstance(event, UnreadableEvent)
        assert "the time zone of the series" in str(event.reason)


def test_d3_a_series_that_says_another_offset_is_not_ours() -> None:
    assert isinstance(read(series("GMT+0900", "GMT+0900")), UnreadableEvent)


@pytest.mark.parametrize("odd", UNKNOWN)
def test_d4_an_all_day_series_needs_no_zone(odd: str | None) -> None:
    first, last = (
        {"dateTime": f"2026-{day}T00:00:00", "timeZone": "UTC"} for day in ("11-30", "12-01")
    )
    body = series(odd, odd, isAllDay=True, start=first, end=last)
    event = read(body, home=None)
    assert isinstance(event, Event)
    assert event.appointment.start == datetime(2026, 11, 30)


@pytest.mark.anyio
async def test_d3_a_series_of_a_custom_zone_comes_in_once_with_a_warning(world: World) -> None:
    anna = world.hire("ANNA")
    pattern = {"type": "weekly", "interval": 1, "daysOfWeek": ["monday"]}
    made = anna.create(
        "Jour fixe",
        SOON,
        SOON + timedelta(hours=1),
        recurrence={"pattern": pattern, "range": {"type": "noEnd"}},
    )
    anna.label_zone(made, "Customized Time Zone")
    assert all(outcome.in_step for outcome in await world.sync())
    (row,) = world.activities()
    monday = SOON + timedelta(days=-SOON.weekday() % 7)
    assert (row["starts_at"], row["time_zone"]) == (monday, "Europe/Berlin")
    world.tenant.reset_counters()
    await world.sync()
    assert world.tenant.counters.writes == 0
    assert world.activities() == [row]
