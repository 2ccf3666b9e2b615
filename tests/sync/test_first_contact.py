"""First contact: calendars that people kept by hand on both sides (B4), and what is said before."""

import asyncio
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from typing import Final
from uuid import UUID

import pytest
import sqlalchemy as sa

from calsync_agent.appointment.model import Appointment
from calsync_agent.consolidate import tables
from calsync_agent.domain.operation import ChangeEvent, CreateEvent
from calsync_agent.plan import pairing
from calsync_agent.state import tables as state
from calsync_agent.sync.preview import Preview
from tests.support.mailing import Ledger
from tests.support.rig import SOON, Rig, rigged
from tests.support.servers import SQLite
from tests.support.service import watching
from tests.support.verify import assert_in_step

HALF_AN_HOUR: Final = timedelta(minutes=30)


@dataclass(frozen=True)
class Kept:
    """How much people kept by hand: the same on both sides; twice on one; on one side only."""

    pairs: int
    twice: int
    alone: int

    @property
    def each(self) -> int:
        """How many appointments there are in the end."""
        return self.pairs + 2 * self.twice + 2 * self.alone


@pytest.fixture(autouse=True)
def _statements_fit_sql_server() -> None:
    """Every statement is looked at in other tests; here it would take most of the time."""


@contextmanager
def company(server: SQLite, folder: Path) -> Iterator[Rig]:
    """A company on a database of its own, where pages are of Exchange's size."""
    url = server.fresh(installed=True)
    with rigged(url, folder) as made:
        made.page_size = 50
        yield made
    server.drop(url)


def spelt(number: int) -> tuple[str, str]:
    """The same subject, as it was entered here and there."""
    name = f"Besprechung Nr. {number} mit Größe Süd"
    there = (name, name.upper(), name.replace(" ", "  "), f" {name.lower()} ")
    return name, there[number % len(there)]


def keep_by_hand(rig: Rig, kept: Kept) -> None:
    """Two calendars as people keep them who enter everything twice, more or less."""
    anna = rig.world.hire("ANNA")
    here: list[dict[str, object]] = []

    def enter(number: int, subject: str) -> None:
        start = SOON + (number % 900) * HALF_AN_HOUR
        row = {
            "id": UUID(int=len(here) + 1),
            "type_id": 1,
            "subject": subject,
            "starts_at": start,
            "ends_at": start + HALF_AN_HOUR,
            "time_zone": "Europe/Vienna",
            "responsible_id": rig.world.employees["ANNA"],
        }
        here.append(row)

    def create(number: int, subject: str) -> None:
        start = SOON + (number % 900) * HALF_AN_HOUR
        anna.create(subject, start, start + HALF_AN_HOUR, isReminderOn=False)

    for number in range(kept.pairs):
        ours, theirs = spelt(number)
        enter(number, ours)
        create(number, theirs)
        if number < kept.twice:
            enter(number, theirs)
        elif number < 2 * kept.twice:
            create(number, ours)
    for number in range(kept.alone):
        enter(number, f"nur hier {number}")
        create(number, f"nur dort {number}")
    with rig.people.writing() as connection:
        for some in range(0, len(here), 100):
            connection.execute(sa.insert(tables.activity), here[some : some + 100])


def told(preview: Preview) -> dict[str, Counter[object]]:
    """What a preview says, to be compared with what happened then."""
    return {
        "matched": Counter(line.activity for line in preview.matched),
        "only here": Counter(line.activity for line in preview.only_consolidate),
        "only there": Counter(line.activity for line in preview.only_exchange),
        "changes there": Counter(
            (line.activity, line.fields) for line in preview.changes if line.side == "exchange"
        ),
        "changes here": Counter(
            line.activity for line in preview.changes if line.side == "consolidate"
        ),
    }


def happened(rig: Rig, ledger: Ledger, before: set[UUID]) -> dict[str, Counter[object]]:
    """What was done, as the tables, the log and the requests tell."""
    of_event = {link["event_id"]: link["activity_id"] for link in rig.world.rows(state.link)}
    created = [done.activity for _, done in ledger.writes if isinstance(done, CreateEvent)]
    changed = [
        (of_event[done.event.id], tuple(sorted(field.value for field in done.fields)))
        for _, done in ledger.writes
        if isinstance(done, ChangeEvent)
    ]
    now = {row["id"] for row in rig.world.activities()}
    log = [row for row in rig.world.rows(state.log) if "changed in Consolidate" in row["message"]]
    return {
        "matched": Counter(set(of_event.values()) & before - set(created)),
        "only here": Counter(created),
        "only there": Counter(now - before),
        "changes there": Counter(changed),
        "changes here": Counter(row["activity_id"] for row in log),
    }


@dataclass
class Costs:
    """What a first sync has cost, counted."""

    statements: int = 0
    calls: int = 0
    likenesses: int = 0


def first_sync(rig: Rig, monkeypatch: pytest.MonkeyPatch) -> Costs:
    """Sync until in step, and count."""
    costs = Costs()
    likeness = pairing.likeness

    def counted(appointment: Appointment) -> pairing.Likeness:
        costs.likenesses += 1
        return likeness(appointment)

    monkeypatch.setattr(pairing, "likeness", counted)
    rig.tenant.reset_counters()
    with watching() as seen:
        asyncio.run(rig.until_quiet())
    costs.statements, costs.calls = len(seen.texts), rig.tenant.counters.calls
    monkeypatch.setattr(pairing, "likeness", likeness)
    return costs


@pytest.mark.slow
@pytest.mark.timeout(300)
@pytest.mark.parametrize("dialect", ["sqlite"], indirect=True)
def test_b4_two_thousand_pairs_kept_by_hand_are_linked_and_nothing_is_doubled(
    server: SQLite, tmp_path: Path, ledger: Ledger, monkeypatch: pytest.MonkeyPatch
) -> None:
    with company(server, tmp_path) as rig:
        kept = Kept(pairs=500, twice=12, alone=50)
        keep_by_hand(rig, kept)
        small = first_sync(rig, monkeypatch)
    ledger.writes.clear()
    with company(server, tmp_path) as rig:
        kept = Kept(pairs=2000, twice=50, alone=200)
        keep_by_hand(rig, kept)
        before = {row["id"] for row in rig.world.activities()}
        (preview,) = asyncio.run(rig.preview())
        large = first_sync(rig, monkeypatch)
        assert told(preview) == happened(rig, ledger, before)
        assert len(preview.matched) == 2000
        assert len(preview.only_consolidate) == len(preview.only_exchange) == 250
        assert preview.deletions == preview.refusals == []
        assert len(preview.ambiguous) >= 100  # which of two is the one, is a guess, and said so
        assert len(rig.world.activities()) == len(rig.tenant.user("anna").events()) == kept.each
        assert len(rig.world.rows(state.link)) == kept.each
        assert_in_step(rig.world)
        (again,) = asyncio.run(rig.preview())
        assert again.matched == again.changes == again.only_consolidate == again.only_exchange == []
    assert large.likenesses <= 2 * kept.each
    assert large.calls <= 4.1 * small.calls
    assert large.statements <= 4.1 * small.statements
