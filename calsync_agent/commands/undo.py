"""`calsync-agent undo --since TIME`: put back what the sync overwrote or deleted (H6).

Without `--yes` it only shows what it would do. The exit status is 0, 1 where an appointment had to
be left (each is named on stderr), and 2 where TIME or profile are wrong.
"""

import argparse
import asyncio
import re
from collections.abc import Iterable
from datetime import UTC, datetime, timedelta
from typing import Final

import sqlalchemy as sa

from calsync_agent import undoing
from calsync_agent.commands.admin import named_or_all, opened, stamp, subject_of
from calsync_agent.console import say, say_json, warn
from calsync_agent.errors import ConfigurationRefused
from calsync_agent.i18n import _, message, ngettext
from calsync_agent.undoing import Item

EXAMPLE: Final = "2026-12-01T10:15"
_AGO: Final = re.compile(r"(\d{1,9})([mhd])", re.ASCII)
_UNITS: Final = {"m": "minutes", "h": "hours", "d": "days"}


def undo(options: argparse.Namespace) -> int:
    """Show what is to be put back, and put it back if so told."""
    since = moment(options.since, datetime.now(UTC))
    with opened(options) as database:

        def look(connection: sa.Connection) -> list[Item]:
            only = named_or_all(connection, options.profile)
            return undoing.look(connection, since, only)

        items = asyncio.run(database.read(look))
        if options.yes:
            items = asyncio.run(undoing.put_back(database.write, items, stamp(options)))
    _tell(items, done=options.yes, as_json=options.json)
    left = [item for item in items if item.reason is not None]
    for item in left:
        warn(
            message(
                "{subject} ({id}) is left as it is: {reason}",
                subject=subject_of(item.version),
                id=str(item.version.activity),
                reason=item.reason or "",
            )
        )
    return 1 if left else 0


def moment(text: str, now: datetime) -> datetime:
    """The time that is meant, in UTC without zone; without one it is this host's local time.

    Raises ConfigurationRefused.
    """
    ago = _AGO.fullmatch(text.strip())
    try:
        if ago is not None:
            then = now - timedelta(**{_UNITS[ago[2]]: int(ago[1])})
        else:
            then = datetime.fromisoformat(text.strip()).astimezone(UTC)
    except (ValueError, OverflowError, OSError):
        raise ConfigurationRefused(
            message(
                "--since {text} is no time: right are 30m, 3h, 2d, or ISO 8601 such as {example}"
                " (this host's local time) or {example}Z",
                text=text,
                example=EXAMPLE,
            )
        ) from None
    return then.replace(tzinfo=None)


def _tell(items: Iterable[Item], *, done: bool, as_json: bool) -> None:
    items = list(items)
    if as_json:
        say_json([_as_json(item, done=done) for item in items])
        return
    for item in items:
        fields = ", ".join(_(field.value) for field in item.fields)
        more = f": {fields}" if fields else ""
        version = item.version
        say(
            f"{version.id:>6}  {version.at:%Y-%m-%d %H:%M}  {version.profile:>4}"
            f"  {subject_of(version)}: {_(item.deed.value)}{more}"
        )
    count = sum(item.wanted for item in items)
    if not count:
        say(_("Nothing is to be put back."))
    elif done:
        text = ngettext(
            "{count} appointment was put back in Consolidate; the next cycle carries it to"
            " Exchange.",
            "{count} appointments were put back in Consolidate; the next cycle carries them to"
            " Exchange.",
            count,
        )
        say(text.format(count=count))
    else:
        text = ngettext(
            "{count} appointment would be put back; nothing has been done yet. Do it with --yes.",
            "{count} appointments would be put back; nothing has been done yet. Do it with --yes.",
            count,
        )
        say(text.format(count=count))


def _as_json(item: Item, *, done: bool) -> dict[str, object]:
    version = item.version
    return {
        "id": version.id,
        "at": f"{version.at.isoformat(timespec='seconds')}Z",
        "profile_id": version.profile,
        "activity_id": str(version.activity),
        "event_id": version.event,
        "subject": subject_of(version),
        "side": version.side.value,
        "rule": version.rule,
        "action": item.deed.value,
        "fields": [field.value for field in item.fields],
        "reason": None if item.reason is None else str(item.reason),
        "done": done and item.wanted,
    }
