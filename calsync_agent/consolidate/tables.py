"""The tables that Consolidate owns (contract, section 3).

The plugin reads them all and writes `activity`, `activity_exception` and `activity_participant`.
These, and `activity_type`, carry the feed's triggers, and SQL Server refuses OUTPUT on such tables:
hence `implicit_returning=False`, and ids made by the client. The triggers fill `calsync_feed` (or
`calsync_gap`), the tables of the plugin that stand here, because they are Consolidate's side of the
sync. Without triggers `scan` fills the feed, and remembers in `calsync_seen` what it saw.
"""

from datetime import datetime
from typing import Any, ClassVar, Final
from uuid import UUID

import sqlalchemy as sa
from sqlmodel import SQLModel

from calsync_agent.database.clock import UtcNow
from calsync_agent.database.keys import NewKey
from calsync_agent.database.model import column, table
from calsync_agent.database.types import key, long_text, moment, text

WITH_TRIGGERS: Final[dict[str, Any]] = {"implicit_returning": False}


class SystemInfo(SQLModel, table=True):
    """Consolidate's version: one row."""

    __tablename__: ClassVar[str] = "system_info"

    id: int = column(sa.Integer, primary_key=True, autoincrement=False)
    version: str = column(text(32))


class Module(SQLModel, table=True):
    """A module of Consolidate; the row `CalendarSync` counts."""

    __tablename__: ClassVar[str] = "module"

    name: str = column(text(64), primary_key=True)
    licensed: bool = column(sa.Boolean)
    enabled: bool = column(sa.Boolean)


class Employee(SQLModel, table=True):
    """Somebody who may have a profile."""

    __tablename__: ClassVar[str] = "employee"

    id: int = column(sa.Integer, primary_key=True)
    code: str = column(text(16), unique=True)
    name: str = column(text(200))
    email: str = column(text(320))
    active: bool = column(sa.Boolean, default=True)
    calendarsync_allowed: bool = column(sa.Boolean, default=True)


class EmployeeEmail(SQLModel, table=True):
    """A further address of an employee."""

    __tablename__: ClassVar[str] = "employee_email"

    id: int = column(sa.Integer, primary_key=True)
    employee_id: int = column(sa.Integer, sa.ForeignKey("employee.id"), index=True)
    email: str = column(text(320))


class ActivityType(SQLModel, table=True):
    """How appointments of a type are synced; exactly one row is the inbound default."""

    __tablename__: ClassVar[str] = "activity_type"
    __table_args__: ClassVar[Any] = WITH_TRIGGERS

    id: int = column(sa.Integer, primary_key=True)
    name: str = column(text(100))
    calendar_sync: str = column(text(16), default="normal")
    inbound_default: bool = column(sa.Boolean, default=False)


class Activity(SQLModel, table=True):
    """An appointment. Times are wall-clock in `time_zone` (IANA); `*_at` are UTC."""

    __tablename__: ClassVar[str] = "activity"
    __table_args__: ClassVar[Any] = WITH_TRIGGERS

    id: UUID = column(sa.Uuid, primary_key=True)
    type_id: int = column(sa.Integer, sa.ForeignKey("activity_type.id"))
    subject: str = column(text(500), default="")
    body: str = column(long_text(), default="")
    location: str = column(text(500), default="")
    starts_at: datetime = column(moment())
    ends_at: datetime = column(moment())
    time_zone: str = column(text(64))
    all_day: bool = column(sa.Boolean, default=False)
    status: str = column(text(16), default="open")
    importance: str = column(text(8), default="normal")
    private: bool = column(sa.Boolean, default=False)
    show_as: str = column(text(16), default="busy")
    reminder_minutes: int | None = column(sa.Integer, nullable=True)
    responsible_id: int = column(sa.Integer, sa.ForeignKey("employee.id"), index=True)
    organizer_name: str | None = column(text(200), nullable=True)
    organizer_email: str | None = column(text(320), nullable=True)
    online_meeting_url: str | None = column(text(2000), nullable=True)
    recurrence: str | None = column(text(1000), nullable=True)
    note: str | None = column(long_text(), nullable=True)
    created_at: datetime = column(moment(), default=UtcNow())
    modified_at: datetime = column(moment(), default=UtcNow())
    deleted_at: datetime | None = column(moment(), nullable=True)


