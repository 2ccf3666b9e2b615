"""The triggers that fill the feed (`calsync_feed`) from Consolidate's tables.

They run inside other people's transactions: they only insert, wait for nobody, and must never make
those fail, whatever became of our tables.

- PostgreSQL: SECURITY DEFINER with a fixed search path and qualified names, so that whoever may
  write an activity needs no right on our tables. Once per statement (per row before version 10,
  which has no transition tables), in a subtransaction: what cannot be written leaves a row in
  `calsync_gap` instead, and where that cannot be either, a line in the server's log. An entry is
  made once in a transaction. They fire for replication and bulk loaders too (ENABLE ALWAYS).
  TRUNCATE is caught before the rows are gone.
- SQL Server: set-based, once per statement; our table has the same owner, so that rights on it are
  not asked for (ownership chaining). An error in a trigger ends the transaction there, and the
  trigger cannot look for the table first: metadata is hidden from whoever has no right on it. So
  `readiness` looks out for what would make it fail. SET ROWCOUNT 0, because a client's SET ROWCOUNT
  n would cut our rows as well.
- SQLite has no way to catch an error in a trigger.
- Not seen on SQL Server: TRUNCATE of the two child tables, and bulk loads without FIRE_TRIGGERS.
  The next full comparison finds what they did.
"""

from collections.abc import Iterator
from typing import Final, assert_never

from calsync_agent.database.schema import Dialect, Item, Kind, Step, Target, literal

_SOURCES: Final = (
    ("activity", "id"),
    ("activity_exception", "activity_id"),
    ("activity_participant", "activity_id"),
)
"""Each table, and its column that names the activity."""

_TYPES: Final = "activity_type"
_EVENTS: Final = ("INSERT", "UPDATE", "DELETE")

# `OLD` and `NEW` may be named only where they are assigned (PostgreSQL 10 and before).
_POSTGRESQL_FUNCTION: Final = """CREATE FUNCTION {function}() RETURNS trigger
    LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $body$
BEGIN
    IF TG_LEVEL = 'STATEMENT' AND TG_OP <> 'TRUNCATE' THEN
        IF NOT EXISTS (SELECT 1 FROM touched) THEN
            RETURN NULL;
        END IF;
    END IF;
    BEGIN
        IF TG_OP = 'TRUNCATE' THEN
            INSERT INTO {feed} (entry, activity_id)
            SELECT DISTINCT {new_key} || t.{key}, t.{key} FROM {table} t
            ON CONFLICT DO NOTHING;
        ELSIF TG_LEVEL = 'ROW' THEN
            IF TG_OP <> 'INSERT' THEN
                INSERT INTO {feed} (entry, activity_id)
                VALUES ({new_key} || OLD.{key}, OLD.{key}) ON CONFLICT DO NOTHING;
            END IF;
            IF TG_OP <> 'DELETE' THEN
                INSERT INTO {feed} (entry, activity_id)
                VALUES ({new_key} || NEW.{key}, NEW.{key}) ON CONFLICT DO NOTHING;
            END IF;
        ELSIF TG_OP = 'UPDATE' THEN
            INSERT INTO {feed} (entry, activity_id)
            SELECT {new_key} || t.{key}, t.{key}
            FROM (SELECT {key} FROM touched UNION SELECT {key} FROM before) t
            ON CONFLICT DO NOTHING;
        ELSE
            INSERT INTO {feed} (entry, activity_id)
            SELECT DISTINCT {new_key} || t.{key}, t.{key} FROM touched t
            ON CONFLICT DO NOTHING;
        END IF;
    {missed}
    END;
    RETURN NULL;
END
$body$"""

# In one transaction an activity has one entry: all that it did becomes visible at once.
_NEW_KEY: Final = "to_hex(txid_current()) || '.'"
_MISSED: Final = """EXCEPTION WHEN OTHERS THEN
        RAISE LOG 'calsync: % of % is not in the feed: %', TG_OP, TG_TABLE_NAME, SQLERRM;
        BEGIN
            INSERT INTO {gap} (entry) VALUES (to_hex(txid_current())) ON CONFLICT DO NOTHING;
        EXCEPTION WHEN OTHERS THEN
            RAISE LOG 'calsync: nor in calsync_gap: %', SQLERRM;
        END;"""

