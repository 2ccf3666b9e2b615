"""Looks at all that the sync needs, step by step, and changes nothing (`calsync-agent check`)."""

import asyncio
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Final

import sqlalchemy as sa

from calsync_agent.appointment.model import ProfileId
from calsync_agent.appointment.owner import Owner
from calsync_agent.appointment.people import Directory
from calsync_agent.config import credentials
from calsync_agent.config.settings import Settings
from calsync_agent.consolidate import readiness
from calsync_agent.consolidate.reading import read_staff
from calsync_agent.database.encoding import lacking
from calsync_agent.database.engine import Database
from calsync_agent.domain.calendar import Connection, Grants
from calsync_agent.domain.policy import Policy, Priority, Profile, Provider, ProviderKind
from calsync_agent.errors import CalsyncError, MailboxClosed, SignInRefused, refused_as_such
from calsync_agent.health import situation
from calsync_agent.health.problems import Kind, expiry, problems
from calsync_agent.i18n import Message, counted, message
from calsync_agent.service import restore_detection
from calsync_agent.service.connections import Connect
from calsync_agent.service.expiry import credential_kind
from calsync_agent.service.findings import CheckStep, Checkup
from calsync_agent.service.restore_detection import Memory
from calsync_agent.service.snapshot import provider_in, refused_rows, type_for_inbound
from calsync_agent.state import activity_types, mailboxes, meta, profiles
from calsync_agent.state.agents import Signing
from calsync_agent.state.mailboxes import Claim
from calsync_agent.state.tables import SCHEMA_VERSION

_AT_ONCE: Final = 8  # mailboxes that are asked at the same time

_TOLD: Final = {
    Kind.NO_AGENT: "agents",
    Kind.AGENT_SILENT: "agents",
    Kind.STANDING_STILL: "agents",
    Kind.PROFILE_HELD: "profiles",
}
"""What of the problems is told beside the steps, and as a warning about which (H1)."""


async def check(
    made: Checkup,
    settings: Settings,
    database: Database,
    connect: Connect,
    grants: Callable[[Settings, Provider], Grants],
    wanted: str | None,
) -> None:
    """Go through the steps that come after the database, as far as one can without the others.

    `wanted`: the address, principal name or object id of a user who is to be found.
    """
    provider, company = await _database(made, database)
    if provider is None:
        return
    given = grants(settings, provider)
    made.consent_url = given.consent_page
    try:
        calendars = connect(settings, provider)
    except CalsyncError as error:
        made.failed("sign_in", error)
        return
    try:
        if await _signed_in(made, provider, calendars, given):
            await _credential(made, settings, calendars)
            await _mailboxes(made, calendars, given, company)
            await _users(made, calendars, given, wanted)
    finally:
        await calendars.aclose()


async def sign_in(
    made: Checkup,
    settings: Settings,
    tenant: str,
    connect: Connect,
    grants: Callable[[Settings, Provider], Grants],
) -> None:
    """Only whether the app can sign in to a tenant; the database is not asked."""
    ways = Policy(inbound=True, outbound=True, priority=Priority.OUTBOUND_FIRST)
    provider = Provider(0, ProviderKind.EXCHANGE365, tenant, ways, 1)
    given = grants(settings, provider)
    made.consent_url = given.consent_page
    try:
        calendars = connect(settings, provider)
    except CalsyncError as error:
        made.failed("sign_in", error)
        return
    try:
        await _signed_in(made, provider, calendars, given)
    finally:
        await calendars.aclose()


@dataclass(frozen=True, slots=True)
class _Company:
    """The profiles to be synced, and what is known of their mailboxes and people."""

    syncing: tuple[Profile, ...] = ()
    claims: Mapping[ProfileId, Claim] = field(default_factory=dict)
    people: Directory = field(default_factory=Directory)


async def _database(made: Checkup, database: Database) -> tuple[Provider | None, _Company]:
    """Consolidate and what an admin has set: the provider, and the profiles to be synced."""
    tables = await made.attempt(
        "tables",
        database.read(_tables),
        lambda version: message(
            "the plugin's tables are there, version {version}", version=version
        ),
    )
    if tables is None:
        return None, _Company()
    for odd in await database.read(activity_types.odd):
        made.warned("tables", odd)
    await made.attempt(
        "installation",
        database.read(_installation),
        lambda _: message("the database is neither a copy nor restored from a backup"),
    )
    await made.attempt(
        "consolidate",
        database.read(_consolidate),
        lambda lacks: lacks or _noticed(database),
    )
    provider = await made.attempt(
        "provider",
        database.read(lambda c: provider_in(c)[0]),
        lambda row: message(
            "tenant {tenant}, every {seconds} s",
            tenant=row.tenant_id,
            seconds=row.interval_seconds,
        ),
    )
    if provider is None:
        return None, _Company()
    number = provider.id
    company = await made.attempt("profiles", database.read(lambda c: _company(c, number)), _count)
    for problem in problems(await database.read(situation.whole)):
        if problem.kind in _TOLD:
            text = message("{problem}. {mend}", problem=problem.text, mend=problem.mend)
            made.warned(_TOLD[problem.kind], text)
    return provider, company or _Company()


def _tables(connection: sa.Connection) -> int:
    meta.check(connection)
    return SCHEMA_VERSION


def _installation(connection: sa.Connection) -> bool:
    restore_detection.check(restore_detection.see(connection), Memory())
    return True


def _consolidate(connection: sa.Connection) -> Message | None:
    """What is in order, but worth a word."""
    readiness.check(connection)
    type_for_inbound(connection)
    return lacking(connection)