class ActivityException(SQLModel, table=True):
    """One occurrence of a series that differs from it; null means: as in the series."""

    __tablename__: ClassVar[str] = "activity_exception"
    __table_args__: ClassVar[Any] = (
        sa.UniqueConstraint("activity_id", "original_start", name="uq_activity_exception"),
        WITH_TRIGGERS,
    )

    id: UUID = column(sa.Uuid, primary_key=True)
    activity_id: UUID = column(sa.Uuid, sa.ForeignKey("activity.id", ondelete="CASCADE"))
    original_start: datetime = column(moment())
    cancelled: bool = column(sa.Boolean, default=False)
    subject: str | None = column(text(500), nullable=True)
    body: str | None = column(long_text(), nullable=True)
    location: str | None = column(text(500), nullable=True)
    starts_at: datetime | None = column(moment(), nullable=True)
    ends_at: datetime | None = column(moment(), nullable=True)


class ActivityParticipant(SQLModel, table=True):
    """Somebody who takes part: an employee where `employee_id` is set, else from outside."""

    __tablename__: ClassVar[str] = "activity_participant"
    __table_args__: ClassVar[Any] = WITH_TRIGGERS

    id: UUID = column(sa.Uuid, primary_key=True)
    activity_id: UUID = column(
        sa.Uuid, sa.ForeignKey("activity.id", ondelete="CASCADE"), index=True
    )
    employee_id: int | None = column(sa.Integer, sa.ForeignKey("employee.id"), nullable=True)
    email: str | None = column(text(320), nullable=True)
    name: str | None = column(text(200), nullable=True)
    role: str = column(text(16), default="invited")
    response: str = column(text(16), default="none")


class Feed(SQLModel, table=True):
    """An activity that somebody touched; filled by triggers, emptied by the agent.

    One row, the mark, stays (`feed.MARK`): where it is gone, entries may be gone with it.
    """

    __tablename__: ClassVar[str] = "calsync_feed"
    __table_args__: ClassVar[Any] = (
        # Sought by, so that taking out what we entered ourselves waits for nobody else's entries.
        sa.Index("ix_calsync_feed_activity", "activity_id"),
    )

    entry: str = column(key(64), primary_key=True, default=NewKey())
    activity_id: UUID = column(sa.Uuid)


class Gap(SQLModel, table=True):
    """Where a trigger could not write to the feed, it leaves a row here (PostgreSQL)."""

    __tablename__: ClassVar[str] = "calsync_gap"

    entry: str = column(key(64), primary_key=True, default=NewKey())


class Seen(SQLModel, table=True):
    """An activity as it was when the feed last got an entry for it, where there are no triggers.

    What is not an activity has another `part` (see `scan`).
    """

    __tablename__: ClassVar[str] = "calsync_seen"

    part: int = column(sa.Integer, primary_key=True, autoincrement=False)
    activity_id: UUID = column(sa.Uuid, primary_key=True)
    digest: str = column(text(32))


system_info = table(SystemInfo)
module = table(Module)
employee = table(Employee)
employee_email = table(EmployeeEmail)
activity_type = table(ActivityType)
activity = table(Activity)
activity_exception = table(ActivityException)
activity_participant = table(ActivityParticipant)
feed = table(Feed)
gap = table(Gap)
seen = table(Seen)

CONSOLIDATE_TABLES: Final = (
    system_info,
    module,
    employee,
    employee_email,
    activity_type,
    activity,
    activity_exception,
    activity_participant,
)

FEED_TABLES: Final = (feed, gap, seen)
