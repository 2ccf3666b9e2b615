"""Changing and cancelling single occurrences of a series."""

from collections.abc import Mapping
from dataclasses import replace
from datetime import date, datetime

from calsync_agent.sandbox.model import meetings
from calsync_agent.sandbox.model.checks import checked
from calsync_agent.sandbox.model.content import Content
from calsync_agent.sandbox.model.entries import CalendarEntry, entry_of, recurrence_of
from calsync_agent.sandbox.model.events import read_changes
from calsync_agent.sandbox.model.expansion import neighbours
from calsync_agent.sandbox.model.items import ChangedOccurrence, Item
from calsync_agent.sandbox.model.refusals import crossing_boundary, invalid_request
from calsync_agent.sandbox.model.world import Action


def change_occurrence(action: Action, item: Item, day: date, sent: Mapping[str, object]) -> None:
    """Merge the sent properties into one occurrence, which becomes an exception of its series.

    400 ErrorOccurrenceCrossingBoundary where it would reach the day of a neighbour.
    """
    before = entry_of(item, day).content
    changes = read_changes(sent, before)
    if changes.pop("recurrence", None) is not None:
        raise invalid_request("An occurrence of a series cannot have a recurrence of its own.")
    if changes.get("online") is not None:
        raise invalid_request("An occurrence of a series cannot have an online meeting of its own.")
    after = checked(replace(before, **changes))
    if {"start", "end", "all_day"} & set(changes):
        _check_neighbours(item, day, after)
    known = item.exceptions.get(day)
    item.exceptions[day] = ChangedOccurrence(
        changes={**(known.changes if known else {}), **changes},
        modified=action.world.clock.now(),
        response=known.response if known else item.response,
    )
    action.world.touch(action.mailbox, item, day)
    if item.is_organizer:
        entry = entry_of(item, day)
        meetings.occurrence_changed(action, item, entry, before, frozenset(changes))


def cancel_occurrence(action: Action, item: Item, day: date) -> None:
    """Take one occurrence out of its series."""
    entry = entry_of(item, day)
    if item.is_organizer:
        meetings.occurrence_cancelled(action, item, entry)
    item.exceptions.pop(day, None)
    item.removed.add(day)
    action.world.touch(action.mailbox, item, day)


def _check_neighbours(item: Item, day: date, after: Content) -> None:
    """No occurrence may reach the day of the one before it or after it, nor overlap one."""
    recurrence = recurrence_of(item.content)
    start, end = after.on_series_clock(recurrence)
    earlier, later = neighbours(recurrence, day)
    previous = next((each for each in earlier if each not in item.removed), None)
    following = next((each for each in later if each not in item.removed), None)
    if previous is not None:
        left_start, left_end = _on_series_clock(item, previous)
        if start.local.date() <= left_start.date() or start.local < left_end:
            raise crossing_boundary()
    if following is not None:
        right_start, _ = _on_series_clock(item, following)
        if start.local.date() >= right_start.date() or end.local > right_start:
            raise crossing_boundary()


def _on_series_clock(item: Item, day: date) -> tuple[datetime, datetime]:
    content = CalendarEntry(
        item, "exception" if day in item.exceptions else "occurrence", day
    ).content
    start, end = content.on_series_clock(recurrence_of(item.content))
    return start.local, end.local
