"""The profiles' way to the database: what is read, and that nobody's change is lost."""

import getpass
from collections.abc import Callable, Iterator
from dataclasses import replace
from typing import TypeVar
from uuid import uuid4

import pytest
import sqlalchemy as sa

from calsync_agent.appointment.model import ActivityId, EmployeeId, ProfileId
from calsync_agent.consolidate import tables
from calsync_agent.database.engine import Database
from calsync_agent.domain.hold import HoldKind, Verdict
from calsync_agent.health import profiles
from calsync_agent.health.profiles import Listing, Row, State
from calsync_agent.i18n import message, speaking
from calsync_agent.state import tables as state
from calsync_agent.state.meta import settings_revision
from calsync_agent.state.profile_status import Condition
from calsync_tui.gateway import held, profile_changes
from calsync_tui.gateway.profile_changes import Clash, Field, Overtaken
from tests.support import crowd
from tests.support.crowd import guid

_T = TypeVar("_T")

both = pytest.mark.parametrize("dialect", ["sqlite", "postgresql"], indirect=True)
pytestmark = both


@pytest.fixture(autouse=True)
def _english() -> Iterator[None]:
    with speaking("en"):
        yield


def write(database: Database, *works: Callable[[sa.Connection], _T]) -> _T:
    with database.writing() as connection:
        return [work(connection) for work in works][-1]


def read(database: Database, work: Callable[[sa.Connection], _T]) -> _T:
    with database.reading() as connection:
        return work(connection)


def listing(database: Database) -> Listing:
    return read(database, lambda c: profiles.read(c, crowd.NOW))


def rows(database: Database) -> list[Row]:
    return [line.row for line in listing(database).lines]


def states(database: Database) -> dict[int, State]:
    return {line.row.id: line.state for line in listing(database).lines}


def sql(database: Database, statement: sa.Executable) -> None:
    with database.writing() as connection:
        connection.execute(statement)


def test_without_a_provider_there_are_no_profiles(database: Database) -> None:
    assert listing(database) == Listing()


def test_the_state_of_each_profile_is_told_in_the_first_word_that_holds(database: Database) -> None:
    error = message("mailbox {mailbox} does not answer", mailbox="anna")
    with database.writing() as connection:
        crowd.crowd(connection, 10)
        for table, where, values in (
            (state.profile, state.profile.c.id == 1, {"active": False}),
            (tables.employee, tables.employee.c.id == 2, {"calendarsync_allowed": False}),
            (tables.employee, tables.employee.c.id == 3, {"active": False}),
            (state.profile, state.profile.c.id == 4, {"external_user_id": " "}),
            (state.profile, state.profile.c.id == 6, {"external_user_id": guid(5) + " "}),
        ):
            connection.execute(sa.update(table).where(where).values(values))
        crowd.wait(connection, 7, "eins", "zwei")
        crowd.fare(connection, 7, Condition.FAILING, error)
        crowd.fare(connection, 8, Condition.FAILING, error)
        crowd.fare(connection, 9, Condition.THROTTLED, error)
        connection.execute(sa.delete(state.fare).where(state.fare.c.profile_id == 10))
    assert states(database) == {
        1: State.PAUSED,
        2: State.NOT_PERMITTED,
        3: State.NOT_PERMITTED,
        4: State.NO_MAILBOX,
        5: State.WELL,
        6: State.DOUBLE,
        7: State.HELD,
        8: State.FAILING,
        9: State.THROTTLED,
        10: State.FIRST_SYNC,
    }
    lines = listing(database).by_id
    assert lines[ProfileId(7)].held == 2
    assert str(lines[ProfileId(8)].error) == "mailbox anna does not answer"
    assert lines[ProfileId(8)].synced_at == crowd.SINCE, "its own, not the agent's last round"
    assert lines[ProfileId(5)].synced_at == crowd.NOW, "the agent's last round"
    sql(database, sa.delete(state.agent))
    assert states(database)[5] == states(database)[8] == State.NO_AGENT
    assert states(database)[7] is State.HELD, "which waits for an admin, not for an agent"


