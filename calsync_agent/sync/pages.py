"""Page after page of a mailbox's feed, within bounds (B9a)."""

from collections.abc import Hashable
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import Final

from calsync_agent.appointment.model import EventId
from calsync_agent.domain.calendar import Mailbox, Page
from calsync_agent.domain.event import Event
from calsync_agent.errors import MailboxTrouble
from calsync_agent.i18n import message

MOST: Final = 5_000
"""Pages of one listing; two years of a busy calendar take some hundred."""

MOST_BARREN: Final = 50
"""Pages in a row that bring nothing new; Exchange sends a few empty ones before the last."""


@dataclass(slots=True)
class Pages:
    """The pages of one listing, or of one look at what has changed."""

    mailbox: Mailbox
    _count: int = 0
    _barren: int = 0
    _links: set[str] = field(default_factory=set)
    _seen: set[Hashable] = field(default_factory=set)
    _shown: set[EventId] = field(default_factory=set)
    _left: set[EventId] = field(default_factory=set)
    _newest: dict[EventId, datetime] = field(default_factory=dict)

    def newest(self, page: Page) -> Page:
        """The page without versions that are older than what an earlier one showed (B3).

        No order is promised (GRAPH.md 1.3): what one page shows and another says has left counts
        as neither, and is looked at.
        """
        shown = page.readable
        page = page.doubting(shown & self._left | page.tombstones & self._shown)
        self._shown |= shown
        self._left |= page.tombstones
        kept = []
        for event in page.events:
            if isinstance(event, Event) and event.modified_at is not None:
                if event.modified_at < self._newest.get(event.id, event.modified_at):
                    continue
                self._newest[event.id] = event.modified_at
            kept.append(event)
        return page if len(kept) == len(page.events) else replace(page, events=tuple(kept))

    async def after(self, page: Page) -> Page | None:
        """The page that follows; None where `page` is the last, and holds the new position.

        Raises PositionLost, and MailboxTrouble where there is no end to be seen, or none that the
        feed could be followed from.
        """
        if page.next_page is None:
            if page.position is None:
                raise MailboxTrouble(
                    message(
                        "Exchange's listing of {mailbox} breaks off: its last page leads nowhere",
                        mailbox=self.mailbox.name,
                    )
                )
            return None
        self._note(page)
        circular = self._barren > 0 and page.next_page in self._links
        if circular or self._barren > MOST_BARREN or self._count > MOST:
            raise MailboxTrouble(
                message(
                    "Exchange's listing of {mailbox} does not come to an end; it was left after"
                    " {pages} pages",
                    mailbox=self.mailbox.name,
                    pages=self._count,
                )
            )
        self._links.add(page.next_page)
        return await self.mailbox.page(page.next_page)

    def _note(self, page: Page) -> None:
        known = len(self._seen)
        self._seen |= {event.id for event in page.events} | page.series
        self._seen |= page.tombstones | page.hollow
        for master, moments in page.shown.items():
            self._seen |= {(master, moment) for moment in moments}
        self._count += 1
        self._barren = self._barren + 1 if len(self._seen) == known else 0
