"""What the page of the status says."""

from collections import Counter
from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Final

from rich.text import Text

from calsync_agent import datetimes
from calsync_agent.health.problems import Kind, Problem, Weight, problems
from calsync_agent.health.profiles import ProfileLine, State, order
from calsync_agent.health.provider import interval_of
from calsync_agent.health.situation import QuarantinedItem, Situation
from calsync_agent.i18n import _, current, ngettext
from calsync_agent.state.profile_status import Condition
from calsync_tui import glyphs
from calsync_tui.widgets.profile_cells import state

_LABEL: Final = 13
_SUBJECT: Final = 32


# In this order they are listed: what an admin should look at first.
_ORDER: Final = (
    State.HELD,
    State.FAILING,
    State.NO_MAILBOX,
    State.DOUBLE,
    State.THROTTLED,
    State.FIRST_SYNC,
    State.NO_AGENT,
    State.WELL,
    State.NOT_PERMITTED,
    State.PAUSED,
)


def profile_rows(situation: Situation) -> dict[str, list[Text]]:
    """A row for each profile, those in trouble first."""
    ordered = sorted(situation.profiles, key=lambda one: (_ORDER.index(one.state), order(one)))
    return {str(one.row.id): _profile_row(one, situation.pulse.now) for one in ordered}


def _profile_row(one: ProfileLine, now: datetime) -> list[Text]:
    return [
        Text(one.name),
        state(one.state),
        Text(number(one.held) if one.held else "", justify="right"),
        Text(number(one.quarantined) if one.quarantined else "", justify="right"),
        Text(datetimes.since(one.synced_at, now) if one.synced_at else ""),
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
        again = datetimes.since(one.next_at, now)
    subject = _("(private, or only in Exchange)") if one.subject is None else one.subject
    since = datetimes.since(one.since, now)
    return [Text(one.profile), Text(_cut(subject)), Text(since), Text(again)]


def _cut(subject: str) -> str:
    cell = Text(subject)
    cell.truncate(_SUBJECT, overflow="ellipsis")
    return cell.plain


def summary(situation: Situation) -> Text:
    """How many profiles stand how."""
    counts = Counter(one.state for one in situation.profiles)
    if not counts:
        return Text()
    parts = [Text.assemble(f"{number(counts[of])} ", state(of)) for of in _ORDER if counts[of]]
    return Text("  ").join(parts)


def problem_lines(situation: Situation) -> Text:
    """Each problem with what mends it; or that there is none."""
    # What is not synced has a list of its own below.
    found = [one for one in problems(situation) if one.kind is not Kind.QUARANTINED]
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
        took=datetimes.seconds(slowest),
        interval=datetimes.duration(interval),
        percent=number(round(100 * slowest / interval)),
    )


def _throttling(situation: Situation) -> str:
    slowed = [
        one
        for one in situation.profiles
        if one.row.active and one.fare and one.fare.condition is Condition.THROTTLED
    ]
    if not slowed:
        return _("none")
    told = ngettext("{count} profile", "{count} profiles", len(slowed)).format(count=len(slowed))
    until = [one.fare.retry_at for one in slowed if one.fare and one.fare.retry_at]
    if not until:
        return told
    last = datetimes.clock_time(max(until))
    return _("{profiles} until {time}").format(profiles=told, time=last)
