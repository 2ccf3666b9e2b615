"""The profile under the cursor in full, below the list, where its columns had no room."""

from datetime import datetime

from textual.app import ComposeResult
from textual.containers import Vertical
from textual.widgets import Static

from calsync_agent import datetimes
from calsync_agent.health.profiles import ProfileLine, State
from calsync_agent.i18n import _, ngettext
from calsync_agent.visible import visible
from calsync_tui import glyphs
from calsync_tui.widgets import profile_cells


class ProfileDetails(Vertical):
    """Whose mailbox, how it fares, what went wrong or what is to be done."""

    DEFAULT_CSS = """
    ProfileDetails {
        height: 4;
        .line { height: 1; text-wrap: nowrap; text-overflow: ellipsis; }
        #what { height: 2; }
    }
    """

    def compose(self) -> ComposeResult:
        """Three texts."""
        yield Static("", id="who", classes="line", markup=False)
        yield Static("", id="how", classes="line", markup=False)
        yield Static("", id="what", markup=False)

    def tell(self, line: ProfileLine | None, linked: int | None, now: datetime) -> None:
        """Show a profile, or nothing."""
        told = ("", "", "")
        if line is not None:
            told = (_who(line), _how(line, linked, now), _what(line, now))
        for name, text in zip(("who", "how", "what"), told, strict=True):
            self.query_one(f"#{name}", Static).update(text, layout=False)


def _who(line: ProfileLine) -> str:
    parts = [line.employee.title, line.employee.address, visible(line.row.mailbox)]
    return f" {glyphs.shown().separator} ".join(filter(None, parts))


def _how(line: ProfileLine, linked: int | None, now: datetime) -> str:
    own = profile_cells.ways(line.row)
    told = [profile_cells.state(line.state).plain, *([own] if own else [])]
    if line.synced_at is not None:
        told.append(_("last sync {time}").format(time=datetimes.since(line.synced_at, now)))
    if linked is not None:
        text = ngettext("{count} appointment linked", "{count} appointments linked", linked)
        told.append(text.format(count=linked))
    if line.quarantined:
        text = ngettext("{count} in quarantine", "{count} in quarantine", line.quarantined)
        told.append(text.format(count=line.quarantined))
    return f" {glyphs.shown().separator} ".join(told)


def _what(line: ProfileLine, now: datetime) -> str:
    match line.state:
        case State.HELD:
            text = ngettext(
                "{count} change waits until you decide: {key} shows it.",
                "{count} changes wait until you decide: {key} shows them.",
                line.held,
            )
            return text.format(count=line.held, key="H")
        case State.PAUSED:
            return _("Paused: nothing is synced, nothing is deleted; it continues where it was.")
        case State.NOT_PERMITTED:
            return _("In Consolidate, this employee is inactive or may not sync their calendar.")
        case State.NO_MAILBOX:
            return _("No mailbox is entered; press F2 and enter it.")
        case State.DOUBLE:
            return _("An earlier profile has the same mailbox; correct or pause one of them.")
        case State.NO_AGENT:
            return _("No agent is running that could sync it.")
        case State.FIRST_SYNC:
            return _("The first sync begins with the next cycle, or is under way.")
        case State.WELL if line.answered:
            return _("Your decision is carried out with the next cycle.")
        case State.WELL if line.quarantined:
            return _("What is in quarantine is listed with its reason on the page Status.")
        case State.FAILING | State.THROTTLED | State.WELL:
            return _failed(line, now)


def _failed(line: ProfileLine, now: datetime) -> str:
    if line.error is None:
        return ""
    text = " ".join(str(line.error).split())
    retry = line.fare.retry_at if line.fare else None
    if retry is not None and retry > now:
        again = _("tried again at {time}").format(time=datetimes.clock_time(retry))
        return f"{text} ({again})"
    return text
