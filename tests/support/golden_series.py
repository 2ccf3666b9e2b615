"""Golden scenarios for series: made with exceptions, shifted, and changed on both sides."""

from datetime import datetime
from typing import Any, Final
from uuid import UUID

import sqlalchemy as sa

from calsync_agent.consolidate import tables
from tests.support.golden import DAY, HOUR, Scenario, anna, does, edit, enter, event, hire
from tests.support.rig import SOON, Rig

WEEK: Final = 7 * DAY
RULE: Final = "FREQ=WEEKLY;BYDAY=MO;COUNT=6"
WEEKLY: Final = {
    "pattern": {
        "type": "weekly",
        "interval": 1,
        "daysOfWeek": ["monday"],
        "firstDayOfWeek": "monday",
    },
    "range": {"type": "numbered", "numberOfOccurrences": 6},
}


def except_(rig: Rig, series: int, week: int, **values: object) -> None:
    """Somebody changes one day of a series in Consolidate."""
    row = {
        "id": UUID(int=1000 * series + week),
        "activity_id": UUID(int=series),
        "original_start": SOON + series * HOUR + week * WEEK,
        **values,
    }
    with rig.people.writing() as connection:
        connection.execute(sa.insert(tables.activity_exception).values(row))


def day(rig: Rig, subject: str, week: int) -> str:
    """The id of one day of a series in Outlook."""
    return anna(rig).occurrence(event(rig, subject), (SOON + week * WEEK).date())


def with_exceptions_in_consolidate(rig: Rig) -> None:
    """A series with a cancelled, a moved and a renamed day."""
    enter(rig, 1, "Serie hier", recurrence=RULE)
    start = SOON + HOUR + 2 * WEEK + HOUR
    except_(rig, 1, 1, cancelled=True)
    except_(rig, 1, 2, starts_at=start, ends_at=start + HOUR)
    except_(rig, 1, 3, subject="hier anders", location="Saal")


def with_exceptions_in_outlook(rig: Rig) -> None:
    """The same, made there."""
    start = SOON + 2 * HOUR
    anna(rig).create("Serie dort", start, start + HOUR, recurrence=WEEKLY)
    anna(rig).delete(day(rig, "Serie dort", 1))
    moved = start + 2 * WEEK + HOUR
    anna(rig).change(day(rig, "Serie dort", 2), start=moved, end=moved + HOUR)
    anna(rig).change(day(rig, "Serie dort", 3), subject="dort anders")


def shifted_in_consolidate(rig: Rig) -> None:
    """The series begins an hour later, its exceptions with it; one day more is cancelled."""
    start = SOON + 2 * HOUR
    edit(rig, 1, starts_at=start, ends_at=start + HOUR)
    table = tables.activity_exception
    for row in rig.world.rows(table):
        if row["activity_id"] == UUID(int=1):
            begins: dict[str, Any] = {"original_start": row["original_start"] + HOUR}
            with rig.people.writing() as connection:
                connection.execute(sa.update(table).where(table.c.id == row["id"]).values(begins))


def shifted_in_outlook(rig: Rig) -> None:
    """The series begins an hour later; Exchange drops its exceptions."""
    rig.wait(seconds=1)
    start: datetime = SOON + 3 * HOUR
    anna(rig).change(event(rig, "Serie dort"), start=start, end=start + HOUR)


def days_on_both(rig: Rig) -> None:
    """A day of each on either side, and a cancelled one restored, for which a series is remade."""
    rig.wait(seconds=1)
    anna(rig).change(day(rig, "Serie hier", 4), location="aus Outlook")
    table = tables.activity_exception
    with rig.people.writing() as connection:
        connection.execute(sa.delete(table).where(table.c.id == UUID(int=1001)))
    start = SOON + HOUR + 5 * WEEK + HOUR
    except_(rig, 1, 5, starts_at=start, ends_at=start + HOUR / 2)


_BOTH: Final = does(with_exceptions_in_consolidate, with_exceptions_in_outlook)

_SHIFTED: Final = does(shifted_in_consolidate, shifted_in_outlook)

_SHIFTED: Final = does(shifted_in_consolidate, shifted_in_outlook)
_VAGUE: Final = frozenset({"kept"})

SERIES: Final = (
    Scenario("series with exceptions", hire, [_BOTH], vague=_VAGUE),
    Scenario("series shifted", does(hire, _BOTH), [_SHIFTED], vague=_VAGUE),
    Scenario(
        "days of series", does(hire, with_exceptions_in_consolidate), [days_on_both], vague=_VAGUE
    ),
)
