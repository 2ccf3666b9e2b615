"""Makes a kept version the current one again (B6).

It is written into Consolidate as if somebody had entered it there; the next cycle carries it to
Exchange.
"""

from typing import Final

import sqlalchemy as sa

from calsync_agent import bindings
from calsync_agent.appointment.codec import from_json
from calsync_agent.appointment.comparable import categories as category_keys
from calsync_agent.appointment.fields import ALL, INBOUND_ONLY, Field
from calsync_agent.appointment.model import Appointment
from calsync_agent.consolidate import feed, writing
from calsync_agent.consolidate.reading import hold_activities, inbound_type
from calsync_agent.domain.activity import (
    Activity,
    BrokenActivity,
    ChangedActivity,
    NewActivity,
    Stamp,
)
from calsync_agent.domain.activity_type import Types
from calsync_agent.domain.link import Role
from calsync_agent.domain.version import Kept, Side
from calsync_agent.errors import Refusal, Unknown
from calsync_agent.i18n import Message, marked, message
from calsync_agent.platform.account import account
from calsync_agent.state import history, links, log
from calsync_agent.state.history import Version
from calsync_agent.state.log import Kind, Level, LogEntry, named

RULE: Final = marked("restored by an administrator")


def restore(connection: sa.Connection, number: int, stamp: Stamp) -> Version:
    """Write a kept version into Consolidate; the version that it replaces is kept in turn.

    Raises Unknown where there is no such version, Refusal where it could not last.
    """
    version = history.find(connection, number)
    if version is None:
        raise Unknown(message("there is no version {number} in the history", number=number))
    appointment = from_json(version.content)
    held = hold_activities(connection, [version.activity])
    if held.busy:
        raise Refusal(
            message(
                "somebody is at work on the appointment of version {number} in Consolidate;"
                " try again",
                number=number,
            )
        )
    match held.activities.get(version.activity):
        case None:
            writing.create(connection, [_made_anew(connection, version, appointment)], stamp)
        case BrokenActivity(reason=reason):
            raise Refusal(
                message(
                    "the appointment of version {number}: {reason}", number=number, reason=reason
                )
            )
        case Activity(from_outside=True, deleted=False):
            raise Refusal(theirs(version))
        case Activity() as activity:
            types = bindings.read(connection)
            activity = types.known(activity)
            history.keep(connection, [_replaced(version, activity, appointment)], stamp.now)
            fields = fields_told(connection, version)
            given = _type_then(version, types, activity, appointment)
            writing.change(
                connection, [ChangedActivity(activity, appointment, fields, (), None, given)], stamp
            )
    feed.touch(connection, version.activity)
    log.write(connection, [_told(version, appointment)], stamp.now)
    return version


def fields_told(connection: sa.Connection, version: Version) -> frozenset[Field]:
    """What a version tells of an appointment: an event without attendees tells of no people."""
    told = ALL - INBOUND_ONLY
    if version.side is Side.CONSOLIDATE:
        return told
    roles = [
        link.role
        for link in links.by_activities(connection, [version.activity])
        if link.profile == version.profile
    ]
    people = Field.PARTICIPANTS, Field.RESPONSES
    return told if roles == [Role.ORGANIZER] else told.difference(people)


def _type_then(
    version: Version, types: Types, activity: Activity, appointment: Appointment
) -> int | None:
    """The type that the appointment had, where its category tells that it has another one now."""
    if category_keys(appointment) == category_keys(activity.appointment):
        return None
    if version.side is Side.CONSOLIDATE:
        return version.type_id
    return types.turned(activity.type_id, types.bound(appointment).categories)


def theirs(version: Version) -> Message:
    """Why the version of somebody else's meeting cannot be made the current one."""
    return message(
        "version {number} is of a meeting that somebody outside organizes; theirs would be put back"
        " at once",
        number=version.id,
    )


def _told(version: Version, appointment: Appointment) -> LogEntry:
    return LogEntry(
        Level.INFO,
        Kind.CHANGED,
        message("{account} has restored: {subject}", account=account(), subject=named(appointment)),
        version.profile,
        version.activity,
        version.event,
        rule=message(RULE),
    )


def _made_anew(
    connection: sa.Connection, version: Version, appointment: Appointment
) -> NewActivity:
    given_type = version.type_id or inbound_type(connection)
    if given_type is None:
        raise Refusal(message("no activity type is marked as inbound_default; mark one first"))
    return NewActivity(version.activity, version.responsible, given_type, appointment)


def _replaced(version: Version, activity: Activity, appointment: Appointment) -> Kept:
    return Kept(
        profile=version.profile,
        side=Side.CONSOLIDATE,
        activity=version.activity,
        event=version.event,
        rule=RULE,
        lost=activity.appointment,
        replaced_by=appointment,
        responsible=activity.responsible,
        type_id=activity.type_id,
    )
