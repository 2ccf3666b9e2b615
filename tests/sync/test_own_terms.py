"""A7: one profile's own directions and window, beside others that have theirs."""

import asyncio
from datetime import timedelta
from uuid import UUID

import pytest
import sqlalchemy as sa

from calsync_agent.state import tables as state
from tests.support.golden import HOUR, Step, anna, change, create, edit, enter, event, hire
from tests.support.golden_meetings import hire_three
from tests.support.rig import SOON, Rig
from tests.support.verify import assert_in_step

pytestmark = pytest.mark.parametrize("dialect", ["sqlite", "postgresql"], indirect=True)

LONG_AGO = SOON - timedelta(days=75)
FAR_AHEAD = SOON + timedelta(days=400)


def synced(rig: Rig) -> None:
    """Agents run until nothing is left to do."""
    asyncio.run(rig.until_quiet())


def own(rig: Rig, code: str = "ANNA", **values: object) -> None:
    """Somebody gives a profile terms of its own, by SQL."""
    mine = state.profile.c.employee_id == rig.world.employees[code]
    with rig.people.writing() as connection:
        connection.execute(sa.update(state.profile).where(mine).values(values))


def here(rig: Rig) -> list[str]:
    """The subjects in Consolidate."""
    return sorted(row["subject"] for row in rig.world.activities())


def there(rig: Rig, name: str = "anna") -> list[str]:
    """The subjects in a mailbox."""
    return sorted(found["subject"] for found in rig.tenant.user(name).events())


@pytest.mark.parametrize("everywhere", [True, False])
@pytest.mark.parametrize("way", ["inbound", "outbound"])
def test_a7_a_profile_goes_its_own_ways_whatever_the_provider_says(
    rig: Rig,
    way: str,
    everywhere: bool,
) -> None:
    rig.world.provider(**{way: everywhere})
    for code in ("ANNA", "BERND"):
        rig.world.hire(code)
        rig.world.enter(code, f"hier {code}", SOON)
        rig.tenant.user(code.lower()).create(f"dort {code}", SOON + HOUR, SOON + 2 * HOUR)
    own(rig, "ANNA", **{way: not everywhere})
    synced(rig)
    open_for = "BERND" if everywhere else "ANNA"
    assert ("dort ANNA" in here(rig)) == (way != "inbound" or open_for == "ANNA")
    assert ("dort BERND" in here(rig)) == (way != "inbound" or open_for == "BERND")
    assert ("hier ANNA" in there(rig, "anna")) == (way != "outbound" or open_for == "ANNA")
    assert ("hier BERND" in there(rig, "bernd")) == (way != "outbound" or open_for == "BERND")
    own(rig, "ANNA", **{way: None})
    rig.world.provider(**{way: True})
    synced(rig)
    assert_in_step(rig.world)
    assert (len(here(rig)), len(there(rig, "anna")), len(there(rig, "bernd"))) == (4, 2, 2)


@pytest.mark.parametrize("way", ["inbound", "outbound"])
def test_a7_a2_what_happens_while_a_profiles_direction_is_off_is_carried_over_later(
    rig: Rig, way: str
) -> None:
    hire(rig)
    for number, subject in enumerate(("bleibt", "geändert", "gelöscht"), start=1):
        enter(rig, number, subject)
    synced(rig)
    own(rig, **{way: False})
    synced(rig)
    assert here(rig) == there(rig) == ["bleibt", "gelöscht", "geändert"]
    if way == "outbound":
        edit(rig, 2, location="Nord")
        rig.world.remove(UUID(int=3))
        enter(rig, 4, "neu")
        untouched = anna(rig).events()
        synced(rig)
        assert anna(rig).events() == untouched
    else:
        change(rig, "geändert", location="Nord")
        anna(rig).delete(event(rig, "gelöscht"))
        create(rig, 4, "neu")
        rows = rig.world.activities(deleted=True), rig.world.activities()
        synced(rig)
        assert (rig.world.activities(deleted=True), rig.world.activities()) == rows
    own(rig, **{way: True})
    synced(rig)
    assert_in_step(rig.world)
    assert here(rig) == there(rig) == ["bleibt", "geändert", "neu"]


@pytest.mark.parametrize("way", [{}, {"inbound": False}, {"outbound": False}])
def test_a7_a_narrower_window_deletes_nothing_and_a_wider_one_pairs_what_was_entered_by_hand(
    rig: Rig, way: dict[str, bool]
) -> None:
    hire(rig)
    for when in (LONG_AGO, SOON):
        rig.world.enter("ANNA", "von früher", when)
    synced(rig)
    rig.wait(days=1)
    own(rig, past_months=1, **way)
    synced(rig)
    assert here(rig) == there(rig) == ["von früher"] * 2
    rig.world.enter("ANNA", "Jour fixe", LONG_AGO + HOUR, location="Süd")
    anna(rig).create("JOUR  FIXE", LONG_AGO + HOUR, LONG_AGO + 2 * HOUR, location="Süd")
    rig.world.enter("ANNA", "nur hier", LONG_AGO + 3 * HOUR)
    anna(rig).create("nur dort", LONG_AGO + 3 * HOUR, LONG_AGO + 4 * HOUR)
    synced(rig)
    assert (len(here(rig)), len(there(rig))) == (4, 4)
    own(rig, past_months=None, inbound=None, outbound=None)
    synced(rig)
    assert_in_step(rig.world)
    assert len(here(rig)) == len(there(rig)) == 5
    assert rig.world.activities(deleted=True) == []


