"""What one look into the database tells: whether to sync, what, and how."""

from collections.abc import Collection, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from functools import cached_property

import sqlalchemy as sa

from calsync_agent import bindings
from calsync_agent.appointment.model import ProfileId
from calsync_agent.appointment.people import Directory
from calsync_agent.consolidate import feed, readiness
from calsync_agent.consolidate.reading import Staff, inbound_type, read_staff_anew
from calsync_agent.database.remade import Remade
from calsync_agent.domain.activity_type import Types
from calsync_agent.domain.policy import Profile, Provider
from calsync_agent.errors import CalsyncError, ConfigurationRefused, NotReady
from calsync_agent.i18n import Message, message
from calsync_agent.plan.office import Office
from calsync_agent.service.restore_detection import Memory, Seen, check, see
from calsync_agent.state import holds, mailboxes, meta, pending, profiles, quarantine, waiting
from calsync_agent.state.mailboxes import Claim


class ProfileRefused(CalsyncError):
    """A profile's row is wrong; the others are synced."""


@dataclass(frozen=True, slots=True)
class Ready:
    """Nothing stands in the way of the sync.

    `refused` says what is wrong with the provider's row, where `provider` is the one of before.
    """

    provider: Provider
    inbound_type: int
    revision: int
    database: Seen
    refused: Message | None = None


@dataclass(frozen=True, eq=False)
class Roster:
    """Who works here, and whose calendars are synced: one object for as long as that is the same.

    `types`: what activity types mean in Exchange.

    So what follows from it is worked out once, and not in each round, nor for each mailbox.
    """

    known_profiles: Remade[tuple[Profile, ...]]
    known_staff: Remade[Staff]
    known_claims: Remade[dict[ProfileId, Claim]]
    types: Types = field(default_factory=Types)

    @property
    def profiles(self) -> tuple[Profile, ...]:
        """All profiles of the provider, by id."""
        return self.known_profiles.value

    @property
    def staff(self) -> Staff:
        """All employees, and who of them may be synced."""
        return self.known_staff.value

    @property
    def claims(self) -> Mapping[ProfileId, Claim]:
        """Whose mailboxes the profiles have (I4)."""
        return self.known_claims.value

    @cached_property
    def syncing(self) -> tuple[Profile, ...]:
        """The profiles to be synced: active, of an employee who is active and permitted (C5)."""
        permitted = self.staff.permitted
        return tuple(p for p in self.profiles if p.active and p.employee in permitted)

    @cached_property
    def not_permitted(self) -> tuple[Profile, ...]:
        """The profiles that are active, but whose employee is not, or is not permitted (C5)."""
        permitted = self.staff.permitted
        return tuple(p for p in self.profiles if p.active and p.employee not in permitted)

    @cached_property
    def refused(self) -> Mapping[ProfileId, ProfileRefused]:
        """Profiles that name no mailbox, or one that an earlier profile has (I4)."""
        return refused_rows(self.syncing, self.claims, self.staff.people)

    @cached_property
    def office(self) -> Office:
        """Who works here, and whose mailboxes are synced."""
        return Office(self.staff.people, {p.employee: p.id for p in self.syncing}, self.types)

    @cached_property
    def wanted(self) -> Mapping[ProfileId, Profile]:
        """Those to be synced, by id."""
        return {profile.id: profile for profile in self.syncing}

    @cached_property
    def by_id(self) -> Mapping[ProfileId, Profile]:
        """All profiles, whether they are synced or not."""
        return {profile.id: profile for profile in self.profiles}


@dataclass(frozen=True, slots=True)
class View:
    """The database's side of everything that a round needs.

    `touched`: the feed holds changes. `work`: profiles with work that may be done now.
    """

    ready: Ready
    roster: Roster
    touched: bool
    work: frozenset[ProfileId]

    @property
    def provider(self) -> Provider:
        """The tenant and how it is synced."""
        return self.ready.provider


def ready(
    connection: sa.Connection,
    before: Provider | None = None,
    memory: Memory | None = None,
    known: Ready | None = None,
) -> Ready:
    """Whether anything may be synced, and on which terms; a few queries.

    `memory` tells which database was restored or copied (B12); without it the question is left
    open, for whoever only reads. Raises NotReady and DatabaseRefused with what has to be put right
    first (B10, G5), and ConfigurationRefused for a provider row that is wrong, unless there was a
    right one `before`. What Consolidate itself says is not asked again where it is `known`.
    """
    meta.check(connection)
    if known is None:
        readiness.check(connection)
    seen = see(connection)
    if memory is not None:
        check(seen, memory)
    revision = meta.settings_revision(connection)  # first: what is newer is found the next time
    provider, refused = provider_in(connection, before)
    given = type_for_inbound(connection) if known is None else known.inbound_type
    return Ready(provider, given, revision, seen, refused)


def type_for_inbound(connection: sa.Connection) -> int:
    """The type that appointments from Exchange get. Raises NotReady where none is marked."""
    given = inbound_type(connection)
    if given is None:
        raise NotReady(
            message(
                "no activity type is marked as inbound_default;"
                " mark the one that appointments from Exchange are to get"
            )
        )
    return given


