"""What `status` tells: as lines for people, as JSON for programs (contract 1, H1)."""

from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime
from typing import Final

from calsync_agent import datetimes
from calsync_agent.appointment.model import ProfileId
from calsync_agent.health.overview import AgentRow, Pulse
from calsync_agent.health.problems import Problem
from calsync_agent.health.profiles import ProfileLine, State
from calsync_agent.health.situation import Situation
from calsync_agent.i18n import _, marked

WORDS: Final = {
    State.PAUSED: marked("paused"),
    State.NOT_PERMITTED: marked("not permitted"),
    State.NO_MAILBOX: marked("no mailbox"),
    State.DOUBLE: marked("used twice"),
    State.HELD: marked("held"),
    State.NO_AGENT: marked("no agent"),
    State.FAILING: marked("failing"),
    State.THROTTLED: marked("throttled"),
    State.FIRST_SYNC: marked("first sync"),
    State.WELL: marked("in step"),
}


def as_json(
    now: Situation, linked: Mapping[ProfileId, int], problems: Sequence[Problem]
) -> dict[str, object]:
    """All that is told; times are UTC."""
    pulse = now.pulse
    return {
        "ok": not problems,
        "at": moment(pulse.now),
        "agents": [_agent_as_json(one, pulse) for one in pulse.agents],
        "profiles": [_profile_as_json(one, linked, now) for one in now.profiles],
        "problems": list(problems_as_json(problems)),
    }


def problems_as_json(problems: Sequence[Problem]) -> Iterator[dict[str, object]]:
    """A problem once for each profile that it is about, or once."""
    for one in problems:
        for number in one.profiles or (None,):
            yield {
                "kind": one.kind.value,
                "weight": one.weight.name.lower(),
                "since": moment(one.since),
                "profile_id": number,
                "text": str(one.text),
                "mend": str(one.mend),
            }


def moment(at: datetime | None) -> str | None:
    """`2026-12-01T10:15:00Z`."""
    return None if at is None else f"{at.isoformat(timespec='seconds')}Z"


def lines(
    now: Situation, linked: Mapping[ProfileId, int], problems: Sequence[Problem]
) -> Iterator[str]:
    """What needs a person first, then agents and profiles."""
    for one in problems:
        since = f" ({datetimes.since(one.since, now.pulse.now)})" if one.since else ""
        yield f"! {one.text}{since}"
        yield f"  → {one.mend}"
    if not problems:
        yield _("Nothing needs a person.")
    for agent in now.pulse.agents:
        living = _("alive") if agent in now.pulse.alive else _("silent")
        ago = datetimes.ago(agent.seen_at, now.pulse.now)
        who = _("agent")
        yield f"{who} {agent.host} ({agent.pid}), {agent.version}: {living}, {ago}"
    width = max((len(one.employee.title) for one in now.profiles), default=0)
    for profile in now.profiles:
        yield _profile_line(profile, linked, now, width)


def _profile_line(
    one: ProfileLine, linked: Mapping[ProfileId, int], situation: Situation, width: int
) -> str:
    now, proved = situation.pulse.now, situation.proofs.get(one.row.id)
    at = datetimes.since(one.synced_at, now) if one.synced_at else "-"
    parts = [
        f"{one.employee.title:<{width}}",
        f"{_(WORDS[one.state]):<14}",
        _("in step at {time}").format(time=at),
        _("links: {count}").format(count=linked.get(one.row.id, 0)),
    ]
    if proved is not None and proved.equal_at is not None:
        time = datetimes.since(proved.equal_at, now)
        parts.append(_("proved equal: {time}").format(time=time))
    if one.held:
        parts.append(_("held: {count}").format(count=one.held))
    if one.quarantined:
        parts.append(_("not synced: {count}").format(count=one.quarantined))
    return "  ".join(parts)


def _agent_as_json(one: AgentRow, pulse: Pulse) -> dict[str, object]:
    return {
        "host": one.host,
        "pid": one.pid,
        "version": one.version,
        "alive": one in pulse.alive,
        "seen_at": moment(one.seen_at),
        "round_at": moment(one.round_at),
    }


def _profile_as_json(
    one: ProfileLine, linked: Mapping[ProfileId, int], now: Situation
) -> dict[str, object]:
    proved = now.proofs.get(one.row.id)
    return {
        "id": one.row.id,
        "code": one.employee.code,
        "mailbox": one.row.mailbox,
        "active": one.row.active,
        "state": one.state.value,
        "in_step_at": moment(one.synced_at),
        "held": one.held,
        "quarantined": one.quarantined,
        "links": linked.get(one.row.id, 0),
        "proved_equal_at": None if proved is None else moment(proved.equal_at),
        "compared_at": None if proved is None else moment(proved.at),
        "differences": None if proved is None else proved.differences,
        "error": None if one.error is None else str(one.error),
    }
