"""What the page of the status says."""

from collections import Counter
from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from enum import Enum
from typing import Final

from rich.text import Text

from calsync_agent.i18n import _, current, marked, ngettext
from calsync_agent.state.fares import Condition
from calsync_tui import glyphs, moments
from calsync_tui.gateway.overview import Pulse
from calsync_tui.gateway.provider import interval_of
from calsync_tui.gateway.status import ProfileStatus, QuarantinedItem, Situation
from calsync_tui.problems import Problem, Weight, problems

_LABEL: Final = 13
_SUBJECT: Final = 32


class State(Enum):
    """How a profile stands, the worst first."""

    HELD = marked("held")
    FAILING = marked("fails")
    THROTTLED = marked("throttled")
    NEW = marked("new")
    WELL = marked("in step")
    FORBIDDEN = marked("not permitted")
    PAUSED = marked("paused")


_SIGNS: Final[Mapping[State, str]] = {
    State.HELD: "warning",
    State.FAILING: "error",
    State.THROTTLED: "warning",
    State.NEW: "waiting",
    State.WELL: "well",
    State.FORBIDDEN: "off",
    State.PAUSED: "off",
}


def state_of(one: ProfileStatus) -> State:
    """How a profile stands."""
    if not one.active:
        return State.PAUSED
    if not one.permitted:
        return State.FORBIDDEN
    if one.held:
        return State.HELD
    match one.fare and one.fare.condition:
        case None:
            return State.NEW
        case Condition.FAILING:
            return State.FAILING
        case Condition.THROTTLED:
            return State.THROTTLED
        case _:
            return State.WELL


def last_sync(one: ProfileStatus, pulse: Pulse) -> datetime | None:
    """When it was last in step: a profile that is well was so with its agent's last round."""
    if one.fare is None:
        return None
    rounds = [agent.round_at for agent in pulse.agents if agent.id == one.agent and agent.round_at]
    if one.fare.condition is not Condition.WELL:
        rounds = []
    known = [*rounds, *([one.fare.synced_at] if one.fare.synced_at else [])]
    return max(known, default=None)


def shown(state: State) -> Text:
    """Its sign and its word."""
    sign = getattr(glyphs.shown(), _SIGNS[state])
    heavy = state in {State.HELD, State.FAILING}
    return Text(f"{sign} {_(state.value)}", "bold" if heavy else "")


def profile_rows(situation: Situation) -> dict[str, list[Text]]:
    """A row for each profile, those in trouble first."""
    states = list(State)
    ordered = sorted(
        situation.profiles, key=lambda one: (states.index(state_of(one)), one.name, one.id)
    )
    return {str(one.id): _profile_row(one, situation.pulse) for one in ordered}


def _profile_row(one: ProfileStatus, pulse: Pulse) -> list[Text]:
    last = last_sync(one, pulse)
    return [
        Text(one.name),
        shown(state_of(one)),
        Text(number(one.held) if one.held else "", justify="right"),
        Text(number(one.quarantined) if one.quarantined else "", justify="right"),
        Text(moments.since(last, pulse.now) if last else ""),
    ]


def item_rows(items: Sequence[QuarantinedItem], now: datetime) -> dict[str, list[Text]]:
    """A row for each quarantined item."""
    return {str(one.id): _item_row(one, now) for one in items}


def _item_row(one: QuarantinedItem, now: datetime) -> list[Text]:
    if one.never:
        again = _("when it changes")
    elif one.next_at <= now:
        again = _("now")
    else:
        again = moments.since(one.next_at, now)
    subject = _("(private, or only in Exchange)") if one.subject is None else one.subject
    since = moments.since(one.since, now)
    return [Text(one.profile), Text(_cut(subject)), Text(since), Text(again)]


def _cut(subject: str) -> str:
    cell = Text(subject)
    cell.truncate(_SUBJECT, overflow="ellipsis")
    return cell.plain


def summary(situation: Situation) -> Text:
    """How many profiles stand how."""
    counts = Counter(map(state_of, situation.profiles))
    if not counts:
        return Text()
    parts = [
        Text.assemble(f"{number(counts[state])} ", shown(state)) for state in State if counts[state]
    ]
    return Text("  ").join(parts)


def problem_lines(situation: Situation) -> Text:
    """Each problem with what mends it; or that there is none."""
    found = problems(situation)
    if not found:
        return Text.assemble(glyphs.shown().well, " ", _("No problems"))
    return Text("\n").join(map(_problem, found))


def _problem(problem: Problem) -> Text:
    signs = glyphs.shown()
    grave = problem.weight is Weight.ERROR
    sign = signs.error if grave else signs.warning
    return Text.assemble((f"{sign} {problem.text}", "bold"), f"\n  {signs.to} {problem.mend}")


def figures(situation: Situation, carried: Sequence[int]) -> Text:
    """Throughput, rounds, throttling: a line or two each."""
    lines = [
        _labelled(_("Throughput"), f"{sparkline(carried)}"),
        _labelled("", _throughput(carried)),
        Text("   ").join(
            [
                _labelled(_("Round"), _rounds(situation)),
                Text.assemble((_("Throttled"), "bold"), "  ", _throttling(situation)),
            ]
        ),
    ]
    return Text("\n").join(lines)


def sparkline(values: Sequence[int]) -> str:
    """A bar for each value; anything at all is higher than nothing."""
    levels = glyphs.shown().levels
    most = max(values, default=0)
    top = len(levels) - 1
    return "".join(levels[-(-value * top // most) if value else 0] for value in values)


def number(value: int) -> str:
    """`12.345` or `12,345`."""
    text = f"{value:,}"
    return text.replace(",", ".") if current() == "de" else text


def _labelled(label: str, text: str) -> Text:
    return Text.assemble((f"{label:<{_LABEL}}", "bold"), text)


def _throughput(carried: Sequence[int]) -> str:
    total = sum(carried)
    if not total:
        return _("nothing in the last hour")
    told = ngettext(
        "{count} in the last hour, at most {most} a minute, {last} in this one",
        "{count} in the last hour, at most {most} a minute, {last} in this one",
        total,
    )
    most, last = number(max(carried)), number(carried[-1])
    return told.format(count=number(total), most=most, last=last)


def _rounds(situation: Situation) -> str:
    took = [one.round_ms for one in situation.pulse.alive if one.round_ms is not None]
    interval = interval_of(situation.provider)
    if not took or interval is None:
        return _("none yet")
    slowest = timedelta(milliseconds=max(took))
    return _("{took} of {interval} ({percent} %)").format(
        took=moments.seconds(slowest),
        interval=moments.duration(interval),
        percent=number(round(100 * slowest / interval)),
    )


def _throttling(situation: Situation) -> str:
    slowed = [
        one
        for one in situation.profiles
        if one.active and one.fare and one.fare.condition is Condition.THROTTLED
    ]
    if not slowed:
        return _("none")
    told = ngettext("{count} profile", "{count} profiles", len(slowed)).format(count=len(slowed))
    until = [one.fare.retry_at for one in slowed if one.fare and one.fare.retry_at]
    if not until:
        return told
    last = moments.clock_time(max(until))
    return _("{profiles} until {time}").format(profiles=told, time=last)
