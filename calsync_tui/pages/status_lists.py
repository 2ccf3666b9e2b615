"""The lists of the status: what needs a person, who, what is set aside, what came last."""

from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from typing import ClassVar, Final

from rich.text import Text

from calsync_agent import datetimes
from calsync_agent.appointment.model import ProfileId
from calsync_agent.health.profiles import ProfileLine
from calsync_agent.health.situation import QuarantinedItem
from calsync_agent.i18n import _, marked
from calsync_agent.state.proofs import Proved
from calsync_agent.visible import visible
from calsync_tui import glyphs
from calsync_tui.gateway.explanations import Asked
from calsync_tui.gateway.log import LogLine, Whose
from calsync_tui.pages import proved_text
from calsync_tui.pages.needs import Need
from calsync_tui.themes import role
from calsync_tui.widgets.columns import Column
from calsync_tui.widgets.log_lines import brief, code_of, sign_of
from calsync_tui.widgets.profile_cells import state
from calsync_tui.widgets.row_list import RowList

STALE: Final = 3
"""After so many intervals without a round the age of a profile is told in colour."""


class Needs(RowList[Need]):
    """What needs a person, what matters most first."""

    headed: ClassVar[bool] = False
    columns: ClassVar[Sequence[Column]] = (
        Column("text", "", 20, stretches=True),
        Column("since", "", 16, rank=1),
    )
    DEFAULT_CSS = "Needs { height: auto; max-height: 5; min-height: 1; }"
    now: datetime | None = None

    def cells(self, row: Need) -> Mapping[str, Text]:
        """Sign and sentence, and since when."""
        sign = glyphs.shown().error if row.grave else glyphs.shown().warning
        since = ""
        if row.since is not None and self.now is not None:
            since = _("since {time}").format(time=datetimes.since(row.since, self.now))
        return {
            "text": Text(f"{sign} {row.text}", role("bad" if row.grave else "differs", "bold")),
            "since": Text(since, role("muted")),
        }

    def key(self, row: Need) -> object:
        """The same problem, whatever its numbers are now."""
        return row.kind, row.about


class People(RowList[ProfileLine]):
    """A line for each profile. `counts`: what was carried in the last hour, there and back."""

    columns: ClassVar[Sequence[Column]] = (
        Column("sign", "", 1),
        Column("user", marked("Consolidate user"), 12, 24, short=marked("User")),
        Column("state", marked("State"), 15, 18),
        Column("age", marked("In step"), 10, 12),
        Column("held", marked("Held"), 4, 10, rank=4, right=True, short=marked("Hld.")),
        Column("aside", marked("Quarantine"), 4, 10, rank=3, right=True, short=marked("Qua.")),
        Column("outwards", glyphs.RICH.outwards, 5, rank=2, right=True),
        Column("inwards", glyphs.RICH.inwards, 5, rank=2, right=True),
        Column("proved", marked("Proved equal"), 10, 19, rank=5, short=marked("Equal")),
        Column("mailbox", marked("External user ID"), 20, 36, rank=6),
        Column("error", marked("Last error"), 24, rank=7, stretches=True),
    )
    now: datetime | None = None
    interval: timedelta | None = None
    proofs: Mapping[ProfileId, Proved] = {}
    counts: Mapping[ProfileId, tuple[int, int]] = {}

    def cells(self, row: ProfileLine) -> Mapping[str, Text]:
        """What stands in each column."""
        told = state(row.state)
        outwards, inwards = self.counts.get(row.row.id, (0, 0))
        return {
            "sign": told[:1],
            "user": Text(row.name),
            "state": told[2:],
            "age": self._age(row),
            "held": Text(str(row.held or ""), role("differs", "bold")),
            "aside": Text(str(row.quarantined or ""), role("differs", "bold")),
            "outwards": Text(str(outwards or "")),
            "inwards": Text(str(inwards or "")),
            "proved": self._proved(row),
            "mailbox": Text(visible(row.row.mailbox), role("muted")),
            "error": Text("" if row.error is None else " ".join(str(row.error).split())),
        }

    def key(self, row: ProfileLine) -> object:
        """The profile."""
        return row.row.id

    def _age(self, row: ProfileLine) -> Text:
        if row.synced_at is None or self.now is None:
            return Text(glyphs.shown().horizontal, role("muted"))
        told = datetimes.ago_briefly(row.synced_at, self.now)
        late = self.interval is not None and self.now - row.synced_at > STALE * self.interval
        return Text(told, role("differs") if late and row.syncing else "")

    def _proved(self, row: ProfileLine) -> Text:
        if self.now is None:
            return Text("")
        return proved_text.briefly(self.proofs.get(row.row.id), self.now)


class Aside(RowList[QuarantinedItem]):
    """What cannot be synced for now."""

    columns: ClassVar[Sequence[Column]] = (
        Column("profile", marked("Profile"), 12, 22),
        Column("subject", marked("Appointment"), 14, 40),
        Column("since", marked("Since"), 10, 16, rank=2),
        Column("next", marked("Next attempt"), 20, rank=1),
        Column("reason", marked("Why"), 24, rank=3, stretches=True),
    )
    now: datetime | None = None

    def cells(self, row: QuarantinedItem) -> Mapping[str, Text]:
        """What stands in each column."""
        subject = _("(private, or only in Exchange)") if row.subject is None else row.subject
        now = self.now or row.since
        if row.never:
            again = _("when it changes")
        elif row.next_at <= now:
            again = _("now")
        else:
            again = datetimes.since(row.next_at, now)
        return {
            "profile": Text(row.profile),
            "subject": Text(subject),
            "since": Text(datetimes.since(row.since, now), role("muted")),
            "next": Text(again, role("muted")),
            "reason": Text(str(row.reason), role("muted")),
        }

    def key(self, row: QuarantinedItem) -> object:
        """The item."""
        return row.id


class Latest(RowList[LogLine]):
    """The newest lines of the log, the newest first."""

    headed: ClassVar[bool] = False
    columns: ClassVar[Sequence[Column]] = (
        Column("time", "", 5),
        Column("sign", "", 2),
        Column("code", "", 6, rank=1),
        Column("text", "", 16, stretches=True),
    )
    whose: Mapping[ProfileId, Whose] = {}

    def cells(self, row: LogLine) -> Mapping[str, Text]:
        """What stands in each column."""
        code = "" if row.profile is None else code_of(row.profile, self.whose)
        return {
            "time": Text(f"{datetimes.local(row.at):%H:%M}", role("muted")),
            "sign": sign_of(row),
            "code": Text(code, role("muted")),
            "text": Text(brief(row)),
        }

    def key(self, row: LogLine) -> object:
        """The line."""
        return row.place


def in_question(aside: Aside, latest: Latest) -> Asked:
    """What the row with the focus is about, for `explain`."""
    item, line = aside.current, latest.current
    if aside.has_focus and item is not None:
        return Asked(item.subject or item.number, item.number)
    return line.asked if latest.has_focus and line is not None else Asked()
