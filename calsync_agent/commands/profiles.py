"""`calsync-agent profiles`: match, add, import, export and activate many at once (I1).

`match --json`: an array of objects with `employee`, `employee_id`, `name`, `verdict` (`clear`,
`ambiguous`, `taken`, `guest`, `shared mailbox`, `without licence`, `without mailbox`), `by` (`main
address`, `alias`, `principal name`, or null), `external_user_id` (what `add` would enter, else
empty), `candidates` (`id`, `name`, `principal`, `address`) and `reason`. `progress --json`: an
object with `a_day` (null where no roll-out is under way), `begun`, `waiting`, `next_at` (UTC) and
`stopped_by` (an employee's code).
"""

import argparse
import asyncio
from collections import Counter
from collections.abc import Callable, Iterable, Mapping
from typing import Final

import sqlalchemy as sa

from calsync_agent import bootstrap
from calsync_agent.commands.admin import opened
from calsync_agent.config import reading
from calsync_agent.console import say, say_json, warn
from calsync_agent.database.engine import Database
from calsync_agent.domain.calendar import Account
from calsync_agent.errors import ConfigurationRefused, NotReady
from calsync_agent.i18n import _, message, ngettext
from calsync_agent.platform.account import account
from calsync_agent.rollout import deeds, profile_csv, steps
from calsync_agent.rollout.deeds import Outcome
from calsync_agent.rollout.matching import Match, Verdict
from calsync_agent.rollout.steps import Progress
from calsync_agent.state import profiles as stored


def match(options: argparse.Namespace) -> int:
    """Show what employees without a profile are matched with; change nothing."""
    with opened(options) as database:
        accounts = _accounts(options, database)
        found = asyncio.run(database.read(lambda c: deeds.look(c, accounts)))
    if options.json:
        say_json([_as_json(one) for one in found])
        return 0
    for one in found:
        say(_line(one))
    counted = Counter(one.verdict for one in found)
    if not found:
        say(_("Every employee who may be synced has a profile."))
    else:
        say(", ".join(f"{_(verdict.value)}: {counted[verdict]}" for verdict in Verdict))
    return 0


def add(options: argparse.Namespace) -> int:
    """Add a profile, inactive, for each clear match."""
    with opened(options) as database:
        accounts, who = _accounts(options, database), account()
        done = asyncio.run(database.write(lambda c: deeds.add(c, accounts, who)))
    text = ngettext(
        "{count} profile added, inactive.", "{count} profiles added, inactive.", done.made
    )
    say(text.format(count=done.made))
    return _left(done)


def take_in(options: argparse.Namespace) -> int:
    """Take over profiles from a file; a line that is wrong is named and left."""
    try:
        with options.file.open("rb") as file:
            content = file.read(profile_csv.LONGEST + 1)
    except OSError as error:
        raise _unusable(options.file, error) from None
    lines, who = profile_csv.read(content, str(options.file)), account()
    with opened(options) as database:
        done = asyncio.run(database.write(lambda c: deeds.take_in(c, lines, who)))
    text = _("{made} profiles added, {changed} changed, {same} as they were already.")
    say(text.format(made=done.made, changed=done.changed, same=done.same))
    for number, reason in done.left:
        warn(
            message(
                "{file}, line {line}: {reason}",
                file=str(options.file),
                line=number,
                reason=reason,
            )
        )
    return 1 if done.left else 0


def export(options: argparse.Namespace) -> int:
    """Write all profiles as a table that `import` takes."""
    with opened(options) as database:
        text = profile_csv.write(asyncio.run(database.read(deeds.exported)))
    if options.file is None:
        for line in text.splitlines():
            say(line)
        return 0
    try:
        options.file.write_bytes(text.encode("utf-8-sig"))  # as spreadsheets know UTF-8
    except OSError as error:
        raise _unusable(options.file, error) from None
    return 0


