"""B14: without triggers, changes in Consolidate are found by comparing; same rules, same tests."""

import asyncio
from uuid import UUID, uuid4

import pytest
import sqlalchemy as sa

from calsync_agent import bootstrap
from calsync_agent.consolidate import readiness, scan, tables
from calsync_agent.consolidate.triggers import feed_triggers
from calsync_agent.database import tuning
from calsync_agent.database.catalogue import found
from calsync_agent.database.creation import target_of
from calsync_agent.database.schema import triggers_of
from calsync_agent.installation import install
from calsync_agent.service.preview_text import lines
from calsync_agent.service.previewing import preview_all
from calsync_agent.service.rounds import Rounds
from calsync_agent.service.scanning import Scanning
from calsync_agent.state import links
from tests.support.service import watching
from tests.support.world import SOON, World

pytestmark = pytest.mark.anyio


def feed_by(world: World, way: str) -> None:
    """Have changes noticed that way from now on, as agent.toml and `db install` do."""
    world.database.engine.update_execution_options(**{tuning.SCANS: way == "scan"})
    install(world.database)


def triggers_there(world: World) -> set[str]:
    with world.database.reading() as connection:
        known = triggers_of(feed_triggers(target_of(connection)))
        return {name for _, name in found(connection, {one.name for one in known})}


@pytest.fixture(params=["triggers", "scan"])
def company(world: World, request: pytest.FixtureRequest) -> World:
    """A company whose changes are noticed in either way."""
    feed_by(world, request.param)
    return world


@pytest.fixture
def scanned(world: World) -> World:
    """A company on whose tables there is nothing of ours."""
    feed_by(world, "scan")
    return world


async def rounds_of(rounds: Rounds, number: int) -> None:
    for _ in range(number):
        await rounds.begin()
        await rounds.finished()


def subjects(world: World, code: str = "anna") -> list[str]:
    return sorted(str(event["subject"]) for event in world.tenant.user(code).events())


async def test_b14_what_happens_in_consolidate_is_carried_whichever_way_it_is_noticed(
    company: World,
) -> None:
    company.hire("ANNA")
    company.hire("BERND", profile=False)
    first, second, third = (company.enter("ANNA", name, SOON) for name in ("a", "b", "c"))
    with company.agent() as rounds:
        await rounds_of(rounds, 2)
        assert subjects(company) == ["a", "b", "c"]
        company.edit(first, subject="a2")  # and modified_at stays
        company.remove(second)
        company.remove(third, row=True)
        new = company.enter("ANNA", "d", SOON)
        await rounds_of(rounds, 2)
        assert subjects(company) == ["a2", "d"]
        company.invite(new, "BERND")
        await rounds_of(rounds, 2)
        [event] = [e for e in company.tenant.user("anna").events() if e["subject"] == "d"]
        assert len(event["attendees"]) == 1
        with company.database.writing() as connection:
            connection.execute(sa.update(tables.activity_type).values(calendar_sync="none"))
        await rounds_of(rounds, 2)
        assert subjects(company) == []
        with company.database.writing() as connection:
            connection.execute(sa.update(tables.activity_type).values(calendar_sync="normal"))
        await rounds_of(rounds, 2)
        assert subjects(company) == ["a2", "d"]
        await rounds.close(5)


async def test_b14_what_is_changed_back_after_it_was_carried_is_carried_again(
    company: World,
) -> None:
    person = company.hire("ANNA")
    number = company.enter("ANNA", "alt", SOON)
    before = company.activity(number)
    with company.agent() as rounds:
        await rounds_of(rounds, 3)
        [event] = company.tenant.user("anna").events()
        person.change(str(event["id"]), subject="neu")
        await rounds_of(rounds, 1)
        assert company.activity(number)["subject"] == "neu"
        company.edit(number, **{name: before[name] for name in ("subject", "modified_at", "note")})
        await rounds_of(rounds, 3)
        assert subjects(company) == ["alt"]
        await rounds.close(5)


