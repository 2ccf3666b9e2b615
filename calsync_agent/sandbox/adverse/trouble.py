"""What a trouble is: a name, the fact that it stands on, how likely it is, how often it comes."""

import random
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass
from typing import Literal
from urllib.parse import quote, urlencode

from calsync_agent.sandbox.graph.preferences import read_preferences
from calsync_agent.sandbox.graph.requests import GraphReply, Request
from calsync_agent.sandbox.model.items import Mailbox
from calsync_agent.sandbox.model.shapes import JsonObject
from calsync_agent.sandbox.model.world import World
from calsync_agent.sandbox.people import Person


@dataclass(frozen=True, kw_only=True)
class Trouble:
    """Something that Exchange has been seen to do.

    `fact`: where. `rate`: how likely it is at each occasion. `most`: how often it comes in one
    mailbox (or in the tenant, where no mailbox is concerned).
    """

    name: str
    fact: str
    rate: float = 0.1
    most: int = 2


@dataclass(frozen=True, slots=True)
class Making:
    """A mailbox in which something odd is put. `others` are colleagues, `outside` a stranger."""

    person: Person
    others: list[Person]
    outside: Person
    rng: random.Random


@dataclass(frozen=True, kw_only=True)
class Content(Trouble):
    """An event that is odd by itself. `rate`: in how many of all seeds a mailbox holds one."""

    make: Callable[[Making], object]
    rate: float = 0.4
    most: int = 1


@dataclass(frozen=True, kw_only=True)
class Habit(Trouble):
    """A way of the tenant's as long as it is adverse: settings, and what they are set to."""

    settings: Mapping[str, object]
    rate: float = 0.5
    most: int = 1


@dataclass(frozen=True, kw_only=True)
class Happening(Trouble):
    """Something that happens in a mailbox just before a delta request is answered."""

    happen: Callable[[World, Mailbox, random.Random], object]


@dataclass(slots=True)
class Page:
    """A page of delta on its way out. `earlier`: items as they were shown before, by id."""

    request: Request
    world: World
    mailbox: Mailbox
    body: JsonObject
    value: list[object]
    earlier: Mapping[str, JsonObject]
    rng: random.Random

    @property
    def asked(self) -> str:
        """The address that was asked."""
        path = "/".join(quote(segment, safe="$") for segment in self.request.segments)
        return f"{self.request.base}/{path}?{urlencode(self.request.query)}"

    @property
    def items(self) -> list[JsonObject]:
        """What is no tombstone, and whole."""
        objects = [each for each in self.value if isinstance(each, dict)]
        return [each for each in objects if "@removed" not in each and each.get("type")]

    def unknown_id(self) -> str:
        """An id of this mailbox that nobody has."""
        prefers = read_preferences(self.request.headers.get("prefer", ""))
        key = 2**31 + self.rng.getrandbits(24)
        return self.world.ids.event_id(
            self.mailbox.id, key, prefers.moves(0), server=self.mailbox.server
        )

    def put(self, item: object, *, after: object = None, before: object = None) -> None:
        """Put an item behind or before another one of the page, or anywhere."""
        known = after if before is None else before
        if known is None:
            place = self.rng.randint(0, len(self.value))
        else:
            found = next(at for at, each in enumerate(self.value) if each is known)
            place = found + (before is None)
        self.value.insert(place, item)

    def goes_on_at(self, link: str) -> None:
        """Let the round go on there instead of ending or going on."""
        self.body.pop("@odata.deltaLink", None)
        self.body["@odata.nextLink"] = link


@dataclass(frozen=True, kw_only=True)
class Feed(Trouble):
    """A page of delta that is not as it should be. `fits`: the pages that can be."""

    change: Callable[[Page], object]
    fits: Callable[[Page], bool] = lambda _page: True


@dataclass(slots=True)
class Call:
    """A call, or an HTTP request, on its way. `wait` waits so many seconds."""

    request: Request
    proceed: Callable[[], Awaitable[GraphReply]]
    world: World
    mailbox: Mailbox | None
    rng: random.Random
    wait: Callable[[float], Awaitable[None]]


@dataclass(frozen=True, kw_only=True)
class Wire(Trouble):
    """A call that is answered badly, or not at all.

    `scope` as in `faults.Rule`; `fits`: the calls that can be. `timed`: takes real time.
    """

    act: Callable[[Call], Awaitable[GraphReply]]
    fits: Callable[[Request], bool] = lambda _request: True
    scope: Literal["call", "http"] = "call"
    timed: bool = False
    rate: float = 0.04


AnyTrouble = Content | Habit | Happening | Feed | Wire


@dataclass(slots=True)
class Tally:
    """How often a trouble could have come in a mailbox, and did."""

    met: int = 0
    came: int = 0
