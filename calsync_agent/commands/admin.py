"""`calsync-agent confirm`, `discard`, `history`, `restore` and `adopt`."""

import argparse
import asyncio
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, suppress
from datetime import UTC, datetime
from typing import Final, TypeVar
from uuid import UUID

import sqlalchemy as sa

from calsync_agent import bootstrap, restoring
from calsync_agent.appointment import zones
from calsync_agent.appointment.codec import from_json
from calsync_agent.appointment.model import ActivityId, ProfileId
from calsync_agent.config import reading
from calsync_agent.config.settings import Settings
from calsync_agent.console import say, say_json
from calsync_agent.consolidate.reading import read_staff
from calsync_agent.database.engine import Database
from calsync_agent.domain.activity import Stamp
from calsync_agent.domain.hold import Held, Verdict
from calsync_agent.errors import Undecided, Unknown
from calsync_agent.i18n import _, message, ngettext
from calsync_agent.naming import profile_called
from calsync_agent.platform.account import account
from calsync_agent.service import restore_detection
from calsync_agent.service.restore_detection import Memory
from calsync_agent.state import acts, holds, identity, meta, profiles
from calsync_agent.state import history as kept
from calsync_agent.state.history import Version
from calsync_agent.state.log import named

_T = TypeVar("_T")

_LISTED: Final = 20
"""How many of the items that wait are named to whoever names none of them."""


def confirm(options: argparse.Namespace) -> int:
    """Let a held profile do what it waits to do."""
    return _answer(options, Verdict.CONFIRMED)


def discard(options: argparse.Namespace) -> int:
    """Let a held profile bring back what was to be deleted."""
    return _answer(options, Verdict.DISCARDED)


def history(options: argparse.Namespace) -> int:
    """Show the versions that the sync overwrote or deleted."""
    with opened(options) as database:

        def read(connection: sa.Connection) -> list[Version]:
            number = named_or_all(connection, options.profile)
            return kept.read(connection, number, options.limit)

        versions = _read(database, read)
    if options.json:
        say_json([_as_json(version) for version in versions])
        return 0
    for version in versions:
        say(
            f"{version.id:>6}  {version.at:%Y-%m-%d %H:%M}  {version.profile:>4}"
            f"  {version.side.value:<11}  {_(version.rule)}: {subject_of(version)}"
        )
    if not versions:
        say(_("No version has been kept yet."))
    return 0


def restore(options: argparse.Namespace) -> int:
    """Make a kept version the current one again."""
    with opened(options) as database:
        now = stamp(options)
        version = _write(database, lambda c: restoring.restore(c, options.version_id, now))
    text = message(
        "restored in Consolidate: {subject}; the next cycle carries it to Exchange",
        subject=subject_of(version),
    )
    say(text)
    return 0


def adopt(options: argparse.Namespace) -> int:
    """Say which database this is, after it was restored or copied."""
    with opened(options) as database:

        def answer(connection: sa.Connection) -> None:
            with suppress(Undecided):
                restore_detection.check(restore_detection.see(connection), Memory())
                raise Unknown(
                    message("this database is neither a copy nor restored; nothing is to be said")
                )
            if options.copy:
                identity.start_anew(connection)
                text = message("{account} has said: a second installation", account=account())
            else:
                identity.put_back(connection)
                text = message("{account} has said: restored from a backup", account=account())
            acts.note(connection, text)

        _write(database, answer)
    if options.copy:
        say(_("A second installation: its links are forgotten, both sides are matched anew."))
    else:
        say(_("The same installation, put back: both sides are compared in full."))
    return 0


def _answer(options: argparse.Namespace, verdict: Verdict) -> int:
    with opened(options) as database:

        def entered(connection: sa.Connection) -> int:
            number = profile_named(connection, options.profile)
            waits = [one for one in holds.read(connection, number) if one.verdict is None]
            if not waits:
                raise Unknown(message("profile {name} is not held", name=options.profile))
            only = None if options.only is None else _items(options, waits)
            return acts.answer(connection, number, verdict, only)

        count = _write(database, entered)
    if verdict is Verdict.CONFIRMED:
        text = ngettext("{count} change is carried out.", "{count} changes are carried out.", count)
    else:
        text = ngettext("{count} change is dropped.", "{count} changes are dropped.", count)
    say(text.format(count=count))
    return 0


def _items(options: argparse.Namespace, waits: Sequence[Held]) -> list[ActivityId]:
    """The items that the admin names; raises Unknown where one of them does not wait."""
    named = [_item(text) for text in options.only]
    known = {one.activity for one in waits}
    for text, item in zip(options.only, named, strict=True):
        if item is None or item not in known:
            listed = "; ".join(f"{one.activity} ({one.subject})" for one in waits[:_LISTED])
            more = ", …" if len(waits) > _LISTED else ""
            raise Unknown(
                message(
                    "{item} does not wait in profile {name}. What waits: {items}",
                    item=text,
                    name=options.profile,
                    items=listed + more,
                )
            )
    return [item for item in named if item is not None]


def _item(text: str) -> ActivityId | None:
    try:
        return ActivityId(UUID(text.strip()))
    except ValueError:
        return None


def profile_named(connection: sa.Connection, name: str) -> ProfileId:
    """The profile with this number, or that of the employee with this code. Raises Refusal."""
    provider = profiles.read_provider(connection)
    known = profiles.read_profiles(connection, provider.id) if provider else []
    people = read_staff(connection).people
    number = profile_called(name, {one.id: people.code(one.employee) for one in known})
    if number is None:
        raise Unknown(message("there is no profile {name}", name=name))
    return number


def named_or_all(connection: sa.Connection, name: str | None) -> ProfileId | None:
    """The profile called so; None, which stands for all of them, where none is named."""
    return None if name is None else profile_named(connection, name)


def _as_json(version: Version) -> dict[str, object]:
    return {
        "id": version.id,
        "at": f"{version.at.isoformat(timespec='seconds')}Z",
        "profile_id": version.profile,
        "side": version.side.value,
        "activity_id": str(version.activity),
        "event_id": version.event,
        "subject": subject_of(version),
        "rule": version.rule,
    }


def subject_of(version: Version) -> str:
    """How a kept version is named; a private one by no words."""
    return str(named(from_json(version.content)))


def stamp(options: argparse.Namespace) -> Stamp:
    """The time of day, as rows and notes hold it."""
    now = datetime.now(UTC)
    zone = zones.zone_info(_settings(options).sync.default_time_zone)
    return Stamp(now.replace(tzinfo=None), now.astimezone(zone))


def _settings(options: argparse.Namespace) -> Settings:
    return reading.read(reading.find(options.config))


@contextmanager
def opened(options: argparse.Namespace) -> Iterator[Database]:
    """The database, with the plugin's tables as this program knows them."""
    database = bootstrap.open_database(_settings(options))
    try:
        _read(database, meta.check)
        yield database
    finally:
        database.dispose()


def _read(database: Database, work: Callable[[sa.Connection], _T]) -> _T:
    return asyncio.run(database.read(work))


def _write(database: Database, work: Callable[[sa.Connection], _T]) -> _T:
    return asyncio.run(database.write(work))
