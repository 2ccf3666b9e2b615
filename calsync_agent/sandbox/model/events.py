"""Creating, changing and deleting events, as app or person alike.

Meetings are passed on to the others by `meetings`.
"""

import hashlib
import json
from collections.abc import Mapping
from dataclasses import replace

from calsync_agent.sandbox.model import meetings, shapes
from calsync_agent.sandbox.model.checks import checked
from calsync_agent.sandbox.model.content import TIME_FIELDS, Changes, Content, Response
from calsync_agent.sandbox.model.entries import occurrence_times
from calsync_agent.sandbox.model.expansion import occurs_on
from calsync_agent.sandbox.model.items import Item
from calsync_agent.sandbox.model.online import has_join_block, new_meeting, with_join_block
from calsync_agent.sandbox.model.properties import finish_recurrence, read_properties
from calsync_agent.sandbox.model.refusals import GraphRefusal, invalid_request
from calsync_agent.sandbox.model.world import Action, World


def create(action: Action, calendar: str, sent: Mapping[str, object]) -> Item:
    """A new event; or the one there is, for a transactionId that was used for the same content."""
    world, mailbox = action.world, action.mailbox
    transaction = shapes.optional_text(sent.get("transactionId"))
    checksum = _checksum(sent)
    if transaction is not None:
        known = world.index(mailbox).by_transaction.get(transaction)
        repeated = None if known is None else _repeated(world, mailbox.items[known], checksum)
        if repeated is not None:
            return repeated
    key = mailbox.last_key + 1
    content = _new_content(action, key, sent)
    mailbox.last_key = key
    now = world.clock.now()
    item = Item(
        key=key,
        calendar=calendar,
        uid=world.ids.ical_uid("event", mailbox.id, key),
        content=content,
        organizer=mailbox.address,
        is_organizer=True,
        created=now,
        modified=now,
        transaction=transaction,
        sent=checksum,
        response=Response("organizer") if content.attendees else Response(),
    )
    world.add(mailbox, item)
    world.stamp_later(mailbox, item)
    meetings.created(action, item)
    return item


def change(action: Action, item: Item, sent: Mapping[str, object]) -> None:
    """Merge the sent properties into an event or a whole series."""
    if "transactionId" in sent and sent["transactionId"] != item.transaction:
        raise invalid_request("The transactionId cannot be changed once the event exists.")
    before = item.content
    changes = read_changes(sent, before)
    finish_recurrence(changes, (changes.get("start") or before.start).zone)
    _finish_online(action, item.key, changes, before)
    item.content = checked(replace(before, **changes))
    item.odd = {name: value for name, value in item.odd.items() if name not in sent}
    retimed = any(getattr(before, field) != getattr(item.content, field) for field in TIME_FIELDS)
    if retimed:
        _fit_series(action.world, item, before)
    if item.is_organizer and item.content.attendees:
        item.response = Response("organizer")
    if item.is_organizer and retimed and action.world.settings.answers_reset:
        meetings.ask_anew(item)
    action.world.touch(action.mailbox, item)
    if item.content.online is not None and item.content.online.late:
        action.world.stamp_later(action.mailbox, item)
    if item.is_organizer:
        meetings.changed(action, item, before, frozenset(changes), retimed=retimed)


def delete(action: Action, item: Item) -> None:
    """Delete an event or a whole series. An organizer's meeting is cancelled for all."""
    if item.is_organizer:
        meetings.cancelled(action, item)
    action.world.drop(action.mailbox, item)


def read_changes(sent: Mapping[str, object], before: Content) -> Changes:
    """The sent properties as changes of `before`, not yet checked against the rest of it.

    Extended properties merge by id. Whoever stays invited keeps the answer given. A Teams meeting
    once made can neither be changed nor unset.
    """
    changes = read_properties(sent)
    if "extended" in changes:
        changes["extended"] = {**before.extended, **changes["extended"]}
    if "attendees" in changes:
        answers = {each.who.key: each.status for each in before.attendees}
        changes["attendees"] = tuple(
            replace(each, status=answers.get(each.who.key, each.status))
            for each in changes["attendees"]
        )
    if before.online is not None:
        changes.pop("online", None)
        if "body" in changes and not has_join_block(changes["body"], before.online):
            changes["online"] = None
    return changes


def _new_content(action: Action, key: int, sent: Mapping[str, object]) -> Content:
    changes = read_properties(sent)
    if "start" not in changes or "end" not in changes:
        raise invalid_request("An event needs both a start and an end.")
    finish_recurrence(changes, changes["start"].zone)
    blank = Content(start=changes["start"], end=changes["end"])
    _finish_online(action, key, changes, blank)
    return checked(replace(blank, **changes))


def _finish_online(action: Action, key: int, changes: Changes, before: Content) -> None:
    """Make the Teams meeting that was asked for, and say so in the body."""
    provider, how = changes.get("online"), action.world.settings.online_meetings
    if provider is None:
        return
    if how == "refused":
        raise invalid_request("The calendar does not allow online meetings.")
    if how == "ignored":
        del changes["online"]
        return
    thread = action.world.ids.guid("thread", action.mailbox.id, key).replace("-", "")
    tenant, shape = action.world.stored.tenant_id, action.world.settings.join_block
    meeting = new_meeting(tenant, action.mailbox.id, thread, provider, shape)
    changes["online"] = replace(meeting, late=how == "late")
    if how == "late":
        return
    changes["body"] = with_join_block(changes.get("body", before.body), meeting)


def _fit_series(world: World, item: Item, before: Content) -> None:
    """What becomes of exceptions and cancelled days when the series changes.

    A new end only ends them where it passes them; a new time or pattern discards them all, unless
    that is switched off.
    """
    old, new = before.recurrence, item.content.recurrence
    kept = False
    if old is not None and new is not None:
        same_clock = occurrence_times(before, old.start) == occurrence_times(
            item.content, old.start
        )
        kept = (old.rule == new.rule and same_clock) or world.settings.series_changed == "keep"
    if new is None or not kept:
        item.exceptions.clear()
        item.removed.clear()
        return
    item.removed = {day for day in item.removed if occurs_on(new, day)}
    item.exceptions = {day: each for day, each in item.exceptions.items() if occurs_on(new, day)}


def _repeated(world: World, item: Item, checksum: str) -> Item | None:
    """What a create with a known transactionId answers; None where it makes a new event."""
    if item.sent == checksum:
        return item
    match world.settings.reused_transaction:
        case "return":
            return item
        case "create":
            return None
        case "refuse":
            raise GraphRefusal(
                409,
                "ErrorDuplicateTransactionId",
                "Your request can't be completed. The TransactionId specified in the request has "
                "already been used to create a different event.",
            )


def _checksum(sent: Mapping[str, object]) -> str:
    ordered = json.dumps(sent, sort_keys=True)
    return hashlib.sha256(ordered.encode()).hexdigest()
