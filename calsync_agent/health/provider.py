"""The provider row as it stands, and what is wrong with its values."""

import re
from dataclasses import dataclass, fields
from datetime import timedelta
from typing import Final

import sqlalchemy as sa

from calsync_agent.database.stored import as_stored
from calsync_agent.domain.policy import Priority
from calsync_agent.i18n import Message, message
from calsync_agent.state.profiles import KIND, LONGEST_INTERVAL, SHORTEST_INTERVAL
from calsync_agent.state.tables import provider

TENANT_LENGTH: Final = 64


INTERVAL: Final = 5


_GUID: Final = re.compile(r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}", re.IGNORECASE)


_LABEL: Final = r"[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?"


_DOMAIN: Final = re.compile(rf"({_LABEL}\.)+[a-z][a-z0-9-]*[a-z0-9]", re.IGNORECASE)


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


def read(connection: sa.Connection) -> Row | None:
    """The provider row; None where there is none."""
    found = sa.select(*as_stored(connection, provider.c)).where(provider.c.kind == KIND)
    row = connection.execute(found).mappings().first()
    if row is None:
        return None
    return Row(
        id=row["id"],
        tenant_id=str(row["tenant_id"]),
        inbound=bool(row["inbound"]),
        outbound=bool(row["outbound"]),
        priority=str(row["priority"]),
        interval_seconds=row["interval_seconds"],
    )


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
