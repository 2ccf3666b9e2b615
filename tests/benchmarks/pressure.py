"""How many mailboxes fare where the tenant is slow and fails: a curve that ought to have no cliff.

    python -m tests.benchmarks.pressure               400 mailboxes, five simulated minutes each
    python -m tests.benchmarks.pressure --mailboxes 2000 --minutes 2

Nobody waits for anything: the loop's time jumps to whatever is due next, and chance is seeded, so
that two runs on one commit print the same table. Every HTTP request takes as long as the line says;
of the mailboxes in it the given share fails, half of them because they are throttled for 10 s.
"""

import argparse
import asyncio
import json
import random
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from math import ceil
from statistics import quantiles
from typing import Any

import httpx
import sqlalchemy as sa

from calsync_agent import bootstrap
from calsync_agent.database.engine import open_database
from calsync_agent.exchange.calendar.connection import Exchange
from calsync_agent.exchange.transport.client import Graph
from calsync_agent.exchange.transport.pace import Clock
from calsync_agent.exchange.transport.settings import GraphSettings
from calsync_agent.service.rounds import Rounds
from calsync_agent.state import tables as state
from tests.benchmarks.__main__ import running
from tests.benchmarks.mailboxes import NoSignIn, furnish, made_with
from tests.exchange_client.fake import VirtualLoop
from tests.support.servers import SQLite

GRAPH = "https://graph.loopback/v1.0"
INTERVAL = 5.0
SECONDS = (0.1, 0.3, 1.0, 3.0, 6.0, 10.0)
ERRORS = (0.0, 0.1)
COLUMNS = (
    f"{'answers s':>9} {'errors':>6} | {'asked a round':>13} {'most':>5} {'ceiling':>7} |"
    f" {'heard of p50':>12} {'p95':>6} {'last':>6} s ago | {'lines':>5}"
)


class PressedTenant:
    """Answers after a while, and says of some mailboxes that it cannot."""

    def __init__(self, seconds: float, errors: float) -> None:
        self.asked = 0
        self._seconds = seconds
        self._errors = errors
        self._chance = random.Random(1)  # noqa: S311 - the same each time

    async def __call__(self, request: httpx.Request) -> httpx.Response:
        """What Graph would answer, whose mailboxes are empty."""
        self.asked += 1
        await asyncio.sleep(self._seconds)
        if not request.content:
            status, headers, body = self._answer(str(request.url).removeprefix(GRAPH))
            return httpx.Response(status, json=body, headers=headers)
        answers = []
        for part in json.loads(request.content)["requests"]:
            status, headers, body = self._answer(part["url"])
            answers.append({"id": part["id"], "status": status, "headers": headers, "body": body})
        return httpx.Response(200, json={"responses": answers})

    def _answer(self, url: str) -> tuple[int, dict[str, str], dict[str, object]]:
        drawn = self._chance.random()
        if drawn >= self._errors:
            return 200, {}, {"value": [], "@odata.deltaLink": GRAPH + url}
        if drawn < self._errors / 2:
            return 429, {"Retry-After": "10"}, {"error": {"code": "ApplicationThrottled"}}
        return 500, {}, {"error": {"code": "ErrorInternalServerError"}}


async def played(url: str, tenant: PressedTenant, seconds: float) -> str:
    """The table's columns about so many simulated seconds."""
    loop = asyncio.get_running_loop()
    start = datetime.now(UTC)

    def now() -> datetime:
        return start + timedelta(seconds=loop.time())

    given = GraphSettings("example.com", "c", secret="s", graph_url=GRAPH)
    clock = Clock(loop.time, now, asyncio.sleep, random.Random(2).random)  # noqa: S311 - as above
    graph = Graph(given, NoSignIn(), transport=httpx.MockTransport(tenant), clock=clock)
    database = open_database(url)
    database._in_thread = _here  # type: ignore[method-assign] - the loop waits for no thread
    with bootstrap.identity() as who:
        rounds = bootstrap.rounds(
            made_with(url),
            database,
            who,
            connect=lambda _settings, _provider: Exchange(graph),
            clock=lambda: now().replace(tzinfo=None),
            monotonic=loop.time,
        )
        asked = []
        while loop.time() < seconds:
            before = tenant.asked
            begun = loop.time()
            await rounds.begin()
            await asyncio.sleep(begun + INTERVAL - loop.time())
            asked.append(tenant.asked - before)
        ages = sorted(_ages(rounds, now().replace(tzinfo=None)))
        await rounds.close(5)
    with database.reading() as connection:
        counted = sa.select(sa.func.count()).select_from(state.log)
        lines = connection.execute(counted).scalar_one()
    database.dispose()
    twentieths = quantiles(ages, n=20)
    return (
        f"{sum(asked) / len(asked):>13.1f} {max(asked):>5} {ceil(len(ages) / 20) + 2:>7} |"
        f" {twentieths[9]:>12.1f} {twentieths[18]:>6.1f} {ages[-1]:>6.1f}       | {lines:>5}"
    )


def _ages(rounds: Rounds, now: datetime) -> list[float]:
    """How long ago each mailbox has said what is new; for ever, where it has not yet."""
    ends = (standing.ended_at for standing in rounds.standings.values())
    return [float("inf") if at is None else (now - at).total_seconds() for at in ends]


async def _here(call: Callable[[], Any]) -> Any:
    return call()


def main() -> None:
    """Play all of it, and print the table."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else None)
    parser.add_argument("--mailboxes", type=int, default=400)
    parser.add_argument("--minutes", type=float, default=5)
    options = parser.parse_args()
    with running() as run:
        print(COLUMNS)
        server = SQLite(run)
        for errors in ERRORS:
            for seconds in SECONDS:
                url = server.fresh(installed=True)
                furnish(url, options.mailboxes, GRAPH)
                tenant = PressedTenant(seconds, errors)
                with asyncio.Runner(loop_factory=VirtualLoop) as runner:
                    told = runner.run(played(url, tenant, options.minutes * 60))
                print(f"{seconds:>9} {errors:>6.0%} | {told}", flush=True)
                server.drop(url)


if __name__ == "__main__":
    main()
