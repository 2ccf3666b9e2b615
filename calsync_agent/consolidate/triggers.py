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
# A type that is sent no longer, or as private, concerns all appointments of that type (C4).
_TYPE_TRIGGER: Final = "calsync_activity_type_feed"
_TYPE_FUNCTION: Final = "calsync_activity_type_changed"

_POSTGRESQL_TYPE_FUNCTION: Final = f"""CREATE FUNCTION {_TYPE_FUNCTION}() RETURNS trigger
    LANGUAGE plpgsql SECURITY DEFINER SET search_path FROM CURRENT AS $body$
BEGIN
    IF OLD.calendar_sync <> NEW.calendar_sync THEN
        INSERT INTO calsync_feed (activity_id) SELECT id FROM activity WHERE type_id = NEW.id;
    END IF;
    RETURN NULL;
END
$body$"""  # noqa: S608 - fixed names

_POSTGRESQL_TYPE_TRIGGER: Final = f"""CREATE TRIGGER {_TYPE_TRIGGER}
    AFTER UPDATE ON activity_type FOR EACH ROW EXECUTE PROCEDURE {_TYPE_FUNCTION}()"""

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

_SQLITE_TYPE_TRIGGER: Final = f"""CREATE TRIGGER {_TYPE_TRIGGER}
AFTER UPDATE ON activity_type WHEN OLD.calendar_sync <> NEW.calendar_sync BEGIN
    INSERT INTO calsync_feed (activity_id) SELECT id FROM activity WHERE type_id = NEW.id;
END"""  # noqa: S608 - fixed names

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
    yield Item("function", _TYPE_FUNCTION, "activity_type", _POSTGRESQL_TYPE_FUNCTION)
    yield Item("trigger", _TYPE_TRIGGER, "activity_type", _POSTGRESQL_TYPE_TRIGGER)


def _mssql(target: Target) -> Iterator[Step]:
    feed = target.name("calsync_feed")
    yield _MSSQL_ROW_LOCKS.format(feed=feed)
    for table, key in _SOURCES:
        trigger = f"calsync_{table}_feed"
        names = {"trigger": target.name(trigger), "table": target.name(table), "feed": feed}
        yield Item("trigger", trigger, table, _MSSQL_TRIGGER.format(key=key, **names))
    made = _MSSQL_TYPE_TRIGGER.format(
        trigger=target.name(_TYPE_TRIGGER),
        types=target.name("activity_type"),
        activity=target.name("activity"),
        feed=feed,
    )
    yield Item("trigger", _TYPE_TRIGGER, "activity_type", made)


def _sqlite() -> Iterator[Step]:
    for table, key in _SOURCES:
        for event, template in _SQLITE_BODIES.items():
            trigger = f"calsync_{table}_{event.lower()}"
            names = {"trigger": trigger, "table": table, "event": event}
            body = template.format(key=key)
            yield Item("trigger", trigger, table, _SQLITE_TRIGGER.format(body=body, **names))
    yield Item("trigger", _TYPE_TRIGGER, "activity_type", _SQLITE_TYPE_TRIGGER)
