"""The provider row as an admin edits it: what was read, what was typed, what came of saving.

Rows are taken as they are, because scripts write them too; what is wrong with a value is told where
it is shown.
"""

from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import datetime
from urllib.parse import quote

import sqlalchemy as sa

from calsync_agent.config.settings import Settings
from calsync_agent.database.clock import UtcNow
from calsync_agent.health.provider import FIELDS, ProviderDraft, Row, read, tenant_problem
from calsync_agent.i18n import message
from calsync_agent.platform.account import account
from calsync_agent.state import acts, meta
from calsync_agent.state.profiles import KIND
from calsync_agent.state.tables import provider

# Entra's names for "whichever tenant": an app that signs in as itself belongs to one.


@dataclass(frozen=True, slots=True)
class Saved:
    """The row is in the database: since when (UTC, its clock), and as which settings revision."""

    row: Row
    revision: int
    at: datetime


@dataclass(frozen=True, slots=True)
class Changed:
    """Nothing was saved, because somebody else was quicker: the row as it is now, if there is."""

    row: Row | None


def save(seen: Row | None, draft: ProviderDraft) -> Callable[[sa.Connection], Saved | Changed]:
    """Work that saves a sound draft, unless the row is no longer as it was `seen`."""

    def work(connection: sa.Connection) -> Saved | Changed:
        wrote = _insert(connection, draft) if seen is None else _update(connection, seen, draft)
        row = read(connection)
        if row is None or not wrote:
            return Changed(row)
        text = message(
            "{account} has changed the provider: {changes}",
            account=account(),
            changes=_changes(seen, draft),
        )
        acts.note(connection, text)
        now = connection.execute(sa.select(UtcNow())).scalar_one()
        return Saved(row, meta.settings_revision(connection), now)

    return work


def _update(connection: sa.Connection, seen: Row, draft: ProviderDraft) -> bool:
    as_seen = (
        provider.c.id == seen.id,
        provider.c.kind == KIND,
        provider.c.tenant_id == seen.tenant_id,
        provider.c.inbound == seen.inbound,
        provider.c.outbound == seen.outbound,
        provider.c.priority == seen.priority,
        provider.c.interval_seconds == seen.interval_seconds,
    )
    changed = sa.update(provider).where(*as_seen).values(_values(draft))
    return connection.execute(changed).rowcount > 0


def _insert(connection: sa.Connection, draft: ProviderDraft) -> bool:
    if read(connection) is not None:
        return False
    last = connection.execute(sa.select(sa.func.max(provider.c.id))).scalar() or 0
    values = {"id": last + 1, "kind": KIND, **_values(draft)}
    try:
        with connection.begin_nested():
            connection.execute(sa.insert(provider), values)
    except sa.exc.IntegrityError:  # somebody else has just done the same
        return False
    return True


def _changes(seen: Row | None, draft: ProviderDraft) -> str:
    after = _values(draft)
    return acts.changes({name: getattr(seen, name, None) for name in after}, after)


def _values(draft: ProviderDraft) -> dict[str, object]:
    return {
        "tenant_id": draft.tenant_id.strip(),
        "inbound": draft.inbound,
        "outbound": draft.outbound,
        "priority": draft.priority,
        "interval_seconds": int(draft.interval),
    }


def changed_fields(draft: ProviderDraft, base: ProviderDraft) -> frozenset[str]:
    """The names of the fields in which they differ."""
    return frozenset(name for name in FIELDS if getattr(draft, name) != getattr(base, name))


def rebased(draft: ProviderDraft, base: ProviderDraft, theirs: ProviderDraft) -> ProviderDraft:
    """What was typed over `base`, on top of what somebody else has made of it meanwhile."""
    untouched = changed_fields(theirs, base) - changed_fields(draft, base)
    return replace(draft, **{name: getattr(theirs, name) for name in untouched})


def consent_url(settings: Settings | None, tenant: str) -> str:
    """Where an administrator of the tenant agrees to what the app may do; empty where unknown."""
    if settings is None or tenant_problem(tenant.strip()) is not None:
        return ""
    part = settings.exchange
    place = f"{part.authority.rstrip('/')}/{quote(tenant.strip(), safe='')}/adminconsent"
    return f"{place}?client_id={quote(part.client_id, safe='')}"
