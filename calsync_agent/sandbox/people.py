"""What a person does in Outlook, through the same model as the app's requests.

Times are wall-clock datetimes in `zone`; a plain date makes an all-day event. Other properties go
by Graph's names (`showAs="free"`). Ids are immutable ones, unless said otherwise.
"""

from collections.abc import Iterable, Mapping
from dataclasses import replace
from datetime import date, datetime
from typing import Final

from calsync_agent.sandbox.drafts import (
    KEPT_IN_A_SPLIT,
    Invited,
    Time,
    draft,
    halves,
    invitation,
    restarting,
    starting,
)
from calsync_agent.sandbox.graph.preferences import Preferences
from calsync_agent.sandbox.graph.rendering import Renderer, extended_json
from calsync_agent.sandbox.model import events, occurrences, responses
from calsync_agent.sandbox.model.entries import (
    CalendarEntry,
    Window,
    entries_within,
    entry_of,
    recurrence_of,
)
from calsync_agent.sandbox.model.items import Item, Mailbox
from calsync_agent.sandbox.model.moments import as_utc
from calsync_agent.sandbox.model.responses import Answer
from calsync_agent.sandbox.model.shapes import JsonObject
from calsync_agent.sandbox.model.world import Action, World

DEFAULT_ZONE: Final = "W. Europe Standard Time"


