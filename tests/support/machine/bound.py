"""Activity types that are bound to categories, and whether events agree with them (I2)."""

from collections.abc import Iterator
from typing import Final

import sqlalchemy as sa

from calsync_agent.consolidate import tables
from calsync_agent.state import tables as state
from tests.support.machine.sides import NOTHING, Aside
from tests.support.rig import Rig

BOUND: Final = {4: "Kunde", 5: "Intern", 6: "Kunde"}
OTHERS: Final = ("Rot", "kunde, alt")
ONLINE: Final = 7


def bind(rig: Rig) -> None:
    """Types that are bound to categories."""
    with rig.people.writing() as connection:
        for number, category in BOUND.items():
            new = {"id": number, "name": f"{category} {number}", "calendar_sync": "normal"}
            connection.execute(sa.insert(tables.activity_type).values(new))
            bound = {"type_id": number, "category": category}
            connection.execute(sa.insert(state.type_in_exchange).values(bound))
        new = {"id": ONLINE, "name": "Online", "calendar_sync": "normal"}
        connection.execute(sa.insert(tables.activity_type).values(new))
        asks = {"type_id": ONLINE, "online_meeting": True}
        connection.execute(sa.insert(state.type_in_exchange).values(asks))


def odd_categories(rig: Rig, aside: Aside = NOTHING) -> Iterator[str]:
    """Events whose categories do not agree with the type of their appointment."""
    bound = set(BOUND.values())
    types = {row["id"]: row["type_id"] for row in rig.world.activities()}
    linked = {
        row["event_id"]: row["activity_id"]
        for row in rig.world.rows(state.link)
        if row["role"] != "copy"
    }
    for person in rig.tenant.people():
        for event in person.events():
            number = linked.get(event["id"])
            if number not in types or number in aside.rows or aside.has(event):
                continue
            held, own = bound & set(event["categories"]), BOUND.get(types[number])
            if own not in held if own else held:
                yield f"{event['subject']}: {types[number]} has {event['categories']}"
