"""What the page of profiles says and asks."""

from collections.abc import Mapping, Sequence
from typing import Final

from calsync_agent.appointment.model import ProfileId
from calsync_agent.domain.hold import Verdict
from calsync_agent.health.profiles import Listing, ProfileLine, State
from calsync_agent.i18n import _, ngettext
from calsync_tui.screens.confirmation import Confirmation, DialogButton
from calsync_tui.widgets.profile_cells import state

_NAMED: Final = 6
_LOUD: Final = (State.HELD, State.FAILING, State.NO_MAILBOX, State.DOUBLE, State.THROTTLED)


def summary(listing: Listing, marks: int) -> str:
    """Above the list: how many there are, and how many want somebody to look."""
    if listing.provider is None:
        return _("There is no provider yet: set the Tenant ID on the page Provider first.")
    if not listing.lines:
        return _("There is no profile yet. A adds one.")
    count = len(listing.lines)
    told = [ngettext("{count} profile", "{count} profiles", count).format(count=count)]
    for kind in _LOUD:
        found = sum(line.state is kind for line in listing.lines)
        if found:
            told.append(f"{state(kind).plain}: {found}")
    if marks:
        told.append(ngettext("{count} selected", "{count} selected", marks).format(count=marks))
    return "   ".join(told)


def switch_question(lines: Sequence[ProfileLine], *, active: bool) -> Confirmation:
    """Asks whether several are to be paused or resumed."""
    count = len(lines)
    if active:
        title = ngettext("Resume {count} profile?", "Resume {count} profiles?", count)
        label, told = _("Resume"), _("Each goes on where it was.")
    else:
        title = ngettext("Pause {count} profile?", "Pause {count} profiles?", count)
        label, told = _("Pause"), _("Nothing of them is synced, and nothing is deleted.")
    return Confirmation(
        title.format(count=count),
        f"{_names(lines)}\n\n{told}",
        [DialogButton("switch", label)],
        back=_("Cancel"),
    )


def changed(count: int) -> str:
    """What was done."""
    return ngettext("{count} profile changed", "{count} profiles changed", count).format(
        count=count
    )


def delete_question(
    lines: Sequence[ProfileLine], linked: Mapping[ProfileId, int] | None
) -> Confirmation:
    """Asks whether these profiles are to be deleted, and says what that means."""
    count = len(lines)
    title = ngettext("Delete {count} profile?", "Delete {count} profiles?", count)
    text = [_names(lines), "", _links(sum((linked or {}).get(one.row.id, 0) for one in lines))]
    text.append(_("No appointment is deleted, neither in Consolidate nor in Exchange."))
    if any(line.held for line in lines):
        text.append(_("What waits for your decision is not carried out."))
    text.append(_("A profile that is added again later compares both calendars anew."))
    label = ngettext("Delete {count} profile", "Delete {count} profiles", count)
    return Confirmation(
        title.format(count=count),
        "\n".join(text),
        [DialogButton("delete", label.format(count=count), grave=True)],
        back=_("Cancel"),
    )


def _names(lines: Sequence[ProfileLine]) -> str:
    names = [line.employee.title for line in lines[:_NAMED]]
    if len(lines) > _NAMED:
        more = len(lines) - _NAMED
        names.append(ngettext("and {count} more", "and {count} more", more).format(count=more))
    return ", ".join(names)


def _links(count: int) -> str:
    if not count:
        return _("Nothing is linked yet.")
    text = ngettext("{count} link is forgotten.", "{count} links are forgotten.", count)
    return text.format(count=count)


def leave_question(title: str) -> Confirmation:
    """Asks what is to become of a row that is being edited."""
    return Confirmation(
        _("Unsaved changes"),
        _("The profile of {name} was changed and not saved.").format(name=title),
        [DialogButton("save", _("Save")), DialogButton("discard", _("Discard"), grave=True)],
        back=_("Go on editing"),
    )


def deleted(count: int) -> str:
    """What was done."""
    return ngettext("{count} profile deleted", "{count} profiles deleted", count).format(
        count=count
    )


def switched(count: int, *, active: bool) -> str:
    """What was done."""
    if active:
        text = ngettext("{count} profile resumed", "{count} profiles resumed", count)
    else:
        text = ngettext("{count} profile paused", "{count} profiles paused", count)
    return text.format(count=count)


def overtaken(count: int) -> str:
    """Why nothing was done."""
    return ngettext(
        "Somebody else has just changed {count} of these profiles; nothing was done. Look again.",
        "Somebody else has just changed {count} of these profiles; nothing was done. Look again.",
        count,
    ).format(count=count)


def answered(count: int, verdict: Verdict) -> str:
    """What becomes of what waited."""
    if verdict is Verdict.CONFIRMED:
        text = ngettext("{count} change is carried out.", "{count} changes are carried out.", count)
    else:
        text = ngettext("{count} change is dropped.", "{count} changes are dropped.", count)
    return text.format(count=count)
