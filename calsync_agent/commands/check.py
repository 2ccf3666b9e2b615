"""`calsync-agent check`: is everything there that the sync needs, and where is it mended?

As text, a line for each step, with the page on which something is put right below it. As JSON:

    {"steps": [{"name": "sign_in", "ok": false, "message": "…", "mend": "https://…"}, …],
     "consent_url": "https://login.microsoftonline.com/TENANT/adminconsent?client_id=…",
     "users": {"allowed": true, "found": [{"id": "…", "name": "…", "address": "…"}]}}

- The names of steps, in this order: `settings`, `database`, `tables`, `installation`,
  `consolidate`, `provider`, `profiles`, `agents` (where none works as it should), `sign_in`,
  `mailbox` (once for each active profile of an employee who may be synced), `users`. What cannot be
  looked at before something else is put right is left out.
- With `--alert` the steps are `settings` and, once for each channel, `alerts`: nothing else is
  looked at, and a test message goes out. The exit status is 1 where one did not get through.
- With `--sign-in TENANT` they are `settings` and `sign_in`, for a tenant that need not be set yet.
- `message` is one sentence in the language of the command, or a line for each of several problems;
  it says what to do. `mend` is only there where a page on the web is the place for it; a step that
  is `ok` may have one, too, as advice. `warning` is only there, and true, where a step is `ok` but
  should be put right all the same; the name of such a step may come twice.
- `consent_url` is empty as long as no tenant is known.
- `found` holds whom `--find-user` has found by e-mail address, user principal name or object id.

The exit status is 0 where all steps are ok; 1 where a mailbox, or whoever was to be found, is not
to be had, or something does not answer for now; 2 where the sync would refuse to start.
"""

import argparse
import asyncio
import socket
from datetime import UTC, datetime
from typing import Final

from calsync_agent import bootstrap
from calsync_agent.alerts.notice import Notice
from calsync_agent.config import reading
from calsync_agent.config.settings import Settings
from calsync_agent.console import say, say_json, warn
from calsync_agent.errors import CalsyncError
from calsync_agent.i18n import Message, _, marked, message
from calsync_agent.service import delivery
from calsync_agent.service.findings import CheckStep, Checkup

_TITLES: Final = {
    "settings": marked("settings"),
    "database": marked("database"),
    "tables": marked("plugin's tables"),
    "installation": marked("installation"),
    "consolidate": marked("Consolidate"),
    "provider": marked("provider"),
    "profiles": marked("profiles"),
    "agents": marked("agents"),
    "sign_in": marked("sign-in"),
    "credential": marked("credential"),
    "mailbox": marked("mailbox"),
    "users": marked("users"),
    "alerts": marked("alerts"),
}


def check(options: argparse.Namespace) -> int:
    """Look at all that the sync needs, and change nothing."""
    made = Checkup()
    try:
        settings = reading.read(reading.find(options.config))
    except CalsyncError as error:
        made.failed("settings", error)
    else:
        made.fine("settings", message("{file} is complete", file=str(settings.path)))
        for warning in reading.exposed(settings):
            made.warned("settings", warning)
        asyncio.run(_look(made, settings, options))
    if options.json:
        say_json(_as_json(made))
    else:
        for step in made.steps:
            for line in _as_text(step):
                say(line)
    for step in made.steps:
        if step.status or step.warning:
            for line in _line(step).split("\n"):
                warn(line)
    return made.status


async def _look(made: Checkup, settings: Settings, options: argparse.Namespace) -> None:
    if options.alert:
        await _alert(made, settings)
    elif options.sign_in:
        await bootstrap.sign_in(made, settings, options.sign_in)
    else:
        await bootstrap.check(made, settings, options.find_user)


async def _alert(made: Checkup, settings: Settings) -> None:
    """A test message through each channel, all at once; what came of each."""
    try:
        outlets = bootstrap.outlets(settings)
    except CalsyncError as error:
        made.failed("alerts", error)
        return
    if not outlets:
        text = message("{file} names nobody to be told: see [alerts]", file=str(settings.path))
        made.steps.append(CheckStep("alerts", text, 1))
        return
    title = _("This is a test message of calsync on {host}").format(host=socket.gethostname())
    test = Notice(
        title=title,
        text=title,
        kind="test",
        state="begun",
        since=datetime.now(UTC).replace(tzinfo=None),
    )
    trying = [delivery.tried(channel, test) for channel in outlets.channels]
    labels = [channel.label for channel in outlets.channels]
    if outlets.heartbeat is not None:
        trying.append(delivery.beaten(outlets.heartbeat))
        labels.append(outlets.heartbeat.label)
    for label, trouble in zip(labels, await asyncio.gather(*trying), strict=True):
        if trouble is None:
            made.fine("alerts", message("{channel}: delivered", channel=label))
        else:
            told = Message("{channel}: {reason}", {"channel": label, "reason": trouble})
            made.steps.append(CheckStep("alerts", told, 1))


def _line(step: CheckStep) -> str:
    title = _(_TITLES[step.name])
    return f"{title}: {step.message}"


def _as_text(step: CheckStep) -> list[str]:
    sign = "✗" if step.status else "!" if step.warning else "✓"
    first, *others = _line(step).split("\n")
    mend = [f"→ {step.mend}"] if step.mend else []
    return [f"{sign} {first}", *(f"  {line}" for line in [*others, *mend])]


def _as_json(made: Checkup) -> dict[str, object]:
    return {
        "steps": [
            {
                "name": step.name,
                "ok": not step.status,
                "message": str(step.message),
                **({"mend": step.mend} if step.mend else {}),
                **({"warning": True} if step.warning else {}),
            }
            for step in made.steps
        ],
        "consent_url": made.consent_url,
        "users": {
            "allowed": made.users_allowed,
            "found": [
                {"id": user.id, "name": user.name, "address": user.address} for user in made.found
            ],
        },
    }