class Person:
    """Somebody with a mailbox, doing things by hand."""

    def __init__(self, world: World, mailbox: Mailbox) -> None:
        self.world = world
        self.mailbox = mailbox

    @property
    def id(self) -> str:
        """The object id."""
        return self.mailbox.id

    @property
    def upn(self) -> str:
        """The user principal name, which is also the main address."""
        return self.mailbox.upn

    # -- writing ------------------------------------------------------------------------------

    def create(
        self,
        subject: str | None,
        start: Time,
        end: Time,
        *,
        zone: str = DEFAULT_ZONE,
        attendees: Iterable[Invited] = (),
        recurrence: Mapping[str, object] | None = None,
        calendar: str | None = None,
        **properties: object,
    ) -> str:
        """A new event; its id. `recurrence` as in Graph; its range's startDate may be left out."""
        sent = draft(subject=subject, start=start, end=end, zone=zone, **properties)
        invited = invitation(attendees)
        if invited:
            sent["attendees"] = invited
        if recurrence is not None:
            sent["recurrence"] = starting(recurrence, start)
        with self.world.lock:
            place = calendar or self.mailbox.default_calendar
            item = events.create(self.action("create"), place, sent)
            return self._id(item)

    def change(
        self,
        event_id: str,
        *,
        start: Time | None = None,
        end: Time | None = None,
        zone: str = DEFAULT_ZONE,
        attendees: Iterable[Invited] | None = None,
        **properties: object,
    ) -> None:
        """Change an event, a series or one occurrence.

        Moving a series moves the day on which it begins along, as Outlook does.
        """
        sent = draft(start=start, end=end, zone=zone, **properties)
        if attendees is not None:
            sent["attendees"] = invitation(attendees)
        with self.world.lock:
            item, day = self._find(event_id)
            action = self.action("change")
            if day is not None:
                occurrences.change_occurrence(action, item, day, sent)
                return
            recurrence = sent.get("recurrence")
            if isinstance(recurrence, dict):
                sent["recurrence"] = starting(recurrence, start or item.content.start.local)
            elif "recurrence" not in sent and start is not None and item.content.recurrence:
                sent["recurrence"] = restarting(item.content.recurrence, start)
            events.change(action, item, sent)

    def attach(self, event_id: str, name: str) -> None:
        """Attach a file to an event or to a series."""
        with self.world.lock:
            item, _ = self._find(event_id)
            item.attachments.append(name)
            events.change(self.action("attach"), item, {})

    def delete(self, event_id: str) -> None:
        """Delete an event, a series or one occurrence; an organizer's meeting for all."""
        with self.world.lock:
            item, day = self._find(event_id)
            if day is None:
                events.delete(self.action("delete"), item)
            else:
                occurrences.cancel_occurrence(self.action("delete"), item, day)

    def split(self, series_id: str, day: date) -> str:
        """End a series before `day` and go on from there with a new one; its id.

        Half of what Outlook does to "this and all following"; the other half is to change that.
        """
        with self.world.lock:
            item, _ = self._find(series_id)
            entry = entry_of(item, day)
            ended, begun = halves(entry)
            prefers = Preferences(zone=recurrence_of(item.content).zone)
            shown = Renderer(self.world, self.mailbox, prefers).event(entry)
            kept = {name: shown[name] for name in KEPT_IN_A_SPLIT}
            events.change(self.action("split"), item, {"recurrence": ended})
            sent = {**kept, "recurrence": begun}
            return self._id(events.create(self.action("split"), item.calendar, sent))

    def move(self, event_id: str, calendar: str) -> None:
        """Move an event to another calendar of the mailbox."""
        with self.world.lock:
            self.world.move(self.mailbox, self._find(event_id)[0], calendar)

    def bring_back(self, event_id: str) -> str:
        """Delete an event and fetch it from the wastebasket at once; its new id. Nobody is told."""
        with self.world.lock:
            item, _ = self._find(event_id)
            self.world.bring_back(self.mailbox, item)
            return self._id(item)

    def respond(self, event_id: str, answer: Answer, *, send: bool = True) -> None:
        """Answer an invitation, to the whole series or to one occurrence."""
        with self.world.lock:
            item, day = self._find(event_id)
            responses.respond(self.action(answer), item, day, answer, send=send)

    def add_calendar(self, name: str) -> str:
        """A further calendar; its id."""
        with self.world.lock:
            return self.world.add_calendar(self.mailbox, name).id

    def label_zone(self, event_id: str, label: str) -> None:
        """Let the event's original zones read as `label`, as `tzone://Microsoft/Custom`."""
        with self.world.lock:
            item, _ = self._find(event_id)
            start, end = item.content.start, item.content.end
            item.content = replace(
                item.content, start=replace(start, label=label), end=replace(end, label=label)
            )
            self.world.touch(self.mailbox, item)

    # -- reading ------------------------------------------------------------------------------

    def event(self, event_id: str, *, zone: str = "UTC") -> JsonObject:
        """An event, series or occurrence as Graph shows it, extended properties included."""
        with self.world.lock:
            item, day = self._find(event_id)
            return self._shown(entry_of(item, day), zone)

    def events(self, *, calendar: str | None = None, zone: str = "UTC") -> list[JsonObject]:
        """All single events and series of a calendar, oldest first."""
        with self.world.lock:
            place = calendar or self.mailbox.default_calendar
            items = self.world.index(self.mailbox).items_of(place)
            return [self._shown(entry_of(item, None), zone) for item in items]

    def find(self, subject: str) -> list[str]:
        """The ids of the events and series with that subject."""
        with self.world.lock:
            return [
                self._id(item)
                for item in self.mailbox.items.values()
                if item.content.subject == subject
            ]

    def view(self, low: datetime, high: datetime, *, zone: str = "UTC") -> list[JsonObject]:
        """What happens from `low` to `high` (UTC where without zone), series expanded, by start."""
        window = Window(as_utc(low), as_utc(high))
        with self.world.lock:
            items = self.world.index(self.mailbox).items_of(self.mailbox.default_calendar)
            entries = [entry for item in items for entry in entries_within(item, window)]
            entries.sort(key=lambda entry: entry.times[0].instant)
            return [self._shown(entry, zone) for entry in entries]

    def occurrence(self, series_id: str, day: date) -> str:
        """The id of the occurrence that the pattern has on that day."""
        with self.world.lock:
            item, _ = self._find(series_id)
            return Renderer(self.world, self.mailbox, _IMMUTABLE).event_id(entry_of(item, day))

    def default_id(self, event_id: str) -> str:
        """The id that clients see who do not ask for immutable ones."""
        with self.world.lock:
            item, day = self._find(event_id)
            return Renderer(self.world, self.mailbox).event_id(entry_of(item, day))

    # -- for imports and tests ----------------------------------------------------------------

    def action(self, what: str) -> Action:
        """Something that the person does; its name goes into the outbox."""
        return Action(self.world, self.mailbox, f"{self.upn}: {what}")

    def item(self, event_id: str) -> Item:
        """The stored event, or the series that an occurrence belongs to."""
        with self.world.lock:
            return self._find(event_id)[0]

    # -- inside -------------------------------------------------------------------------------

    def _find(self, event_id: str) -> tuple[Item, date | None]:
        self.world.settle()
        return self.world.find(self.mailbox, event_id)

    def _id(self, item: Item) -> str:
        return Renderer(self.world, self.mailbox, _IMMUTABLE).event_id(entry_of(item, None))

    def _shown(self, entry: CalendarEntry, zone: str) -> JsonObject:
        prefers = replace(_IMMUTABLE, zone=zone)
        shown = Renderer(self.world, self.mailbox, prefers).event(entry)
        return {**shown, "singleValueExtendedProperties": extended_json(entry.content, None)}


_IMMUTABLE: Final = Preferences(text=True, immutable=True)
