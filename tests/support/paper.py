"""One appointment and its event on paper: decided about and written, without database or network.

Consolidate's side is a row, Exchange's an event in a sandbox mailbox; both are written and read by
the agent's own codecs, and the sandbox rewrites as Exchange does.
"""

import pickle
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any, Final, cast
from uuid import UUID

from calsync_agent.appointment.content import fingerprint
from calsync_agent.appointment.fields import ALL, BOTH_WAYS
from calsync_agent.appointment.model import ActivityId, Appointment, EmployeeId, LinkId, ProfileId
from calsync_agent.appointment.people import Directory
from calsync_agent.consolidate.fields import activity_values
from calsync_agent.consolidate.rows import read_activity
from calsync_agent.domain.activity import Activity, BrokenActivity, Stamp
from calsync_agent.domain.event import Event, UnreadableEvent
from calsync_agent.domain.link import Link
from calsync_agent.domain.operation import ChangeEvent, CreateEvent, DeleteEvent, Written
from calsync_agent.domain.policy import Policy, Priority, Profile
from calsync_agent.domain.version import Kept
from calsync_agent.exchange.calendar import writes
from calsync_agent.exchange.calendar.event_codec import read_event
from calsync_agent.plan.aftermath import after
from calsync_agent.plan.effects import agreed
from calsync_agent.plan.guard import Limits
from calsync_agent.plan.job import Intent, Job
from calsync_agent.plan.mail_forecast import Mails
from calsync_agent.plan.office import Office
from calsync_agent.plan.pair import Known, Pair, pair
from calsync_agent.plan.triage import Planned, plan
from calsync_agent.plan.window import window
from calsync_agent.sandbox.model import events
from calsync_agent.sandbox.tenant import Tenant

NOW: Final = datetime(2026, 11, 23, 8)
NUMBER: Final = ActivityId(UUID(int=1))
ANNA: Final = EmployeeId(1)
PROFILE: Final = Profile(ProfileId(1), ANNA, "anna", active=True)
OFFICE: Final = Office(Directory(), {ANNA: PROFILE.id})
BOTH: Final = Policy(inbound=True, outbound=True, priority=Priority.OUTBOUND_FIRST)


def job(policy: Policy) -> Job:
    """A cycle's terms."""
    return Job(
        profile=PROFILE,
        policy=policy,
        window=window(NOW, 3, 24),
        office=OFFICE,
        inbound_type=1,
        limits=Limits(10, 20, 100, 50, 200),
        stamp=Stamp(NOW, NOW),
    )


