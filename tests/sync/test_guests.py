"""F3: whoever was invited in the very second in which the sync writes stays invited."""

from collections.abc import Sequence
from datetime import timedelta
from typing import Any

import pytest
import sqlalchemy as sa

from calsync_agent.consolidate import tables
from calsync_agent.exchange.calendar.occurrences import FIRST
from calsync_agent.exchange.transport import client
from calsync_agent.exchange.transport.requests import Outcome, Request
from calsync_agent.sandbox.people import Person
from calsync_agent.state import tables as state
from tests.support.world import SOON, World
from tests.sync.test_meetings import settled
from tests.sync.test_series import MONDAY, WEEK, WEEKLY, except_, restore
from tests.sync.test_series import settled as series_settled

pytestmark = pytest.mark.anyio

HOUR = timedelta(hours=1)
GUEST = "guest@elsewhere.example"


class Meddling:
    """Lets somebody do something in Teams just before a request of a kind is sent."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch) -> None:
        self.seen: list[Request] = []
        self.doing: Any = None
        send = client.Graph.send

        async def meddled(
            graph: client.Graph, mailbox: str, requests: Sequence[Request]
        ) -> list[Outcome]:
            self.seen += requests
            for request in requests:
                doing = self.doing
                if doing is not None and doing[0](request):
                    self.doing = None
                    doing[1]()
            return await send(graph, mailbox, requests)

        monkeypatch.setattr(client.Graph, "send", meddled)

    @property
    def guarded(self) -> list[bool]:
        """Whether each write so far was for one version only."""
        changing = [each for each in self.seen if each.method in {"PATCH", "DELETE"}]
        return ["If-Match" in each.headers for each in changing]


@pytest.fixture
def meddling(monkeypatch: pytest.MonkeyPatch) -> Meddling:
    return Meddling(monkeypatch)


def invite(person: Person, event: str, *more: str) -> None:
    (shown,) = [each for each in person.events() if each["id"] == event]
    present = [each["emailAddress"]["address"] for each in shown["attendees"]]
    person.change(event, attendees=[*present, *more])


def inviting(request: Request) -> bool:
    return request.method == "PATCH" and "attendees" in (request.body or {})


@pytest.mark.parametrize("strict", [True, False])
@pytest.mark.parametrize("known", [True, False])
async def test_f3_a_guest_invited_in_the_second_of_our_write_stays_invited(
    world: World, meddling: Meddling, *, strict: bool, known: bool
) -> None:
    world.tenant.settings.strict_if_match = strict
    anna, bernd, clara = world.hire("ANNA"), world.hire("BERND"), world.hire("CLARA")
    number = world.enter("ANNA", "Besprechung", SOON)
    if known:
        world.enter("ANNA", "Nobody is invited here", SOON + 4 * HOUR)
    world.invite(number, "BERND")
    await settled(world)
    (event,) = [each for each in anna.events() if each["attendees"]]
    meddling.doing = inviting, lambda: invite(anna, event["id"], GUEST)
    world.invite(number, "CLARA")
    await settled(world)
    assert meddling.doing is None
    (event,) = [each for each in anna.events() if each["attendees"]]
    invited = {each["emailAddress"]["address"] for each in event["attendees"]}
    assert invited == {bernd.upn, clara.upn, GUEST}
    assert len(world.rows(state.meta)) >= 1


@pytest.mark.parametrize(("strict", "found"), [(True, "honoured"), (False, "ignored")])
async def test_f3_whether_if_match_is_honoured_is_found_out_once_by_a_write_of_nothing(
    world: World, meddling: Meddling, *, strict: bool, found: str
) -> None:
    world.tenant.settings.strict_if_match = strict
    anna = world.hire("ANNA")
    world.hire("BERND")
    world.hire("CLARA")
    world.enter("ANNA", "Nobody is invited here", SOON + 4 * HOUR)
    number = world.enter("ANNA", "Besprechung", SOON)
    world.invite(number, "BERND")
    await settled(world)
    before = [each for each in anna.events() if not each["attendees"]]
    world.invite(number, "CLARA")
    await settled(world)
    probes = [each for each in meddling.seen if each.method == "PATCH" and each.body == {}]
    assert len(probes) == 1
    after = [each for each in anna.events() if not each["attendees"]]
    unchanged = ("subject", "start", "end", "body")  # Exchange itself touches what is new
    if strict:
        assert [each[n] for each in before for n in unchanged] == [
            each[n] for each in after for n in unchanged
        ]
    known = [row["value"] for row in world.rows(state.meta) if row["name"] == "if_match"]
    assert [each.rpartition(" ")[2] for each in known] == [found]


async def test_f3_every_change_and_deletion_is_for_the_version_that_was_read(
    world: World, meddling: Meddling
) -> None:
    world.hire("ANNA")
    number = world.enter("ANNA", "Jour fixe", MONDAY, recurrence="FREQ=WEEKLY;BYDAY=MO;COUNT=10")
    await series_settled(world)
    except_(world, number, 1, subject="Anders")
    await series_settled(world)
    except_(world, number, 2, cancelled=True)
    await series_settled(world)
    restore(world, number, 1)
    await series_settled(world)
    world.edit(number, subject="Neu")
    await series_settled(world)
    world.remove(number)
    await series_settled(world)
    assert len(meddling.guarded) >= 5
    assert all(meddling.guarded)


async def test_f3_an_occurrence_that_somebody_moves_meanwhile_is_decided_about_anew(
    world: World, meddling: Meddling
) -> None:
    anna = world.hire("ANNA")
    made = anna.create("Jour fixe", MONDAY, MONDAY + HOUR, recurrence=WEEKLY)
    await series_settled(world)
    (row,) = world.activities()
    day = anna.occurrence(made, (MONDAY + WEEK).date())

    def occurrence(request: Request) -> bool:
        return request.method == "PATCH"

    meddling.doing = occurrence, lambda: anna.change(day, location={"displayName": "Saal"})
    except_(world, row["id"], 1, subject="Anders")
    await series_settled(world)
    assert meddling.doing is None
    assert len(anna.events()) == 1


async def test_e5_many_occurrences_are_written_though_each_write_makes_all_of_them_new(
    world: World, meddling: Meddling
) -> None:
    anna = world.hire("ANNA")
    number = world.enter("ANNA", "Jour fixe", MONDAY, recurrence="FREQ=WEEKLY;BYDAY=MO;COUNT=30")
    await series_settled(world)
    for week in range(1, 25):
        except_(world, number, week, subject=f"Woche {week}")
    meddling.seen.clear()
    await series_settled(world)
    writes = [each for each in meddling.seen if each.method == "PATCH"]
    assert len(writes) < 24 + FIRST
    assert len(anna.events()) == 1


@pytest.mark.parametrize("strict", [True, False])
async def test_i2_a_category_given_in_the_second_of_our_write_stays(
    world: World, meddling: Meddling, *, strict: bool
) -> None:
    world.tenant.settings.strict_if_match = strict
    anna = world.hire("ANNA")
    with world.database.writing() as connection:
        customers = {"id": 2, "name": "Kunde", "calendar_sync": "normal"}
        connection.execute(sa.insert(tables.activity_type).values(customers))
        connection.execute(sa.insert(state.type_in_exchange).values(type_id=2, category="Kunde"))
    number = world.enter("ANNA", "Termin", SOON)
    await settled(world)
    (event,) = anna.find("Termin")
    meddling.doing = (
        lambda request: "categories" in (request.body or {}),
        lambda: anna.change(event, categories=["Rot"]),
    )
    world.edit(number, type_id=2)
    await settled(world)
    assert meddling.doing is None
    assert sorted(anna.event(event)["categories"]) == ["Kunde", "Rot"]
    assert world.activities()[0]["type_id"] == 2
