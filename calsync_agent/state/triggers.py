"""The triggers that count `settings_revision` up when somebody changes provider or profiles.

Scripts and people with SQL tools change these rows too; like the feed's triggers, these must never
make their statements fail, not even when the number was made unreadable.
"""

from collections.abc import Iterator
from typing import Final, assert_never

from calsync_agent.database.schema import Item, Step, Target

SETTINGS_REVISION: Final = "settings_revision"
_SOURCES: Final = ("calsync_provider", "calsync_profile")

_POSTGRESQL_FUNCTION: Final = """CREATE FUNCTION {function}() RETURNS trigger
    LANGUAGE plpgsql SECURITY DEFINER SET search_path FROM CURRENT AS $body$
BEGIN
    UPDATE calsync_meta
    SET value = CASE WHEN value ~ '^[0-9]{{1,18}}$' THEN (value::bigint + 1)::text ELSE '1' END
    WHERE name = '{revision}';
    RETURN NULL;
END
$body$"""

_POSTGRESQL_TRIGGER: Final = """CREATE TRIGGER {trigger}
    AFTER INSERT OR UPDATE OR DELETE OR TRUNCATE ON {table}
    FOR EACH STATEMENT EXECUTE PROCEDURE {function}()"""

_MSSQL_TRIGGER: Final = """CREATE TRIGGER {trigger} ON {table}
AFTER INSERT, UPDATE, DELETE AS
BEGIN
    SET NOCOUNT ON;
    SET ROWCOUNT 0;
    UPDATE {meta}
    SET value = CONVERT(nvarchar(255), ISNULL(TRY_CONVERT(bigint, value), 0) + 1)
    WHERE name = N'{revision}'
        AND (EXISTS (SELECT 1 FROM inserted) OR EXISTS (SELECT 1 FROM deleted));
END"""

_SQLITE_TRIGGER: Final = """CREATE TRIGGER {trigger} AFTER {event} ON {table} BEGIN
    UPDATE calsync_meta SET value = CAST(CAST(value AS INTEGER) + 1 AS TEXT)
    WHERE name = '{revision}';
END"""


def settings_triggers(target: Target) -> tuple[Step, ...]:
    """The steps that make the settings' triggers."""
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
    function = "calsync_settings_changed"
    made = _POSTGRESQL_FUNCTION.format(function=function, revision=SETTINGS_REVISION)
    yield Item("function", function, _SOURCES[0], made)
    for table in _SOURCES:
        trigger = f"{table}_revision"
        made = _POSTGRESQL_TRIGGER.format(trigger=trigger, table=table, function=function)
        yield Item("trigger", trigger, table, made)


def _mssql(target: Target) -> Iterator[Step]:
    meta = target.name("calsync_meta")
    for table in _SOURCES:
        trigger = f"{table}_revision"
        names = {"trigger": target.name(trigger), "table": target.name(table), "meta": meta}
        made = _MSSQL_TRIGGER.format(revision=SETTINGS_REVISION, **names)
        yield Item("trigger", trigger, table, made)


def _sqlite() -> Iterator[Step]:
    for table in _SOURCES:
        for event in ("INSERT", "UPDATE", "DELETE"):
            trigger = f"{table}_revision_{event.lower()}"
            names = {"trigger": trigger, "table": table, "event": event}
            made = _SQLITE_TRIGGER.format(revision=SETTINGS_REVISION, **names)
            yield Item("trigger", trigger, table, made)