@dataclass
class Paper:
    """Both sides of one appointment, and what is remembered of it. `row`: None where it is gone."""

    row: dict[str, Any] | None = None
    link: Link | None = None
    kept: list[Kept] = field(default_factory=list)
    tenant: Tenant = field(default_factory=Tenant)
    unreadable: bool = False

    def __post_init__(self) -> None:
        self.tenant.clock.stop(NOW.replace(tzinfo=UTC))
        self.anna = (self.tenant.people() or [self.tenant.add_mailbox("anna")])[0]

    def copy(self) -> "Paper":
        """The same once more."""
        row = None if self.row is None else dict(self.row)
        stored = pickle.loads(pickle.dumps(self.tenant.world.stored))  # noqa: S301 - our own
        return Paper(row, self.link, list(self.kept), Tenant(stored), self.unreadable)

    # -- both sides ---------------------------------------------------------------------------

    @property
    def activity(self) -> Activity | BrokenActivity | None:
        """Consolidate's side as the agent reads it."""
        return None if self.row is None else read_activity(self.row, (), ())

    @property
    def event(self) -> Event | UnreadableEvent | None:
        """Exchange's side as the agent reads it."""
        found = self.anna.events()
        if not found:
            return None
        assert len(found) == 1, "doubled"
        shown = {**found[0], "importance": "urgent"} if self.unreadable else found[0]
        return read_event(shown, Directory())

    def enter(self, appointment: Appointment, **values: object) -> None:
        """Somebody enters the appointment in Consolidate, or changes it to this."""
        row = self.row or empty_row()
        self.row = {**row, **activity_values(appointment, BOTH_WAYS, ""), **values}

    def create(self, appointment: Appointment, **properties: object) -> None:
        """Somebody enters the appointment in Outlook, or changes it to this."""
        body = {**writes.event_body(appointment, BOTH_WAYS), **properties}
        self._write(body)

    def delete_event(self) -> None:
        """Somebody deletes it in Outlook."""
        for found in self.anna.events():
            self.anna.delete(found["id"])

    def link_up(self) -> None:
        """Both sides are in step from now on."""
        event, activity = self.event, self.activity
        assert isinstance(event, Event)
        assert isinstance(activity, Activity)
        self.link = agreed(
            Link(LinkId(UUID(int=7)), PROFILE.id, NUMBER),
            event,
            consolidate=fingerprint(activity.appointment),
            exchange=fingerprint(event.appointment),
        )

    def _write(self, body: Mapping[str, Any]) -> None:
        with self.tenant.lock:
            self.tenant.clock.advance(1)
            action, items = self.anna.action("write"), list(self.anna.mailbox.items.values())
            if items:
                events.change(action, items[0], body)
            else:
                events.create(action, self.anna.mailbox.default_calendar, body)

    # -- the agent ----------------------------------------------------------------------------

    def pair(self) -> Pair:
        """What is known of it."""
        links = [self.link] if self.link else []
        return pair(OFFICE, PROFILE, self.link, self.activity, self.event, links)

    def plan(self, policy: Policy = BOTH) -> Planned:
        """What the agent would do."""
        return plan(job(policy), Known(NUMBER, self.pair(), LinkId(NUMBER)))

    def step(self, policy: Policy = BOTH) -> Planned:
        """What the agent does."""
        planned = self.plan(policy)
        done = planned.effects
        if done.kept:
            self.kept.append(done.kept)
        if done.create:
            self.row = empty_row()
            self.row |= activity_values(done.create.appointment, ALL, "")
        if done.change:
            change = done.change
            assert self.row is not None
            values = activity_values(change.appointment, change.fields, change.before.time_zone)
            self.row = {**self.row, **values, "deleted_at": None}
        if done.delete and self.row:
            self.row = {**self.row, "deleted_at": NOW}
        if done.dropped_link:
            self.link = None
        self.link = done.new_link or done.changed_link or self.link
        if done.outgoing:
            self._send(planned, job(policy))
        return planned

    def _send(self, planned: Planned, terms: Job) -> None:
        outgoing = planned.effects.outgoing
        assert outgoing is not None
        match outgoing.operation:
            case CreateEvent() as operation:
                self._write(cast("Any", writes.creation("anna", operation).body))
            case ChangeEvent() as operation:
                self._write(cast("Any", writes.change("anna", operation, None).body))
            case DeleteEvent():
                self.delete_event()
                self.link = None
                return
        result = self.event
        assert isinstance(result, Event)
        intent = Intent(planned.decision.cell, outgoing, "", "", 1, Mails())
        self.link = after(terms, intent, Written(result), LinkId(NUMBER)).link

    def settle(self, policy: Policy = BOTH) -> int:
        """Steps until nothing is left to do; how many did something."""
        for number in range(4):
            if not self.step(policy).effects.any:
                return number
        raise AssertionError(f"it never ends: {self.plan(policy)}")


def empty_row() -> dict[str, Any]:
    return {
        "id": NUMBER,
        "type_id": 1,
        "calendar_sync": "normal",
        "status": "open",
        "responsible_id": ANNA,
        "recurrence": None,
        "organizer_name": None,
        "organizer_email": None,
        "online_meeting_url": None,
        "note": None,
        "deleted_at": None,
    }
