"""Puts a case on: a tenant, a database, one real sync, and then what has happened since.

    people, appointments as last agreed ──sync──▶ links on both sides ──▶ edits, deletions, new ones

So nothing has to be made up of what the sync remembers, and `preview` finds what it found there.
"""

import asyncio
import json
from collections.abc import Iterable
from datetime import UTC, datetime
from pathlib import Path
from typing import Final
from uuid import UUID
from zoneinfo import ZoneInfo

import sqlalchemy as sa

from calsync_agent import bootstrap, installation
from calsync_agent.appointment.model import ICalUid
from calsync_agent.config import reading
from calsync_agent.config.settings import Sync
from calsync_agent.consolidate.tables import (
    activity,
    activity_exception,
    activity_participant,
    activity_type,
    employee,
    employee_email,
    module,
    system_info,
)
from calsync_agent.database.engine import Database
from calsync_agent.domain.link import stored_uid
from calsync_agent.errors import ConfigurationRefused
from calsync_agent.i18n import Message, counted, message
from calsync_agent.logs import logs
from calsync_agent.replay.case import Appointment, Case, Row
from calsync_agent.replay.earlier import earlier
from calsync_agent.replay.inviting import CannotBeMade, invited
from calsync_agent.sandbox.people import Person
from calsync_agent.sandbox.server import SandboxServer
from calsync_agent.sandbox.tenant import Tenant
from calsync_agent.state.tables import (
    deed,
    history,
    hold,
    link,
    log,
    pending,
    profile,
    profile_state,
    provider,
    turn,
    type_in_exchange,
)

DATABASE: Final = "consolidate.db"
_LOG: Final = '\n[log]\nfile = "agent.log"\nlevel = "error"\n'
_ZONE: Final = Sync().default_time_zone
_UNBOUNDED: Final = (
    "\n[sync]\nmax_deletes = 1000000\nmax_deletes_a_day = 1000000\nmax_mails = 1000000\n"
    "max_mails_a_day = 1000000\n"
)
_OF_THE_FIRST_SYNC: Final = (log, history, turn, deed, pending)