@pytest.mark.parametrize("outbound", [True, False])
def test_a7_b4_a_window_that_reaches_further_ahead_pairs_what_was_entered_by_hand(
    rig: Rig,
    outbound: bool,
) -> None:
    hire(rig)
    own(rig, future_months=3, outbound=outbound)
    synced(rig)
    rig.wait(days=1)
    anna(rig).create("nur dort", FAR_AHEAD, FAR_AHEAD + HOUR)
    if not outbound:
        rig.world.enter("ANNA", "Jour fixe", FAR_AHEAD)
        anna(rig).create("JOUR  FIXE", FAR_AHEAD, FAR_AHEAD + HOUR)
    synced(rig)
    assert here(rig) == ([] if outbound else ["Jour fixe"])
    own(rig, future_months=24)
    synced(rig)
    own(rig, outbound=None)
    synced(rig)
    assert_in_step(rig.world)
    assert len(here(rig)) == len(there(rig)) == (1 if outbound else 2)


def test_a7_one_profiles_window_is_not_anothers(rig: Rig) -> None:
    for code in ("ANNA", "BERND"):
        rig.world.hire(code)
        rig.world.enter(code, f"hier {code}", LONG_AGO)
        rig.tenant.user(code.lower()).create(f"dort {code}", LONG_AGO, LONG_AGO + HOUR)
    own(rig, "ANNA", past_months=0)
    own(rig, "BERND", past_months=120)
    synced(rig)
    assert here(rig) == ["dort BERND", "hier ANNA", "hier BERND"]
    assert (there(rig, "anna"), there(rig, "bernd")) == (
        ["dort ANNA"],
        ["dort BERND", "hier BERND"],
    )


MEETING = UUID(int=1)


def in_consolidate(rig: Rig) -> None:
    """Anna's meeting with Bernd and Clara, entered in Consolidate."""
    enter(rig, 1, "Besprechung")
    rig.world.invite(MEETING, "BERND", "CLARA")


def in_outlook(rig: Rig) -> None:
    """Anna's meeting with Bernd and Clara, made in Outlook."""
    people = [rig.tenant.user(name).upn for name in ("bernd", "clara")]
    create(rig, 1, "Besprechung", attendees=people)


@pytest.mark.parametrize("begins", [in_consolidate, in_outlook], ids=["here", "there"])
@pytest.mark.parametrize("whose", ["ANNA", "BERND"])
@pytest.mark.parametrize(
    "ways",
    [{"inbound": False}, {"outbound": False}, {"inbound": False, "outbound": False}],
    ids=["no inbound", "no outbound", "neither"],
)
def test_a7_a_profile_with_its_own_ways_neither_doubles_nor_loses_the_meetings_of_others(
    rig: Rig, ways: dict[str, bool], whose: str, begins: Step
) -> None:
    hire_three(rig)
    own(rig, whose, **ways)
    begins(rig)
    for _ in range(3):
        synced(rig)
        rig.wait(minutes=11)  # so long do copies wait for their organizer
    synced(rig)
    assert len(here(rig)) <= 1
    assert all(len(there(rig, name)) <= 1 for name in ("anna", "bernd", "clara"))
    mailed = len(rig.tenant.outbox)
    own(rig, whose, inbound=None, outbound=None)
    synced(rig)
    assert here(rig) == ["Besprechung"]
    assert [there(rig, name) for name in ("anna", "bernd", "clara")] == [["Besprechung"]] * 3
    (row,) = rig.world.activities()
    assert row["responsible_id"] == rig.world.employees["ANNA"]
    roles = sorted(link["role"] for link in rig.world.rows(state.link))
    assert roles == ["copy", "copy", "organizer"]
    if begins is in_outlook:
        assert len(rig.tenant.outbox) == mailed
    rig.wait(seconds=1)
    change(rig, "Besprechung", location="Nord")
    synced(rig)
    assert rig.world.activities()[0]["location"] == "Nord"


def test_a7_an_answer_goes_on_while_the_organizers_profile_takes_nothing_in(rig: Rig) -> None:
    hire_three(rig)
    in_consolidate(rig)
    synced(rig)
    own(rig, "ANNA", inbound=False)
    bernd = rig.tenant.user("bernd")
    rig.wait(seconds=1)
    bernd.respond(bernd.find("Besprechung")[0], "accepted")
    synced(rig)
    assert rig.world.answers(MEETING)["BERND"] == "accepted"
    edit(rig, 1, location="Nord")
    synced(rig)
    assert anna(rig).events()[0]["location"]["displayName"] == "Nord"


def test_a7_a_preview_tells_what_the_new_terms_would_do_and_does_nothing(rig: Rig) -> None:
    hire(rig)
    own(rig, past_months=1)
    synced(rig)
    rig.world.enter("ANNA", "Jour fixe", LONG_AGO)
    anna(rig).create("JOUR  FIXE", LONG_AGO, LONG_AGO + HOUR)
    rig.world.enter("ANNA", "nur hier", LONG_AGO + HOUR)
    anna(rig).create("nur dort", LONG_AGO + HOUR, LONG_AGO + 2 * HOUR)
    synced(rig)
    own(rig, past_months=3)
    (told,) = asyncio.run(rig.preview())
    assert len(told.matched) == len(told.only_consolidate) == len(told.only_exchange) == 1
    own(rig, inbound=False)
    (told,) = asyncio.run(rig.preview())
    assert (len(told.matched), len(told.only_consolidate), told.only_exchange) == (1, 1, [])
    own(rig, past_months=0)
    (told,) = asyncio.run(rig.preview())
    assert told.matched == told.only_consolidate == told.deletions == told.changes == []
