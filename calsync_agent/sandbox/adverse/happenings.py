"""What happens to mailboxes and events by itself, or by people in the wrong second; and habits."""

import random
from typing import Final

from calsync_agent.sandbox.adverse.trouble import Habit, Happening
from calsync_agent.sandbox.model.items import Item, Mailbox
from calsync_agent.sandbox.model.world import World


def _moved(world: World, mailbox: Mailbox, _rng: random.Random) -> None:
    world.relocate(mailbox)


def _brought_back(world: World, mailbox: Mailbox, rng: random.Random) -> None:
    items = _own(mailbox)
    if items:
        world.bring_back(mailbox, rng.choice(items))


def _stamped(world: World, mailbox: Mailbox, rng: random.Random) -> None:
    for item in list(mailbox.items.values()):
        if rng.random() < 0.5:  # noqa: PLR2004 - a coin
            world.touch(mailbox, item)


def _own(mailbox: Mailbox) -> list[Item]:
    """What is not a copy of somebody else's."""
    return [item for item in mailbox.items.values() if item.is_organizer]


HAPPENINGS: Final = (
    Happening(
        name="mailbox moved",
        fact="a mailbox is moved to another server: every id is new, every link is lost (5, B3)",
        happen=_moved,
        rate=0.05,
        most=1,
    ),
    Happening(
        name="brought back",
        fact="an event from the wastebasket: its tombstone, and the event under a new id (B3)",
        happen=_brought_back,
        rate=0.05,
    ),
    Happening(
        name="stamped",
        fact="the server touches events by itself: other change keys, the same content (4.3)",
        happen=_stamped,
    ),
)

HABITS: Final = (
    Habit(
        name="careless about If-Match",
        fact="whether If-Match is honoured is not documented (4.3)",
        settings={"strict_if_match": False},
    ),
    Habit(
        name="tombstones of occurrences",
        fact="the form in which a deleted occurrence comes is not documented (1.5)",
        settings={"occurrence_tombstones": True},
    ),
    Habit(
        name="silent about days",
        fact="exceptionOccurrences and cancelledOccurrences empty although there are some (3.5)",
        settings={"empty_series_arrays": True},
        rate=0.25,
    ),
    Habit(
        name="keeps the days of a series",
        fact="whether exceptions survive a change of the series is not documented (3.4)",
        settings={"series_changed": "keep"},
    ),
    Habit(
        name="last item again",
        fact="the last item of a page comes again on the next (1.3)",
        settings={"duplicate_items": True},
    ),
    Habit(
        name="late",
        fact="a write takes a while to be seen by delta (1.6)",
        settings={"visibility_delay": 7.0},
        rate=0.25,
    ),
    Habit(
        name="$select refused",
        fact="$select on delta is ignored, or refused (1.3)",
        settings={"delta_select": "refuse"},
    ),
)
