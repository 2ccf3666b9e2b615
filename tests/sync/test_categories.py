"""I2: an activity type and its Outlook category come and go together."""

import asyncio
from collections.abc import Iterable
from datetime import timedelta
from uuid import UUID

import pytest
import sqlalchemy as sa

from calsync_agent import restoring, undoing
from calsync_agent.appointment.fields import Field
from calsync_agent.consolidate import tables
from calsync_agent.domain.activity import Stamp
from calsync_agent.domain.activity_type import Meaning, Types
from calsync_agent.domain.hold import HoldKind
from calsync_agent.state import pending
from calsync_agent.state import tables as state
from calsync_agent.sync import retyping
from tests.support.golden import HOUR, anna, change, create, edit, enter, event, hire
from tests.support.rig import SOON, Rig

pytestmark = pytest.mark.parametrize("dialect", ["sqlite"], indirect=True)

USUAL, CUSTOMER, SALES, INTERNAL = 1, 2, 3, 4


def types(rig: Rig) -> None:
    """Two types bound to one category, one to another, and the usual one to none."""
    with rig.people.writing() as connection:
        for number, name in ((CUSTOMER, "Kunde"), (SALES, "Vertrieb"), (INTERNAL, "Intern")):
            new = {"id": number, "name": name, "calendar_sync": "normal", "inbound_default": False}
            connection.execute(sa.insert(tables.activity_type).values(new))
    bind(rig, CUSTOMER, "Kunde")
    bind(rig, SALES, "Kunde")
    bind(rig, INTERNAL, "Intern")


def bind(rig: Rig, number: int, category: str | None) -> None:
    """An admin binds a type to a category, by SQL."""
    bound = state.type_in_exchange
    with rig.people.writing() as connection:
        connection.execute(sa.delete(bound).where(bound.c.type_id == number))
        connection.execute(sa.insert(bound).values(type_id=number, category=category))


def sending(rig: Rig, number: int, word: str) -> None:
    """What a type says about Exchange."""
    mine = tables.activity_type.c.id == number
    with rig.people.writing() as connection:
        connection.execute(sa.update(tables.activity_type).where(mine).values(calendar_sync=word))


def synced(rig: Rig) -> None:
    """Agents run until nothing is left to do, and a further one has nothing to do either."""
    asyncio.run(rig.until_quiet())
    before = state_of(rig)
    asyncio.run(rig.until_quiet())
    assert state_of(rig) == before


def state_of(rig: Rig) -> object:
    return rig.world.activities(deleted=True), anna(rig).events()


def type_of(rig: Rig, subject: str) -> int:
    (found,) = [r["type_id"] for r in rig.world.activities() if r["subject"] == subject]
    return int(found)


def categories(rig: Rig, subject: str) -> list[str]:
    return list(anna(rig).event(event(rig, subject))["categories"])


def both(rig: Rig, subject: str) -> tuple[int, list[str]]:
    return type_of(rig, subject), categories(rig, subject)


def test_i2_the_category_comes_with_the_type_and_goes_with_it(rig: Rig) -> None:
    hire(rig)
    types(rig)
    enter(rig, 1, "Angebot", type_id=CUSTOMER)
    synced(rig)
    assert both(rig, "Angebot") == (CUSTOMER, ["Kunde"])
    edit(rig, 1, type_id=INTERNAL)
    synced(rig)
    assert both(rig, "Angebot") == (INTERNAL, ["Intern"])
    edit(rig, 1, type_id=USUAL)
    synced(rig)
    assert both(rig, "Angebot") == (USUAL, [])
    edit(rig, 1, type_id=SALES)
    synced(rig)
    assert both(rig, "Angebot") == (SALES, ["Kunde"])
    edit(rig, 1, type_id=CUSTOMER)
    written = rig.tenant.counters.writes
    synced(rig)
    assert both(rig, "Angebot") == (CUSTOMER, ["Kunde"])
    assert rig.tenant.counters.writes == written


