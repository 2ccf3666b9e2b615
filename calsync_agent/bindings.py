"""What activity types mean in Exchange, as Consolidate's and the plugin's tables tell together."""

import sqlalchemy as sa

from calsync_agent.consolidate.tables import activity_type
from calsync_agent.database.stored import as_stored
from calsync_agent.domain.activity import Sending
from calsync_agent.domain.activity_type import Meaning, Types
from calsync_agent.state.activity_types import category_in, is_on
from calsync_agent.state.tables import type_in_exchange


def read(connection: sa.Connection) -> Types:
    """The types that mean anything in Exchange (I2, I3).

    What a column holds that it should not means nothing (B8); `check` names it.
    """
    bound = as_stored(connection, [type_in_exchange.c.category, type_in_exchange.c.online_meeting])
    wanted = (
        sa.select(
            activity_type.c.id,
            activity_type.c.calendar_sync,
            activity_type.c.inbound_default,
            type_in_exchange.c.type_id,
            *bound,
        )
        .join_from(
            activity_type,
            type_in_exchange,
            activity_type.c.id == type_in_exchange.c.type_id,
            isouter=True,
        )
        .where(
            sa.or_(
                type_in_exchange.c.type_id.is_not(None),
                activity_type.c.inbound_default == sa.true(),
            )
        )
        .order_by(activity_type.c.id)
    )
    meanings: dict[int, Meaning] = {}
    usual: int | None = None
    for row in connection.execute(wanted).mappings():
        if row["calendar_sync"] not in {Sending.NORMAL, Sending.PRIVATE}:
            continue
        if row["inbound_default"] and usual is None:
            usual = row["id"]
        meaning = Meaning(
            category=category_in(row["category"]),
            online_meeting=is_on(row["online_meeting"]),
            private=row["calendar_sync"] == Sending.PRIVATE,
        )
        if row["type_id"] is not None and (meaning.category or meaning.online_meeting):
            meanings[row["id"]] = meaning
    return Types(meanings, usual)
