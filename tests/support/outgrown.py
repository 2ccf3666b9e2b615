"""An office in step, whose database is as 0.1.0 left it; and what people see on both sides."""

import json
from collections.abc import Mapping
from dataclasses import replace
from datetime import date, datetime, time, timedelta
from itertools import count
from typing import Any, Final
from uuid import uuid4

import sqlalchemy as sa

from calsync_agent import installation
from calsync_agent.appointment.content import Fingerprint
from calsync_agent.consolidate import tables
from calsync_agent.database.creation import begin, create, target_of
from calsync_agent.database.engine import Database, open_database
from calsync_agent.installation import upgrade
from calsync_agent.state import meta
from calsync_agent.state import tables as state
from tests.support.old_prints import as_0_1_0
from tests.support.old_schemas import cut_off, dialect_of, kept, run, shape
from tests.support.world import VIENNA, World

_FIRST: Final = date.today() - timedelta(days=30)  # noqa: DTZ011 - wall-clock
_DAYS: Final = 600  # well inside the window
_MEETINGS: Final = 20  # fewer than wait for somebody's word (F8)


def in_step(world: World, links: int) -> None:
    """Have ANNA enter so many appointments, some of them with BERND, who would be mailed."""
    world.tenant.settings.stamp_delay = None  # an event changes when somebody changes it
    for code in ("ANNA", "BERND"):
        world.hire(code)
    rows = [_appointment(number, world.employees["ANNA"]) for number in range(links)]
    guests = [
        {
            "id": uuid4(),
            "activity_id": row["id"],
            "employee_id": world.employees["BERND"],
            "role": "invited",
            "response": "none",
        }
        for row in rows[:: max(30, links // _MEETINGS)]
    ]
    with world.database.writing() as connection:
        connection.execute(sa.insert(tables.activity), rows)
        connection.execute(sa.insert(tables.activity_participant), guests)


def as_left_by_0_1_0(world: World, url: str) -> None:
    """Fill an empty database with all of this office's that 0.1.0 kept, in its tables."""
    run(url, kept(1, dialect_of(url)))
    engine = sa.create_engine(url)
    with engine.begin() as old, world.database.reading() as now:
        there = sa.inspect(old)
        known = set(there.get_table_names())
        every = [*tables.CONSOLIDATE_TABLES, *state.PLUGIN_TABLES]
        mine = [table for table in every if table.name in known and table is not state.meta]
        for table in reversed(mine):
            old.execute(sa.delete(table))
        for table in mine:
            columns = {one["name"] for one in there.get_columns(table.name)}
            rows = [_older(table, row, columns) for row in now.execute(sa.select(table)).mappings()]
            if rows:  # as they are: what a column is filled with now is no affair of 0.1.0
                plain = [sa.column(one.name, one.type) for one in table.c if one.name in columns]
                old.execute(sa.insert(sa.table(table.name, *plain)), rows)
        old.execute(sa.delete(tables.feed))
    engine.dispose()


async def upgraded(world: World, url: str, every: int = 1) -> tuple[int, int]:
    """Upgrade it, cut off before at (every so many) statements, and sync on.

    Nothing may be written on either side, and nobody mailed: not at the first sync, which asks what
    has changed, and not when both sides are compared in full. Returns how many statements there
    are, and links.
    """
    opened = open_database(url)
    try:
        cuts = _cut_off_everywhere(opened, every)
        upgrade(opened)
        later = replace(world, database=opened)
        before = seen(later, opened)
        for what in ("what has changed", "all of both sides"):
            world.tenant.reset_counters()
            outcomes = await later.sync()
            assert [one.in_step for one in outcomes] == [True, True], what
            assert world.tenant.counters.writes == 0, what
            after = seen(later, opened)
            assert [name for name in before if after[name] != before[name]] == [], what
            with opened.writing() as connection:
                connection.execute(sa.delete(state.profile_state))
        with opened.reading() as connection:
            links = sa.select(sa.func.count()).select_from(state.link)
            return cuts, connection.execute(links).scalar_one()
    finally:
        opened.dispose()


def _cut_off_everywhere(opened: Database, every: int) -> int:
    """Cut the upgrade off, do it again, and take all of it back, each time later."""
    wanted = None
    with opened.writing() as connection:
        for after in count(step=every):
            with connection.begin_nested() as attempt:
                through = cut_off(connection, after, steps_of)
                steps_of(connection)
                made = shape(connection), _links(connection)
                wanted = wanted or made
                assert made == wanted, f"cut off after {after} statements"
                attempt.rollback()
            if through:
                return after
    raise AssertionError


def steps_of(connection: sa.Connection) -> None:
    """What `db upgrade` does, without its transaction."""
    target = target_of(connection)
    begin(connection, target)
    version = meta.installed(connection)
    create(connection, target, installation._steps(target, version, with_consolidate=False))


def _links(connection: sa.Connection) -> int:
    """A digest of all that is remembered."""
    return hash(tuple(map(str, connection.execute(sa.select(state.link).order_by("id")))))


def seen(world: World, database: Database) -> dict[str, list[str]]:
    """All that people see: the rows of Consolidate, the events of every mailbox, the mails."""
    with database.reading() as connection:
        found = {
            table.name: sorted(map(str, connection.execute(sa.select(table))))
            for table in tables.CONSOLIDATE_TABLES
        }
    for person in world.tenant.people():
        found[person.upn] = sorted(json.dumps(e, sort_keys=True) for e in person.events())
    found["mails"] = list(map(str, world.tenant.outbox))
    return found


def _older(table: sa.Table, row: Mapping[Any, Any], columns: set[str]) -> dict[str, object]:
    values = {name: value for name, value in row.items() if name in columns}
    for name in ("consolidate_print", "exchange_print"):
        if table is state.link:
            values[name] = as_0_1_0(Fingerprint(values[name]))
    return values


def _appointment(number: int, employee: int) -> dict[str, Any]:
    start = datetime.combine(
        _FIRST + timedelta(days=number % _DAYS), time(6 + number // _DAYS % 16)
    )
    return {
        "id": uuid4(),
        "type_id": 1,
        "subject": f"Besprechung {number}",
        "body": "Grüß Gott,\n\nbis bald.\n" * (1 + number % 3),
        "location": f"Zimmer {number % 7}",
        "starts_at": start + timedelta(minutes=number // _DAYS % 40),
        "ends_at": start + timedelta(minutes=45),
        "time_zone": VIENNA,
        "private": number % 20 == 1,
        "responsible_id": employee,
    }
