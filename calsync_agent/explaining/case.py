"""What is known of one appointment or event and one profile that it concerns, before it is judged.

WHAT ──finding──▶ Target ──gathering──▶ Case ──answers──▶ Answer ──telling──▶ lines, JSON
"""

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from calsync_agent.appointment.model import ActivityId, EventId, ProfileId
from calsync_agent.config.settings import Sync
from calsync_agent.domain.activity import Activity, BrokenActivity
from calsync_agent.domain.hold import Held
from calsync_agent.domain.link import Link
from calsync_agent.health.profiles import ProfileLine
from calsync_agent.health.provider import Row
from calsync_agent.health.situation import Health
from calsync_agent.i18n import Message, Value, marked
from calsync_agent.plan.roles import Relation
from calsync_agent.plan.window import Window
from calsync_agent.state.history import Version
from calsync_agent.state.quarantine import Quarantined
from calsync_agent.state.waiting import Waiting


@dataclass(frozen=True, slots=True)
class Target:
    """What is asked about: an appointment, in every mailbox or in one, or an event without one."""

    activity: ActivityId | None = None
    event: EventId | None = None
    profile: ProfileId | None = None


@dataclass(frozen=True, slots=True)
class LogLine:
    """A line of the log, at that time (UTC)."""

    at: datetime
    text: Message | str


@dataclass(frozen=True, slots=True)
class Around:
    """How things stand, whatever is asked about. `now` is UTC; `attended`: an agent lives."""

    now: datetime
    health: Health
    provider: Row | None
    attended: bool
    sync: Sync


@dataclass(frozen=True, slots=True)
class Case:
    """One appointment or event, and one profile that it concerns, None where it concerns none.

    `busy`: somebody is at work on the row. `changed`: Consolidate's side is another than when both
    were last in step. `touched`: a change of it is noticed and not looked at yet. `compared`: the
    profile's first sync is done. `inbound`, `outbound`, `window`: those of the profile (A7).
    `takes_part`: its employee is among the participants.
    """

    activity_id: ActivityId | None
    event_id: EventId | None
    subject: "Value | None"
    profile: ProfileLine | None = None
    activity: Activity | BrokenActivity | None = None
    busy: bool = False
    link: Link | None = None
    relation: Relation | None = None
    in_scope: bool = True
    changed: bool = False
    touched: bool = False
    inbound: bool = True
    outbound: bool = True
    window: Window | None = None
    compared: bool = True
    takes_part: bool = False
    quarantined: Quarantined | None = None
    held: Held | None = None
    waiting: Waiting | None = None
    versions: tuple[Version, ...] = ()
    log: tuple[LogLine, ...] = ()


class State(StrEnum):
    """What is to be said of a case in a word or two."""

    IN_STEP = marked("in step")
    TO_SEND = marked("to be sent")
    TO_REMOVE = marked("to be removed")
    WAITING = marked("waiting")
    QUARANTINED = marked("quarantined")
    HELD = marked("held")
    NOT_SENT = marked("not sent")
    NOT_SYNCED = marked("not synced")
    DELETED = marked("deleted")
    NOT_LINKED = marked("not linked")


@dataclass(frozen=True, slots=True)
class Answer:
    """Where a case stands, by which rules, why, and what will happen next."""

    state: State
    rules: tuple[str, ...]
    why: Message
    next: Message