class Staging:
    """A bundle being replayed. Raises ConfigurationRefused where the file is none."""

    def __init__(self, path: Path) -> None:
        self.case = Case(path)
        self._people: dict[int, Person] = {}
        self._not_made = 0
        self._invitations: dict[UUID, str] = {}

    # -- as the sandbox asks ------------------------------------------------------------------

    def fill(self, tenant: Tenant) -> None:
        """Make the mailboxes of all who have a profile."""
        aliases: dict[int, list[str]] = {}
        for one in self.case.rows(employee_email):
            aliases.setdefault(one["employee_id"], []).append(one["email"])
        taken: set[str] = set()
        profiles = {one["employee_id"]: one for one in self.case.rows(profile)}
        for one in self.case.rows(employee):
            if one["id"] not in profiles:
                continue
            address = one["email"] or profiles[one["id"]]["external_user_id"]
            upn = address if "@" in address else f"{address}@{tenant.domain}"
            others = [alias for alias in aliases.get(one["id"], ()) if alias not in taken | {upn}]
            if upn not in taken:
                self._people[one["id"]] = tenant.add_mailbox(upn, one["name"], *others)
                taken |= {upn, *others}

    def begin(self, server: SandboxServer, folder: Path) -> None:
        """Fill the database of that folder, whose settings are there already."""
        file = folder / DATABASE
        if file.exists():
            raise ConfigurationRefused(
                message("{path}: exists already; name a new folder", path=str(file))
            )
        settings = folder / reading.FILE_NAME
        written = settings.read_text(encoding="utf-8")
        settings.write_text(written + self._limits(_UNBOUNDED) + _LOG, encoding="utf-8")
        database = bootstrap.open_database(reading.read(settings))
        try:
            installation.install(database, with_consolidate=True)
            self._agreed(database, server)
            self._invited(server.tenant)
            self._synced(settings)
            self._since(database)
        finally:
            database.dispose()
        server.tenant.clear_outbox()
        settings.write_text(written + self._limits() + _LOG, encoding="utf-8")

    def left_out(self) -> list[Message]:
        """What of the case is not there, a line for each kind."""
        told = []
        if self.case.left_out:
            told.append(
                counted(
                    "{count} row is left out: a column cannot hold what it says",
                    "{count} rows are left out: a column cannot hold what they say",
                    self.case.left_out,
                )
            )
        if self._not_made:
            told.append(
                counted(
                    "{count} invitation from outside is left out: the sandbox does not take it",
                    "{count} invitations from outside are left out: the sandbox does not take them",
                    self._not_made,
                )
            )
        return told

    # -- before -------------------------------------------------------------------------------

    def _agreed(self, database: Database, server: SandboxServer) -> None:
        """Everything as both sides last agreed upon it."""
        with database.writing() as connection:
            connection.execute(sa.delete(activity_type))
            for table in (activity_type, employee, employee_email, type_in_exchange):
                _insert(connection, table, self.case.rows(table))
            both = {"inbound": True, "outbound": True}
            for one in self.case.rows(provider):
                row = {**one, **both, "tenant_id": server.tenant_id}
                _insert(connection, provider, [row])
            for one in self.case.rows(profile):
                person = self._people.get(one["employee_id"])
                mailbox = person.id if person else one["external_user_id"]
                nulls = dict.fromkeys(both)
                _insert(connection, profile, [{**one, **nulls, "external_user_id": mailbox}])
            self._enter(connection, self._earlier())

    def _earlier(self) -> Iterable[Appointment]:
        """The linked appointments that were ours to send, also those whose row is gone."""
        whose = {one["id"]: one["employee_id"] for one in self.case.rows(profile)}
        for number, links in self.case.linked.items():
            now = self.case.appointments.get(number)
            if now is not None and _is_from_outside(now):
                continue  # see `_invited`
            if now is not None and not now.odd:
                yield earlier(now, self.case.edited.get(number, frozenset()))
            elif (now or self.case.whole) and links[0]["starts_at"] and links[0]["ends_at"]:
                yield Appointment(self._of_link(links[0], whose[links[0]["profile_id"]]))

    def _of_link(self, found: Row, responsible: int) -> Row:
        zone = str(self.case.settings.get("default_time_zone") or _ZONE)
        types = self.case.rows(activity_type)
        normal = [one["id"] for one in types if one["calendar_sync"] == "normal"]
        return {
            "id": found["activity_id"],
            "type_id": (normal or [one["id"] for one in types])[0],
            "subject": f"gone {found['activity_id'].hex[:8]}",
            "starts_at": _on_the_wall(found["starts_at"], zone),
            "ends_at": _on_the_wall(found["ends_at"], zone),
            "time_zone": zone,
            "responsible_id": responsible,
        }

    def _invited(self, tenant: Tenant) -> None:
        """What people outside have invited ours to."""
        whose = {one["id"]: one["employee_id"] for one in self.case.rows(profile)}
        for number, links in self.case.linked.items():
            now = self.case.appointments.get(number)
            if now is None or not _is_from_outside(now):
                continue
            guests = [self._people.get(whose.get(one["profile_id"], 0)) for one in links]
            before = earlier(now, self.case.edited.get(number, frozenset()))
            try:
                uid = invited(tenant, before, [guest.upn for guest in guests if guest])
            except CannotBeMade:
                self._not_made += 1
            else:
                self._invitations[number] = stored_uid(ICalUid(uid))

    def _synced(self, path: Path) -> None:
        settings = reading.read(path)
        with bootstrap.identity() as who, logs.set_up(settings.log, settings.secrets()):
            asyncio.run(bootstrap.sync_once(settings, who))

    # -- since --------------------------------------------------------------------------------

    def _since(self, database: Database) -> None:
        """What has happened since then."""
        with database.writing() as connection:
            for table in _OF_THE_FIRST_SYNC:
                connection.execute(sa.delete(table))
            for number, uid in self._invitations.items():
                self._taken_over(connection, number, uid)
            for number in self.case.linked:
                self._happened(connection, number)
            linked = self.case.linked
            new = [one for number, one in self.case.appointments.items() if number not in linked]
            self._enter(connection, new)
            _insert(connection, deed, self.case.rows(deed))
            _insert(connection, hold, self.case.rows(hold))
            self._restored(connection)

    def _taken_over(self, connection: sa.Connection, number: UUID, uid: str) -> None:
        """Let an invitation belong to the appointment of the case, not to the one just made."""
        mine = link.c.ical_uid == uid
        made = connection.execute(sa.select(link.c.activity_id).where(mine)).scalars().all()
        if not made:
            return
        connection.execute(sa.update(link).where(mine).values(activity_id=number))
        connection.execute(sa.delete(activity).where(activity.c.id.in_(made)))
        self._enter(connection, [self.case.appointments[number]])

    def _happened(self, connection: sa.Connection, number: UUID) -> None:
        now, mine = self.case.appointments.get(number), activity.c.id == number
        if now is None:
            connection.execute(sa.delete(activity).where(mine))
            return
        edited = number in self.case.edited or now.odd
        if _is_from_outside(now) or (not edited and now.row["deleted_at"] is None):
            return
        connection.execute(sa.update(activity).where(mine).values(now.row))
        for table, rows in (
            (activity_exception, now.exceptions),
            (activity_participant, now.participants),
        ):
            connection.execute(sa.delete(table).where(table.c.activity_id == number))
            _insert(connection, table, rows)

    def _restored(self, connection: sa.Connection) -> None:
        """The switches as they were, and which profiles have never been compared."""
        for table in (system_info, module):
            if rows := self.case.rows(table):
                connection.execute(sa.delete(table))
                _insert(connection, table, rows)
        for one in self.case.rows(provider):
            switches = {name: one[name] for name in ("inbound", "outbound")}
            connection.execute(sa.update(provider).values(switches))
        for one in self.case.rows(profile):
            switches = {name: one.get(name) for name in ("inbound", "outbound")}
            mine = profile.c.id == one["id"]
            connection.execute(sa.update(profile).where(mine).values(switches))
        compared = {
            one["profile_id"] for one in self.case.rows(profile_state) if one["compared_at"]
        }
        for one in self.case.rows(profile):
            if one["id"] not in compared:
                mine = profile_state.c.profile_id == one["id"]
                connection.execute(sa.delete(profile_state).where(mine))

    def _enter(self, connection: sa.Connection, appointments: Iterable[Appointment]) -> None:
        some = list(appointments)
        _insert(connection, activity, [one.row for one in some])
        _insert(connection, activity_exception, [e for one in some for e in one.exceptions])
        _insert(connection, activity_participant, [p for one in some for p in one.participants])

    def _limits(self, instead: str = "") -> str:
        """The section `sync` of the settings."""
        told = {n: v for n, v in self.case.settings.items() if not (instead and "max" in n)}
        lines = [f"{name} = {json.dumps(value)}\n" for name, value in told.items()]
        return (instead or "\n[sync]\n") + "".join(lines)


def _insert(connection: sa.Connection, table: sa.Table, rows: Iterable[Row]) -> None:
    """Rows of one table, each with the columns that it has."""
    for row in rows:
        connection.execute(sa.insert(table).values(row))


def _is_from_outside(appointment: Appointment) -> bool:
    return not appointment.odd and bool(appointment.row["organizer_email"])


def _on_the_wall(moment: datetime, zone: str) -> datetime:
    return moment.replace(tzinfo=UTC).astimezone(ZoneInfo(zone)).replace(tzinfo=None)
