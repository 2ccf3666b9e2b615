"""The provider row as an admin edits it: what was read, what was typed, what came of saving.

Rows are taken as they are, because scripts write them too; what is wrong with a value is told where
it is shown.
"""

import re
from collections.abc import Callable
from dataclasses import dataclass, fields, replace
from datetime import datetime, timedelta
from typing import Final
from urllib.parse import quote

import sqlalchemy as sa

from calsync_agent.config.settings import Settings
from calsync_agent.database.clock import UtcNow
from calsync_agent.domain.policy import Priority
from calsync_agent.i18n import Message, message
from calsync_agent.state import meta
from calsync_agent.state.profiles import KIND, LONGEST_INTERVAL, SHORTEST_INTERVAL
from calsync_agent.state.tables import provider

TENANT_LENGTH: Final = 64
INTERVAL: Final = 5

_GUID: Final = re.compile(r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}", re.IGNORECASE)
_LABEL: Final = r"[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?"
_DOMAIN: Final = re.compile(rf"({_LABEL}\.)+[a-z][a-z0-9-]*[a-z0-9]", re.IGNORECASE)
# Entra's names for "whichever tenant": an app that signs in as itself belongs to one.
_NO_TENANT: Final = frozenset({"common", "organizations", "consumers"})


@dataclass(frozen=True, slots=True)
class Row:
    """The provider row as it stands in the database."""

    id: int
    tenant_id: str
    inbound: bool
    outbound: bool
    priority: str
    interval_seconds: int


@dataclass(frozen=True, slots=True)
class ProviderDraft:
    """The same as it stands in the fields."""

    tenant_id: str = ""
    inbound: bool = True
    outbound: bool = True
    priority: str = Priority.OUTBOUND_FIRST.value
    interval: str = str(INTERVAL)


FIELDS: Final = tuple(field.name for field in fields(ProviderDraft))


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


def read(connection: sa.Connection) -> Row | None:
    """The provider row; None where there is none."""
    found = sa.select(*provider.c).where(provider.c.kind == KIND)
    row = connection.execute(found).mappings().first()
    if row is None:
        return None
    return Row(
        id=row["id"],
        tenant_id=row["tenant_id"],
        inbound=bool(row["inbound"]),
        outbound=bool(row["outbound"]),
        priority=row["priority"],
        interval_seconds=row["interval_seconds"],
    )


def save(seen: Row | None, draft: ProviderDraft) -> Callable[[sa.Connection], Saved | Changed]:
    """Work that saves a sound draft, unless the row is no longer as it was `seen`."""

    def work(connection: sa.Connection) -> Saved | Changed:
        wrote = _insert(connection, draft) if seen is None else _update(connection, seen, draft)
        row = read(connection)
        if row is None or not wrote:
            return Changed(row)
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


def _values(draft: ProviderDraft) -> dict[str, object]:
    return {
        "tenant_id": draft.tenant_id.strip(),
        "inbound": draft.inbound,
        "outbound": draft.outbound,
        "priority": draft.priority,
        "interval_seconds": int(draft.interval),
    }


def draft_of(row: Row | None) -> ProviderDraft:
    """The fields as they are filled with a row, or for a new one."""
    if row is None:
        return ProviderDraft()
    return ProviderDraft(
        row.tenant_id, row.inbound, row.outbound, row.priority, str(row.interval_seconds)
    )


def interval_of(row: Row | None) -> timedelta | None:
    """How often it is synced; None where that is not known, or is no number (SQLite takes all)."""
    if row is None or _interval_problem(str(row.interval_seconds)) is not None:
        return None
    return timedelta(seconds=int(row.interval_seconds))


def changed_fields(draft: ProviderDraft, base: ProviderDraft) -> frozenset[str]:
    """The names of the fields in which they differ."""
    return frozenset(name for name in FIELDS if getattr(draft, name) != getattr(base, name))


def rebased(draft: ProviderDraft, base: ProviderDraft, theirs: ProviderDraft) -> ProviderDraft:
    """What was typed over `base`, on top of what somebody else has made of it meanwhile."""
    untouched = changed_fields(theirs, base) - changed_fields(draft, base)
    return replace(draft, **{name: getattr(theirs, name) for name in untouched})


def problems(draft: ProviderDraft) -> dict[str, Message]:
    """What is wrong, by field; empty where the draft may be saved."""
    found = {
        "tenant_id": tenant_problem(draft.tenant_id.strip()),
        "priority": _priority_problem(draft.priority),
        "interval": _interval_problem(draft.interval.strip()),
    }
    return {name: problem for name, problem in found.items() if problem is not None}


def tenant_problem(text: str) -> Message | None:
    """Why this is neither a tenant's GUID nor one of its domains; None where it may be one."""
    if not text:
        return message("is missing: the tenant's GUID or one of its domains")
    if text.lower() in _NO_TENANT:
        return message("must name one tenant; {name} stands for any", name=text)
    if "://" in text or "/" in text:
        return message("is an address; only the domain or the GUID belongs here")
    if "@" in text:
        return message("is a mail address; only what follows the @ belongs here")
    if len(text) > TENANT_LENGTH:
        return message("is longer than {most} characters", most=TENANT_LENGTH)
    if _GUID.fullmatch(text) or _DOMAIN.fullmatch(text):
        return None
    if re.fullmatch(r"[{(]?[0-9a-f-]*[)}]?", text, re.IGNORECASE):
        return message("is no complete GUID: 8-4-4-4-12 digits and letters a to f")
    return message("is neither a GUID nor a domain such as contoso.onmicrosoft.com")


def _priority_problem(text: str) -> Message | None:
    if text in set(Priority):
        return None
    return message("{value} stands in the database; choose one of the two", value=text or "-")


def _interval_problem(text: str) -> Message | None:
    if not text:
        return message("is missing: a whole number of seconds")
    if not (text.isascii() and text.isdigit()):
        return message("must be a whole number of seconds")
    if not SHORTEST_INTERVAL <= int(text) <= LONGEST_INTERVAL:
        return message(
            "must be from {least} to {most} seconds", least=SHORTEST_INTERVAL, most=LONGEST_INTERVAL
        )
    return None


def consent_url(settings: Settings | None, tenant: str) -> str:
    """Where an administrator of the tenant agrees to what the app may do; empty where unknown."""
    if settings is None or tenant_problem(tenant.strip()) is not None:
        return ""
    part = settings.exchange
    place = f"{part.authority.rstrip('/')}/{quote(tenant.strip(), safe='')}/adminconsent"
    return f"{place}?client_id={quote(part.client_id, safe='')}"
