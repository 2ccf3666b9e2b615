"""The plugin's tables that others read and write as well (contract 4): scripts, roll-outs."""

from datetime import datetime
from typing import Any, ClassVar, Final
from uuid import UUID

import sqlalchemy as sa
from sqlmodel import SQLModel

from calsync_agent.database.model import column
from calsync_agent.database.types import counter, key, long_text, moment, text

WITH_TRIGGERS: Final[dict[str, Any]] = {"implicit_returning": False}
# SQLite alone gives the id of a deleted row out again, and others remember these ids.
IDS_ONCE: Final[dict[str, Any]] = {"sqlite_autoincrement": True}


class Provider(SQLModel, table=True):
    """The tenant and how it is synced: what the terminal UI edits."""

    __tablename__: ClassVar[str] = "calsync_provider"
    __table_args__: ClassVar[Any] = WITH_TRIGGERS

    id: int = column(sa.Integer, primary_key=True, autoincrement=False)
    kind: str = column(text(32), unique=True)
    tenant_id: str = column(text(64))
    inbound: bool = column(sa.Boolean, default=True)
    outbound: bool = column(sa.Boolean, default=True)
    priority: str = column(text(16), default="outbound_first")
    interval_seconds: int = column(sa.Integer, default=5)


class Profile(SQLModel, table=True):
    """One employee bound to one mailbox.

    Directions and window are null where the provider's and the settings' hold.
    """

    __tablename__: ClassVar[str] = "calsync_profile"
    __table_args__: ClassVar[Any] = (
        sa.UniqueConstraint("provider_id", "employee_id", name="uq_calsync_profile_employee"),
        sa.UniqueConstraint("provider_id", "external_user_id", name="uq_calsync_profile_user"),
        # Sought by at each deletion of an employee.
        sa.Index("ix_calsync_profile_employee", "employee_id"),
        {**WITH_TRIGGERS, **IDS_ONCE},
    )

    id: int = column(sa.Integer, primary_key=True)
    provider_id: int = column(sa.Integer, sa.ForeignKey("calsync_provider.id"))
    # Cascades, so that Consolidate may delete an employee as if the plugin were not there.
    employee_id: int = column(sa.Integer, sa.ForeignKey("employee.id", ondelete="CASCADE"))
    external_user_id: str = column(text(320))
    active: bool = column(sa.Boolean, default=True)
    inbound: bool | None = column(sa.Boolean, nullable=True)
    outbound: bool | None = column(sa.Boolean, nullable=True)
    past_months: int | None = column(sa.Integer, nullable=True)
    future_months: int | None = column(sa.Integer, nullable=True)


class TypeInExchange(SQLModel, table=True):
    """What an activity type means in Exchange: an Outlook category, a Teams meeting."""

    __tablename__: ClassVar[str] = "calsync_type"

    # No reference: Consolidate deletes its types as if the plugin were not there.
    type_id: int = column(sa.Integer, primary_key=True, autoincrement=False)
    category: str | None = column(text(255), nullable=True)
    online_meeting: bool = column(sa.Boolean, default=False)


class Log(SQLModel, table=True):
    """What an admin wants to see; `content` shows it in either language.

    The indexes serve the terminal UI, which reads pages by id from any number of rows.
    """

    __tablename__: ClassVar[str] = "calsync_log"
    __table_args__: ClassVar[Any] = (
        sa.Index("ix_calsync_log_profile", "profile_id", "id"),
        sa.Index("ix_calsync_log_activity", "activity_id", "id"),
        sa.Index("ix_calsync_log_level", "level", "id"),
        IDS_ONCE,
    )

    id: int = column(counter(), primary_key=True)
    at: datetime = column(moment(), index=True)
    level: str = column(text(8))
    profile_id: int | None = column(sa.Integer, nullable=True)
    kind: str = column(text(32))
    message: str = column(long_text())
    activity_id: UUID | None = column(sa.Uuid, nullable=True)
    event_id: str | None = column(key(), nullable=True)
    content: str | None = column(long_text(), nullable=True)


class Meta(SQLModel, table=True):
    """Facts about the installation: `schema_version`, `settings_revision` (and see `Revision`)."""

    __tablename__: ClassVar[str] = "calsync_meta"

    name: str = column(text(64), primary_key=True)
    value: str = column(text(255))
