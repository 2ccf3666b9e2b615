"""The provider and the profiles: what an admin sets, in the UI or by SQL."""

from collections.abc import Mapping
from typing import Any, Final

import sqlalchemy as sa

from calsync_agent.appointment.model import EmployeeId, ProfileId
from calsync_agent.config.months import FUTURE_MONTHS, PAST_MONTHS
from calsync_agent.database.remade import Remade, Tuples, remade
from calsync_agent.database.stored import as_stored, shown
from calsync_agent.domain.policy import Policy, Priority, Profile, Provider, ProviderKind
from calsync_agent.errors import ConfigurationRefused
from calsync_agent.i18n import Message, message
from calsync_agent.state.tables import profile, provider

KIND: Final = ProviderKind.EXCHANGE365.value
"""The kind that the terminal UI sets up."""
_SYNCED: Final = provider.c.kind.in_([kind.value for kind in ProviderKind])
_GUEST: Final = "#EXT#"  # in the principal names of guests
_NEVER_IN_A_NAME: Final = frozenset("/\\?#%")
SHORTEST_INTERVAL: Final = 1
LONGEST_INTERVAL: Final = 86_400
_FLAGS: Final = ("inbound", "outbound")
_MONTHS: Final = {"past_months": PAST_MONTHS, "future_months": FUTURE_MONTHS}


def read_provider(connection: sa.Connection) -> Provider | None:
    """The provider row; None where there is none.

    Raises ConfigurationRefused, naming row and column, where a value cannot be used.
    """
    found = sa.select(*as_stored(connection, provider.c)).where(_SYNCED)
    row = connection.execute(found).mappings().first()
    if row is None:
        return None
    return Provider(
        id=row["id"],
        kind=ProviderKind(str(row["kind"]).strip().casefold()),  # as SQL Server compares
        tenant_id=_tenant(row["tenant_id"]),
        policy=Policy(
            _flag("inbound", row["inbound"]),
            _flag("outbound", row["outbound"]),
            _priority(row["priority"]),
        ),
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
    found = sa.select(*as_stored(connection, [provider.c.tenant_id]))
    stored = connection.execute(found.where(_SYNCED)).scalars().first()
    return stored is not None and bool(str(stored).strip())


def read_profiles(connection: sa.Connection, of_provider: int) -> list[Profile]:
    """All profiles of a provider, active or not, by id."""
    return list(read_anew(connection, of_provider, None).value)


def read_anew(
    connection: sa.Connection, of_provider: int, before: Remade[tuple[Profile, ...]] | None
) -> Remade[tuple[Profile, ...]]:
    """The same; where nothing of it has changed, what it was `before`."""
    mine = profile.c.provider_id == of_provider
    found = sa.select(*as_stored(connection, profile.c)).where(mine).order_by(profile.c.id)
    rows = list(map(tuple, connection.execute(found)))
    return remade(rows, before, _profiles)


def _profiles(rows: Tuples) -> tuple[Profile, ...]:
    names = [column.key for column in profile.c]
    return tuple(_profile(dict(zip(names, row, strict=True))) for row in rows)


def _profile(row: Mapping[str, Any]) -> Profile:
    mailbox, active = row["external_user_id"], row["active"]
    return Profile(
        id=ProfileId(row["id"]),
        employee=EmployeeId(row["employee_id"]),
        mailbox=mailbox.strip() if isinstance(mailbox, str) else "",
        # One that may be meant to be active is refused, and so told.
        active=bool(active) or not _is_flag(active),
        **_own_terms(row),
        wrong=_wrong(row),
    )


def _own_terms(row: Mapping[str, Any]) -> dict[str, Any]:
    """Directions and window of a profile (A7); what cannot be used is left out."""
    flags = {name: bool(row[name]) if _is_flag(row[name]) else None for name in _FLAGS}
    months = {name: row[name] for name, right in _MONTHS.items() if _within(row[name], right)}
    return {**flags, **months}


def _wrong(row: Mapping[str, Any]) -> Message | None:
    if not isinstance(row["external_user_id"], str):
        return message(
            "calsync_profile {profile}: external_user_id is {value}, which is no text; enter the"
            " user principal name or object id",
            profile=row["id"],
            value=shown(row["external_user_id"]),
        )
    if not _is_flag(row["active"]):
        return _odd(row, "active", "0, 1")
    for name in _FLAGS:
        if row[name] is not None and not _is_flag(row[name]):
            return _odd(row, name, "null, 0, 1")
    for name, right in _MONTHS.items():
        if row[name] is not None and not _within(row[name], right):
            return _odd(row, name, f"null, {right[0]}-{right[-1]}")
    return None


def _odd(row: Mapping[str, Any], column: str, right: str) -> Message:
    return message(
        "calsync_profile {profile}: {column} is {value}; it must be one of: {right}",
        profile=row["id"],
        column=column,
        value=shown(row[column]),
        right=right,
    )


def _within(stored: object, right: range) -> bool:
    return isinstance(stored, int) and stored in right


def _is_flag(stored: object) -> bool:
    return isinstance(stored, int) and stored in {0, 1}


def _tenant(stored: object) -> str:
    if isinstance(stored, str):
        return stored.strip()
    raise _refused("tenant_id", stored, "11111111-2222-3333-4444-555555555555")


def _flag(column: str, stored: object) -> bool:
    if _is_flag(stored):
        return bool(stored)
    raise _refused(column, stored, "0, 1")


def _priority(word: object) -> Priority:
    for known in Priority:
        if word == known.value:
            return known
    raise _refused("priority", word, ", ".join(Priority))


def _interval(seconds: Any) -> int:  # noqa: ANN401 - SQLite stores what it is given
    if isinstance(seconds, int) and SHORTEST_INTERVAL <= seconds <= LONGEST_INTERVAL:
        return seconds
    raise _refused("interval_seconds", seconds, f"{SHORTEST_INTERVAL}-{LONGEST_INTERVAL}")


def _refused(column: str, value: object, right: str) -> ConfigurationRefused:
    return ConfigurationRefused(
        message(
            "calsync_provider.{column} is {value}; it must be one of: {right}",
            column=column,
            value=shown(value),
            right=right,
        )
    )