def activate(options: argparse.Namespace) -> int:
    """Let inactive profiles begin, all at once or so many a day."""
    who, a_day = account(), options.a_day

    def begun(connection: sa.Connection) -> tuple[Outcome, Progress]:
        if a_day is None:
            steps.end(connection, who)
            return deeds.activate(connection, who), steps.progress(connection)
        done = steps.begin(connection, a_day, who)
        return done, steps.progress(connection)

    with opened(options) as database:
        done, progress = asyncio.run(database.write(begun))
    text = ngettext("{count} profile activated.", "{count} profiles activated.", done.changed)
    say(text.format(count=done.changed))
    if progress.plan is not None:
        _say_progress(progress)
    return max(_left(done), 1 if _stopped(progress) else 0)


def progress(options: argparse.Namespace) -> int:
    """Show how far the roll-out has come, or end it."""
    who = account()
    with opened(options) as database:
        if options.end:
            asyncio.run(database.write(lambda c: steps.end(c, who)))
        now = asyncio.run(database.read(steps.progress))
    plan = now.plan
    if options.json:
        say_json(
            {
                "a_day": plan.a_day if plan else None,
                "begun": now.begun,
                "waiting": now.waiting,
                "next_at": f"{now.next_at.isoformat(timespec='seconds')}Z" if now.next_at else None,
                "stopped_by": now.stopped_by,
            }
        )
    elif plan is None:
        say(_("No roll-out is under way."))
    else:
        _say_progress(now)
    return 1 if _stopped(now) else 0


COMMANDS: Final[Mapping[str, Callable[[argparse.Namespace], int]]] = {
    "match": match,
    "add": add,
    "import": take_in,
    "export": export,
    "activate": activate,
    "progress": progress,
}


def _accounts(options: argparse.Namespace, database: Database) -> list[Account]:
    """The tenant's users, in one listing."""
    provider = asyncio.run(database.read(stored.read_provider))
    if provider is None or not provider.tenant_id:
        raise NotReady(
            message("there is no provider yet; set the Tenant ID on the page Provider first")
        )
    settings = reading.read(reading.find(options.config))
    return asyncio.run(bootstrap.tenant_users(settings, provider))


def _line(one: Match) -> str:
    code, name = one.employee.code, one.employee.name
    told = code if code == name else f"{code} {name}"
    if one.why is not None:
        return f"{told}: {_(one.verdict.value)}: {one.why}"
    by = _(one.by.value) if one.by else ""
    return f"{told}: {_(one.verdict.value)}: {one.mailbox} ({by})"


def _as_json(one: Match) -> dict[str, object]:
    return {
        "employee": one.employee.code,
        "employee_id": one.employee.id,
        "name": one.employee.name,
        "verdict": one.verdict.value,
        "by": one.by.value if one.by else None,
        "external_user_id": one.mailbox if one.verdict is Verdict.CLEAR else "",
        "candidates": [
            {"id": a.id, "name": a.name, "principal": a.principal, "address": a.address}
            for a in one.candidates
        ],
        "reason": None if one.why is None else str(one.why),
    }


def _left(done: Outcome) -> int:
    _warn_each(done.left)
    return 1 if done.left else 0


def _warn_each(left: Iterable[tuple[str, object]]) -> None:
    for code, reason in left:
        warn(f"{code}: {reason}")


def _say_progress(now: Progress) -> None:
    text = _("The roll-out: {a_day} a day; {begun} have begun, {waiting} are to come.")
    a_day = now.plan.a_day if now.plan else 0
    say(text.format(a_day=a_day, begun=now.begun, waiting=now.waiting))
    if now.next_at is not None:
        say(_("The next begin at {at} UTC.").format(at=f"{now.next_at:%Y-%m-%d %H:%M}"))


def _stopped(now: Progress) -> bool:
    if now.plan is None or now.stopped_by is None:
        return False
    warn(
        message(
            "the roll-out has stopped, because profile {profile} is held or fails; when that is put"
            " right, begin it again: calsync-agent profiles activate --a-day {a_day}",
            profile=now.stopped_by,
            a_day=now.plan.a_day,
        )
    )
    return True


def _unusable(file: object, error: OSError) -> ConfigurationRefused:
    return ConfigurationRefused(
        message("{file}: {reason}", file=str(file), reason=error.strerror or type(error).__name__)
    )
