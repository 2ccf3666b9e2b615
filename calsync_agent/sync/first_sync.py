"""Looks through all of Consolidate's side of a profile: on first contact, and after lost triggers.

Only numbers are kept of what is found, so that it fits in memory for any calendar.
"""

from dataclasses import dataclass, field
from functools import partial

import sqlalchemy as sa

from calsync_agent.appointment.content import changed, fingerprint
from calsync_agent.appointment.model import ActivityId
from calsync_agent.consolidate.reading import SOME, in_scope_of, read_activities
from calsync_agent.database.statements import chunks
from calsync_agent.domain.activity import Activity, BrokenActivity, Sending
from calsync_agent.domain.link import Link
from calsync_agent.fence import guarded
from calsync_agent.plan.job import Job
from calsync_agent.plan.pair import pair
from calsync_agent.plan.pairing import Candidates
from calsync_agent.state import links


@dataclass(slots=True)
class Compared:
    """Appointments without an event, to be matched or sent, and those that need to be looked at."""

    candidates: Candidates = field(default_factory=Candidates)
    changed: set[ActivityId] = field(default_factory=set)

    def work(self) -> set[ActivityId]:
        """What remains to be done for Exchange once a listing is complete."""
        return self.changed | self.candidates.rest()


def compare(connection: sa.Connection, job: Job) -> Compared:
    """Sort all appointments that are linked to this mailbox, or belong into it."""
    profile, employee = job.profile.id, job.profile.employee
    mine = set(in_scope_of(connection, employee, job.window.wall_clock_start))
    mine |= links.activities_of(connection, profile)
    found = Compared()
    for some in chunks(sorted(mine), SOME):
        activities = read_activities(connection, some)
        linked: dict[ActivityId, list[Link]] = {number: [] for number in some}
        for link in links.by_activities(connection, some):
            linked[link.activity].append(link)
        for number in some:
            guarded(
                partial(_sort, job, number, activities.get(number), linked[number], found),
                partial(_looked_at_later, number, found),
            )
    return found


def _looked_at_later(number: ActivityId, found: Compared, _error: Exception) -> None:
    """Whatever is wrong with it shows where it is settled, and costs it alone there (B8)."""
    found.changed.add(number)


def _sort(
    job: Job,
    number: ActivityId,
    activity: Activity | BrokenActivity | None,
    known: list[Link],
    found: Compared,
) -> None:
    link = next((li for li in known if li.profile == job.profile.id), None)
    if not isinstance(activity, Activity) or activity.deleted:
        found.changed.add(number)
        return
    scope = job.window.covers(activity)
    whole = pair(job.office, job.profile, link, activity, None, known, in_scope=scope)
    if link is not None:
        if changed(link.consolidate, fingerprint(whole.mine)):
            found.changed.add(number)
    elif whole.sendable and activity.sending is not Sending.NONE:
        found.candidates.add(number, activity.appointment)
