"""The provider and the profiles: what an admin sets, in the UI or by SQL."""

from dataclasses import dataclass
from enum import StrEnum
from typing import Any, Final

import sqlalchemy as sa

from calsync_agent.appointment.model import EmployeeId, ProfileId
from calsync_agent.errors import ConfigurationRefused
from calsync_agent.i18n import Message, message
from calsync_agent.state.tables import profile, provider

KIND: Final = "exchange365"
_GUEST: Final = "#EXT#"  # in the principal names of guests
_NEVER_IN_A_NAME: Final = frozenset("/\\?#%")
SHORTEST_INTERVAL: Final = 1
LONGEST_INTERVAL: Final = 86_400


class Priority(StrEnum):
    """Whose version wins a conflict (A3)."""

    OUTBOUND_FIRST = "outbound_first"
    INBOUND_FIRST = "inbound_first"


@dataclass(frozen=True, slots=True)
class Policy:
    """Which ways the sync goes, and who wins (A2, A3)."""

    inbound: bool
    outbound: bool
    priority: Priority


@dataclass(frozen=True, slots=True)
class Provider:
    """The tenant and how it is synced."""

    id: int
    tenant_id: str
    policy: Policy
    interval_seconds: int


@dataclass(frozen=True, slots=True)
class Profile:
    """One employee bound to one mailbox; `mailbox` is an object id or a user principal name."""

    id: ProfileId
    employee: EmployeeId
    mailbox: str
    active: bool


def read_provider(connection: sa.Connection) -> Provider | None:
    """The provider row; None where there is none.

    Raises ConfigurationRefused, naming row and column, where a value cannot be used.
    """
    found = sa.select(*provider.c).where(provider.c.kind == KIND)
    row = connection.execute(found).mappings().first()
    if row is None:
        return None
    return Provider(
        id=row["id"],
        tenant_id=row["tenant_id"].strip(),
        policy=Policy(bool(row["inbound"]), bool(row["outbound"]), _priority(row["priority"])),
        interval_seconds=_interval(row["interval_seconds"]),
    )


def no_mailbox(name: str) -> Message | None:
    """Why a name cannot be a mailbox's, whatever the tenant; None where it may be one.

    Nothing is asked for it: `..` would be asked outside of `/users`.
    """
    if not name:
        return message("nothing stands there")
    if not name.strip("."):
        return message("it consists of dots alone")
    signs = set(name.replace(_GUEST, ""))
    if any(s in _NEVER_IN_A_NAME or s.isspace() or not s.isprintable() for s in signs):
        return message("no mailbox's name holds blanks, control characters or / \\ ? # % in it")
    return None


def has_tenant(connection: sa.Connection) -> bool:
    """Whether the provider row names a tenant, whatever else is in it."""
    found = sa.select(provider.c.tenant_id).where(provider.c.kind == KIND)
    return bool((connection.execute(found).scalars().first() or "").strip())


def read_profiles(connection: sa.Connection, of_provider: int) -> list[Profile]:
    """All profiles of a provider, active or not, by id."""
    found = sa.select(*profile.c).where(profile.c.provider_id == of_provider).order_by(profile.c.id)
    return [
        Profile(
            id=ProfileId(row["id"]),
            employee=EmployeeId(row["employee_id"]),
            mailbox=row["external_user_id"].strip(),
            active=bool(row["active"]),
        )
        for row in connection.execute(found).mappings()
    ]


def _priority(word: str) -> Priority:
    try:
        return Priority(word)
    except ValueError as error:
        raise _refused("priority", word, ", ".join(Priority)) from error


def _interval(seconds: Any) -> int:  # noqa: ANN401 - SQLite stores what it is given
    if isinstance(seconds, int) and SHORTEST_INTERVAL <= seconds <= LONGEST_INTERVAL:
        return seconds
    raise _refused("interval_seconds", str(seconds), f"{SHORTEST_INTERVAL}-{LONGEST_INTERVAL}")


def _refused(column: str, value: str, right: str) -> ConfigurationRefused:
    return ConfigurationRefused(
        message(
            "calsync_provider.{column} is {value}; it must be one of: {right}",
            column=column,
            value=value,
            right=right,
        )
    )
