"""The triggers that fill the feed (`calsync_feed`) from Consolidate's tables.

They run inside other people's transactions and must never make those fail:

- PostgreSQL: SECURITY DEFINER with a fixed search path, so that whoever may write an activity needs
  no right on our table. TRUNCATE is caught too, before the rows are gone.
- SQL Server: set-based, once per statement; our table has the same owner, so that rights on it are
  not asked for (ownership chaining). SET ROWCOUNT 0, because a client's SET ROWCOUNT n would cut
  our rows as well. `@@IDENTITY` afterwards names the feed's row; the tables' own keys are uuids, so
  that only a program that inserts elsewhere, writes an activity, and then asks for @@IDENTITY
  instead of SCOPE_IDENTITY() notices.
- Not seen on SQL Server: TRUNCATE of the two child tables, and bulk loads without FIRE_TRIGGERS.
  The next full comparison finds what they did.
"""

from collections.abc import Iterator
from typing import Final, assert_never

from calsync_agent.database.schema import Item, Step, Target

_SOURCES: Final = (
    ("activity", "id"),
    ("activity_exception", "activity_id"),
    ("activity_participant", "activity_id"),
)
"""Each table, and its column that names the activity."""

# `OLD` and `NEW` may be named only where they are assigned (PostgreSQL 10 and before).
_POSTGRESQL_FUNCTION: Final = """CREATE FUNCTION {function}() RETURNS trigger
    LANGUAGE plpgsql SECURITY DEFINER SET search_path FROM CURRENT AS $body$
BEGIN
    IF TG_OP = 'TRUNCATE' THEN
        INSERT INTO calsync_feed (activity_id) SELECT DISTINCT {key} FROM {table};
    ELSIF TG_OP = 'DELETE' THEN
        INSERT INTO calsync_feed (activity_id) VALUES (OLD.{key});
    ELSE
        INSERT INTO calsync_feed (activity_id) VALUES (NEW.{key});
        IF TG_OP = 'UPDATE' THEN
            IF OLD.{key} <> NEW.{key} THEN
                INSERT INTO calsync_feed (activity_id) VALUES (OLD.{key});
            END IF;
        END IF;
    END IF;
    RETURN NULL;
END
$body$"""

_POSTGRESQL_TRIGGERS: Final = {
    "calsync_{table}_feed": """CREATE TRIGGER {trigger}
    AFTER INSERT OR UPDATE OR DELETE ON {table} FOR EACH ROW EXECUTE PROCEDURE {function}()""",
    "calsync_{table}_truncate": """CREATE TRIGGER {trigger}
    BEFORE TRUNCATE ON {table} FOR EACH STATEMENT EXECUTE PROCEDURE {function}()""",
}

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
    SELECT 1 FROM sys.tables WHERE object_id = OBJECT_ID(N'{feed}') AND lock_escalation <> 1
)
    ALTER TABLE {feed} SET (LOCK_ESCALATION = DISABLE)"""

_SQLITE_TRIGGER: Final = """CREATE TRIGGER {trigger} AFTER {event} ON {table} BEGIN
    {body}
END"""
_SQLITE_NEW: Final = "INSERT INTO calsync_feed (activity_id) VALUES (NEW.{key});"
_SQLITE_OLD: Final = "INSERT INTO calsync_feed (activity_id) VALUES (OLD.{key});"
_SQLITE_MOVED: Final = """INSERT INTO calsync_feed (activity_id)
    SELECT OLD.{key} WHERE OLD.{key} <> NEW.{key};"""
_SQLITE_BODIES: Final = {
    "INSERT": _SQLITE_NEW,
    "UPDATE": f"{_SQLITE_NEW}\n    {_SQLITE_MOVED}",
    "DELETE": _SQLITE_OLD,
}


def feed_triggers(target: Target) -> tuple[Step, ...]:
    """The steps that make the feed's triggers."""
    match target.dialect:
        case "postgresql":
            return tuple(_postgresql())
        case "mssql":
            return tuple(_mssql(target))
        case "sqlite":
            return tuple(_sqlite())
        case _:
            assert_never(target.dialect)


def _postgresql() -> Iterator[Step]:
    for table, key in _SOURCES:
        names = {"table": table, "key": key, "function": f"calsync_{table}_changed"}
        made = _POSTGRESQL_FUNCTION.format_map(names)
        yield Item("function", names["function"], table, made)
        for pattern, create in _POSTGRESQL_TRIGGERS.items():
            trigger = pattern.format(table=table)
            yield Item("trigger", trigger, table, create.format(trigger=trigger, **names))


def _mssql(target: Target) -> Iterator[Step]:
    feed = target.name("calsync_feed")
    yield _MSSQL_ROW_LOCKS.format(feed=feed)
    for table, key in _SOURCES:
        trigger = f"calsync_{table}_feed"
        names = {"trigger": target.name(trigger), "table": target.name(table), "feed": feed}
        yield Item("trigger", trigger, table, _MSSQL_TRIGGER.format(key=key, **names))


def _sqlite() -> Iterator[Step]:
    for table, key in _SOURCES:
        for event, template in _SQLITE_BODIES.items():
            trigger = f"calsync_{table}_{event.lower()}"
            names = {"trigger": trigger, "table": table, "event": event}
            body = template.format(key=key)
            yield Item("trigger", trigger, table, _SQLITE_TRIGGER.format(body=body, **names))
