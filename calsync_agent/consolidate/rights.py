"""Whether the feed's triggers can do their work under whoever writes Consolidate's tables."""

from typing import Final

import sqlalchemy as sa

from calsync_agent.database.catalogue import schema_of
from calsync_agent.errors import NotPermitted
from calsync_agent.i18n import message

# A trigger's function works with the rights of its owner, whoever changes an activity.
_POSTGRESQL: Final = """
    SELECT p.proname::text, r.rolname::text, n.nspname::text
    FROM pg_catalog.pg_proc AS p
    JOIN pg_catalog.pg_namespace AS n ON n.oid = p.pronamespace
    JOIN pg_catalog.pg_roles AS r ON r.oid = p.proowner
    WHERE n.nspname = COALESCE(:schema, current_schema())
      AND p.proname LIKE 'calsync\\_note\\_activity%'
      AND NOT (p.prosecdef AND has_schema_privilege(p.proowner, n.oid, 'USAGE') AND (
        SELECT count(*) = 4 AND bool_and(has_table_privilege(p.proowner, c.oid,
                 CASE WHEN c.relname LIKE 'calsync%' THEN 'INSERT' ELSE 'SELECT' END))
        FROM pg_catalog.pg_class AS c
        WHERE c.relnamespace = n.oid AND c.relname IN
            ('calsync_feed', 'calsync_gap', 'activity', REPLACE(p.proname, 'calsync_note_', ''))
           OR c.relnamespace = n.oid AND p.proname = 'calsync_note_activity'
          AND c.relname = 'activity_type'
      ))
    ORDER BY 1
"""
# Without one owner, whoever writes an activity would need a right on the feed (ownership chaining).
_MSSQL: Final = """
    SELECT o.name, USER_NAME(OBJECTPROPERTY(o.object_id, 'OwnerId')), s.name
    FROM sys.tables AS o JOIN sys.schemas AS s ON s.schema_id = o.schema_id
    WHERE s.name = COALESCE(:schema, SCHEMA_NAME())
      AND o.name IN (N'activity', N'activity_exception', N'activity_participant', N'activity_type')
      AND OBJECTPROPERTY(o.object_id, 'OwnerId') <> (
        SELECT OBJECTPROPERTY(f.object_id, 'OwnerId') FROM sys.tables AS f
        WHERE f.name = N'calsync_feed' AND f.schema_id = o.schema_id)
    ORDER BY o.name
"""


def check(connection: sa.Connection) -> None:
    """Raise NotPermitted where a trigger could not write to the feed. One query."""
    match connection.dialect.name:
        case "postgresql":
            asked = _POSTGRESQL
        case "mssql":
            asked = _MSSQL
        case _:
            return
    query = sa.text(asked).bindparams(sa.bindparam("schema", type_=sa.Unicode()))
    row = connection.execute(query, {"schema": schema_of(connection)}).first()
    if row is None:
        return
    name, owner, schema = row
    if connection.dialect.name == "mssql":
        raise NotPermitted(
            message(
                "Writing to {name} may fail in Consolidate: it belongs to {owner}, and calsync_feed"
                " to somebody else, so that its trigger needs rights of its own. Give both one"
                " owner: ALTER AUTHORIZATION ON {schema}.calsync_feed TO SCHEMA OWNER, and the same"
                " for {name}",
                name=name,
                owner=owner,
                schema=schema,
            )
        )
    raise NotPermitted(
        message(
            "Changes in Consolidate go unseen: the trigger's function {name} belongs to {owner},"
            " who may not write to calsync_feed and calsync_gap, or not read {schema}; give it an"
            " owner who may: ALTER FUNCTION {schema}.{name}() OWNER TO …, or grant {owner} USAGE on"
            " the schema {schema}, INSERT on the two, and SELECT on Consolidate's tables",
            name=name,
            owner=owner,
            schema=schema,
        )
    )
