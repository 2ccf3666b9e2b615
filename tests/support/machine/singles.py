"""People who enter, edit, move and delete single appointments, on either side."""

from datetime import datetime, timedelta
from typing import Any, Final

from hypothesis import strategies as st
from hypothesis.stateful import rule

from calsync_agent.sandbox.people import Person
from calsync_agent.state import tables as state
from tests.support.machine.company import PICK, Company
from tests.support.machine.ledger import shown_by
from tests.support.rig import SOON

HOUR: Final = timedelta(hours=1)
TEXTS: Final = ("subject", "body", "location")
FIELDS: Final = (*TEXTS, "time", "all_day", "importance", "private", "show_as", "reminder")
IMPORTANCE: Final = ("low", "normal", "high")
SHOW_AS: Final = ("free", "tentative", "busy", "oof", "workingElsewhere")
SENSITIVITY: Final = ("normal", "private", "confidential", "personal")


class Singles(Company):
    """Single appointments, of the first employee."""

    @property
    def owner(self) -> str:
        return self.codes[0]

    @property
    def outlook(self) -> Person:
        """Their mailbox."""
        return self.rig.tenant.user(self.owner.lower())

    # -- in Consolidate -----------------------------------------------------------------------

    @rule(slot=st.integers(0, 40), kind=st.sampled_from((1, 1, 2, 3)), private=st.booleans())
    def enter(self, slot: int, kind: int, *, private: bool) -> None:
        """Somebody enters an appointment."""
        start = SOON + slot * HOUR
        row = {"id": self.new_number(), "type_id": kind, "private": private}
        word = self.ledger.word()
        self.rig.world.enter(self.owner, word, start, start + HOUR, body=self.ledger.word(), **row)

    @rule(pick=PICK, field=st.sampled_from(FIELDS), value=st.integers(0, 4))
    def edit(self, pick: int, field: str, value: int) -> None:
        """Somebody changes an appointment."""
        row = self.pick_row(pick, series=False)
        if row is not None:
            self.rig.world.edit(row["id"], **self._values(row, field, value))

    def _values(self, row: dict[str, Any], field: str, value: int) -> dict[str, Any]:
        start = SOON + (value + 1) * 5 * HOUR
        midnight = datetime.combine(start.date(), datetime.min.time())
        match field:
            case "time":
                return {"starts_at": start, "ends_at": start + HOUR, "all_day": False}
            case "all_day":
                end = midnight + timedelta(days=1 + value)
                return {"starts_at": midnight, "ends_at": end, "all_day": True}
            case "importance":
                return {field: IMPORTANCE[value % 3]}
            case "private":
                return {field: value % 2 == 0}
            case "show_as":
                return {field: SHOW_AS[value]}
            case "reminder":
                return {"reminder_minutes": (None, 0, 15, 30, 60)[value]}
        self.ledger.released(row[field])
        return {field: self.ledger.word()}

    @rule(pick=PICK, kind=st.sampled_from((1, 2, 3)))
    def change_type(self, pick: int, kind: int) -> None:
        """Somebody gives an appointment another type (C4)."""
        if (row := self.pick_row(pick)) is not None:
            self.rig.world.edit(row["id"], type_id=kind)

    @rule(pick=PICK, gone=st.booleans())
    def delete(self, pick: int, *, gone: bool) -> None:
        """Somebody deletes an appointment."""
        if (row := self.pick_row(pick)) is not None:
            self.ledger.released(row)
            self.rig.world.remove(row["id"], row=gone)

    @rule(pick=PICK)
    def undelete(self, pick: int) -> None:
        """Somebody takes a deletion back."""
        rows = self.rig.world.activities(deleted=True)
        if rows:
            self.rig.world.edit(rows[pick % len(rows)]["id"], deleted_at=None)

    # -- in Outlook ---------------------------------------------------------------------------

    @rule(slot=st.integers(0, 40), sensitivity=st.sampled_from(SENSITIVITY))
    def create(self, slot: int, sensitivity: str) -> None:
        """Somebody creates an event."""
        start = SOON + slot * HOUR
        self.rig.wait(seconds=1)
        body = self.ledger.word()
        word = self.ledger.word()
        self.outlook.create(word, start, start + HOUR, body=body, sensitivity=sensitivity)

    def pick_event(self, pick: int, kind: str = "singleInstance") -> dict[str, Any] | None:
        """An event of their own in the default calendar."""
        found = [e for e in self.outlook.events() if e["type"] == kind and e["isOrganizer"]]
        return found[pick % len(found)] if found else None

    @rule(pick=PICK, field=st.sampled_from(FIELDS), value=st.integers(0, 4))
    def change(self, pick: int, field: str, value: int) -> None:
        """Somebody changes an event."""
        if (event := self.pick_event(pick)) is not None:
            self.rig.wait(seconds=1)
            self.outlook.change(event["id"], **self._properties(event, field, value))

    def _properties(self, event: dict[str, Any], field: str, value: int) -> dict[str, Any]:
        start = SOON + (value + 1) * 6 * HOUR
        match field:
            case "time":
                return {"start": start, "end": start + HOUR, "isAllDay": False}
            case "all_day":
                return {"start": start.date(), "end": start.date() + timedelta(days=1 + value)}
            case "importance":
                return {field: IMPORTANCE[value % 3]}
            case "private":
                return {"sensitivity": SENSITIVITY[value % 4]}
            case "show_as":
                return {"showAs": SHOW_AS[value]}
            case "reminder" if value == 0:
                return {"isReminderOn": False}
            case "reminder":
                return {"isReminderOn": True, "reminderMinutesBeforeStart": value * 15}
        self.ledger.released(event[field])
        return {field: self.ledger.word()}

    @rule(pick=PICK, far=st.booleans())
    def move(self, pick: int, *, far: bool) -> None:
        """Somebody moves an event out of the window (G1), or to another day."""
        if (event := self._linked(pick)) is not None:
            start = SOON + timedelta(days=1500 if far else 3)
            self.rig.wait(seconds=1)
            self.outlook.change(event["id"], start=start, end=start + HOUR, isAllDay=False)

    @rule(pick=PICK)
    def to_another_calendar(self, pick: int) -> None:
        """Somebody moves an event to another calendar of the mailbox (G1)."""
        if (event := self._linked(pick)) is not None:
            self.rig.wait(seconds=1)
            self.outlook.move(event["id"], self._private_calendar)

    @rule(pick=PICK)
    def back_to_the_calendar(self, pick: int) -> None:
        """Somebody moves an event back."""
        events = self.outlook.events(calendar=self._private_calendar)
        if events:
            self.rig.wait(seconds=1)
            back = self.outlook.mailbox.default_calendar
            self.outlook.move(events[pick % len(events)]["id"], back)

    @rule(pick=PICK)
    def remove(self, pick: int) -> None:
        """Somebody deletes an event."""
        event = self.pick_event(pick)
        if event is not None:
            self.ledger.released(shown_by(event))
            self.rig.wait(seconds=1)
            self.outlook.delete(event["id"])

    # -- inside -------------------------------------------------------------------------------

    def _linked(self, pick: int) -> dict[str, Any] | None:
        """An event that the sync knows; others are not looked for outside the window (C2)."""
        known = {row["event_id"] for row in self.rig.world.rows(state.link)}
        event = self.pick_event(pick)
        return event if event is not None and event["id"] in known else None

    @property
    def _private_calendar(self) -> str:
        calendars = self.outlook.mailbox.calendars.values()
        return next(calendar.id for calendar in calendars if calendar.name == "Privat")
