"""The table of what the nightly look at both sides has found."""

from datetime import datetime
from typing import ClassVar

import sqlalchemy as sa
from sqlmodel import SQLModel

from calsync_agent.database.model import column
from calsync_agent.database.types import moment


class Proof(SQLModel, table=True):
    """When both sides of a profile were last compared in full (H5), by the database's clock.

    `equal_at`: when they were last found equal. `differences`: how many were found at `at`, without
    those that the sync has a reason for.
    """

    __tablename__: ClassVar[str] = "calsync_proof"

    profile_id: int = column(
        sa.Integer,
        sa.ForeignKey("calsync_profile.id", ondelete="CASCADE"),
        primary_key=True,
        autoincrement=False,
    )
    at: datetime = column(moment())
    equal_at: datetime | None = column(moment(), nullable=True)
    differences: int = column(sa.Integer, default=0)