def look(
    connection: sa.Connection,
    now: datetime,
    before: Provider | None = None,
    memory: Memory | None = None,
    known: View | None = None,
    last: Roster | None = None,
) -> View:
    """Read it all in one transaction; `now` in UTC. Raises what `ready` raises.

    `known`: what Consolidate said of itself and of its people before, when it cannot be asked now.
    `last`: the roster of before, which is given back where nobody in it has changed.
    """
    remembered = memory.as_now() if memory else None
    found = ready(connection, before, remembered, known.ready if known else None)
    roster = _roster(connection, found.provider.id, last, known.roster if known else None)
    work, waits = _work(connection, now)
    copies = waiting.read(connection)
    work |= {one.profile for one in copies if one.over(now, roster.staff.permitted)}
    given, by_id = found.provider.policy, roster.by_id
    # What is not to be sent has to wait (A2).
    work |= {n for n in waits if n in by_id and by_id[n].policy(given).outbound}
    return View(found, roster, touched=feed.has_news(connection), work=frozenset(work))


def _work(connection: sa.Connection, now: datetime) -> tuple[set[ProfileId], set[ProfileId]]:
    """The profiles that have something to do in any case, and those that have something to send."""
    asked = (quarantine.with_due(now), holds.with_answers(), pending.with_work())
    marked = (one.add_columns(sa.literal(int(one is asked[-1]))) for one in asked)
    rows = connection.execute(sa.union(*marked)).all()
    found = [(ProfileId(number), bool(to_send)) for number, to_send in rows]
    return {n for n, to_send in found if not to_send}, {n for n, to_send in found if to_send}


def _roster(
    connection: sa.Connection, provider: int, last: Roster | None, known: Roster | None
) -> Roster:
    """Who works here now; the people as they are `known` where they cannot be asked for."""
    staff = (
        read_staff_anew(connection, last.known_staff if last else None)
        if known is None
        else known.known_staff
    )
    everybody = profiles.read_anew(connection, provider, last.known_profiles if last else None)
    claims = mailboxes.read_anew(connection, last.known_claims if last else None)
    types = bindings.read(connection) if known is None else known.types
    if (
        last is not None
        and last.known_staff is staff
        and last.known_profiles is everybody
        and last.known_claims is claims
        and last.types == types
    ):
        return last
    return Roster(everybody, staff, claims, types)


def provider_in(
    connection: sa.Connection, before: Provider | None = None
) -> tuple[Provider, Message | None]:
    """The provider, and what is wrong with its row where it is the one `before`.

    Raises NotReady without a tenant, and ConfigurationRefused for a wrong row with none before.
    """
    provider: Provider | None
    refused = None
    try:
        provider = profiles.read_provider(connection)
    except ConfigurationRefused as error:
        # Whose tenant was taken away is not synced, whatever else is wrong (G5).
        if before is None and profiles.has_tenant(connection):
            raise
        provider = before if profiles.has_tenant(connection) else None
        refused = error.message
    if provider is None or not provider.tenant_id:
        raise NotReady(
            message(
                "no tenant is set: enter the Tenant ID in calsync-tui,"
                " or as a row of calsync_provider (kind exchange365)"
            )
        )
    return provider, refused


def refused_rows(
    syncing: Collection[Profile], claims: Mapping[ProfileId, Claim], people: Directory
) -> dict[ProfileId, ProfileRefused]:
    """Those of these profiles that name no mailbox, or one that an earlier one has (I4).

    And those whose row holds what no column should (B8).
    """
    known = {profile.id: profile for profile in syncing}
    refused = {
        number: taken(known[number], known[owner], people)
        for number, owner in mailboxes.clashes(syncing, claims).items()
    }
    nameless = {one.id: why for one in syncing if (why := profiles.no_mailbox(one.mailbox))}
    refused |= {number: _nameless(known[number], reason) for number, reason in nameless.items()}
    return refused | {one.id: ProfileRefused(one.wrong) for one in syncing if one.wrong}


def _nameless(profile: Profile, reason: Message) -> ProfileRefused:
    return ProfileRefused(
        message(
            "calsync_profile {profile} names no mailbox by its external_user_id ({mailbox}):"
            " {reason}; enter the user principal name or object id",
            profile=profile.id,
            mailbox=profile.mailbox,
            reason=reason,
        )
    )


def taken(profile: Profile, owner: Profile, people: Directory) -> ProfileRefused:
    """Why a profile is not synced: another one has its mailbox (I4)."""
    return ProfileRefused(
        message(
            "calsync_profile {profile} of {employee} names the mailbox {mailbox}, which profile"
            " {owner} of {owner_employee} has as {owner_mailbox}; correct or deactivate one of"
            " them. Until then profile {profile} is not synced",
            profile=profile.id,
            employee=_code(profile, people),
            mailbox=profile.mailbox,
            owner=owner.id,
            owner_employee=_code(owner, people),
            owner_mailbox=owner.mailbox,
        )
    )


def _code(profile: Profile, people: Directory) -> str:
    employee = people.find(profile.employee)
    return employee.code if employee else "-"
