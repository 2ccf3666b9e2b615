"""The one who lets troubles happen: which, when and how often is a matter of seed and history."""

import random
from collections import OrderedDict
from collections.abc import Awaitable, Callable, Iterable, Mapping
from dataclasses import replace
from typing import Final

from calsync_agent.sandbox.adverse.registry import BY_NAME, TROUBLES
from calsync_agent.sandbox.adverse.trouble import (
    AnyTrouble,
    Call,
    Content,
    Feed,
    Habit,
    Happening,
    Making,
    Page,
    Tally,
    Wire,
)
from calsync_agent.sandbox.graph.requests import GraphReply, Request
from calsync_agent.sandbox.model.items import Mailbox
from calsync_agent.sandbox.model.refusals import invalid_request
from calsync_agent.sandbox.model.shapes import JsonObject
from calsync_agent.sandbox.model.world import World
from calsync_agent.sandbox.people import Person

Proceed = Callable[[], Awaitable[GraphReply]]

STRANGER: Final = "fremd@anderswo.example"
_KEPT: Final = 300
"""How many items of a mailbox are remembered as they were shown."""
_OK: Final = 200


class Adversity:
    """Off until `begin`. Content that was put into mailboxes stays after `end`; all else is over.

    The same seed and the same requests meet the same troubles.
    """

    def __init__(self, world: World, wait: Callable[[float], Awaitable[None]]) -> None:
        self.seed: int | None = None
        self.kinds: frozenset[str] = frozenset()
        self.rate: float | None = None
        self._world = world
        self._wait = wait
        self._tallies: dict[tuple[str, str], Tally] = {}
        self._earlier: dict[str, OrderedDict[str, JsonObject]] = {}
        self._habits: dict[str, object] = {}

    def begin(
        self, seed: int, kinds: Iterable[str] | None = None, *, rate: float | None = None
    ) -> None:
        """Be adverse from now on. `kinds`: these troubles only; `rate`: instead of each one's own.

        400 for a kind that there is not.
        """
        chosen = frozenset(BY_NAME if kinds is None else kinds)
        if unknown := chosen - BY_NAME.keys():
            raise invalid_request(f"No such trouble: {', '.join(sorted(unknown))}")
        self.end()
        self.seed, self.kinds, self.rate = seed, chosen, rate
        for trouble in TROUBLES:
            if isinstance(trouble, Habit) and self._comes(trouble, ""):
                for name, value in trouble.settings.items():
                    self._habits[name] = getattr(self._world.settings, name)
                    setattr(self._world.settings, name, value)
        for mailbox in self._world.people():
            self.fill(mailbox)

    def end(self) -> None:
        """Be well from now on."""
        for name, value in self._habits.items():
            setattr(self._world.settings, name, value)
        self._habits.clear()
        self._tallies.clear()
        self._earlier.clear()
        self.seed, self.kinds, self.rate = None, frozenset(), None

    def as_json(self) -> JsonObject:
        """For the control endpoint: what is on, and what has come how often."""
        came: dict[str, int] = {}
        for (name, _), tally in self._tallies.items():
            if tally.came:
                came[name] = came.get(name, 0) + tally.came
        return {"seed": self.seed, "kinds": sorted(self.kinds), "rate": self.rate, "came": came}

    def fill(self, mailbox: Mailbox) -> None:
        """Put odd events into a mailbox."""
        for trouble in TROUBLES:
            if isinstance(trouble, Content) and self._comes(trouble, mailbox.id):
                trouble.make(self._making(trouble, mailbox))

    # -- calls --------------------------------------------------------------------------------

    async def http(self, request: Request, mailbox: str | None, proceed: Proceed) -> GraphReply:
        """The answer to an HTTP request. Raises GraphRefusal and Dropped."""
        return await self._answered("http", request, mailbox, proceed)

    async def call(self, request: Request, mailbox: str | None, proceed: Proceed) -> GraphReply:
        """The answer to one call. Raises GraphRefusal and Dropped."""
        if self.seed is None:
            return await proceed()
        delta = request.segments[-1:] == ("delta",) and mailbox is not None
        if delta and mailbox is not None:
            with self._world.lock:
                self._happen(self._world.stored.mailboxes[mailbox])
        answer = await self._answered("call", request, mailbox, proceed)
        if not delta or mailbox is None or answer.status != _OK:
            return answer
        if answer.body is None or "value" not in answer.body:  # it says nothing, as it should
            return answer
        with self._world.lock:
            return self._page(request, self._world.stored.mailboxes[mailbox], answer, answer.body)

    async def _answered(
        self, scope: str, request: Request, mailbox: str | None, proceed: Proceed
    ) -> GraphReply:
        with self._world.lock:
            trouble = self._on_the_wire(scope, request, mailbox or "")
            box = self._world.stored.mailboxes[mailbox] if mailbox else None
        if trouble is None:
            return await proceed()
        rng = self._rng(trouble, mailbox or "")
        return await trouble.act(Call(request, proceed, self._world, box, rng, self._wait))

    def _on_the_wire(self, scope: str, request: Request, where: str) -> Wire | None:
        """The first one that comes; every one that fits is asked."""
        coming = [
            trouble
            for trouble in TROUBLES
            if isinstance(trouble, Wire)
            and trouble.scope == scope
            and trouble.name in self.kinds
            and trouble.fits(request)
            and self._likely(trouble, where)
        ]
        if not coming:
            return None
        self._tally(coming[0], where).came += 1
        return coming[0]

    def _happen(self, mailbox: Mailbox) -> None:
        for trouble in TROUBLES:
            if isinstance(trouble, Happening) and self._comes(trouble, mailbox.id):
                trouble.happen(self._world, mailbox, self._rng(trouble, mailbox.id))

    def _page(
        self, request: Request, mailbox: Mailbox, answer: GraphReply, body: JsonObject
    ) -> GraphReply:
        form = f"{mailbox.id} {request.headers.get('prefer', '')}"
        earlier = self._earlier.setdefault(form, OrderedDict())
        shown = body["value"]
        told = [dict(each) for each in shown] if isinstance(shown, list) else []
        page = Page(
            request=request,
            world=self._world,
            mailbox=mailbox,
            body=dict(body),
            value=[dict(each) for each in told],
            earlier=dict(earlier),
            rng=random.Random(),  # noqa: S311 - no secret
        )
        for trouble in TROUBLES:
            if (
                isinstance(trouble, Feed)
                and trouble.fits(page)
                and self._comes(trouble, mailbox.id)
            ):
                page.rng = self._rng(trouble, mailbox.id)
                trouble.change(page)
        _remember(earlier, told)
        return replace(answer, body={**page.body, "value": page.value})

    # -- chance -------------------------------------------------------------------------------

    def _comes(self, trouble: AnyTrouble, where: str) -> bool:
        if trouble.name not in self.kinds or not self._likely(trouble, where):
            return False
        self._tally(trouble, where).came += 1
        return True

    def _likely(self, trouble: AnyTrouble, where: str) -> bool:
        tally = self._tally(trouble, where)
        if tally.came >= trouble.most:
            return False
        tally.met += 1
        rate = trouble.rate if self.rate is None else self.rate
        return self._rng(trouble, where, "comes").random() < rate

    def _tally(self, trouble: AnyTrouble, where: str) -> Tally:
        return self._tallies.setdefault((trouble.name, where), Tally())

    def _rng(self, trouble: AnyTrouble, where: str, what: str = "how") -> random.Random:
        met = self._tally(trouble, where).met
        return random.Random(f"{self.seed} {trouble.name} {where} {met} {what}")  # noqa: S311

    def _making(self, trouble: Content, mailbox: Mailbox) -> Making:
        world = self._world
        others = [Person(world, each) for each in world.people() if each is not mailbox]
        outside = world.by_address(STRANGER) or world.add_mailbox(STRANGER, "Fremd", hidden=True)
        rng = self._rng(trouble, mailbox.id)
        return Making(Person(world, mailbox), others, Person(world, outside), rng)


def _remember(earlier: OrderedDict[str, JsonObject], told: Iterable[Mapping[str, object]]) -> None:
    for item in told:
        id_ = str(item["id"])
        if "@removed" in item:
            earlier.pop(id_, None)
        else:
            earlier[id_] = dict(item)
            earlier.move_to_end(id_)
    while len(earlier) > _KEPT:
        earlier.popitem(last=False)
