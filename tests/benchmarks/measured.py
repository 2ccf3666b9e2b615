"""One piece of work in a fresh process: `python -m tests.benchmarks.measured JOB`, JSON both ways.

Imports, and opening the database, are done before the clock starts; the sign-in is part of the work
of both the agent and the floor.
"""

import asyncio
import json
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import asdict
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any, Final

import sqlalchemy as sa

from calsync_agent import bootstrap
from calsync_agent.appointment.model import ProfileId
from calsync_agent.config import reading
from calsync_agent.config.settings import Settings
from calsync_agent.consolidate import tables
from calsync_agent.database import tuning
from calsync_agent.database.engine import Database, open_database
from calsync_agent.logs import logs
from calsync_agent.service.once import once
from calsync_agent.service.rounds import Rounds
from calsync_agent.state import profiles
from calsync_agent.state import tables as state
from tests.benchmarks import floor
from tests.benchmarks.floor import Job
from tests.benchmarks.meter import Figures, metered

IDLE_ROUNDS: Final = 20


@contextmanager
def _agent(job: Job) -> Iterator[tuple[Rounds, Database]]:
    settings = reading.read(Path(job["settings"]))
    database = bootstrap.open_database(settings)
    with bootstrap.identity() as who, logs.set_up(settings.log, settings.secrets()):
        yield bootstrap.rounds(settings, database, who), database
    database.dispose()


def sync(job: Job) -> Figures:
    """What `calsync-agent once` does."""

    async def work(rounds: Rounds, database: Database) -> Figures:
        with metered() as figures:
            outcomes = await once(rounds, database)
        await rounds.close(5)
        assert all(outcome.in_step for outcome in outcomes), [str(o.line) for o in outcomes]
        return figures

    with _agent(job) as (rounds, database):
        return asyncio.run(work(rounds, database))


def sync_as_far_as_can_be(job: Job) -> Figures:
    """The same where something is left out of step."""

    async def work(rounds: Rounds, database: Database) -> Figures:
        with metered() as figures:
            await once(rounds, database)
        await rounds.close(5)
        return figures

    with _agent(job) as (rounds, database):
        return asyncio.run(work(rounds, database))


def idle(job: Job) -> Figures:
    """A round of a running agent in which nobody has changed anything."""
    with _agent(job) as (rounds, _):
        return asyncio.run(_idle(rounds))


def idle_scan(job: Job) -> Figures:
    """The same where changes in Consolidate are found by comparing: one piece in each round."""
    with _agent(job) as (rounds, database):
        database.engine.update_execution_options(**{tuning.SCANS: True})
        return asyncio.run(_idle(rounds))


async def _idle(rounds: Rounds) -> Figures:
    for _ in range(3):
        await rounds.begin()
        await rounds.finished()
    with metered() as figures:
        for _ in range(IDLE_ROUNDS):
            await rounds.begin()
            await rounds.finished()
    await rounds.close(5)
    return figures.over(IDLE_ROUNDS)


def floor_inbound(job: Job) -> Figures:
    """Download and parse the listing, insert the rows that the agent wrote."""
    given = _written(job)
    target = open_database(job["spare_url"])
    start = datetime.fromisoformat(job["start"])
    end = start + timedelta(days=800)
    link = (
        f"{job['graph_url']}/users/{job['mailbox']}/calendarView/delta"
        f"?startDateTime={start:%Y-%m-%dT%H:%M:%S}Z&endDateTime={end:%Y-%m-%dT%H:%M:%S}Z"
    )
    with metered() as figures:
        web = floor.client(job)
        count = floor.download(web, link)
        floor.insert(target, given)
    assert count >= job["count"], count
    target.dispose()
    return figures


def verify(job: Job) -> Figures:
    """What `calsync-agent verify` does: both sides compared in full."""

    async def work(settings: Settings, database: Database) -> Figures:
        provider = await database.read(profiles.read_provider)
        assert provider is not None
        [number] = await database.read(
            lambda c: c.execute(sa.select(state.profile.c.id)).scalars().all()
        )
        with metered() as figures:
            found = await bootstrap.prove(settings, database, provider, ProfileId(number))
        assert not found, list(found)[:3]
        return figures

    settings = reading.read(Path(job["settings"]))
    database = bootstrap.open_database(settings)
    try:
        return asyncio.run(work(settings, database))
    finally:
        database.dispose()


def floor_verify(job: Job) -> Figures:
    """Download and parse the listing, and read the rows."""
    database = open_database(job["database_url"])
    start = datetime.fromisoformat(job["start"])
    end = start + timedelta(days=800)
    link = (
        f"{job['graph_url']}/users/{job['mailbox']}/calendarView/delta"
        f"?startDateTime={start:%Y-%m-%dT%H:%M:%S}Z&endDateTime={end:%Y-%m-%dT%H:%M:%S}Z"
    )
    with metered() as figures:
        count = floor.download(floor.client(job), link)
        floor.rows(database, tables.activity)
    assert count >= job["count"], count
    database.dispose()
    return figures