def test_i2_an_event_that_gets_the_category_takes_the_first_type_that_is_bound_to_it(
    rig: Rig,
) -> None:
    hire(rig)
    types(rig)
    enter(rig, 1, "hier")
    create(rig, 2, "dort")
    create(rig, 3, "gleich so", categories=["kunde "])
    synced(rig)
    assert both(rig, "gleich so") == (CUSTOMER, ["kunde "])
    for subject in ("hier", "dort"):
        change(rig, subject, categories=["Kunde"])
    synced(rig)
    assert both(rig, "hier") == both(rig, "dort") == (CUSTOMER, ["Kunde"])
    for subject in ("hier", "dort"):
        change(rig, subject, categories=["Kunde", "Intern"])
    synced(rig)
    assert both(rig, "hier") == both(rig, "dort") == (INTERNAL, ["Intern"])
    change(rig, "hier", categories=[])
    synced(rig)
    assert both(rig, "hier") == (USUAL, [])


@pytest.mark.parametrize("first", ["outlook", "consolidate"])
@pytest.mark.parametrize("priority", ["outbound_first", "inbound_first"])
@pytest.mark.parametrize("together", [True, False])
def test_i2_other_categories_are_never_touched_in_no_order_of_events(
    rig: Rig, first: str, priority: str, together: bool
) -> None:
    hire(rig)
    types(rig)
    rig.world.provider(priority=priority)
    enter(rig, 1, "Angebot", type_id=CUSTOMER)
    synced(rig)

    def in_outlook() -> None:
        held = categories(rig, "Angebot")
        change(rig, "Angebot", categories=["Rot", *held, "Blau"])

    def in_consolidate() -> None:
        edit(rig, 1, type_id=INTERNAL, location="Süd")

    steps = [in_outlook, in_consolidate]
    for step in steps if first == "outlook" else reversed(steps):
        step()
        if not together:
            synced(rig)
    synced(rig)
    assert both(rig, "Angebot")[0] == INTERNAL
    assert sorted(categories(rig, "Angebot")) == ["Blau", "Intern", "Rot"]
    edit(rig, 1, type_id=USUAL)
    synced(rig)
    assert both(rig, "Angebot") == (USUAL, ["Rot", "Blau"])
    change(rig, "Angebot", categories=["Blau"])
    edit(rig, 1, type_id=SALES)
    synced(rig)
    assert both(rig, "Angebot") == (SALES, ["Blau", "Kunde"])


@pytest.mark.parametrize("priority", ["outbound_first", "inbound_first"])
def test_i2_b4_a_first_contact_takes_no_type_away_because_a_category_is_missing(
    rig: Rig, priority: str
) -> None:
    hire(rig)
    types(rig)
    rig.world.provider(priority=priority)
    enter(rig, 1, "Angebot", type_id=SALES)
    create(rig, 1, "Angebot", categories=["Rot"])
    enter(rig, 2, "Besuch", type_id=CUSTOMER)
    create(rig, 2, "Besuch", categories=["Intern", "Kunde"])
    synced(rig)
    assert both(rig, "Angebot") == (SALES, ["Rot", "Kunde"])
    assert both(rig, "Besuch") == (CUSTOMER, ["Intern", "Kunde"])


def test_i2_a2_what_waits_for_a_direction_is_carried_over_when_it_is_on_again(rig: Rig) -> None:
    hire(rig)
    types(rig)
    enter(rig, 1, "hier", type_id=CUSTOMER)
    enter(rig, 2, "dort", type_id=CUSTOMER)
    synced(rig)
    for way, other in (("outbound", "inbound"), ("inbound", "outbound")):
        rig.world.provider(**{way: False, other: True})
        edit(rig, 1, type_id=INTERNAL)
        change(rig, "dort", categories=["Kunde", "Intern", "Rot"])
        synced(rig)
        assert set(categories(rig, "dort")) >= {"Intern", "Rot"}
        rig.world.provider(**{way: True})
        synced(rig)
        assert both(rig, "hier") == (INTERNAL, ["Intern"])
        assert both(rig, "dort") == (INTERNAL, ["Intern", "Rot"])
        edit(rig, 1, type_id=CUSTOMER)
        edit(rig, 2, type_id=CUSTOMER)
        synced(rig)
        assert both(rig, "dort") == (CUSTOMER, ["Rot", "Kunde"])


