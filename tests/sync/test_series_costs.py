"""E5: what a series costs, in requests and rows, does not grow with its occurrences.

Delta is Graph's own affair: it sends every occurrence of a changed series, in as many pages as
that takes. All else is counted: calls to Graph, and rows that are written.
"""

import asyncio
import re
from collections import Counter
from dataclasses import dataclass
from datetime import timedelta
from typing import Any
from uuid import UUID, uuid4

import pytest
import sqlalchemy as sa

from calsync_agent.consolidate import tables
from calsync_agent.exchange.calendar.occurrences import FIRST
from tests.support import verify
from tests.support.rig import NOW, SOON, Rig

DAY = timedelta(days=1)
HOUR = timedelta(hours=1)
NUMBER = UUID(int=1)

pytestmark = pytest.mark.parametrize("dialect", ["sqlite"], indirect=True)


@dataclass(frozen=True)
class Cost:
    """Calls to Graph by kind, the pages of delta left out, and rows of Consolidate written."""

    calls: Counter[str]
    rows: int

    @property
    def all_calls(self) -> int:
        return self.calls.total()

    def writes(self, method: str) -> int:
        return sum(n for kind, n in self.calls.items() if kind.startswith(f"{method} "))


@pytest.fixture(autouse=True)
def _anna(rig: Rig) -> None:
    rig.page_size = 1000
    rig.world.hire("ANNA")


def synced(rig: Rig) -> Cost:
    """Sync until nothing is left to do; what it has cost."""
    written: Counter[str] = Counter()

    def count(_c: Any, cursor: Any, statement: str, *_rest: Any) -> None:
        if re.match(r"(INSERT INTO|UPDATE|DELETE FROM) activity", statement):
            written["rows"] += max(cursor.rowcount, 0)

    rig.tenant.counters.reset()
    sa.event.listen(sa.Engine, "after_cursor_execute", count)
    try:
        asyncio.run(rig.until_quiet())
    finally:
        sa.event.remove(sa.Engine, "after_cursor_execute", count)
    kinds = Counter(rig.tenant.counters.kinds)
    for kind in [kind for kind in kinds if kind.endswith("/delta")]:
        del kinds[kind]
    start = NOW - 30 * DAY
    ours = verify.occurrences(rig.world, "ANNA", start, start + 120 * DAY)
    theirs = verify.events_seen(rig.tenant.user("anna"), start, start + 120 * DAY)
    assert ours == theirs
    return Cost(kinds, written["rows"])


def rule(occurrences: int | None) -> str:
    return "FREQ=DAILY" if occurrences is None else f"FREQ=DAILY;COUNT={occurrences}"


def enter(rig: Rig, occurrences: int | None, exceptions: int = 0) -> None:
    """A daily series in Consolidate, of which some days are cancelled, moved or renamed."""
    rig.world.enter("ANNA", "Täglich", SOON, SOON + HOUR, id=NUMBER, recurrence=rule(occurrences))
    for number in range(exceptions):
        moment = SOON + number * 2 * DAY
        except_(rig, moment, _exception(number))


def _exception(number: int) -> dict[str, Any]:
    moment = SOON + number * 2 * DAY
    match number % 3:
        case 0:
            return {"cancelled": True}
        case 1:
            return {"starts_at": moment + HOUR, "ends_at": moment + 3 * HOUR}
        case _:
            return {"subject": "Anders"}


def except_(rig: Rig, moment: object, values: dict[str, Any]) -> None:
    row = {"id": uuid4(), "activity_id": NUMBER, "original_start": moment, **values}
    with rig.people.writing() as connection:
        connection.execute(sa.insert(tables.activity_exception).values(row))


def shift(rig: Rig) -> None:
    """Somebody moves the whole series by an hour in Consolidate, its exceptions along (G8)."""
    rig.world.edit(NUMBER, starts_at=SOON + HOUR, ends_at=SOON + 2 * HOUR)
    with rig.people.writing() as connection:
        table = tables.activity_exception
        for row in rig.world.rows(table):
            moved = {
                name: row[name] + HOUR
                for name in ("original_start", "starts_at", "ends_at")
                if row[name] is not None
            }
            connection.execute(sa.update(table).where(table.c.id == row["id"]).values(moved))


