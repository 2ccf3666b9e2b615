"""What an activity type means in Exchange (`calsync_type`), as people have entered it."""

import sqlalchemy as sa

from calsync_agent.database.stored import as_stored, shown
from calsync_agent.i18n import Message, message
from calsync_agent.state.tables import type_in_exchange


def odd(connection: sa.Connection) -> list[Message]:
    """The rows with a value that its column should not hold, each named with the column (B8)."""
    columns = as_stored(connection, type_in_exchange.c)
    rows = connection.execute(sa.select(*columns).order_by(type_in_exchange.c.type_id))
    return [found for row in rows.mappings() for found in _odd(row)]


def _odd(row: sa.RowMapping) -> list[Message]:
    number, category, online = row["type_id"], row["category"], row["online_meeting"]
    found = []
    if category is not None and not _is_category(category):
        found.append(
            message(
                "calsync_type {number}: category is {value}; enter the name of an Outlook"
                " category, or NULL for none",
                number=number,
                value=shown(category),
            )
        )
    if not isinstance(online, int) or online not in {0, 1}:
        found.append(
            message(
                "calsync_type {number}: online_meeting is {value}; it must be one of: 0, 1",
                number=number,
                value=shown(online),
            )
        )
    return found


def category_in(stored: object) -> str | None:
    """The category that a column tells; None where it tells none."""
    return str(stored).strip() if _is_category(stored) else None


def is_on(stored: object) -> bool:
    """Whether a column says yes."""
    return isinstance(stored, int) and stored == 1


def _is_category(stored: object) -> bool:
    return isinstance(stored, str) and bool(stored.strip()) and stored.isprintable()