def floor_outbound(job: Job) -> Figures:
    """Read the rows, send them as events, insert the rows that the agent wrote."""
    written = [(table, rows) for table, rows in _written(job) if table is not tables.activity]
    source, target = open_database(job["database_url"]), open_database(job["spare_url"])
    with metered() as figures:
        web = floor.client(job)
        ((_, found),) = floor.rows(source, tables.activity)
        calls = [_creation(job, row) for row in found]
        sent = floor.send(web, job["graph_url"], calls)
        floor.insert(target, written)
    assert sent == len(found) == job["count"], (sent, len(found))
    source.dispose()
    target.dispose()
    return figures


def floor_idle(job: Job) -> Figures:
    """Ask once whether anything is new, and look once into the feed."""
    database, web = open_database(job["database_url"]), floor.client(job)
    ((_, (stored, *_)),) = floor.rows(database, state.profile_state)
    with metered() as figures:
        for _ in range(IDLE_ROUNDS):
            floor.download(web, stored["delta_link"])
            floor.rows(database, tables.feed)
    database.dispose()
    return figures.over(IDLE_ROUNDS)


def floor_changed(job: Job) -> Figures:
    """Download what has changed, and write as many changes both ways."""
    source, target = open_database(job["database_url"]), open_database(job["spare_url"])
    ((_, (stored, *_)),) = floor.rows(source, state.profile_state)
    ((_, found),) = floor.rows(target, tables.activity)
    ((_, links),) = floor.rows(target, state.link)
    some, events = found[: job["changed"]], job["spare_events"][: job["changed"]]
    with metered() as figures:
        web = floor.client(job)
        floor.download(web, stored["delta_link"])
        floor.update(target, tables.activity, "subject", some)
        floor.update(target, state.link, "exchange_print", links[: 2 * job["changed"]])
        calls = [_change(job, row, event) for row, event in zip(some, events, strict=True)]
        sent = floor.send(web, job["graph_url"], calls)
    assert sent == job["changed"]
    source.dispose()
    target.dispose()
    return figures


def floor_series(job: Job) -> Figures:
    """List the occurrences of the series once, and write each."""
    source = open_database(job["database_url"])
    with metered() as figures:
        web = floor.client(job)
        ((_, exceptions), (_, links)) = floor.rows(source, tables.activity_exception, state.link)
        event = f"/users/{job['mailbox']}/events/{links[0]['event_id']}"
        moments = [row["original_start"] for row in exceptions]
        start, end = min(moments) - timedelta(days=1), max(moments) + timedelta(days=1)
        prefer = floor.PREFER.replace("maxpagesize=100", "maxpagesize=1000")
        listed = web.get(
            f"{job['graph_url']}{event}/instances?startDateTime={start.isoformat()}Z"
            f"&endDateTime={end.isoformat()}Z&$top=1000",
            headers={"Prefer": prefer},
        )
        found = json.loads(listed.raise_for_status().content)["value"]
        calls = [
            _call("PATCH", f"/users/{job['mailbox']}/events/{each['id']}", {"subject": "x"})
            for each in found
        ]
        sent = floor.send(web, job["graph_url"], calls)
    assert sent >= len(exceptions), (sent, len(exceptions))
    source.dispose()
    return figures


def floor_text(job: Job) -> Figures:
    """Read the row, and make the request of it."""
    source = open_database(job["database_url"])
    with metered() as figures:
        ((_, (row, *_)),) = floor.rows(source, tables.activity)
        json.dumps(_creation(job, row))
    source.dispose()
    return figures


def _written(job: Job) -> list[tuple[sa.Table, floor.Rows]]:
    """What the agent has written into the database of before."""
    source = open_database(job["database_url"])
    found = floor.rows(source, tables.activity, state.link, state.log)
    source.dispose()
    return found


def _creation(job: Job, row: dict[str, Any]) -> dict[str, Any]:
    zone = "UTC" if row["all_day"] else "W. Europe Standard Time"
    body = {
        "subject": row["subject"],
        "body": {"contentType": "text", "content": row["body"]},
        "start": {"dateTime": row["starts_at"].isoformat(), "timeZone": zone},
        "end": {"dateTime": row["ends_at"].isoformat(), "timeZone": zone},
        "isAllDay": row["all_day"],
        "location": {"displayName": row["location"]},
        "showAs": row["show_as"],
        "sensitivity": "private" if row["private"] else "normal",
        "transactionId": row["id"].hex,
    }
    return _call("POST", f"/users/{job['spare_mailbox']}/events", body)


def _change(job: Job, row: dict[str, Any], event: str) -> dict[str, Any]:
    path = f"/users/{job['spare_mailbox']}/events/{event}"
    return _call("PATCH", path, {"subject": row["subject"]})


def _call(method: str, url: str, body: dict[str, Any]) -> dict[str, Any]:
    headers = {"Content-Type": "application/json", "Prefer": floor.PREFER}
    return {"method": method, "url": url, "headers": headers, "body": body}


WORK: Final = {
    work.__name__: work
    for work in (
        sync,
        sync_as_far_as_can_be,
        idle,
        idle_scan,
        verify,
        floor_verify,
        floor_inbound,
        floor_outbound,
        floor_idle,
        floor_changed,
        floor_series,
        floor_text,
    )
}


if __name__ == "__main__":
    given = json.loads(sys.stdin.read())
    print(json.dumps(asdict(WORK[sys.argv[1]](given))))
