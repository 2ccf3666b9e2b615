"""What is said of the nightly look at both sides: "proved equal at" (H5)."""

from datetime import datetime

from rich.text import Text

from calsync_agent import datetimes
from calsync_agent.health.situation import Situation
from calsync_agent.i18n import _, ngettext
from calsync_agent.state.proofs import Proved
from calsync_tui import glyphs
from calsync_tui.themes import role


def briefly(proved: Proved | None, now: datetime) -> Text:
    """For a cell: how long ago, or in how many places they differ; a dash before the first look."""
    signs = glyphs.shown()
    if proved is None:
        return Text(signs.horizontal, role("muted"))
    if proved.differences:
        return Text(f"{signs.differs} {proved.differences}", role("differs", "bold"))
    return Text(datetimes.ago_briefly(proved.equal_at or proved.at, now))


def told(proved: Proved | None, now: datetime) -> Text:
    """For a line: the same, in words."""
    if proved is None:
        return Text(_("not looked at yet"), role("muted"))
    if not proved.differences:
        return Text(datetimes.ago(proved.equal_at or proved.at, now))
    count = proved.differences
    places = ngettext("{count} place differs", "{count} places differ", count).format(count=count)
    text = Text(f"{glyphs.shown().differs} {places}", role("differs", "bold"))
    return text.append(f", {datetimes.ago_briefly(proved.at, now)}", role("muted"))


def of_all(situation: Situation) -> str:
    """Of how many profiles it is proved, and when that was looked at last."""
    active = [one.row.id for one in situation.profiles if one.row.active]
    proofs = [situation.proofs[number] for number in active if number in situation.proofs]
    if not proofs:
        return ""
    return _("proved equal: {count} of {total}, last {time}").format(
        count=sum(not one.differences for one in proofs),
        total=len(active),
        time=datetimes.ago_briefly(max(one.at for one in proofs), situation.pulse.now),
    )
