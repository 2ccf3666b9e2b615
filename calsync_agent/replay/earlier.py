"""An appointment as it may have been before people changed some of its fields.

What it was is not told by a bundle; that it was something else is enough for the same plan.
"""

from dataclasses import replace
from datetime import timedelta
from typing import Any, Final

from calsync_agent.appointment.fields import Field
from calsync_agent.replay.case import Appointment, Row

_OTHER: Final = {
    "importance": ("normal", "high"),
    "show_as": ("busy", "free"),
}
_UNTIL: Final = ";UNTIL="


def earlier(now: Appointment, fields: frozenset[str]) -> Appointment:
    """The appointment with other values in these fields."""
    row: Row = {**now.row, "deleted_at": None}
    exceptions, participants = now.exceptions, now.participants
    for name in sorted(fields):
        match name:
            case Field.SUBJECT | Field.BODY | Field.LOCATION:
                row[name] = f"earlier {row[name]}"[:500]
            case Field.TIME:
                longer = timedelta(days=1) if row["all_day"] else timedelta(minutes=30)
                row["ends_at"] += longer
            case Field.IMPORTANCE | Field.SHOW_AS:
                column = name.replace("-", "_")
                usual, other = _OTHER[column]
                row[column] = other if row[column] == usual else usual
            case Field.PRIVATE:
                row["private"] = not row["private"]
            case Field.REMINDER:
                row["reminder_minutes"] = 5 if row["reminder_minutes"] != 5 else 10  # noqa: PLR2004 - any other
            case Field.RECURRENCE:
                row["recurrence"] = _other_rule(row)
            case Field.EXCEPTIONS:
                exceptions = []
            case Field.PARTICIPANTS:
                participants = []
            case Field.RESPONSES:
                participants = [{**one, "response": "none"} for one in participants]
            case _:
                continue
    return replace(now, row=row, exceptions=exceptions, participants=participants)


def _other_rule(row: Row) -> str:
    rule: Any = row["recurrence"]
    if not rule:
        return "FREQ=WEEKLY;COUNT=2"
    parts = [part for part in rule.split(";") if not part.startswith(("COUNT=", "UNTIL="))]
    if len(parts) < rule.count(";") + 1:
        return ";".join(parts)
    until = row["starts_at"] + timedelta(days=365)
    told = f"{until:%Y%m%d}" if row["all_day"] else f"{until:%Y%m%dT%H%M%SZ}"
    return f"{rule}{_UNTIL}{told}"
