"""The whole of a tenant: people, mailboxes, the clock, the outbox. Everything else works on it.

A `World` is not safe for threads by itself: hold `lock` around every use.
"""

import heapq
from dataclasses import dataclass, replace
from datetime import date, datetime, timedelta
from threading import RLock

from calsync_agent.sandbox.model.clock import Clock
from calsync_agent.sandbox.model.identifiers import Identifiers
from calsync_agent.sandbox.model.items import Calendar, CalendarIndex, Item, Mailbox, MailboxIndex
from calsync_agent.sandbox.model.mail import Mail
from calsync_agent.sandbox.model.online import with_join_block
from calsync_agent.sandbox.model.refusals import (
    GraphRefusal,
    access_denied,
    invalid_user,
    item_not_found,
    malformed_id,
    no_mailbox,
)
from calsync_agent.sandbox.model.stored import Stored
from calsync_agent.sandbox.settings import Settings


@dataclass(frozen=True, slots=True)
class Action:
    """Something done in a mailbox; `cause` says by whom and what, for the outbox."""

    world: "World"
    mailbox: Mailbox
    cause: str


class World:
    """A tenant's people and mailboxes."""

    def __init__(self, stored: Stored) -> None:
        self.lock = RLock()
        self.stored = stored
        self.settings = Settings()
        self.clock = Clock()
        self.ids = Identifiers(stored.seed)
        self.changes = 0  # counts up with every change, so that a saver knows
        self._indexes = {id_: MailboxIndex(box) for id_, box in stored.mailboxes.items()}
        self._names: dict[str, str] = {}
        self._addresses: dict[str, str] = {}
        self._stamps: list[tuple[datetime, str, int]] = []
        for mailbox in stored.mailboxes.values():
            self._list(mailbox)

    # -- people -----------------------------------------------------------------------------

    def add_mailbox(self, upn: str, name: str, *aliases: str, hidden: bool = False) -> Mailbox:
        """A new user with a mailbox and its default calendar. 400 for one that is there."""
        if upn.lower() in self._addresses:
            raise GraphRefusal(
                400,
                "Request_BadRequest",
                "Another object with the same value for property userPrincipalName already exists.",
            )
        id_ = self.ids.guid("user", upn.lower())
        calendar = self._calendar_id(id_, 0)
        mailbox = Mailbox(
            id=id_,
            upn=upn,
            name=name,
            addresses=[upn, *aliases],
            hidden=hidden,
            default_calendar=calendar,
            calendars={calendar: Calendar(id=calendar, name="Calendar")},
        )
        self.stored.mailboxes[id_] = mailbox
        self._indexes[id_] = MailboxIndex(mailbox)
        self._list(mailbox)
        self.changes += 1
        return mailbox

    def rename(self, mailbox: Mailbox, upn: str) -> None:
        """Give a user another name and main address; the old one stays as an alias."""
        del self._names[mailbox.upn.lower()]
        mailbox.upn = upn
        mailbox.addresses = list(dict.fromkeys([upn, *mailbox.addresses]))
        self._list(mailbox)
        self.changes += 1

    def remove(self, mailbox: Mailbox) -> None:
        """Delete a user with everything in the mailbox."""
        del self.stored.mailboxes[mailbox.id], self._indexes[mailbox.id]
        for names in (self._names, self._addresses):
            for name in [name for name, id_ in names.items() if id_ == mailbox.id]:
                del names[name]
        self.changes += 1

    def add_calendar(self, mailbox: Mailbox, name: str) -> Calendar:
        """A further calendar in a mailbox."""
        calendar = Calendar(id=self._calendar_id(mailbox.id, len(mailbox.calendars)), name=name)
        mailbox.calendars[calendar.id] = calendar
        self.index(mailbox).calendars[calendar.id] = CalendarIndex()
        self.changes += 1
        return calendar

    def people(self) -> list[Mailbox]:
        """The users of the tenant."""
        return [mailbox for mailbox in self.stored.mailboxes.values() if not mailbox.hidden]

    def user(self, name: str) -> Mailbox:
        """The user with that object id or user principal name; 404 ErrorInvalidUser."""
        id_ = self.id_of(name)
        if id_ is None:
            raise invalid_user(name)
        return self.stored.mailboxes[id_]

    def mailbox(self, name: str) -> Mailbox:
        """That user's mailbox, as the app may use it; 404 or 403 otherwise."""
        mailbox = self.user(name)
        if not mailbox.licensed:
            raise no_mailbox()
        if not mailbox.open:
            raise access_denied()
        return mailbox

    def id_of(self, name: str) -> str | None:
        """The object id of the user with that object id or user principal name."""
        return self._names.get(name.lower())

    def by_address(self, address: str) -> Mailbox | None:
        """Whose address that is, aliases included."""
        id_ = self._addresses.get(address.strip().lower())
        return self.stored.mailboxes[id_] if id_ else None

    def is_inside(self, address: str) -> bool:
        """Whether mail to that address stays in the tenant."""
        mailbox = self.by_address(address)
        if mailbox is not None:
            return not mailbox.hidden
        return address.strip().lower().endswith("@" + self.stored.domain.lower())

    def _list(self, mailbox: Mailbox) -> None:
        if not mailbox.hidden:
            self._names[mailbox.id] = self._names[mailbox.upn.lower()] = mailbox.id
        for address in mailbox.addresses:
            self._addresses[address.lower()] = mailbox.id

    def _calendar_id(self, mailbox_id: str, number: int) -> str:
        # Containers keep one id for ever; keys from here on are never an event's.
        return self.ids.event_id(mailbox_id, 2**32 - 1 - number, 0)

    # -- items ------------------------------------------------------------------------------

    def index(self, mailbox: Mailbox) -> MailboxIndex:
        """The look-ups of a mailbox."""
        return self._indexes[mailbox.id]

    def find(self, mailbox: Mailbox, event_id: str) -> tuple[Item, date | None]:
        """The item, and the day where the id is an occurrence's. 400 malformed, 404 not there."""
        reference = self.ids.read(event_id)
        if reference is None:
            raise malformed_id()
        item = mailbox.items.get(reference.key)
        if item is None or (reference.mailbox, reference.server) != (mailbox.id, mailbox.server):
            raise item_not_found()
        if reference.moves is not None and reference.moves != item.moves:
            raise item_not_found()
        return item, reference.day

    def add(self, mailbox: Mailbox, item: Item) -> None:
        """Put a new item into its calendar."""
        mailbox.items[item.key] = item
        index = self.index(mailbox)
        index.add(item)
        index.record(item, self.clock.now())
        self.changes += 1

    def keep_uid(self, mailbox: Mailbox, item: Item, uid: str) -> None:
        """Let an item keep the iCalUId it had elsewhere, unless that is taken in this mailbox."""
        index = self.index(mailbox)
        if uid not in index.by_uid:
            index.drop(item)
            item.uid = uid
            index.add(item)

    def touch(self, mailbox: Mailbox, item: Item, day: date | None = None) -> None:
        """Note that an item was written: a new version, a line in the log."""
        now = self.clock.now()
        item.version += 1
        item.modified = now
        self.index(mailbox).record(item, now, day)
        self.changes += 1

    def drop(self, mailbox: Mailbox, item: Item) -> None:
        """Remove an item for good."""
        index = self.index(mailbox)
        index.record(item, self.clock.now())
        index.drop(item)
        del mailbox.items[item.key]
        self.changes += 1

    def move(self, mailbox: Mailbox, item: Item, calendar: str) -> None:
        """Put an item into another calendar: its default id is another from now on."""
        if calendar not in mailbox.calendars:
            raise GraphRefusal(404, "ErrorFolderNotFound", "The specified folder is not found.")
        index = self.index(mailbox)
        index.record(item, self.clock.now())
        index.drop(item)
        item.calendar = calendar
        item.moves += 1
        index.add(item)
        self.touch(mailbox, item)

    def relocate(self, mailbox: Mailbox) -> None:
        """Move the mailbox to another server: every item has a new id, no delta link holds."""
        mailbox.server += 1
        for calendar in mailbox.calendars.values():
            for state in calendar.states.values():
                state.generations.clear()
        self.changes += 1

    def bring_back(self, mailbox: Mailbox, item: Item) -> None:
        """Delete an item and fetch it from the wastebasket: it is another one, and the same."""
        self.drop(mailbox, item)
        mailbox.last_key += 1
        item.key = mailbox.last_key
        self.add(mailbox, item)

    # -- time -------------------------------------------------------------------------------

    def stamp_later(self, mailbox: Mailbox, item: Item) -> None:
        """Let the server touch the item once more by itself, as Exchange does after a create."""
        if self.settings.stamp_delay is not None:
            due = self.clock.now() + timedelta(seconds=self.settings.stamp_delay)
            heapq.heappush(self._stamps, (due, mailbox.id, item.key))

    def settle(self) -> None:
        """Do what has become due."""
        now = self.clock.now()
        while self._stamps and self._stamps[0][0] <= now:
            _, mailbox_id, key = heapq.heappop(self._stamps)
            mailbox = self.stored.mailboxes.get(mailbox_id)
            if mailbox is not None and key in mailbox.items:
                _finish(mailbox.items[key])
                self.touch(mailbox, mailbox.items[key])

    # -- mail -------------------------------------------------------------------------------

    def send(self, mail: Mail) -> None:
        """Record a mail; somebody without an address, or the sender, gets none."""
        if mail.recipient and mail.recipient.lower() != mail.sender.lower():
            self.stored.outbox.append(mail)
            self.changes += 1


def _finish(item: Item) -> None:
    """Give an online meeting that is made late its link and its block."""
    online = item.content.online
    if online is not None and online.late:
        made = replace(online, late=False)
        body = with_join_block(item.content.body, made)
        item.content = replace(item.content, online=made, body=body)
