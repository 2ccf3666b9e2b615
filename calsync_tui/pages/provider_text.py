"""What the page of the provider says."""

from typing import Final

from calsync_agent import datetimes
from calsync_agent.health.overview import Pulse
from calsync_agent.health.provider import FIELDS, ProviderDraft
from calsync_agent.i18n import _, marked
from calsync_tui import glyphs
from calsync_tui.gateway.provider import Saved
from calsync_tui.pages.provider_editing import Editing
from calsync_tui.screens.confirmation import Confirmation, DialogButton

OUTBOUND_FIRST: Final = "outbound_first"
INBOUND_FIRST: Final = "inbound_first"
PRIORITIES: Final = {
    OUTBOUND_FIRST: marked("Outbound First"),
    INBOUND_FIRST: marked("Inbound First"),
}
_EXPLAINED: Final = {
    OUTBOUND_FIRST: marked(
        "In a conflict Consolidate's version wins; the other one is kept for 30 days."
    ),
    INBOUND_FIRST: marked(
        "In a conflict Exchange's version wins; the other one is kept for 30 days."
    ),
}
LABELS: Final = {
    "tenant_id": marked("Tenant ID"),
    "inbound": marked("Inbound synchronization"),
    "outbound": marked("Outbound synchronization"),
    "priority": marked("Priority"),
    "interval": marked("Interval"),
}
SAVE: Final = "save"
DISCARD: Final = "discard"
MINE: Final = "mine"
THEIRS: Final = "theirs"


def label(name: str) -> str:
    """What a field is called."""
    return _(LABELS[name])


def hints(editing: Editing) -> dict[str, str]:
    """What helps at each field; empty where nothing does."""
    draft, stored = editing.draft, editing.stored
    told = {
        "tenant_id": _("The tenant's GUID, or one of its domains"),
        "inbound": "" if draft.inbound else _("Nothing is written to Consolidate."),
        "outbound": "" if draft.outbound else _("Nothing is written to Exchange."),
        "priority": _(_EXPLAINED.get(draft.priority, "")),
        "interval": "",
    }
    for name in editing.contested:
        there = _("Somebody else has entered: {value}").format(value=value(name, stored))
        told[name] = f"{glyphs.shown().warning} {there}"
    return told


def value(name: str, draft: ProviderDraft) -> str:
    """A field's value in words."""
    found = getattr(draft, name)
    if isinstance(found, bool):
        return _("on") if found else _("off")
    return _(PRIORITIES.get(found, found)) or _("(empty)")


def changes(editing: Editing) -> str:
    """A line for each field that is not as stored."""
    arrow = glyphs.shown().to
    return "\n".join(
        f"{label(name)}: {value(name, editing.stored)} {arrow} {value(name, editing.draft)}"
        for name in FIELDS
        if name in editing.changed
    )


def somebody(editing: Editing) -> str:
    """That somebody else has changed the row, and what of it."""
    names = [label(name) for name in FIELDS if name in editing.moved]
    told = _("Somebody else has changed: {names}").format(names=", ".join(names))
    return f"{glyphs.shown().warning} {told}"


def outcome(saved: Saved, pulse: Pulse | None) -> str:
    """What came of saving: who works with it, and after how long."""
    signs = glyphs.shown()
    number = saved.revision
    if pulse is None or not pulse.alive:
        told = _("Saved as revision {number}. No agent is running; it applies once one does.")
        return f"{signs.off} {told.format(number=number)}"
    taken = [one for one in pulse.alive if one.settings_revision >= number]
    if len(taken) < len(pulse.alive):
        told = _("Saved as revision {number}; waiting for the agent …")
        return f"{signs.waiting} {told.format(number=number)}"
    last = max(one.settings_taken_at or saved.at for one in taken)
    told = _("Taken over, revision {number}, {time}")
    return f"{signs.well} {told.format(number=number, time=datetimes.seconds(last - saved.at))}"


def leaving(editing: Editing) -> Confirmation:
    """Asks what is to become of unsaved changes."""
    return Confirmation(
        _("Unsaved changes"),
        changes(editing),
        [DialogButton(SAVE, _("Save changes")), DialogButton(DISCARD, _("Discard"), grave=True)],
        back=_("Edit on"),
    )


def discarding(editing: Editing) -> Confirmation:
    """Asks whether the changes are to be taken back."""
    return Confirmation(
        _("Discard the changes?"),
        changes(editing),
        [DialogButton(DISCARD, _("Discard"), grave=True)],
        back=_("Edit on"),
    )


def contested(editing: Editing) -> Confirmation:
    """Asks whose version it is to be, where two have changed the same."""
    lines = [
        _("{label}: here {mine}, there {theirs}").format(
            label=label(name),
            mine=value(name, editing.draft),
            theirs=value(name, editing.stored),
        )
        for name in FIELDS
        if name in editing.contested
    ]
    return Confirmation(
        _("Somebody else was quicker"),
        "\n".join([_("Meanwhile the same was changed elsewhere:"), "", *lines]),
        [DialogButton(THEIRS, _("Take theirs")), DialogButton(MINE, _("Save mine"), grave=True)],
        back=_("Edit on"),
    )