@pytest.mark.parametrize("dialect", ["postgresql"], indirect=True)
async def test_b14_a_late_commit_is_found_and_holds_up_nothing_else(company: World) -> None:
    company.hire("ANNA")
    held = company.enter("ANNA", "eins", SOON)
    with company.agent() as rounds:
        await rounds_of(rounds, 2)
        with company.database.writing() as connection:
            mine = tables.activity.c.id == held
            connection.execute(sa.update(tables.activity).where(mine).values(subject="spät"))
            company.enter("ANNA", "zwei", SOON)
            await rounds_of(rounds, 3)
            assert subjects(company) == ["eins", "zwei"]
        await rounds_of(rounds, 2)
        assert subjects(company) == ["spät", "zwei"]
        await rounds.close(5)


async def test_a5_where_nothing_changes_a_comparison_writes_nothing(scanned: World) -> None:
    scanned.hire("ANNA")
    scanned.enter("ANNA", "Termin", SOON)
    with scanned.agent() as rounds:
        await rounds_of(rounds, 3)
        scanned.tenant.reset_counters()
        with watching() as seen:
            await rounds_of(rounds, 1)
        assert (seen.writes, scanned.tenant.counters.writes) == ([], 0)
        await rounds.close(5)


def test_b14_nothing_of_ours_is_on_consolidates_tables_where_they_are_compared(
    world: World,
) -> None:
    assert triggers_there(world)
    feed_by(world, "scan")
    assert triggers_there(world) == set()
    with world.database.reading() as connection:
        readiness.check(connection)
    feed_by(world, "triggers")
    with world.database.reading() as connection:
        readiness.check(connection)


@pytest.mark.parametrize("ways", [("triggers", "scan"), ("scan", "triggers")], ids="-".join)
async def test_b14_from_one_way_to_the_other_nothing_is_lost(
    world: World, ways: tuple[str, str]
) -> None:
    """What is done after the last round of one way and before the other has begun."""
    feed_by(world, ways[0])
    world.hire("ANNA")
    first, gone = world.enter("ANNA", "eins", SOON), world.enter("ANNA", "weg", SOON)
    with world.agent() as rounds:
        await rounds_of(rounds, 3)
        await rounds.close(5)
    feed_by(world, "scan")  # nothing tells of what comes now
    world.edit(first, subject="zwei")
    world.remove(gone, row=True)
    world.enter("ANNA", "drei", SOON)
    feed_by(world, ways[1])
    with world.agent() as rounds:
        await rounds_of(rounds, 3)
        await rounds.close(5)
    assert subjects(world) == ["drei", "zwei"]


async def test_b14_there_and_back_again_nothing_is_lost(world: World) -> None:
    """Old digests are not relied upon when there were triggers meanwhile."""
    feed_by(world, "scan")
    world.hire("ANNA")
    with world.agent() as rounds:
        await rounds_of(rounds, 2)
        await rounds.close(5)
    feed_by(world, "triggers")
    gone = world.enter("ANNA", "weg", SOON)
    with world.agent() as rounds:
        await rounds_of(rounds, 2)
        assert subjects(world) == ["weg"]
        await rounds.close(5)
    feed_by(world, "scan")
    world.remove(gone, row=True)
    with world.agent() as rounds:
        await rounds_of(rounds, 2)
        await rounds.close(5)
    assert subjects(world) == []


async def test_b14_digests_that_somebody_emptied_lose_nothing(scanned: World) -> None:
    scanned.hire("ANNA")
    gone = scanned.enter("ANNA", "weg", SOON)
    with scanned.agent() as rounds:
        await rounds_of(rounds, 2)
        scanned.remove(gone, row=True)
        with scanned.database.writing() as connection:
            connection.execute(sa.delete(tables.seen))
        await rounds_of(rounds, 2)
        assert subjects(scanned) == []
        await rounds.close(5)


def test_b14_cut_off_before_the_entry_is_kept_a_change_is_found_again(scanned: World) -> None:
    scanned.hire("ANNA", profile=False)
    number = scanned.enter("ANNA", "eins", SOON)
    with scanned.database.writing() as connection:
        scan.begin(connection, links.linked_activities())
        piece = scan.compare(connection, None)
    assert set(piece.changed) == {number}
    with pytest.raises(KeyboardInterrupt):
        _cut_off(scanned, piece)
    with scanned.database.writing() as connection:
        again = scan.compare(connection, None)
        assert again.changed == piece.changed
        assert scan.enter(connection, again)
        assert scan.compare(connection, None).empty