def test_links_and_quarantined_items_are_counted_for_each_profile(database: Database) -> None:
    with database.writing() as connection:
        crowd.crowd(connection, 2)
        crowd.link(connection, 2, 3)
        crowd.quarantine(connection, 1)
        crowd.quarantine(connection, 1)
        intended = {"id": uuid4(), "profile_id": 2, "activity_id": uuid4(), "role": "plain"}
        connection.execute(sa.insert(state.link).values(intended))
    assert read(database, profiles.read_linked) == {2: 3}
    assert [line.quarantined for line in listing(database).lines] == [2, 0]


def test_candidates_are_permitted_and_have_no_profile_yet(database: Database) -> None:
    with database.writing() as connection:
        crowd.crowd(connection, 1)
        crowd.hire(connection, 2, "zora")
        crowd.hire(connection, 3, "Anton", calendarsync_allowed=False)
        crowd.hire(connection, 4, "Berta", active=False)
        crowd.hire(connection, 5, "Emil", code="A005", email="")
    found = read(database, profiles.read_candidates)
    assert [(one.id, one.address) for one in found] == [(5, ""), (2, "e002@example.com")]


def test_a_profile_is_added_with_what_was_entered_and_counts_as_a_change(
    database: Database,
) -> None:
    with database.writing() as connection:
        crowd.crowd(connection, 1)
        crowd.hire(connection, 2)
    before = read(database, settings_revision)
    made = write(database, lambda c: profile_changes.add(c, EmployeeId(2), guid(2), active=False))
    assert made in rows(database)
    assert (made.employee, made.mailbox, made.active) == (2, guid(2), False)
    assert read(database, settings_revision) > before


@pytest.mark.parametrize(
    ("who", "mailbox", "field", "said"),
    [
        (1, guid(9), Field.EMPLOYEE, "has a profile by now"),
        (3, guid(9), Field.EMPLOYEE, "not permitted"),
        (99, guid(9), Field.EMPLOYEE, "not permitted"),
        (2, guid(1), Field.MAILBOX, "the profile of E001 (Person 001) has this mailbox"),
        (2, f" {guid(1).upper()} ", Field.MAILBOX, "the profile of E001"),
    ],
)
def test_nothing_is_added_twice_nor_for_whom_may_not(
    database: Database, who: int, mailbox: str, field: Field, said: str
) -> None:
    with database.writing() as connection:
        crowd.crowd(connection, 1)
        crowd.hire(connection, 2)
        crowd.hire(connection, 3, calendarsync_allowed=False)
    with pytest.raises(Clash, match=said.replace("(", r"\(").replace(")", r"\)")) as met:
        write(database, lambda c: profile_changes.add(c, EmployeeId(who), mailbox, active=True))
    assert met.value.field is field
    assert len(rows(database)) == 1


def test_nothing_is_added_where_there_is_no_provider(database: Database) -> None:
    with database.writing() as connection:
        crowd.hire(connection, 1)
    with pytest.raises(Clash, match="no provider yet"):
        write(database, lambda c: profile_changes.add(c, EmployeeId(1), guid(1), active=True))