# A type that is sent no longer, or as private, concerns all appointments of that type (C4).
_POSTGRESQL_TYPE_FUNCTION: Final = """CREATE FUNCTION {function}() RETURNS trigger
    LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $body$
BEGIN
    IF OLD.calendar_sync <> NEW.calendar_sync THEN
        BEGIN
            INSERT INTO {feed} (entry, activity_id)
            SELECT {new_key} || a.id, a.id FROM {activity} a WHERE a.type_id = NEW.id
            ON CONFLICT DO NOTHING;
        {missed}
        END;
    END IF;
    RETURN NULL;
END
$body$"""

_TRANSITIONS: Final = {
    "INSERT": "REFERENCING NEW TABLE AS touched",
    "UPDATE": "REFERENCING NEW TABLE AS touched OLD TABLE AS before",
    "DELETE": "REFERENCING OLD TABLE AS touched",
}
_POSTGRESQL_TRIGGER: Final = """DO $make$ BEGIN
IF current_setting('server_version_num')::int >= 100000 THEN
    EXECUTE '{statement}';
ELSE
    EXECUTE '{row}';
END IF;
ALTER TABLE {table} ENABLE ALWAYS TRIGGER {trigger};
END $make$"""

_MSSQL_TRIGGER: Final = """CREATE TRIGGER {trigger} ON {table}
AFTER INSERT, UPDATE, DELETE AS
BEGIN
    SET NOCOUNT ON;
    SET ROWCOUNT 0;
    INSERT INTO {feed} (activity_id)
    SELECT {key} FROM inserted UNION SELECT {key} FROM deleted;
END"""

# Thousands of changes in one statement would lock the whole feed, and READPAST waits for that.
_MSSQL_ROW_LOCKS: Final = """IF EXISTS (
    SELECT 1 FROM sys.tables WHERE object_id = OBJECT_ID(N'{named}') AND lock_escalation <> 1
)
    ALTER TABLE {feed} SET (LOCK_ESCALATION = DISABLE)"""

_MSSQL_TYPE_TRIGGER: Final = """CREATE TRIGGER {trigger} ON {types}
AFTER UPDATE AS
BEGIN
    SET NOCOUNT ON;
    SET ROWCOUNT 0;
    INSERT INTO {feed} (activity_id)
    SELECT a.id FROM {activity} a
        JOIN inserted i ON i.id = a.type_id
        JOIN deleted d ON d.id = i.id
    WHERE d.calendar_sync <> i.calendar_sync;
END"""

_SQLITE_TRIGGER: Final = """CREATE TRIGGER {trigger} AFTER {event} ON {table} BEGIN
    {body}
END"""
_SQLITE_NEW: Final = "INSERT INTO {feed} (activity_id) VALUES (NEW.{key});"
_SQLITE_OLD: Final = "INSERT INTO {feed} (activity_id) VALUES (OLD.{key});"
_SQLITE_MOVED: Final = """INSERT INTO {feed} (activity_id)
    SELECT OLD.{key} WHERE OLD.{key} <> NEW.{key};"""
_SQLITE_TYPE_TRIGGER: Final = """CREATE TRIGGER {trigger}
AFTER UPDATE ON {types} WHEN OLD.calendar_sync <> NEW.calendar_sync BEGIN
    INSERT INTO {feed} (activity_id) SELECT id FROM {activity} WHERE type_id = NEW.id;
END"""
_SQLITE_BODIES: Final = {
    "INSERT": _SQLITE_NEW,
    "UPDATE": f"{_SQLITE_NEW}\n    {_SQLITE_MOVED}",
    "DELETE": _SQLITE_OLD,
}

RETIRED: Final[dict[Dialect, tuple[tuple[Kind, str, str], ...]]] = {
    "postgresql": (
        *(
            ("trigger", f"calsync_{table}_{kind}", table)
            for table, _ in _SOURCES
            for kind in ("feed", "truncate")
        ),
        ("trigger", "calsync_activity_type_feed", _TYPES),
        *(("function", f"calsync_{table}_changed", table) for table, _ in _SOURCES),
        ("function", "calsync_activity_type_changed", _TYPES),
    ),
    "mssql": tuple(
        ("trigger", f"calsync_{table}_feed", table)
        for table in (*(name for name, _ in _SOURCES), _TYPES)
    ),
    "sqlite": (
        *(
            ("trigger", f"calsync_{table}_{event.lower()}", table)
            for table, _ in _SOURCES
            for event in _EVENTS
        ),
        ("trigger", "calsync_activity_type_feed", _TYPES),
    ),
}
"""What version 1 had: kind, name and table. Other names than today's, so that at no moment of an
upgrade there are none."""