def test_i2_c4_a_type_that_is_not_sent_is_taken_by_no_category(rig: Rig) -> None:
    hire(rig)
    types(rig)
    sending(rig, CUSTOMER, "none")
    sending(rig, SALES, "none")
    create(rig, 1, "dort")
    synced(rig)
    change(rig, "dort", categories=["Kunde"])
    synced(rig)
    assert both(rig, "dort") == (USUAL, ["Kunde"])


def test_i2_g6_an_event_that_takes_a_private_type_becomes_private(rig: Rig) -> None:
    hire(rig)
    types(rig)
    sending(rig, INTERNAL, "private")
    create(rig, 1, "neu", categories=["Intern"])
    create(rig, 2, "später")
    synced(rig)
    change(rig, "später", categories=["Intern"])
    synced(rig)
    for subject in ("neu", "später"):
        assert both(rig, subject) == (INTERNAL, ["Intern"])
        assert anna(rig).event(event(rig, subject))["sensitivity"] == "private"


def test_i2_c6_what_comes_in_as_a_bound_type_gets_its_category(rig: Rig) -> None:
    hire(rig)
    types(rig)
    bind(rig, USUAL, "Besprechung")
    create(rig, 1, "allein", categories=["Rot"])
    synced(rig)
    assert both(rig, "allein") == (USUAL, ["Rot", "Besprechung"])
    change(rig, "allein", categories=["Rot"])
    synced(rig)
    assert both(rig, "allein") == (USUAL, ["Rot", "Besprechung"])


def test_i2_b14_nothing_is_bound_unless_an_admin_says_so(rig: Rig) -> None:
    hire(rig)
    enter(rig, 1, "hier", type_id=USUAL)
    create(rig, 2, "dort", categories=["Rot"])
    synced(rig)
    change(rig, "dort", categories=["Blau"])
    written = rig.tenant.counters.writes
    synced(rig)
    assert rig.tenant.counters.writes == written
    assert both(rig, "dort") == (USUAL, ["Blau"])


def test_i2_what_is_to_come_gets_the_category_once_its_type_is_bound(rig: Rig) -> None:
    hire(rig)
    types(rig)
    bind(rig, CUSTOMER, None)
    bind(rig, SALES, None)
    enter(rig, 1, "Angebot", type_id=CUSTOMER)
    synced(rig)
    assert both(rig, "Angebot") == (CUSTOMER, [])
    bind(rig, CUSTOMER, "Kunde")
    synced(rig)
    assert both(rig, "Angebot") == (CUSTOMER, ["Kunde"])
    bind(rig, CUSTOMER, "Client")
    synced(rig)
    assert both(rig, "Angebot") == (CUSTOMER, ["Kunde", "Client"])
    bind(rig, CUSTOMER, None)
    written = rig.tenant.counters.writes
    synced(rig)
    assert both(rig, "Angebot") == (CUSTOMER, ["Kunde", "Client"])
    assert rig.tenant.counters.writes == written


def test_i2_only_what_is_still_to_come_is_looked_at_for_a_newly_bound_type(rig: Rig) -> None:
    hire(rig)
    types(rig)
    long_ago = SOON - timedelta(days=60)
    rig.world.enter("ANNA", "vorbei", long_ago, long_ago + HOUR, type_id=USUAL)
    enter(rig, 1, "bald")
    enter(rig, 2, "Angebot", type_id=CUSTOMER)
    synced(rig)
    found = Types({USUAL: Meaning("Besprechung"), CUSTOMER: Meaning("Kunde")})
    with rig.people.writing() as connection:
        assert retyping.follow(connection, found, rig.now) == 1
        assert retyping.follow(connection, found, rig.now) == 0
        assert [a for _, a in pending.on(connection, [UUID(int=1)])] == [UUID(int=1)]
        assert retyping.follow(connection, Types(), rig.now) == 0
        assert retyping.known(connection) == {}


def with_bernd(rig: Rig, how_many: int) -> Iterable[int]:
    """Meetings of Anna's to which Bernd is invited."""
    hire(rig)
    types(rig)
    rig.world.hire("BERND")
    for number in range(1, how_many + 1):
        enter(rig, number, f"Treffen {number}")
        rig.world.invite(UUID(int=number), "BERND")
        yield number


