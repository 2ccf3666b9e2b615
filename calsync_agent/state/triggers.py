"""The triggers that count the settings' revision up when somebody changes provider or profiles.

Scripts and people with SQL tools change these rows too, and Consolidate deletes profiles with their
employees: like the feed's triggers, these must never make a statement fail or wait. So they only
insert (`calsync_revision`, a row for each transaction on PostgreSQL), and where no row is touched
they do nothing. The agent counts the rows, and folds them into one number from time to time.
"""

from collections.abc import Iterator
from typing import Final, assert_never

from calsync_agent.database.schema import Dialect, Item, Kind, Step, Target

SETTINGS_REVISION: Final = "settings_revision"
_SOURCES: Final = ("calsync_provider", "calsync_profile")
_EVENTS: Final = ("INSERT", "UPDATE", "DELETE")
_FUNCTION: Final = "calsync_note_settings"

_POSTGRESQL_FUNCTION: Final = """CREATE FUNCTION {function}() RETURNS trigger
    LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $body$
BEGIN
    BEGIN
        INSERT INTO {revision} (entry) VALUES (to_hex(txid_current())) ON CONFLICT DO NOTHING;
    EXCEPTION WHEN OTHERS THEN
        RAISE LOG 'calsync: % of % is not counted: %', TG_OP, TG_TABLE_NAME, SQLERRM;
    END;
    RETURN NULL;
END
$body$"""

_POSTGRESQL_TRIGGER: Final = """DO $make$ BEGIN
CREATE TRIGGER {trigger} AFTER {event} ON {table}
    FOR EACH {each} EXECUTE PROCEDURE {function}();
ALTER TABLE {table} ENABLE ALWAYS TRIGGER {trigger};
END $make$"""
_POSTGRESQL_EVENTS: Final = {
    "settings": ("INSERT OR UPDATE OR DELETE", "ROW"),
    "emptied": ("TRUNCATE", "STATEMENT"),
}

_MSSQL_TRIGGER: Final = """CREATE TRIGGER {trigger} ON {table}
AFTER INSERT, UPDATE, DELETE AS
BEGIN
    SET NOCOUNT ON;
    SET ROWCOUNT 0;
    INSERT INTO {revision} (entry)
    SELECT CONVERT(varchar(36), NEWID())
    WHERE EXISTS (SELECT 1 FROM inserted) OR EXISTS (SELECT 1 FROM deleted);
END"""

_SQLITE_TRIGGER: Final = """CREATE TRIGGER {trigger} AFTER {event} ON {table} BEGIN
    INSERT INTO {revision} (entry) VALUES (lower(hex(randomblob(16))));
END"""

RETIRED: Final[dict[Dialect, tuple[tuple[Kind, str, str], ...]]] = {
    "postgresql": (
        *(("trigger", f"{table}_revision", table) for table in _SOURCES),
        ("function", "calsync_settings_changed", _SOURCES[0]),
    ),
    "mssql": tuple(("trigger", f"{table}_revision", table) for table in _SOURCES),
    "sqlite": tuple(
        ("trigger", f"{table}_revision_{event.lower()}", table)
        for table in _SOURCES
        for event in _EVENTS
    ),
}
"""What version 1 had: kind, name and table."""


def settings_triggers(target: Target) -> tuple[Step, ...]:
    """The steps that make the settings' triggers."""
    match target.dialect:
        case "postgresql":
            return tuple(_postgresql(target))
        case "mssql":
            return tuple(_mssql(target))
        case "sqlite":
            return tuple(_sqlite(target))
        case _:
            assert_never(target.dialect)


def _names(target: Target, table: str, trigger: str) -> dict[str, str]:
    return {
        "table": target.name(table),
        "trigger": target.name(trigger),
        "revision": target.name("calsync_revision"),
        "function": target.name(_FUNCTION),
    }


def _postgresql(target: Target) -> Iterator[Step]:
    made = _POSTGRESQL_FUNCTION.format_map(_names(target, _SOURCES[0], ""))
    yield Item("function", _FUNCTION, _SOURCES[0], made)
    for table in _SOURCES:
        for kind, (event, each) in _POSTGRESQL_EVENTS.items():
            trigger = f"{table}_{kind}"
            names = {**_names(target, table, trigger), "trigger": target.quoted(trigger)}
            made = _POSTGRESQL_TRIGGER.format(event=event, each=each, **names)
            yield Item("trigger", trigger, table, made)


def _mssql(target: Target) -> Iterator[Step]:
    for table in _SOURCES:
        trigger = f"{table}_settings"
        made = _MSSQL_TRIGGER.format_map(_names(target, table, trigger))
        yield Item("trigger", trigger, table, made)


def _sqlite(target: Target) -> Iterator[Step]:
    for table in _SOURCES:
        for event in _EVENTS:
            trigger = f"{table}_settings_{event.lower()}"
            made = _SQLITE_TRIGGER.format(event=event, **_names(target, table, trigger))
            yield Item("trigger", trigger, table, made)
