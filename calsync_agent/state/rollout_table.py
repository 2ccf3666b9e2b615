"""The table of a roll-out in steps."""

from datetime import datetime
from typing import ClassVar

import sqlalchemy as sa
from sqlmodel import SQLModel

from calsync_agent.database.model import column
from calsync_agent.database.types import moment


class RollOut(SQLModel, table=True):
    """A profile that a roll-out in steps is to activate, or has (I1), by the database's clock."""

    __tablename__: ClassVar[str] = "calsync_rollout"

    profile_id: int = column(
        sa.Integer,
        sa.ForeignKey("calsync_profile.id", ondelete="CASCADE"),
        primary_key=True,
        autoincrement=False,
    )
    begun_at: datetime | None = column(moment(), nullable=True)
