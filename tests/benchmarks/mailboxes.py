"""What many mailboxes cost in which nothing happens: CPU, memory and requests of a round.

    python -m tests.benchmarks.mailboxes                          1 to 10,000, SQLite and PostgreSQL
    python -m tests.benchmarks.mailboxes --mailboxes 400 --database sqlite --profile 10

Each line is an agent in a process of its own, against a tenant in another. The floor is what the
same requests cost by httpx and json alone. To compare two commits: run it in both, one after the
other, and lay the tables side by side.
"""

import argparse
import asyncio
import cProfile
import gc
import json
import os
import pstats
import re
import statistics
import subprocess
import sys
import time
from collections.abc import Callable
from dataclasses import asdict, dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any
from uuid import uuid4

import httpx
import sqlalchemy as sa
from pydantic import SecretStr

from calsync_agent import bootstrap
from calsync_agent.config.settings import ClientSecret, Settings
from calsync_agent.consolidate import tables
from calsync_agent.database.engine import open_database
from calsync_agent.exchange.calendar.connection import Exchange
from calsync_agent.exchange.transport import trust
from calsync_agent.exchange.transport.client import Graph
from calsync_agent.exchange.transport.settings import GraphSettings
from calsync_agent.plan.window import window
from calsync_agent.state import identity
from calsync_agent.state import tables as state
from tests.benchmarks.__main__ import running
from tests.benchmarks.idle_tenant import idle_tenant, position
from tests.benchmarks.meter import megabytes, metered
from tests.support import servers
from tests.support.servers import Run, Server, SQLite

CURVE = (1, 100, 400, 1_000, 4_000, 10_000)
ROUNDS = 3
_FOLDERS = re.compile(r".*(site-packages|lib/python[0-9.]+|(?=calsync_agent))/?")
COLUMNS = (
    f"{'database':<10} {'mailboxes':>9} {'CPU s':>8} {'floor':>8} {'÷':>5} {'requests':>8}"
    f" {'floor':>6} {'stmts':>6} {'MB':>6} {'KB each':>8} {'begin s':>8} {'stop s':>7}"
)


@dataclass
class Cost:
    """Of one round in which nothing has changed; `begin`: of all before it; `stop`: CPU, too."""

    cpu: float
    floor: float
    requests: int
    statements: int
    memory: float
    grown: float
    begin: float
    stop: float
    top: list[str] = field(default_factory=list)


class NoSignIn:
    """A token that nobody looks at."""

    async def token(self, *, force: bool = False) -> str:
        """It."""
        return f"token{force:d}"

    async def aclose(self) -> None:
        """Nothing is open."""


def furnish(url: str, count: int, graph_url: str) -> None:
    """So many employees with profiles that are in step with empty mailboxes."""
    now = datetime.now(UTC).replace(tzinfo=None)
    span = window(now, 3, 24)
    numbers = range(1, count + 1)
    database = open_database(url)
    with database.writing() as connection:
        row = {"id": 1, "kind": "exchange365", "tenant_id": "example.com"}
        connection.execute(sa.insert(state.provider).values(row))
        people = [
            {"code": f"E{n:05}", "name": f"Person {n}", "email": _address(n)} for n in numbers
        ]
        connection.execute(sa.insert(tables.employee), people)
        profiles = [
            {"provider_id": 1, "employee_id": n, "external_user_id": _address(n)} for n in numbers
        ]
        connection.execute(sa.insert(state.profile), profiles)
        far = [
            {
                "profile_id": n,
                "mailbox": _address(n),
                "delta_link": position(graph_url, _address(n)),
                "window_start": span.start,
                "window_end": span.end,
                "listed_at": now,
                "compared_at": now - timedelta(days=1),
            }
            for n in numbers
        ]
        connection.execute(sa.insert(state.profile_state), far)
        owned = [
            {
                "profile_id": n,
                "spelling": _address(n),
                "user_id": str(uuid4()),
                "calendar_id": f"{_address(n):x<120}",
                "address": _address(n),
                "held": True,
            }
            for n in numbers
        ]
        connection.execute(sa.insert(state.mailbox), owned)
        identity.note(connection)
    database.dispose()


def _address(number: int) -> str:
    return f"p{number}@contoso.example"


