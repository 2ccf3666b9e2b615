"""People who enter, edit and end series, and change single days of them, on either side."""

from datetime import datetime, timedelta
from itertools import islice
from typing import Any, Final
from uuid import UUID

import sqlalchemy as sa
from dateutil.rrule import rrulestr
from hypothesis import strategies as st
from hypothesis.stateful import rule

from calsync_agent.consolidate import tables
from tests.support.machine.company import PICK
from tests.support.machine.ledger import shown_by
from tests.support.machine.singles import HOUR, TEXTS, Singles
from tests.support.rig import SOON

FIT_ANY_DAY: Final = ("FREQ=WEEKLY;COUNT=8", "FREQ=WEEKLY;INTERVAL=2;COUNT=5")
FIT_SHORT: Final = ("FREQ=DAILY;COUNT=10", "FREQ=DAILY", "FREQ=DAILY;INTERVAL=2;COUNT=6")
FIT_MONDAYS: Final = (
    "FREQ=WEEKLY;BYDAY=MO,WE;COUNT=9",
    "FREQ=WEEKLY;BYDAY=MO;UNTIL=20270301T235959",
    "FREQ=MONTHLY;BYDAY=-1MO;COUNT=5",
)
PATTERNS: Final = (
    {"type": "weekly", "interval": 1, "daysOfWeek": ["monday"], "firstDayOfWeek": "monday"},
    {"type": "daily", "interval": 1},
    {"type": "daily", "interval": 3},
    {"type": "relativeMonthly", "interval": 1, "daysOfWeek": ["monday"], "index": "last"},
)
RANGES: Final = ({"type": "numbered", "numberOfOccurrences": 9}, {"type": "noEnd"})
HOWS: Final = (*TEXTS, "cancelled", "time")
FIRST: Final = datetime.combine(SOON.date(), datetime.min.time())