@pytest.mark.parametrize("mails", [True, False])
def test_f8_i2_a_change_of_categories_counts_as_mail_until_an_admin_says_otherwise(
    rig: Rig, mails: bool
) -> None:
    numbers = list(with_bernd(rig, 3))
    synced(rig)
    rig.wait(hours=25)
    rig.limits = {"max_mails": 2, "categories_mail": mails}
    for number in numbers:
        edit(rig, number, type_id=CUSTOMER)
    synced(rig)
    held = rig.world.rows(state.hold)
    assert {row["kind"] for row in held} == ({HoldKind.MAIL.value} if mails else set())
    expected = [] if mails else ["Kunde"]
    assert [categories(rig, f"Treffen {n}") for n in numbers] == [expected] * 3
    assert not [mail for mail in rig.tenant.outbox if "Kunde" in mail.subject]


def test_i2_f5_a_copy_of_somebody_elses_meeting_is_never_written(rig: Rig) -> None:
    hire(rig)
    types(rig)
    carla, start = rig.tenant.add_mailbox("carla"), SOON + HOUR
    carla.create("von draußen", start, start + HOUR, attendees=[anna(rig).upn])
    synced(rig)
    (row,) = rig.world.activities()
    rig.world.edit(row["id"], type_id=CUSTOMER)
    synced(rig)
    assert both(rig, "von draußen") == (CUSTOMER, [])
    change(rig, "von draußen", categories=["Intern", "Rot"])
    synced(rig)
    assert both(rig, "von draußen") == (INTERNAL, ["Intern", "Rot"])


@pytest.mark.parametrize("lost", ["consolidate", "exchange"])
def test_i2_b6_h6_a_version_is_brought_back_with_its_type(rig: Rig, lost: str) -> None:
    hire(rig)
    types(rig)
    rig.world.provider(priority="inbound_first" if lost == "consolidate" else "outbound_first")
    enter(rig, 1, "Angebot", type_id=CUSTOMER)
    synced(rig)
    if lost == "consolidate":
        change(rig, "Angebot", categories=["Intern"])
    else:
        edit(rig, 1, type_id=INTERNAL)
    synced(rig)
    assert both(rig, "Angebot") == (INTERNAL, ["Intern"])
    with rig.people.writing() as connection:
        (item,) = undoing.look(connection, rig.now - timedelta(days=1))
        assert item.fields == (Field.CATEGORY,)
        restoring.restore(connection, item.version.id, Stamp(rig.now, rig.now))
        (item,) = undoing.look(connection, rig.now - timedelta(days=1))
        assert item.deed is undoing.Deed.NOTHING
    synced(rig)
    assert both(rig, "Angebot") == (CUSTOMER, ["Kunde"])


@pytest.mark.parametrize("stored", ["", "  ", "a\nb", b"\xff"])
def test_b8_i2_a_category_that_is_none_binds_nothing(rig: Rig, stored: object) -> None:
    hire(rig)
    types(rig)
    with rig.people.writing() as connection:
        connection.exec_driver_sql(
            "UPDATE calsync_type SET category = ? WHERE type_id = 2", (stored,)
        )
    enter(rig, 1, "hier", type_id=CUSTOMER)
    enter(rig, 2, "auch", type_id=INTERNAL)
    synced(rig)
    assert both(rig, "hier") == (CUSTOMER, [])
    assert both(rig, "auch") == (INTERNAL, ["Intern"])


@pytest.mark.parametrize("spelled", ["B\u00fcro", "Bu\u0308ro", " b\u00dcRO "])
def test_i2_a_category_is_the_same_however_its_umlaut_is_spelled(rig: Rig, spelled: str) -> None:
    hire(rig)
    types(rig)
    bind(rig, CUSTOMER, "Bu\u0308ro")
    create(rig, 1, "Termin")
    synced(rig)
    change(rig, "Termin", categories=["Rot", spelled])
    synced(rig)
    assert type_of(rig, "Termin") == CUSTOMER
    assert len(categories(rig, "Termin")) == 2