async def _measured(job: dict[str, Any]) -> Cost:
    given = GraphSettings("example.com", "c", secret="s", graph_url=job["graph_url"])
    given = GraphSettings(**{**asdict(given), "ca_file": Path(job["ca_file"])})
    graph = Graph(given, NoSignIn())
    database = open_database(job["url"])
    with bootstrap.identity() as who:
        rounds = bootstrap.rounds(
            made_with(job["url"]),
            database,
            who,
            connect=lambda _settings, _provider: Exchange(graph),
        )
        rounds.attend()
        before = megabytes("VmRSS")
        begun = time.process_time()
        for _ in range(2):
            await rounds.begin()
            await rounds.finished()
        begin = time.process_time() - begun
        profile = cProfile.Profile(time.process_time)
        costs, asked, told = [], [], []
        for _ in range(ROUNDS):
            had = sum(graph.traffic.requests.values())
            with metered() as figures:
                await rounds.begin()
                await rounds.finished()
            costs.append(figures.cpu)
            asked.append(sum(graph.traffic.requests.values()) - had)
            told.append(figures.statements)
        if job["profile"]:
            database._in_thread = _here  # type: ignore[method-assign] - the profile sees one thread
            profile.enable()
            await rounds.begin()
            await rounds.finished()
            profile.disable()
        gc.collect()
        memory = megabytes("VmRSS")
        ended = time.process_time()
        await rounds.close(5)
        stop = time.process_time() - ended
    database.dispose()
    return Cost(
        cpu=statistics.median(costs),
        floor=_floor(job),
        requests=round(statistics.median(asked)),
        statements=round(statistics.median(told)),
        memory=memory,
        grown=memory - before,
        begin=begin,
        stop=stop,
        top=_top(profile, job["profile"]),
    )


async def _here(call: Callable[[], Any]) -> Any:
    return call()


def made_with(url: str) -> Settings:
    """The settings of an agent on this database."""
    return Settings.model_validate(
        {
            "database": {"url": SecretStr(url)},
            "exchange": {"client_id": "c", "client_secret_env": "NONE"},
            "path": Path("agent.toml"),
            "credential": ClientSecret(SecretStr("none")),
        }
    )


def _floor(job: dict[str, Any]) -> float:
    """The CPU seconds of the same questions, by nothing but httpx and json."""
    mailboxes = [_address(n) for n in range(1, job["count"] + 1)]
    prefix = len(job["graph_url"])
    with httpx.Client(verify=trust.tls(Path(job["ca_file"])), trust_env=False) as web:
        web.get(position(job["graph_url"], mailboxes[0]))
        begun = time.process_time()
        for first in range(0, len(mailboxes), 20):
            links = [position(job["graph_url"], one) for one in mailboxes[first : first + 20]]
            parts = [
                {"id": str(at), "method": "GET", "url": link[prefix:], "headers": {"Prefer": "a"}}
                for at, link in enumerate(links)
            ]
            reply = web.post(f"{job['graph_url']}/$batch", json={"requests": parts})
            assert len(json.loads(reply.content)["responses"]) == len(parts)
        return time.process_time() - begun


def _top(profile: cProfile.Profile, count: int) -> list[str]:
    """The most expensive functions by themselves, with what they call beside it."""
    if not count:
        return []
    found = pstats.Stats(profile)
    stats: dict[Any, Any] = found.stats  # type: ignore[attr-defined] - not in the stubs
    rows = sorted(stats.items(), key=lambda item: -item[1][2])[:count]
    return [
        f"    {own:8.3f} {whole:8.3f} {calls:>9}  {_FOLDERS.sub('', file)}:{line}({name})"
        for (file, line, name), (_, calls, own, whole, _) in rows
    ]


def measure(url: str, count: int, profile: int) -> Cost:
    """An agent with so many mailboxes, in a process of its own."""
    with idle_tenant() as tenant:
        furnish(url, count, tenant.graph_url)
        job = {**asdict(tenant), "url": url, "count": count, "profile": profile}
        done = subprocess.run(
            [sys.executable, "-m", "tests.benchmarks.mailboxes", "--job", json.dumps(job)],
            stdout=subprocess.PIPE,
            text=True,
            check=True,
            env=dict(os.environ),
        )
    return Cost(**json.loads(done.stdout.splitlines()[-1]))


def _line(name: str, count: int, cost: Cost) -> str:
    return (
        f"{name:<10} {count:>9} {cost.cpu:>8.3f} {cost.floor:>8.3f} {cost.cpu / cost.floor:>5.1f}"
        f" {cost.requests:>8} {-(-count // 20):>6} {cost.statements:>6} {cost.memory:>6.0f}"
        f" {cost.grown * 1024 / count:>8.1f} {cost.begin:>8.2f} {cost.stop:>7.2f}"
    )


def main() -> None:
    """Run it, and print the table."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else None)
    parser.add_argument("--mailboxes", type=int, action="append", help="a point of the curve")
    parser.add_argument("--database", action="append", choices=("sqlite", "postgresql"))
    parser.add_argument("--profile", type=int, default=0, help="so many functions of one round")
    parser.add_argument("--job", help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.job:
        print(json.dumps(asdict(asyncio.run(_measured(json.loads(options.job))))))
        return
    makers: dict[str, Callable[[Run], Server | SQLite]] = {
        "sqlite": SQLite,
        "postgresql": servers.postgresql,
    }
    with running() as run:
        print(COLUMNS)
        for name in options.database or makers:
            server = makers[name](run)
            for count in options.mailboxes or CURVE:
                url = server.fresh(installed=True)
                cost = measure(url, count, options.profile)
                server.drop(url)
                print("\n".join([_line(name, count, cost), *cost.top]), flush=True)


if __name__ == "__main__":
    main()