def _noticed(database: Database) -> Message:
    """How changes in Consolidate are noticed."""
    if database.scans:
        return message(
            "tables, version, licence and module are in order; changes are found by comparing,"
            " without triggers"
        )
    return message("tables, version, licence, module and triggers are in order")


def _company(connection: sa.Connection, provider: int) -> _Company:
    readiness.check_tables(connection)
    staff = read_staff(connection)
    known = profiles.read_profiles(connection, provider)
    syncing = tuple(one for one in known if one.active and one.employee in staff.permitted)
    return _Company(syncing, mailboxes.read(connection), staff.people)


def _count(company: _Company) -> Message:
    syncing = company.syncing
    if not syncing:
        return message(
            "no profile is active whose employee may be synced; set some up in calsync-tui"
        )
    return counted(
        "{count} profile is to be synced", "{count} profiles are to be synced", len(syncing)
    )


async def _signed_in(
    made: Checkup, provider: Provider, calendars: Connection, grants: Grants
) -> bool:
    try:
        named = await calendars.permissions()
    except CalsyncError as error:
        page = grants.credentials_page if isinstance(error, SignInRefused) else ""
        made.failed("sign_in", error, page)
        return False
    if named is None or grants.calendars in named:
        text = message(
            "the app {client_id} is signed in to the tenant {tenant}",
            client_id=grants.app,
            tenant=provider.tenant_id,
        )
        made.fine("sign_in", text)
        return True
    # RBAC for Applications may grant it nevertheless, which no token tells (GRAPH.md 9.1).
    text = message(
        "the app is signed in, but not given {permission} in the tenant ({named}). Unless RBAC for"
        " Applications lets it into the mailboxes, add that application permission and grant admin"
        " consent",
        permission=grants.calendars,
        named=", ".join(sorted(named)) or "-",
    )
    made.fine("sign_in", text, made.consent_url)
    return True


async def _credential(made: Checkup, settings: Settings, calendars: Connection) -> None:
    """When what is signed in with ends (H3)."""
    try:
        told = await calendars.credential_ends()
    except CalsyncError as error:
        made.failed("credential", error)
        return
    signing = Signing(
        credential_kind(settings), told or credentials.ends(settings), calendars.spare
    )
    now = datetime.now(UTC).replace(tzinfo=None)
    found = list(expiry.of_agents([signing], now))
    for problem in found:
        made.warned(
            "credential", message("{problem}. {mend}", problem=problem.text, mend=problem.mend)
        )
    if found:
        return
    if signing.ends_at is not None:
        day = signing.ends_at.date().isoformat()
        made.fine("credential", message("what the app signs in with ends on {date}", date=day))
        return
    made.fine(
        "credential",
        message(
            "nobody knows when the client secret ends, so nobody will be told before: enter the"
            " day as exchange.client_secret_expires, or give the app the application permission"
            " Application.Read.All"
        ),
    )


async def _mailboxes(
    made: Checkup, calendars: Connection, grants: Grants, company: _Company
) -> None:
    """One small read of each, and whose they are: two profiles on one are named (I4)."""
    turns = asyncio.Semaphore(_AT_ONCE)
    owners: dict[ProfileId, Owner] = {}

    async def look(profile: Profile) -> CalsyncError | None:
        if profiles.no_mailbox(profile.mailbox) is not None:
            return None  # it is refused in any case, and nothing is asked for it
        try:
            async with turns:
                await calendars.mailbox(profile.mailbox, Directory()).probe()
                owners[profile.id] = await calendars.owner_of(profile.mailbox)
        except CalsyncError as trouble:
            return trouble
        return None

    errors = await asyncio.gather(*(look(profile) for profile in company.syncing))
    if (refusal := refused_as_such(errors)) is not None:
        errors = [refusal] * len(errors)
    claims = mailboxes.as_told(company.syncing, company.claims, owners)
    refused = refused_rows(company.syncing, claims, company.people)
    for profile, error in zip(company.syncing, errors, strict=True):
        made.steps.append(_mailbox(grants, profile, refused.get(profile.id) or error))


def _mailbox(grants: Grants, profile: Profile, error: CalsyncError | None) -> CheckStep:
    named: dict[str, str | int] = {"profile": profile.id, "mailbox": profile.mailbox}
    if error is None:
        text = message("profile {profile} ({mailbox}): its calendar can be read", **named)
        return CheckStep("mailbox", text)
    reason = message("profile {profile} ({mailbox}): {reason}", reason=error.message, **named)
    return CheckStep("mailbox", reason, error.exit_status, _page(error, grants))


def _page(error: CalsyncError, grants: Grants) -> str:
    closed = isinstance(error, MailboxClosed) and error.lacks_permission
    return grants.permissions_page if closed else ""


async def _users(made: Checkup, calendars: Connection, grants: Grants, wanted: str | None) -> None:
    """Whether the app may look users up, which the sync itself never does; and who `wanted` is."""
    try:
        found = await calendars.find_users(wanted)
    except CalsyncError as error:
        made.failed("users", error)
        return
    if found is None:
        text = message(
            "the app may not look users up, which the sync does not need. To find mailboxes by"
            " address, give it the application permission {permission} with admin consent",
            permission=grants.users,
        )
        page = grants.permissions_page
        made.steps.append(CheckStep("users", text, 0 if wanted is None else 1, page))
        return
    made.users_allowed, made.found = True, found
    if wanted is None:
        made.fine("users", message("the app may look users up"))
    elif not found:
        text = message(
            "the tenant has no user with the address, principal name or object id {wanted}",
            wanted=wanted,
        )
        made.steps.append(CheckStep("users", text, 1))
    for user in found:
        text = message(
            "{name}, {address}, object id {id}", name=user.name, address=user.address, id=user.id
        )
        made.fine("users", text)
