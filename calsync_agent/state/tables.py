"""The tables that the plugin owns (contract, section 4).

Provider, profile and type are for others to read and write as well, log and meta to read; the rest
is our own affair. What is added here is added to `state/versions.py`, too.
`calsync_provider` and `calsync_profile` carry triggers that count `settings_revision` up.
"""

from datetime import datetime
from typing import Any, ClassVar, Final
from uuid import UUID

import sqlalchemy as sa
from sqlalchemy.engine.default import DefaultExecutionContext
from sqlmodel import SQLModel

from calsync_agent.database.clock import UtcNow
from calsync_agent.database.keys import NewKey
from calsync_agent.database.model import column, table
from calsync_agent.database.types import ID_LENGTH, counter, key, long_key, long_text, moment, text
from calsync_agent.state.proof_table import Proof
from calsync_agent.state.rollout_table import RollOut
from calsync_agent.state.shared_tables import IDS_ONCE, Log, Meta, Profile, Provider, TypeInExchange

SCHEMA_VERSION: Final = 2
PRINT_LENGTH: Final = 200


class Revision(SQLModel, table=True):
    """A change of provider or profiles that is not yet in `settings_revision`."""

    __tablename__: ClassVar[str] = "calsync_revision"

    entry: str = column(key(64), primary_key=True, default=NewKey())


class Pending(SQLModel, table=True):
    """An activity that one profile still has to look at, or to carry out: the intent (B2).

    `version` grows when it is touched again, so that what was read is not taken for done.
    """

    __tablename__: ClassVar[str] = "calsync_pending"

    profile_id: int = column(
        sa.Integer,
        sa.ForeignKey("calsync_profile.id", ondelete="CASCADE"),
        primary_key=True,
        autoincrement=False,
    )
    activity_id: UUID = column(sa.Uuid, primary_key=True)
    version: int = column(sa.Integer, default=1)


def _event_key(context: DefaultExecutionContext) -> str:
    row = context.get_current_parameters()
    return event_key(row["id"], row.get("event_id"))


def event_key(number: UUID, event_id: str | None) -> str:
    """What a link is unique by within a mailbox: its event, else itself."""
    return event_id if event_id is not None else f"-{number.hex}"


class Link(SQLModel, table=True):
    """An appointment and its event in one mailbox.

    Without `event_id` it is an intended creation (B2); `event_key` is then its own id. The prints
    tell what each side held when both were last in step (`appointment.content`). `unfinished`: a
    write of several requests may have been cut off. Times are UTC; `ends_at` null = endless.
    """

    __tablename__: ClassVar[str] = "calsync_link"
    __table_args__: ClassVar[Any] = (
        sa.UniqueConstraint("profile_id", "activity_id", name="uq_calsync_link_activity"),
        # Over what is never null: SQL Server takes two nulls for duplicates, and a filtered index
        # would forbid writing to sessions with old settings, which delete employees (error 1934).
        sa.Index("uq_calsync_link_key", "profile_id", "event_key", unique=True),
        sa.Index("ix_calsync_link_event", "event_id"),
    )

    id: UUID = column(sa.Uuid, primary_key=True)
    profile_id: int = column(sa.Integer, sa.ForeignKey("calsync_profile.id", ondelete="CASCADE"))
    activity_id: UUID = column(sa.Uuid, index=True)
    event_id: str | None = column(key(ID_LENGTH), nullable=True)
    event_key: str = column(key(ID_LENGTH), sa.ColumnDefault(_event_key), default="")
    ical_uid: str | None = column(key(ID_LENGTH), nullable=True, index=True)
    role: str = column(text(16))
    consolidate_print: str = column(key(PRINT_LENGTH), default="")
    exchange_print: str = column(key(PRINT_LENGTH), default="")
    unfinished: bool = column(sa.Boolean, default=False)
    guests: str | None = column(long_text(), nullable=True)
    carried: str | None = column(long_text(), nullable=True)
    exchange_modified_at: datetime | None = column(moment(), nullable=True)
    starts_at: datetime | None = column(moment(), nullable=True)
    ends_at: datetime | None = column(moment(), nullable=True)


class ProfileState(SQLModel, table=True):
    """How far one profile has come.

    `delta_link` is the position in the feed of `mailbox`, valid for the window beside it.
    `compared_at` is null while Consolidate's side has to be compared in full.
    """

    __tablename__: ClassVar[str] = "calsync_profile_state"

    profile_id: int = column(
        sa.Integer,
        sa.ForeignKey("calsync_profile.id", ondelete="CASCADE"),
        primary_key=True,
        autoincrement=False,
    )
    mailbox: str = column(text(320), default="")
    delta_link: str | None = column(long_key(), nullable=True)
    window_start: datetime | None = column(moment(), nullable=True)
    window_end: datetime | None = column(moment(), nullable=True)
    listed_at: datetime | None = column(moment(), nullable=True)
    compared_at: datetime | None = column(moment(), nullable=True)