def test_what_somebody_enters_in_the_same_moment_is_a_clash_too(
    database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    with database.writing() as connection:
        crowd.crowd(connection, 2)
        crowd.hire(connection, 3)
    # Theirs is not committed yet when ours looks, and is when ours is written.
    monkeypatch.setattr(profile_changes, "_check_mailbox", lambda *_given, **_but: None)
    with pytest.raises(Clash, match="just entered"):
        write(database, lambda c: profile_changes.add(c, EmployeeId(3), guid(1), active=True))
    first = rows(database)[0]
    with pytest.raises(Clash, match="just entered"):
        write(database, lambda c: profile_changes.change(c, first, guid(2), active=True))
    assert [row.mailbox for row in rows(database)] == [guid(1), guid(2)]


def test_a_change_writes_what_was_entered(database: Database) -> None:
    write(database, lambda c: crowd.crowd(c, 2))
    seen = rows(database)[0]
    now = write(
        database, lambda c: profile_changes.change(c, seen, "anna@example.com", active=False)
    )
    assert now == replace(seen, mailbox="anna@example.com", active=False)
    assert now in rows(database)


def test_a_change_to_somebody_elses_mailbox_is_refused_and_to_ones_own_spelling_is_not(
    database: Database,
) -> None:
    write(database, lambda c: crowd.crowd(c, 2))
    seen = rows(database)[0]
    with pytest.raises(Clash, match="E002"):
        write(database, lambda c: profile_changes.change(c, seen, guid(2).upper(), active=True))
    now = write(database, lambda c: profile_changes.change(c, seen, guid(1).upper(), active=True))
    assert now.mailbox == guid(1).upper()


@pytest.mark.parametrize(
    "name", ["anna@contoso.example", " Anna@Contoso.Example ", guid(9).upper()]
)
def test_i4_a_mailbox_is_refused_by_every_name_that_exchange_has_told_of_it(
    database: Database, name: str
) -> None:
    def told(connection: sa.Connection) -> None:
        row = {"spelling": guid(2), "user_id": guid(9), "address": "anna@contoso.example"}
        connection.execute(sa.insert(state.mailbox).values(profile_id=2, **row))

    write(database, lambda c: crowd.crowd(c, 2))
    write(database, told)
    seen = rows(database)[0]
    with pytest.raises(Clash, match="E002"):
        write(database, lambda c: profile_changes.change(c, seen, name, active=True))


@pytest.mark.parametrize(
    "theirs",
    [
        {"external_user_id": "their@example.com"},
        {"external_user_id": "ANNA@example.com"},
        {"active": False},
    ],
    ids=["another mailbox", "another case", "paused"],
)
def test_nothing_overwrites_what_somebody_else_changed_meanwhile(
    database: Database, theirs: dict[str, object]
) -> None:
    with database.writing() as connection:
        crowd.crowd(connection, 1)
        connection.execute(sa.update(state.profile).values(external_user_id="anna@example.com"))
    (seen,) = rows(database)
    sql(database, sa.update(state.profile).values(theirs))
    (now,) = rows(database)
    for change in (
        lambda c: profile_changes.change(c, seen, "mine@example.com", active=True),
        lambda c: profile_changes.set_active(c, [seen], active=False),
        lambda c: profile_changes.remove(c, [seen]),
    ):
        with pytest.raises(Overtaken) as met:
            write(database, change)
        assert met.value.now == {seen.id: now}
    assert rows(database) == [now]


def test_a_profile_that_is_gone_is_said_to_whom_edits_it_and_ignored_by_whom_deletes_it(
    database: Database,
) -> None:
    write(database, lambda c: crowd.crowd(c, 2))
    gone, other = rows(database)
    sql(database, sa.delete(state.profile).where(state.profile.c.id == gone.id))
    with pytest.raises(Overtaken) as met:
        write(database, lambda c: profile_changes.change(c, gone, guid(7), active=True))
    assert met.value.now == {gone.id: None}
    assert (
        write(database, lambda c: profile_changes.set_active(c, [gone, other], active=False)) == 1
    )
    (left,) = rows(database)
    assert write(database, lambda c: profile_changes.remove(c, [gone, left])) == 1
    assert rows(database) == []


def test_of_several_profiles_all_are_changed_or_none(database: Database) -> None:
    write(database, lambda c: crowd.crowd(c, 3))
    seen = rows(database)
    sql(database, sa.update(state.profile).where(state.profile.c.id == 2).values(active=False))
    for change in (
        lambda c: profile_changes.set_active(c, seen, active=False),
        lambda c: profile_changes.remove(c, seen),
    ):
        with pytest.raises(Overtaken):
            write(database, change)
    assert [row.active for row in rows(database)] == [True, False, True]


def test_a_deleted_profile_is_forgotten_but_no_appointment_and_no_kept_version_is(
    database: Database,
) -> None:
    with database.writing() as connection:
        crowd.crowd(connection, 2)
        for number in (1, 2):
            crowd.link(connection, number, 2)
            crowd.quarantine(connection, number)
            crowd.wait(connection, number, "eins")
        row = {"at": crowd.SINCE, "level": "info", "kind": "sync", "message": "eins"}
        connection.execute(sa.insert(state.log).values(profile_id=1, **row))
        kept = {"at": crowd.SINCE, "profile_id": 1, "side": "exchange", "activity_id": uuid4()}
        texts = {"subject": "eins", "rule": "A3", "content": "{}", "responsible_id": 1}
        connection.execute(sa.insert(state.history).values(**kept, **texts))
    (first, _) = rows(database)
    write(database, lambda c: profile_changes.remove(c, [first]))
    for table in (state.link, state.quarantine, state.hold, state.lease, state.fare):
        with database.reading() as connection:
            left = connection.execute(sa.select(table.c.profile_id)).scalars().all()
        assert set(left) == {2}, table.name
    for table, count in ((state.log, 2), (state.history, 1)):
        with database.reading() as connection:
            left = connection.execute(sa.select(table.c.profile_id)).scalars().all()
        assert left == [1] * count


def test_b7_what_waits_is_told_with_reasons_and_answered_as_it_was_seen(database: Database) -> None:
    one = ProfileId(1)
    with database.writing() as connection:
        crowd.crowd(connection, 2)
        crowd.link(connection, 1, 5)
        crowd.wait(connection, 1, "zwei", "eins")
        crowd.wait(connection, 1, "drei", kind=HoldKind.DELETE_IN_EXCHANGE)
        crowd.wait(connection, 1, "vier", kind=HoldKind.MAIL)
        crowd.wait(connection, 2, "fünf")
    waiting = read(database, lambda c: held.read(c, one))
    assert [item.subject for item in waiting.items] == ["eins", "zwei", "drei", "vier"]
    assert [str(reason).split(" would")[0] for reason in waiting.reasons] == [
        "2 of 5 linked appointments",
        "1 of 5 linked events",
        "1 change",
    ]
    seen = waiting.activities
    answer = lambda c: held.answer(c, one, Verdict.CONFIRMED, seen)  # noqa: E731 - said once more below
    write(database, lambda c: crowd.wait(c, 1, "sechs"))
    with pytest.raises(held.Regrown):
        write(database, answer)
    assert listing(database).by_id[one].held == 5
    newest = ActivityId(next(iter(read(database, lambda c: held.read(c, one)).activities - seen)))
    sql(database, sa.delete(state.hold).where(state.hold.c.activity_id == newest))
    assert write(database, answer) == 4
    line = listing(database).by_id[one]
    assert (line.held, line.answered, line.state) == (0, 4, State.WELL)
    with pytest.raises(held.Regrown):
        write(database, answer)


def test_i1_what_an_admin_does_to_profiles_is_told_with_their_account(database: Database) -> None:
    write(database, lambda c: crowd.crowd(c, 2))

    def told() -> list[str]:
        with database.reading() as connection:
            return list(connection.execute(sa.select(state.log.c.message)).scalars())

    (first, second) = rows(database)
    write(database, lambda c: profile_changes.set_active(c, [first, second], active=False))
    (first, second) = rows(database)
    write(
        database,
        lambda c: profile_changes.set_ways(c, [second], profile_changes.Ways(outbound=False)),
    )
    write(database, lambda c: profile_changes.remove(c, [first]))
    write(database, lambda c: profile_changes.remove(c, [first]))
    who = getpass.getuser()
    assert told() == [
        f"{who} has changed profile {first.id}: active 1 → 0",
        f"{who} has changed profile {second.id}: active 1 → 0",
        f"{who} has changed profile {second.id}: outbound - → 0",
        f"{who} has deleted profile {first.id}",
    ]
