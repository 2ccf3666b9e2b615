"""How near the guards are, before they hold somebody (B7, F8)."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final

from rich.text import Text

from calsync_agent.appointment.model import ProfileId
from calsync_agent.config.settings import Settings
from calsync_agent.i18n import _, marked
from calsync_tui import glyphs
from calsync_tui.gateway.status import Used
from calsync_tui.themes import role

NEAR: Final = 0.7
"""From this part on a limit is told of."""
_BAR: Final = 10
_NUMBERS: Final = 10


@dataclass(frozen=True, slots=True)
class Limit:
    """What the profile that is nearest to it has used up; `label` is marked for translation."""

    label: str
    used: int
    most: int
    profile: ProfileId | None = None

    @property
    def near(self) -> bool:
        """Whether somebody should know."""
        return self.used > 0 and self.used >= NEAR * self.most

    def drawn(self, width: int) -> Text:
        """Label, bar and numbers."""
        signs = glyphs.shown()
        full = (
            min(_BAR, round(_BAR * self.used / self.most)) if self.most else _BAR * bool(self.used)
        )
        colour = role("differs" if self.near else "side-c")
        numbers = _("{used} of {most}").format(used=self.used, most=self.most)
        label = _(self.label)
        room = max(width - _BAR - _NUMBERS - 2, 1)
        told = Text(f"{label[:room]:<{room}} ", role("muted"))
        told.append(signs.levels[-1] * full, colour)
        told.append(signs.shade * (_BAR - full), role("muted"))
        return told.append(f" {numbers:>{_NUMBERS}}", role("differs", "bold") if self.near else "")


def limits(used: Used, settings: Settings | None) -> Iterator[Limit]:
    """Those of the day, and of the hour where that is nearer."""
    if settings is None:
        return
    sync = settings.sync
    yield Limit(
        marked("Deletions in 24 hours"),
        used.deleted_in_day[0],
        sync.max_deletes_a_day,
        used.deleted_in_day[1],
    )
    yield Limit(
        marked("Mails in an hour"), used.mailed_in_hour[0], sync.max_mails, used.mailed_in_hour[1]
    )
    yield Limit(
        marked("Mails in 24 hours"),
        used.mailed_in_day[0],
        sync.max_mails_a_day,
        used.mailed_in_day[1],
    )
