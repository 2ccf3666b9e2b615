"""Why something is where it is, or is not (H4), asked of the agent's program (`explain`)."""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from calsync_agent import datetimes
from calsync_agent.i18n import _
from calsync_agent.visible import visible
from calsync_tui.gateway.door import Gateway


@dataclass(frozen=True, slots=True)
class Asked:
    """What is asked about: words for people, and the id where a row knows it.

    `profile`: whose answer is to stand first.
    """

    words: str = ""
    number: str = ""
    profile: int | None = None

    @property
    def what(self) -> str:
        """What the program is asked."""
        return self.number or self.words


@dataclass(frozen=True, slots=True)
class Explained:
    """One appointment or event of one profile; texts are in the language spoken now.

    `number`: the profile's; `facts`: what else is known, each with its name; `lines`: the last
    ones of the log.
    """

    subject: str
    number: int | None
    profile: str
    state: str
    why: str
    next: str
    rule: str
    facts: tuple[tuple[str, str], ...] = ()
    lines: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Answer:
    """All that was found, and what the program says beside it: that there is nothing, or more."""

    found: Sequence[Explained]
    said: str = ""


async def explain(gateway: Gateway, asked: Asked) -> Answer:
    """Ask about an appointment's or an event's id, or about words. Raises ProgramTrouble."""
    # The blank keeps words that begin with a dash from being an option.
    ended = await gateway.command("explain", f" {asked.what}", "--json")
    try:
        found = [_explained(one) for one in json.loads(ended.out)]
    except (ValueError, KeyError, TypeError) as error:
        raise ended.unusable("explain") from error
    found.sort(key=lambda one: asked.profile is not None and one.number != asked.profile)
    said = ended.err.strip().splitlines()
    return Answer(found, visible(said[-1]) if said else "")


def _explained(read: Mapping[str, Any]) -> Explained:
    def text(key: str) -> str:
        return visible(str(read.get(key) or ""))

    aside = read.get("quarantined")
    facts = [
        (_("Appointment"), text("activity_id")),
        (_("Event"), text("event_id")),
        (_("Quarantine"), visible(str(aside["reason"])) if aside else ""),
        *((_("Kept version"), _version(one)) for one in read.get("versions", ())),
    ]
    return Explained(
        subject=text("subject"),
        number=read["profile_id"],
        profile=text("profile"),
        state=_(text("state")),
        why=text("why"),
        next=text("next"),
        rule=text("rule"),
        facts=tuple((name, told) for name, told in facts if told),
        lines=tuple(
            f"{_moment(one['at'])}  {visible(str(one['text']))}" for one in read.get("log", ())
        ),
    )


def _version(one: Mapping[str, Any]) -> str:
    return f"{one['id']}, {_moment(one['at'])}, {_(visible(str(one['rule'])))}"


def _moment(text: str) -> str:
    """A moment of the JSON (UTC) on this host's clock."""
    return datetimes.day_and_time(datetime.fromisoformat(text).replace(tzinfo=None))
