"""What one look into the database tells: whether to sync, what, and how."""

from dataclasses import dataclass
from datetime import datetime

import sqlalchemy as sa

from calsync_agent.appointment.model import EmployeeId, ProfileId
from calsync_agent.consolidate import feed, readiness
from calsync_agent.consolidate.reading import Staff, inbound_type, read_staff
from calsync_agent.errors import NotReady
from calsync_agent.i18n import message
from calsync_agent.state import meta, pending, profiles, quarantine
from calsync_agent.state.profiles import Profile, Provider


@dataclass(frozen=True, slots=True)
class View:
    """The database's side of everything that a round needs.

    `touched`: the feed holds changes. `work`: profiles with pending or due work.
    """

    provider: Provider
    profiles: tuple[Profile, ...]
    staff: Staff
    inbound_type: int
    revision: int
    touched: bool
    work: frozenset[ProfileId]

    @property
    def syncing(self) -> tuple[Profile, ...]:
        """The profiles to be synced: active, of an employee who is active and permitted (C5)."""
        permitted = self.staff.permitted
        return tuple(p for p in self.profiles if p.active and p.employee in permitted)

    @property
    def owners(self) -> dict[EmployeeId, ProfileId]:
        """Whose profile is which, whether it is synced or not."""
        return {profile.employee: profile.id for profile in self.profiles}


def look(connection: sa.Connection, now: datetime) -> View:
    """Read it all in one transaction; `now` in UTC.

    Raises NotReady, DatabaseRefused and ConfigurationRefused, with what has to be put right before
    anything may be synced (B10, G5).
    """
    meta.check(connection)
    readiness.check(connection)
    provider = profiles.read_provider(connection)
    if provider is None or not provider.tenant_id:
        raise NotReady(
            message(
                "no tenant is set: enter the Tenant ID in calsync-tui,"
                " or as a row of calsync_provider (kind exchange365)"
            )
        )
    given_type = inbound_type(connection)
    if given_type is None:
        raise NotReady(
            message(
                "no activity type is marked as inbound_default;"
                " mark the one that appointments from Exchange are to get"
            )
        )
    return View(
        provider=provider,
        profiles=tuple(profiles.read_profiles(connection, provider.id)),
        staff=read_staff(connection),
        inbound_type=given_type,
        revision=meta.settings_revision(connection),
        touched=feed.has_entries(connection),
        work=frozenset(pending.profiles(connection) | quarantine.due_profiles(connection, now)),
    )
