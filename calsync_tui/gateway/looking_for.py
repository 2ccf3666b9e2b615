"""Appointments and people by words, for the one search."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Final

import sqlalchemy as sa

from calsync_agent.collation import words
from calsync_agent.consolidate.tables import activity, employee
from calsync_agent.health import profiles
from calsync_agent.health.profiles import Employee, Listing
from calsync_agent.i18n import Message
from calsync_agent.state.tables import quarantine
from calsync_agent.visible import visible

MOST: Final = 30
"""Most appointments that are found at once."""
_SPELT: Final = (("ae", "ä"), ("oe", "ö"), ("ue", "ü"), ("ss", "ß"))


@dataclass(frozen=True, slots=True)
class FoundAppointment:
    """An appointment in Consolidate, or an event that cannot be taken in (no `starts_at`).

    `number`: the id of the one or the other; `code`: whose; `starts_at`: as Consolidate has it.
    """

    number: str
    subject: str
    code: str
    starts_at: datetime | None


@dataclass(frozen=True, slots=True)
class Everybody:
    """Who has a profile, and who may have one."""

    listing: Listing
    others: Sequence[Employee]


def appointments(connection: sa.Connection, typed: str) -> list[FoundAppointment]:
    """Those whose subject holds all the words, the newest first; no private ones."""
    looked_for = words(typed)
    if not looked_for:
        return []
    here = activity.c
    wanted = (
        sa.select(here.id, here.subject, here.starts_at, employee.c.code)
        .outerjoin(employee, employee.c.id == here.responsible_id)
        .where(
            *(_holds(here.subject, word) for word in looked_for),
            here.deleted_at.is_(None),
            here.private == sa.false(),
        )
        .order_by(here.starts_at.desc(), here.id)
        .limit(MOST)
    )
    found = [
        FoundAppointment(
            str(row.id), visible(str(row.subject)), visible(row.code or ""), row.starts_at
        )
        for row in connection.execute(wanted)
    ]
    # Of what is in Exchange alone and could not be taken in, the quarantine knows the name.
    aside = sa.select(quarantine.c.event_id, quarantine.c.name).where(
        *(_holds(quarantine.c.name, word) for word in looked_for),
        quarantine.c.activity_id.is_(None),
    )
    for row in connection.execute(aside.limit(MOST)):
        name = visible(str(Message.from_json(row.name)))
        found.append(FoundAppointment(str(row.event_id), name, "", None))
    return found


def everybody(connection: sa.Connection, now: datetime) -> Everybody:
    """All people that the search knows."""
    return Everybody(profiles.read(connection, now), profiles.read_candidates(connection))


def _holds(column: sa.ColumnElement[str], word: str) -> sa.ColumnElement[bool]:
    """Whether a text holds a word in whatever case; SQLite knows the cases of ASCII alone."""
    cases = {
        each
        for spelt in _spellings(word)
        for each in (spelt, spelt.upper(), spelt.capitalize(), spelt.title())
    }
    return sa.or_(*(column.icontains(each, autoescape=True) for each in sorted(cases)))


def _spellings(word: str) -> Iterator[str]:
    yield word
    for apart, together in _SPELT:
        if apart in word:
            yield word.replace(apart, together)
        if together in word:
            yield word.replace(together, apart)