class Series(Singles):
    """Series, beside single appointments."""

    # -- in Consolidate -----------------------------------------------------------------------

    @rule(which=PICK, hour=st.integers(7, 16))
    def enter_series(self, which: int, hour: int) -> None:
        """Somebody enters a series."""
        start = FIRST + hour * HOUR
        row = {"id": self.new_number(), "recurrence": _one_of(_fitting(start, HOUR), which)}
        word = self.ledger.word()
        self.rig.world.enter(self.owner, word, start, start + HOUR, body=self.ledger.word(), **row)

    @rule(pick=PICK, nth=st.integers(0, 6), how=st.sampled_from(HOWS))
    def edit_day(self, pick: int, nth: int, how: str) -> None:
        """Somebody changes, or cancels, one day (E3)."""
        row = self.pick_row(pick, series=True)
        day = None if row is None else _nth_start(row, nth)
        if row is None or day is None or (how == "time" and row["all_day"]):
            return
        known = self._exceptions(row["id"]).get(day)
        values = self._values_of_day(day, how, known)
        table = tables.activity_exception
        with self.rig.people.writing() as connection:
            if known:
                mine = table.c.id == known["id"]
                connection.execute(sa.update(table).where(mine).values(values))
            else:
                new = {"id": self.new_number(), "activity_id": row["id"], "original_start": day}
                connection.execute(sa.insert(table).values({**new, **values}))

    def _values_of_day(
        self, day: datetime, how: str, known: dict[str, Any] | None
    ) -> dict[str, Any]:
        match how:
            case "cancelled":
                self.ledger.released(known)
                return {"cancelled": True}
            case "time":
                start = day + HOUR / 2
                return {"starts_at": start, "ends_at": start + 2 * HOUR}
        self.ledger.released(known and known[how])
        return {how: self.ledger.word()}

    @rule(pick=PICK, which=PICK)
    def restore_day(self, pick: int, which: int) -> None:
        """Somebody takes an exception back (E3, G9)."""
        row = self.pick_row(pick, series=True)
        exceptions = list(self._exceptions(row["id"]).values()) if row else []
        if exceptions:
            gone = exceptions[which % len(exceptions)]
            self.ledger.released(gone)
            self._drop_exceptions(gone["id"])

    @rule(pick=PICK, hour=st.integers(7, 16))
    def shift(self, pick: int, hour: int) -> None:
        """Somebody shifts a series, and its exceptions' original starts with it (E4, G8)."""
        row = self.pick_row(pick, series=True)
        if row is None or row["all_day"]:
            return
        by = row["starts_at"].replace(hour=hour) - row["starts_at"]
        moved = {name: row[name] + by for name in ("starts_at", "ends_at")}
        exceptions = self._exceptions(row["id"]).values()
        table = tables.activity_exception
        with self.rig.people.writing() as connection:
            mine = tables.activity.c.id == row["id"]
            connection.execute(sa.update(tables.activity).where(mine).values(moved))
            for one in exceptions:
                begins = {"original_start": one["original_start"] + by}
                connection.execute(sa.update(table).where(table.c.id == one["id"]).values(begins))

    @rule(pick=PICK, which=PICK)
    def edit_rule(self, pick: int, which: int) -> None:
        """Somebody gives a series another rule (E4)."""
        if (row := self.pick_row(pick, series=True)) is not None:
            fitting = _fitting(row["starts_at"], row["ends_at"] - row["starts_at"])
            self.rig.world.edit(row["id"], recurrence=_one_of(fitting, which))

    @rule(pick=PICK, field=st.sampled_from(TEXTS))
    def edit_series(self, pick: int, field: str) -> None:
        """Somebody changes a series as a whole."""
        if (row := self.pick_row(pick, series=True)) is not None:
            self.ledger.released(row[field])
            self.rig.world.edit(row["id"], **{field: self.ledger.word()})

    @rule(pick=PICK)
    def single_from_series(self, pick: int) -> None:
        """Somebody makes a series a single appointment (E4)."""
        if (row := self.pick_row(pick, series=True)) is not None:
            for one in self._exceptions(row["id"]).values():
                self.ledger.released(one)
                self._drop_exceptions(one["id"])
            self.rig.world.edit(row["id"], recurrence=None)

    @rule(pick=PICK, which=PICK)
    def series_from_single(self, pick: int, which: int) -> None:
        """Somebody lets a single appointment recur (E4)."""
        if (row := self.pick_row(pick, series=False)) is not None:
            fitting = _fitting(row["starts_at"], row["ends_at"] - row["starts_at"])
            self.rig.world.edit(row["id"], recurrence=_one_of(fitting, which))

    # -- in Outlook ---------------------------------------------------------------------------

    @rule(which=PICK, hour=st.integers(7, 16), endless=st.booleans())
    def create_series(self, which: int, hour: int, *, endless: bool) -> None:
        """Somebody creates a series."""
        start = FIRST + hour * HOUR
        recurrence = {"pattern": _one_of(PATTERNS, which), "range": RANGES[endless]}
        word, body = self.ledger.word(), self.ledger.word()
        self.rig.wait(seconds=1)
        self.outlook.create(word, start, start + HOUR, body=body, recurrence=recurrence)

    @rule(pick=PICK, nth=st.integers(0, 6), how=st.sampled_from(HOWS))
    def change_day(self, pick: int, nth: int, how: str) -> None:
        """Somebody changes, or cancels, one day (E3)."""
        days = self._days(self.pick_event(pick, "seriesMaster"))
        if len(days) <= 1 or (how == "time" and days[0]["isAllDay"]):
            return
        day = days[nth % len(days)]
        self.rig.wait(seconds=1)
        match how:
            case "cancelled":
                self.ledger.released(_own_words(day))
                self.outlook.delete(day["id"])
            case "time":
                start = datetime.fromisoformat(day["start"]["dateTime"]) + HOUR / 4
                self.outlook.change(day["id"], start=start, end=start + HOUR, zone="UTC")
            case _:
                self.ledger.released(_own_words(day, how))
                self.outlook.change(day["id"], **{how: self.ledger.word()})

    @rule(pick=PICK, hour=st.integers(7, 16))
    def change_time(self, pick: int, hour: int) -> None:
        """Somebody shifts a series; Exchange drops its exceptions (E4, G8)."""
        event = self.pick_event(pick, "seriesMaster")
        if event is not None and not event["isAllDay"]:
            start = datetime.fromisoformat(event["start"]["dateTime"]).replace(hour=hour)
            self._release_days(event)
            self.rig.wait(seconds=1)
            self.outlook.change(event["id"], start=start, end=start + HOUR, zone="UTC")

    @rule(pick=PICK, which=PICK, endless=st.booleans())
    def change_pattern(self, pick: int, which: int, *, endless: bool) -> None:
        """Somebody gives a series another pattern (E4)."""
        event = self.pick_event(pick, "seriesMaster")
        if event is not None and event["start"]["dateTime"].startswith(f"{FIRST:%Y-%m-%d}"):
            self._release_days(event)
            self.rig.wait(seconds=1)
            recurrence = {"pattern": _one_of(PATTERNS, which), "range": RANGES[endless]}
            self.outlook.change(event["id"], recurrence=recurrence)

    @rule(pick=PICK, field=st.sampled_from(TEXTS))
    def change_series(self, pick: int, field: str) -> None:
        """Somebody changes a series as a whole."""
        if (event := self.pick_event(pick, "seriesMaster")) is not None:
            self.ledger.released(event[field])
            self.rig.wait(seconds=1)
            self.outlook.change(event["id"], **{field: self.ledger.word()})

    @rule(pick=PICK)
    def only_once(self, pick: int) -> None:
        """Somebody makes a series a single event (E4)."""
        if (event := self.pick_event(pick, "seriesMaster")) is not None:
            self._release_days(event)
            self.rig.wait(seconds=1)
            self.outlook.change(event["id"], recurrence=None)

    @rule(pick=PICK)
    def again_and_again(self, pick: int) -> None:
        """Somebody lets a single event recur (E4)."""
        event = self.pick_event(pick)
        if event is not None and not event["isAllDay"]:
            self.rig.wait(seconds=1)
            pattern = {"type": "daily", "interval": 7}
            self.outlook.change(
                event["id"], recurrence={"pattern": pattern, "range": dict(RANGES[0])}
            )

    @rule(pick=PICK)
    def remove_series(self, pick: int) -> None:
        """Somebody deletes a series."""
        if (event := self.pick_event(pick, "seriesMaster")) is not None:
            self.ledger.released(shown_by(event))
            self._release_days(event)
            self.rig.wait(seconds=1)
            self.outlook.delete(event["id"])

    # -- inside -------------------------------------------------------------------------------

    def _exceptions(self, series: UUID) -> dict[datetime, dict[str, Any]]:
        rows = self.rig.world.rows(tables.activity_exception)
        mine = [row for row in rows if row["activity_id"] == series]
        return {row["original_start"]: row for row in sorted(mine, key=lambda row: row["id"])}

    def _drop_exceptions(self, *numbers: UUID) -> None:
        table = tables.activity_exception
        with self.rig.people.writing() as connection:
            connection.execute(sa.delete(table).where(table.c.id.in_(numbers)))

    def _days(self, event: dict[str, Any] | None) -> list[dict[str, Any]]:
        """The days of a series that still take place, of the next months."""
        if event is None:
            return []
        seen = self.outlook.view(FIRST, FIRST + timedelta(days=150))
        return [day for day in seen if day.get("seriesMasterId") == event["id"]]

    def _release_days(self, event: dict[str, Any]) -> None:
        changed = [day for day in self._days(event) if day["type"] == "exception"]
        self.ledger.released(*(_own_words(day) for day in changed))


def _own_words(day: dict[str, Any], *fields: str) -> str:
    """What a day shows that it does not have from its series."""
    if day["type"] != "exception":
        return ""
    return shown_by({field: day[field] for field in fields or TEXTS})


def _fitting(start: datetime, length: timedelta) -> tuple[str, ...]:
    fitting = FIT_ANY_DAY
    if length <= timedelta(days=1):
        fitting += FIT_SHORT
        if start.date() == SOON.date():
            fitting += FIT_MONDAYS
    return fitting


def _nth_start(row: dict[str, Any], nth: int) -> datetime | None:
    starts = rrulestr(row["recurrence"], dtstart=row["starts_at"])
    found: datetime | None = next(islice(starts, nth, None), None)
    return found


def _one_of(options: Any, which: int) -> Any:
    return options[which % len(options)]