class Mailbox(SQLModel, table=True):
    """Whose mailbox a profile syncs, as Exchange resolves the `spelling` in its row (I4).

    `held`: the profile has it; of several, whichever came first. `same_as`: the profile in whose
    mailbox an event of this one was seen, where Exchange does not tell the owner.
    """

    __tablename__: ClassVar[str] = "calsync_mailbox"

    profile_id: int = column(
        sa.Integer,
        sa.ForeignKey("calsync_profile.id", ondelete="CASCADE"),
        primary_key=True,
        autoincrement=False,
    )
    spelling: str = column(text(320))
    user_id: str | None = column(text(64), nullable=True)
    calendar_id: str | None = column(long_key(), nullable=True)
    address: str | None = column(text(320), nullable=True)
    held: bool = column(sa.Boolean, default=False)
    same_as: int | None = column(sa.Integer, nullable=True)


class Quarantine(SQLModel, table=True):
    """An item that cannot be synced for now, and why (B8); `name` is a stored message."""

    __tablename__: ClassVar[str] = "calsync_quarantine"

    id: int = column(counter(), primary_key=True)
    profile_id: int = column(
        sa.Integer, sa.ForeignKey("calsync_profile.id", ondelete="CASCADE"), index=True
    )
    activity_id: UUID | None = column(sa.Uuid, nullable=True)
    event_id: str | None = column(key(), nullable=True)
    name: str | None = column(long_text(), nullable=True)
    reason: str = column(long_text())
    attempts: int = column(sa.Integer, default=1)
    since: datetime = column(moment())
    next_at: datetime = column(moment())


class History(SQLModel, table=True):
    """A version that the sync overwrote or deleted (B6), with the one that replaced it."""

    __tablename__: ClassVar[str] = "calsync_history"
    __table_args__: ClassVar[Any] = IDS_ONCE

    id: int = column(counter(), primary_key=True)
    at: datetime = column(moment(), index=True)
    profile_id: int = column(sa.Integer)
    side: str = column(text(16))
    activity_id: UUID = column(sa.Uuid, index=True)
    event_id: str | None = column(key(), nullable=True)
    subject: str = column(text(500))
    rule: str = column(text(64))
    content: str = column(long_text())
    replaced_by: str | None = column(long_text(), nullable=True)
    responsible_id: int = column(sa.Integer)
    type_id: int | None = column(sa.Integer, nullable=True)


class Turn(SQLModel, table=True):
    """That one content of an appointment was written over another, in the last hour (B13)."""

    __tablename__: ClassVar[str] = "calsync_turn"

    id: int = column(counter(), primary_key=True)
    at: datetime = column(moment(), index=True)
    activity_id: UUID = column(sa.Uuid, index=True)
    contents: str = column(text(24))


class Waiting(SQLModel, table=True):
    """A copy of a meeting that waits for its organizer's own event (F4)."""

    __tablename__: ClassVar[str] = "calsync_waiting"

    profile_id: int = column(
        sa.Integer,
        sa.ForeignKey("calsync_profile.id", ondelete="CASCADE"),
        primary_key=True,
        autoincrement=False,
    )
    event_id: str = column(key(ID_LENGTH), primary_key=True)
    ical_uid: str = column(key(ID_LENGTH), index=True)
    organizer_id: int = column(sa.Integer)
    since: datetime = column(moment())


class Meeting(SQLModel, table=True):
    """A meeting that one of our mailboxes organizes, or did, and its appointment (F1a)."""

    __tablename__: ClassVar[str] = "calsync_meeting"

    ical_uid: str = column(key(ID_LENGTH), primary_key=True)
    activity_id: UUID = column(sa.Uuid)
    at: datetime = column(moment(), default=UtcNow(), index=True)


class Hold(SQLModel, table=True):
    """A deletion, or a write that mails, that waits for an admin (B7, F8).

    `verdict` is null until then: `confirmed` or `discarded`.
    """

    __tablename__: ClassVar[str] = "calsync_hold"

    profile_id: int = column(
        sa.Integer,
        sa.ForeignKey("calsync_profile.id", ondelete="CASCADE"),
        primary_key=True,
        autoincrement=False,
    )
    activity_id: UUID = column(sa.Uuid, primary_key=True)
    kind: str = column(text(16))
    subject: str = column(text(500))
    since: datetime = column(moment())
    verdict: str | None = column(text(16), nullable=True)


