"""Several versions restored at once: what is asked before, and what is told of it (H6)."""

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence

from calsync_agent import datetimes
from calsync_agent.appointment.codec import from_json
from calsync_agent.appointment.model import ProfileId
from calsync_agent.i18n import _, ngettext
from calsync_agent.state.log import named
from calsync_agent.undoing import Deed, Item
from calsync_agent.visible import visible
from calsync_tui import glyphs
from calsync_tui.gateway.log import Whose
from calsync_tui.widgets.log_lines import code_of


def question(items: Sequence[Item], whose: Mapping[ProfileId, Whose]) -> str:
    """What happens, in words, then each appointment with what it comes to."""
    told = [*_sums(items)]
    if any(item.wanted for item in items):
        told.append(
            _(
                "The next cycle carries it to Exchange. What is there now is kept, and can be"
                " restored in turn."
            )
        )
        meetings = sum(item.wanted and _has_people(item) for item in items)
        if meetings:
            text = ngettext(
                "{count} has participants: Exchange may send them mail about it.",
                "{count} have participants: Exchange may send them mail about it.",
                meetings,
            )
            told.append(text.format(count=meetings))
    listed = [_line(item, whose) for item in sorted(items, key=lambda one: not one.wanted)]
    return "\n".join([*told, "", *listed])


def outcome(items: Iterable[Item]) -> str:
    """How many were put back."""
    count = sum(item.wanted for item in items)
    text = ngettext(
        "{count} appointment was put back in Consolidate; the next cycle carries it to Exchange.",
        "{count} appointments were put back in Consolidate; the next cycle carries them to"
        " Exchange.",
        count,
    )
    return text.format(count=count)


def left(items: Iterable[Item]) -> list[str]:
    """What had to be left, each with the reason."""
    told = _("{subject} is left as it is: {reason}")
    return [
        told.format(subject=subject_of(item), reason=item.reason)
        for item in items
        if item.reason is not None
    ]


def subject_of(item: Item) -> str:
    """How the appointment is named, a private one by no words; in the language spoken now."""
    return visible(str(named(from_json(item.version.content))))


def _sums(items: Iterable[Item]) -> Iterator[str]:
    counts = Counter(item.deed for item in items)
    texts = {
        Deed.BRING_BACK: ngettext(
            "{count} appointment is entered in Consolidate again.",
            "{count} appointments are entered in Consolidate again.",
            counts[Deed.BRING_BACK],
        ),
        Deed.CHANGE_BACK: ngettext(
            "{count} appointment becomes again in Consolidate what it was.",
            "{count} appointments become again in Consolidate what they were.",
            counts[Deed.CHANGE_BACK],
        ),
        Deed.NOTHING: ngettext(
            "{count} appointment is already as it was.",
            "{count} appointments are already as they were.",
            counts[Deed.NOTHING],
        ),
        Deed.LEFT: ngettext(
            "{count} appointment has to be left as it is.",
            "{count} appointments have to be left as they are.",
            counts[Deed.LEFT],
        ),
    }
    return (text.format(count=counts[deed]) for deed, text in texts.items() if counts[deed])


def _line(item: Item, whose: Mapping[ProfileId, Whose]) -> str:
    """One appointment, and what it comes to."""
    version = item.version
    separator = f" {glyphs.shown().separator} "
    code = code_of(version.profile, whose)
    parts = [f"{subject_of(item)} ({code}, {datetimes.day_and_time(version.at)[:-3]})"]
    more = ", ".join(_(field.value) for field in item.fields) or str(item.reason or "")
    deed = _(item.deed.value)
    parts.append(f"{deed}: {more}" if more else deed)
    return separator.join(parts)


def _has_people(item: Item) -> bool:
    appointment = from_json(item.version.content)
    return bool(appointment.participants or appointment.guests)