def outward(rig: Rig, occurrences: int | None) -> list[Cost]:
    """First sync, a change of one occurrence, a shift: entered in Consolidate."""
    enter(rig, occurrences)
    costs = [synced(rig)]
    except_(rig, SOON + 5 * DAY, {"subject": "Anders"})
    costs.append(synced(rig))
    shift(rig)
    return [*costs, synced(rig)]


def inward(rig: Rig, occurrences: int | None) -> list[Cost]:
    """The same, made in Outlook."""
    anna = rig.tenant.user("anna")
    end = {"type": "noEnd"}
    if occurrences is not None:
        end = {"type": "numbered", "numberOfOccurrences": occurrences}  # type: ignore[dict-item]
    pattern = {"type": "daily", "interval": 1}
    series = anna.create(
        "Täglich", SOON, SOON + HOUR, recurrence={"pattern": pattern, "range": end}
    )
    costs = [synced(rig)]
    anna.change(anna.occurrence(series, (SOON + 5 * DAY).date()), subject="Anders")
    costs.append(synced(rig))
    anna.change(series, start=SOON + HOUR, end=SOON + 2 * HOUR)
    return [*costs, synced(rig)]


@pytest.mark.parametrize("way", [outward, inward])
def test_e5_no_cost_grows_with_the_occurrences(rig: Rig, way: Any) -> None:
    begin = rig.snapshot()
    found = {}
    for occurrences in (50, 500, None):
        rig.restore(begin)
        found[occurrences] = way(rig, occurrences)
    assert found[50] == found[500] == found[None]
    first, one, whole = found[500]
    assert max(cost.all_calls for cost in (first, one, whole)) <= 8
    assert max(cost.rows for cost in (first, one, whole)) <= 4


@pytest.mark.parametrize("way", [outward, inward])
def test_e5_one_series_is_written_as_one(rig: Rig, way: Any) -> None:
    costs = way(rig, 500)
    posts = sum(cost.writes("POST") for cost in costs)
    assert posts == (1 if way is outward else 0)
    assert sum(cost.writes("DELETE") for cost in costs) == 0
    assert len(rig.world.activities()) == len(rig.tenant.user("anna").events()) == 1


def test_e5_500_occurrences_with_60_exceptions_cost_what_the_exceptions_do(rig: Rig) -> None:
    enter(rig, 500, exceptions=60)
    first = synced(rig)
    # One POST, and a write for each exception: Graph has no other way. They are found by the page.
    assert first.writes("POST") == 1
    # The sandbox gives all occurrences another version as soon as one of them is written (F3).
    assert first.writes("PATCH") >= 40
    assert first.writes("DELETE") >= 20
    assert first.writes("PATCH") + first.writes("DELETE") < 60 + FIRST
    assert first.all_calls <= 1 + 60 + 6 + FIRST
    except_(rig, SOON + DAY, {"subject": "Anders"})
    one = synced(rig)
    assert (one.writes("POST"), one.writes("PATCH"), one.writes("DELETE")) == (0, 1, 0)
    assert one.all_calls <= 6
    rig.world.edit(NUMBER, location="Saal")
    assert synced(rig).writes("PATCH") == 1
    shift(rig)
    whole = synced(rig)
    # Exchange drops exceptions and cancelled days where a series is shifted; they are there again.
    assert whole.writes("POST") == 0
    assert whole.writes("DELETE") >= 20
    assert whole.writes("PATCH") + whole.writes("DELETE") < 1 + 41 + 20 + FIRST
    assert whole.all_calls <= 1 + 61 + 6 + FIRST


@pytest.mark.parametrize("apart", [timedelta(days=1), timedelta(days=30)])
def test_e5_400_shifted_exceptions_are_looked_up_by_the_page(rig: Rig, apart: timedelta) -> None:
    """As many requests as there are writes, and a few: whether each day has one, or each month."""
    every = f"FREQ=DAILY;INTERVAL={apart.days};COUNT=400"
    rig.world.enter("ANNA", "Täglich", SOON, SOON + HOUR, id=NUMBER, recurrence=every)
    for number in range(400):
        except_(rig, SOON + number * apart, {"subject": f"Anders {number}"})
    synced(rig)
    shift(rig)
    whole = synced(rig)
    assert whole.writes("PATCH") + whole.writes("DELETE") <= 1 + 400 + FIRST
    assert whole.all_calls <= 420