def _cut_off(world: World, piece: scan.Piece) -> None:
    with world.database.writing() as connection:
        assert scan.enter(connection, piece)
        raise KeyboardInterrupt


@pytest.mark.parametrize("dialect", ["sqlite"], indirect=True)
@pytest.mark.parametrize(
    "odd", ["'none'", "'  '", "zeroblob(3)", "upper(hex(randomblob(16)))", "'{0}' || char(0)"]
)
def test_b8_rows_whose_id_is_none_are_seen_and_keep_no_others_from_being_compared(
    scanned: World, odd: str
) -> None:
    scanned.hire("ANNA", profile=False)
    proper = scanned.enter("ANNA", "eins", SOON)
    other = scanned.enter("ANNA", "zwei", SOON)
    with scanned.database.writing() as connection:
        value: sa.ColumnElement[object] = sa.literal_column(odd.format("a" * 32))
        mine = tables.activity.c.id == other
        connection.execute(sa.update(tables.activity).where(mine).values(id=value))
    with scanned.database.writing() as connection:
        piece = scan.compare(connection, None)
        assert set(piece.changed) == {proper}
        assert piece.odd
        assert scan.enter(connection, piece)
        assert scan.compare(connection, None).empty
        entries = connection.exec_driver_sql("SELECT activity_id FROM calsync_feed").scalars().all()
    assert {proper.hex, "-"} <= set(entries)


def fill(world: World, count: int) -> list[UUID]:
    world.hire("ANNA", profile=False)
    numbers = [uuid4() for _ in range(count)]
    row = {
        "type_id": 1,
        "starts_at": SOON,
        "ends_at": SOON,
        "time_zone": "Europe/Vienna",
        "responsible_id": world.employees["ANNA"],
    }
    with world.database.writing() as connection:
        connection.execute(sa.insert(tables.activity), [{"id": n, **row} for n in numbers])
    return numbers


@pytest.mark.parametrize("interval", [1, 5, 7.4, 60, 3600])
async def test_b14_20000_appointments_are_compared_within_the_rounds_of_a_minute(
    scanned: World, interval: float, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Counted in pieces: a twentieth of each, and of the appointments."""
    monkeypatch.setattr(scan, "PIECE", 20)
    numbers = set(fill(scanned, 200))
    looks = [0.0]
    scanning = Scanning(scanned.database, lambda: looks[-1])
    assert await scanning.advance()  # at first everything
    with scanned.database.writing() as connection:
        known = sa.select(tables.seen.c.activity_id).where(tables.seen.c.part == 1)
        assert set(connection.execute(known).scalars()) == numbers
        connection.execute(sa.update(tables.activity).values(location="dort"))
        connection.execute(sa.delete(tables.feed))
    while looks[-1] + interval <= max(60.0, interval):
        looks.append(looks[-1] + interval)
        await scanning.advance()
    with scanned.database.reading() as connection:
        entered = connection.execute(sa.select(tables.feed.c.activity_id)).scalars().all()
    assert sorted(entered) == sorted(numbers)  # each once


async def test_b14_two_agents_that_compare_at_once_lose_nothing_and_fail_at_nothing(
    scanned: World,
) -> None:
    numbers = fill(scanned, 300)
    both = [Scanning(scanned.database, lambda: 0.0) for _ in range(2)]
    await asyncio.gather(*(one.advance() for one in both))
    scanned.edit(numbers[0], subject="neu")
    with scanned.database.writing() as connection:
        connection.execute(sa.delete(tables.feed))
    await asyncio.gather(*(one.advance() for one in both))
    with scanned.database.reading() as connection:
        assert set(connection.execute(sa.select(tables.feed.c.activity_id)).scalars()) == {
            numbers[0]
        }
        assert scan.compare(connection, None).empty


async def test_b14_a_preview_compares_as_well_and_keeps_nothing(scanned: World) -> None:
    scanned.hire("ANNA")
    number = scanned.enter("ANNA", "eins", SOON)
    await scanned.sync()
    await scanned.sync()
    scanned.edit(number, subject="geändert")
    with watching() as seen:
        told = await preview_all(scanned.database, scanned.settings(), bootstrap.connect)
    assert "geändert" in "\n".join(str(line) for one in told for line in lines(one))
    assert seen.writes == []