class Deed(SQLModel, table=True):
    """A deletion, or a write that mails, for the guards' memory (B7, F8); kept for a day.

    `at` is by the database's clock. `kind` as in `Hold`; `inside` and `outside`: the mails.
    `unsure`: whether it was carried out is not known yet.
    """

    __tablename__: ClassVar[str] = "calsync_deed"

    id: int = column(counter(), primary_key=True)
    at: datetime = column(moment(), default=UtcNow(), index=True)
    profile_id: int = column(sa.Integer)
    activity_id: UUID = column(sa.Uuid)
    kind: str = column(text(16))
    inside: int = column(sa.Integer, default=0)
    outside: int = column(sa.Integer, default=0)
    unsure: bool = column(sa.Boolean, default=True)


class Agent(SQLModel, table=True):
    """A running agent; `seen_at` is its heartbeat, by the database's clock (B11).

    `round_at`: when it last asked all its profiles; `round_ms`: how long the slowest of them took.
    `buried_at`: it was taken for dead, and others have its profiles. `tells`: it is set up to tell
    of problems. `credential`: what it signs in with, `secret` or `certificate`; the columns below
    tell when that ends, where it is known, and whether the next secret is in use.
    """

    __tablename__: ClassVar[str] = "calsync_agent"

    id: UUID = column(sa.Uuid, primary_key=True)
    host: str = column(text(255))
    pid: int = column(sa.Integer)
    version: str = column(text(32))
    lock_file: str = column(text(1000))
    started_at: datetime = column(moment(), default=UtcNow())
    seen_at: datetime = column(moment(), default=UtcNow())
    settings_revision: int = column(sa.Integer, default=0)
    settings_taken_at: datetime | None = column(moment(), nullable=True)
    round_at: datetime | None = column(moment(), nullable=True)
    round_ms: int | None = column(sa.Integer, nullable=True)
    buried_at: datetime | None = column(moment(), nullable=True)
    tells: bool = column(sa.Boolean, default=False)
    credential: str = column(text(16), default="")
    credential_expires_at: datetime | None = column(moment(), nullable=True)
    credential_spare: bool = column(sa.Boolean, default=False)


class Lease(SQLModel, table=True):
    """Which agent syncs a profile."""

    __tablename__: ClassVar[str] = "calsync_lease"

    profile_id: int = column(
        sa.Integer,
        sa.ForeignKey("calsync_profile.id", ondelete="CASCADE"),
        primary_key=True,
        autoincrement=False,
    )
    agent_id: UUID = column(sa.Uuid, index=True)


class Fare(SQLModel, table=True):
    """How a profile fares, as its agent last said; `error` is a stored message."""

    __tablename__: ClassVar[str] = "calsync_fare"

    profile_id: int = column(
        sa.Integer,
        sa.ForeignKey("calsync_profile.id", ondelete="CASCADE"),
        primary_key=True,
        autoincrement=False,
    )
    state: str = column(text(16))
    since: datetime = column(moment())
    synced_at: datetime | None = column(moment(), nullable=True)
    error: str | None = column(long_text(), nullable=True)
    retry_at: datetime | None = column(moment(), nullable=True)


class Problem(SQLModel, table=True):
    """A problem that lasts, and whether somebody was told of it (H2).

    All times by the database's clock. `name`: what tells it from others. `text` and `mend` are
    stored messages, `profile` an employee's code or empty. `gone_at`: it was not found since, and
    is over when it stays away. `stage` grows when it is to be told again; `told_stage`: the last
    one that was told. `delivered`: somebody has got the message.
    """

    __tablename__: ClassVar[str] = "calsync_problem"

    name: str = column(text(100), primary_key=True)
    kind: str = column(text(32))
    weight: str = column(text(8))
    profile: str = column(text(200))
    text: str = column(long_text())
    mend: str = column(long_text())
    since: datetime | None = column(moment(), nullable=True)
    stage: int = column(sa.Integer, default=0)
    begun_at: datetime = column(moment())
    gone_at: datetime | None = column(moment(), nullable=True)
    told_at: datetime | None = column(moment(), nullable=True)
    told_stage: int = column(sa.Integer, default=0)
    delivered: bool = column(sa.Boolean, default=False)


provider = table(Provider)
profile = table(Profile)
type_in_exchange = table(TypeInExchange)
log = table(Log)
meta = table(Meta)
revision = table(Revision)
pending = table(Pending)
link = table(Link)
profile_state = table(ProfileState)
mailbox = table(Mailbox)
quarantine = table(Quarantine)
history = table(History)
turn = table(Turn)
waiting = table(Waiting)
meeting = table(Meeting)
hold = table(Hold)
deed = table(Deed)
agent = table(Agent)
lease = table(Lease)
fare = table(Fare)
problem = table(Problem)
roll_out = table(RollOut)
proof = table(Proof)

PLUGIN_TABLES: Final = (
    provider,
    profile,
    type_in_exchange,
    log,
    meta,
    revision,
    pending,
    link,
    profile_state,
    mailbox,
    quarantine,
    history,
    turn,
    waiting,
    meeting,
    hold,
    deed,
    agent,
    lease,
    fare,
    problem,
    roll_out,
    proof,
)
