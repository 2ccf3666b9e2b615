"""Counts what was asked of the sandbox, for tests that hold the agent to a budget."""

from collections import Counter
from dataclasses import dataclass, field, fields
from typing import Final

from calsync_agent.sandbox.graph.requests import Request
from calsync_agent.sandbox.model.shapes import JsonObject

_HOLDERS: Final = {"users": "{user}", "events": "{event}", "calendars": "{calendar}"}


@dataclass(slots=True)
class Counters:
    """`http`: HTTP requests to Graph, a batch being one. `calls`: single calls, in batches or not.

    `kinds`: calls by method and route, as `GET /users/{user}/calendarView/delta`. `mailboxes`:
    calls by mailbox id. `at_once`: the most calls that ran at the same time, by mailbox id.
    """

    http: int = 0
    batches: int = 0
    calls: int = 0
    tokens: int = 0
    throttled: int = 0
    refused: int = 0
    kinds: Counter[str] = field(default_factory=Counter)
    mailboxes: Counter[str] = field(default_factory=Counter)
    at_once: dict[str, int] = field(default_factory=dict)

    @property
    def writes(self) -> int:
        """Calls that are no reads."""
        return sum(n for kind, n in self.kinds.items() if not kind.startswith("GET "))

    def count_call(self, request: Request, mailbox: str | None) -> None:
        """Note a call that was made."""
        self.calls += 1
        self.kinds[kind_of(request)] += 1
        if mailbox is not None:
            self.mailboxes[mailbox] += 1

    def reset(self) -> None:
        """Count from zero again."""
        fresh = Counters()
        for each in fields(self):
            setattr(self, each.name, getattr(fresh, each.name))

    def as_json(self) -> JsonObject:
        """For the control endpoint."""
        return {
            "http": self.http,
            "batches": self.batches,
            "calls": self.calls,
            "writes": self.writes,
            "tokens": self.tokens,
            "throttled": self.throttled,
            "refused": self.refused,
            "kinds": dict(self.kinds),
            "mailboxes": dict(self.mailboxes),
            "at_once": dict(self.at_once),
        }


def kind_of(request: Request) -> str:
    """Method and route, with placeholders where names and ids stand."""
    route, holder = "", None
    for segment in request.segments:
        route += f"/{holder or segment}"
        holder = None if holder else _HOLDERS.get(segment)
    return f"{request.method} {route}"