def feed_triggers(target: Target) -> tuple[Step, ...]:
    """The steps that make the feed's triggers."""
    match target.dialect:
        case "postgresql":
            return tuple(_postgresql(target))
        case "mssql":
            return tuple(_mssql(target))
        case "sqlite":
            return tuple(_sqlite(target))
        case _:
            assert_never(target.dialect)


def _names(target: Target, table: str) -> dict[str, str]:
    named = {
        "table": target.name(table),
        "feed": target.name("calsync_feed"),
        "activity": target.name("activity"),
        "types": target.name(_TYPES),
        "new_key": _NEW_KEY,
    }
    return {**named, "missed": _MISSED.format(gap=target.name("calsync_gap"))}


def postgresql_trigger(target: Target, trigger: str, table: str, statement: str, row: str) -> Item:
    """A trigger on PostgreSQL by one text from version 10 on, by another before."""
    made = _POSTGRESQL_TRIGGER.format(
        statement=literal(statement),
        row=literal(row),
        table=target.name(table),
        trigger=target.quoted(trigger),
    )
    return Item("trigger", trigger, table, made)


def _postgresql(target: Target) -> Iterator[Step]:
    for table, key in _SOURCES:
        function = f"calsync_note_{table}"
        names = {**_names(target, table), "key": key, "function": target.name(function)}
        yield Item("function", function, table, _POSTGRESQL_FUNCTION.format_map(names))
        does = f"EXECUTE PROCEDURE {target.name(function)}()"
        for event in _EVENTS:
            trigger = f"calsync_{table}_{event.lower()}"
            begin = f"CREATE TRIGGER {target.quoted(trigger)} AFTER {event} ON {names['table']}"
            each = f"{begin} {_TRANSITIONS[event]} FOR EACH STATEMENT {does}"
            yield postgresql_trigger(target, trigger, table, each, f"{begin} FOR EACH ROW {does}")
        trigger = f"calsync_{table}_emptied"
        begin = f"CREATE TRIGGER {target.quoted(trigger)} BEFORE TRUNCATE ON {names['table']}"
        each = f"{begin} FOR EACH STATEMENT {does}"
        yield postgresql_trigger(target, trigger, table, each, each)
    function, trigger = "calsync_note_activity_type", "calsync_activity_type_update"
    names = {**_names(target, _TYPES), "function": target.name(function)}
    yield Item("function", function, _TYPES, _POSTGRESQL_TYPE_FUNCTION.format_map(names))
    each = (
        f"CREATE TRIGGER {target.quoted(trigger)} AFTER UPDATE ON {names['types']}"
        f" FOR EACH ROW EXECUTE PROCEDURE {target.name(function)}()"
    )
    yield postgresql_trigger(target, trigger, _TYPES, each, each)


def _mssql(target: Target) -> Iterator[Step]:
    feed = target.name("calsync_feed")
    yield _MSSQL_ROW_LOCKS.format(feed=feed, named=literal(feed))
    for table, key in _SOURCES:
        trigger = f"calsync_{table}_touched"
        names = {**_names(target, table), "trigger": target.name(trigger), "key": key}
        yield Item("trigger", trigger, table, _MSSQL_TRIGGER.format_map(names))
    trigger = f"calsync_{_TYPES}_touched"
    names = {**_names(target, _TYPES), "trigger": target.name(trigger)}
    yield Item("trigger", trigger, _TYPES, _MSSQL_TYPE_TRIGGER.format_map(names))


def _sqlite(target: Target) -> Iterator[Step]:
    # SQLite allows no schema for a table that a trigger writes to; it means the trigger's own.
    for table, key in _SOURCES:
        for event, template in _SQLITE_BODIES.items():
            trigger = f"calsync_{table}_{event.lower()}_touched"
            names = {**_names(target, table), "trigger": target.name(trigger), "event": event}
            body = template.format(key=key, **names)
            made = _SQLITE_TRIGGER.format(body=body, **names)
            yield Item("trigger", trigger, table, made)
    trigger = f"calsync_{_TYPES}_touched"
    names = {**_names(target, _TYPES), "trigger": target.name(trigger)}
    yield Item("trigger", trigger, _TYPES, _SQLITE_TYPE_TRIGGER.format_map(names))
