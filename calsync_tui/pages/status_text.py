"""What the page of the status says."""

import itertools
import math
from collections import Counter
from collections.abc import Sequence
from datetime import timedelta
from typing import Final

from rich.text import Text

from calsync_agent import datetimes
from calsync_agent.health.profiles import ProfileLine, State, order
from calsync_agent.health.provider import interval_of
from calsync_agent.health.situation import Situation
from calsync_agent.i18n import _, current, marked, ngettext
from calsync_agent.state.profile_status import Condition
from calsync_tui import glyphs
from calsync_tui.gateway.status import Carried
from calsync_tui.themes import role
from calsync_tui.widgets.profile_cells import state

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
WAYS: Final = (
    ("outwards", "side-c", marked("to Exchange")),
    ("inwards", "side-e", marked("to Consolidate")),
)
_LABEL: Final = 20


def ordered(situation: Situation) -> list[ProfileLine]:
    """The profiles, those in trouble first, then those with something aside."""
    return sorted(
        situation.profiles,
        key=lambda one: (_ORDER.index(one.state), not one.quarantined, order(one)),
    )


def summary(situation: Situation) -> Text:
    """How many profiles stand how."""
    counts = Counter(one.state for one in situation.profiles)
    parts = [Text.assemble(f"{number(counts[of])} ", state(of)) for of in _ORDER if counts[of]]
    return Text("  ").join(parts)


def throughput(carried: Carried, width: int) -> Text:
    """A curve for each direction, as wide as the pane, with its sum."""
    lines = []
    for name, colour, label in WAYS:
        values: tuple[int, ...] = getattr(carried, name)
        sign = getattr(glyphs.shown(), name)
        total = f"{number(sum(values)):>6}"
        told = Text.assemble((sign, role(colour)), f" {_(label):<{_LABEL - 3}} ")
        told.append(sparkline(values, max(width - _LABEL - len(total), 1)), role(colour))
        lines.append(told.append(total, "bold"))
    return Text("\n").join(lines)


def brief(carried: Carried, width: int) -> Text:
    """Both curves in one line."""
    parts = []
    for name, colour, _label in WAYS:
        values: tuple[int, ...] = getattr(carried, name)
        total = number(sum(values))
        room = max(width // 2 - len(total) - 6, 1)
        told = Text(f"{getattr(glyphs.shown(), name)} {total} ", role(colour))
        parts.append(told.append(sparkline(values, room)))
    return Text("  ").join(parts)


def rounds(situation: Situation) -> Text:
    """How long a round takes, and who is slowed down."""
    told = Text.assemble((_("Round"), role("muted")), " ", _rounds(situation))
    slowed = _throttling(situation)
    separator = f" {glyphs.shown().separator} "
    if slowed:
        return told.append(separator).append(
            _("throttled: {who}").format(who=slowed), role("differs")
        )
    return told.append(separator, role("muted")).append(_("nobody is throttled"), role("muted"))


def sparkline(values: Sequence[int], width: int | None = None) -> str:
    """A bar for each value, or so many bars; anything at all is higher than nothing.

    By the square root, so that one peak does not flatten all the rest.
    """
    levels = glyphs.shown().levels
    if width is not None:
        bounds = [at * len(values) // width for at in range(width + 1)]
        values = [max(values[low : max(high, low + 1)]) for low, high in itertools.pairwise(bounds)]
    most, top = max(values, default=0), len(levels) - 1
    # The share is 1 exactly for the highest of them, as a quotient of roots would not be.
    return "".join(
        levels[math.ceil(math.sqrt(value / most) * top) if value else 0] for value in values
    )


def number(value: int) -> str:
    """`12.345` or `12,345`."""
    text = f"{value:,}"
    return text.replace(",", ".") if current() == "de" else text


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
        return ""
    told = ngettext("{count} profile", "{count} profiles", len(slowed)).format(count=len(slowed))
    until = [one.fare.retry_at for one in slowed if one.fare and one.fare.retry_at]
    if not until:
        return told
    last = datetimes.clock_time(max(until))
    return _("{profiles} until {time}").format(profiles=told, time=last)
