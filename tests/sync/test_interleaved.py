"""Three mailboxes in one meeting, read in every order, their cycles interleaved at every await.

Whatever the order: one appointment, one link for each mailbox, and nothing is written but to the
organizer's own event (F1-F6, G10, G11). `CALSYNC_INTERLEAVINGS=500` tries so many orders at random
for each scene, instead of a few.
"""

import asyncio
import os
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from datetime import timedelta
from itertools import permutations
from pathlib import Path
from typing import Any, Final
from uuid import UUID

import pytest
import sqlalchemy as sa

from calsync_agent.consolidate import tables
from calsync_agent.domain.operation import ExamineEvent
from calsync_agent.state import tables as state
from tests.support.interleaving import (
    Choose,
    at_random,
    interleaved,
    one_after_the_other,
    one_switch,
    switched,
)
from tests.support.mailing import Ledger
from tests.support.rig import SOON, Rig, rigged

CODES: Final = ("ANNA", "BERND", "CLARA")
AT_NIGHT: Final = os.environ.get("CALSYNC_INTERLEAVINGS")
SEEDS: Final = int(AT_NIGHT or "8")
HOUR: Final = timedelta(hours=1)
WEEKLY: Final = {
    "pattern": {"type": "weekly", "interval": 1, "daysOfWeek": ["monday"]},
    "range": {"type": "numbered", "numberOfOccurrences": 6},
}
MEETING: Final = UUID(int=7)

pytestmark = pytest.mark.parametrize("dialect", ["sqlite"], indirect=True)


@pytest.fixture(autouse=True)
def _statements_fit_sql_server() -> None:
    """Every statement is looked at in other tests; here it would take a third of the time."""


# -- what people do --------------------------------------------------------------------------------


def team(rig: Rig) -> None:
    """Three employees with profiles."""
    for code in CODES:
        rig.world.hire(code)


def boss_without_profile(rig: Rig) -> None:
    """The same, and somebody whose mailbox is not synced."""
    rig.world.hire("BOSS", profile=False)
    team(rig)


def outlook(organizer: str, *guests: str, series: bool = False) -> Callable[[Rig], None]:
    """Somebody invites others in Outlook; of a series, one occurrence is at another place."""

    def act(rig: Rig) -> None:
        inside = organizer.upper() in rig.world.employees
        person = rig.tenant.user(organizer) if inside else rig.tenant.outsider(organizer)
        invited = [rig.tenant.user(guest).upn for guest in guests]
        repeated: dict[str, Any] = {"recurrence": WEEKLY} if series else {}
        event = person.create("Jour fixe", SOON, SOON + HOUR, attendees=invited, **repeated)
        if series:
            third = person.occurrence(event, (SOON + timedelta(weeks=2)).date())
            person.change(third, location={"displayName": "Saal"})

    return act


def entered(*guests: str, **values: object) -> Callable[[Rig], None]:
    """Somebody enters a meeting of Anna's in Consolidate."""

    def act(rig: Rig) -> None:
        rig.world.enter("ANNA", "Jour fixe", SOON, id=MEETING, **values)
        rig.world.invite(MEETING, *guests)

    return act


def exception_entered(rig: Rig) -> None:
    """One occurrence gets another place in Consolidate."""
    row = {
        "id": UUID(int=8),
        "activity_id": MEETING,
        "original_start": SOON + timedelta(weeks=2),
        "location": "Saal",
    }
    with rig.people.writing() as connection:
        connection.execute(sa.insert(tables.activity_exception).values(row))


def one_accepts(rig: Rig) -> None:
    """Bernd answers, while the place is changed in Consolidate."""
    rig.world.edit(MEETING, location="Büro")
    bernd = rig.tenant.user("bernd")
    bernd.respond(bernd.find("Jour fixe")[0], "accepted")


def one_accepts_and_one_deletes(rig: Rig) -> None:
    """Bernd answers, and Clara deletes her copy."""
    bernd, clara = rig.tenant.user("bernd"), rig.tenant.user("clara")
    bernd.respond(bernd.find("Jour fixe")[0], "accepted")
    clara.delete(clara.find("Jour fixe")[0])


def one_accepts_here_and_one_there(rig: Rig) -> None:
    """Bernd answers in Outlook, and Clara's answer is entered in Consolidate."""
    bernd = rig.tenant.user("bernd")
    bernd.respond(bernd.find("Jour fixe")[0], "accepted")
    rig.world.respond(MEETING, "CLARA", "tentative")


def both_sides_change(rig: Rig) -> None:
    """A conflict between Consolidate and the organizer's Outlook."""
    rig.world.edit(MEETING, location="Büro")
    anna = rig.tenant.user("anna")
    anna.change(anna.find("Jour fixe")[0], location={"displayName": "Terrasse"})


def bernd_takes_over(rig: Rig) -> None:
    """Another employee is responsible now."""
    rig.world.edit(MEETING, responsible_id=rig.world.employees["BERND"])


def bernd_joins_late(rig: Rig) -> None:
    """An employee who is invited already gets a profile."""
    rig.world.enrol("BERND", rig.tenant.user("bernd"))
    rig.world.edit(MEETING, location="Büro")


def rests(code: str, *, active: bool = False) -> Callable[[Rig], None]:
    """A profile is switched off, or on again, and the meeting is changed on both sides."""

    def act(rig: Rig) -> None:
        mine = state.profile.c.employee_id == rig.world.employees[code]
        with rig.people.writing() as connection:
            connection.execute(sa.update(state.profile).where(mine).values(active=active))
        for row in rig.world.activities() if not active else ():
            rig.world.edit(row["id"], location="Büro")

    return act


def team_without_bernd(rig: Rig) -> None:
    """Bernd is an employee with a mailbox, but without profile."""
    rig.world.hire("ANNA")
    rig.world.hire("BERND", profile=False)
    rig.world.hire("CLARA")


# -- what must hold --------------------------------------------------------------------------------


@dataclass(frozen=True)
class End:
    """What is left in the end: by mailbox what its event is, and the row; and what was written."""

    roles: str
    answers: dict[str, str]
    location: str = ""
    written: str = ""
    responsible: str = "ANNA"
    exceptions: int = 0


@dataclass(frozen=True)
class Scene:
    """What people do between two syncs. `begin`: is done before, each step synced."""

    name: str
    people: Callable[[Rig], None]
    end: End
    act: Callable[[Rig], None]
    begin: tuple[Callable[[Rig], None], ...] = ()
    always: Callable[[Rig], None] = lambda _rig: None


def live(rig: Rig, name: str) -> list[dict[str, Any]]:
    """What somebody sees in their calendar that is not cancelled."""
    return [event for event in rig.tenant.user(name).events() if not event["isCancelled"]]


def _never_without(rig: Rig, name: str) -> None:
    assert live(rig, name), "a gap"


def no_gap(rig: Rig) -> None:
    """At every instant the meeting is in the calendars of those who attend, and somebody's own."""
    _never_without(rig, "clara")
    assert any(event["isOrganizer"] for who in ("anna", "bernd") for event in live(rig, who))


NOBODY: Final = {"BERND": "none", "CLARA": "none"}
THREE: Final = "organizer copy copy"
COPIES: Final = "copy copy copy"
SCENES: Final = (
    Scene("first sync", team, End(THREE, NOBODY), outlook("anna", "bernd", "clara")),
    Scene(
        "first sync, series",
        team,
        End(THREE, NOBODY, exceptions=1),
        outlook("anna", "bernd", "clara", series=True),
    ),
    Scene(
        "organizer without profile",
        boss_without_profile,
        End(COPIES, {"ANNA": "none", **NOBODY}, responsible="BOSS"),
        outlook("boss", "anna", "bernd", "clara"),
    ),
    Scene(
        "organizer without profile, series",
        boss_without_profile,
        End(COPIES, {"ANNA": "none", **NOBODY}, responsible="BOSS", exceptions=1),
        outlook("boss", "anna", "bernd", "clara", series=True),
    ),
    Scene(
        "organizer outside",
        team,
        End(COPIES, {"ANNA": "none", **NOBODY}, responsible="any"),
        outlook("chef@kunde.example", "anna", "bernd", "clara"),
    ),
    Scene(
        "organizer outside, series",
        team,
        End(COPIES, {"ANNA": "none", **NOBODY}, responsible="any", exceptions=1),
        outlook("chef@kunde.example", "anna", "bernd", "clara", series=True),
    ),
    Scene(
        "entered in Consolidate",
        team,
        End(THREE, NOBODY, written="anna:CreateEvent"),
        entered("BERND", "CLARA"),
    ),
    Scene(
        "change and answer",
        team,
        End(THREE, {"BERND": "accepted", "CLARA": "none"}, "Büro", written="anna:ChangeEvent"),
        one_accepts,
        (entered("BERND", "CLARA"),),
    ),
    Scene(
        "answer and deletion",
        team,
        End("organizer copy", {"BERND": "accepted", "CLARA": "declined"}),
        one_accepts_and_one_deletes,
        (entered("BERND", "CLARA"),),
    ),
    Scene(
        "answers on both sides",
        team,
        End(THREE, {"BERND": "accepted", "CLARA": "tentative"}, written="clara:AnswerEvent"),
        one_accepts_here_and_one_there,
        (entered("BERND", "CLARA"),),
    ),
    Scene(
        "series: change and answer",
        team,
        End(
            THREE,
            {"BERND": "accepted", "CLARA": "none"},
            "Büro",
            written="anna:ChangeEvent",
            exceptions=1,
        ),
        one_accepts,
        (entered("BERND", "CLARA", recurrence="FREQ=WEEKLY;COUNT=6"), exception_entered),
    ),
    Scene(
        "one occurrence changed in Consolidate",
        team,
        End(THREE, NOBODY, written="anna:ChangeEvent", exceptions=1),
        exception_entered,
        (entered("BERND", "CLARA", recurrence="FREQ=WEEKLY;COUNT=6"),),
    ),
    Scene(
        "conflict",
        team,
        End(THREE, NOBODY, "Büro", written="anna:ChangeEvent"),
        both_sides_change,
        (entered("BERND", "CLARA"),),
    ),
    Scene(
        "another responsible",
        team,
        End(
            "organizer copy",
            {"CLARA": "none"},
            written="anna:DeleteEvent bernd:CreateEvent",
            responsible="BERND",
        ),
        bernd_takes_over,
        (entered("CLARA"),),
        no_gap,
    ),
    Scene(
        "another responsible of a series",
        team,
        End(
            "organizer copy",
            {"CLARA": "none"},
            written="anna:DeleteEvent bernd:CreateEvent",
            responsible="BERND",
            exceptions=1,
        ),
        bernd_takes_over,
        (entered("CLARA", recurrence="FREQ=WEEKLY;COUNT=6"), exception_entered),
        no_gap,
    ),
    Scene(
        "a profile that comes later",
        team_without_bernd,
        End(THREE, NOBODY, "Büro", written="anna:ChangeEvent"),
        bernd_joins_late,
        (entered("BERND", "CLARA"),),
    ),
    Scene(
        "a guest's profile that is lost",
        team,
        End(THREE, NOBODY, "Büro", written="anna:ChangeEvent"),
        rests("BERND"),
        (entered("BERND", "CLARA"),),
    ),
    Scene(
        "the organizer's profile that is lost",
        team,
        End(THREE, NOBODY, "Büro"),
        rests("ANNA"),
        (entered("BERND", "CLARA"),),
    ),
    Scene(
        "the organizer's profile that is lost, of a meeting from Outlook",
        team,
        End(THREE, NOBODY),  # put back, as if it were organized outside (G11)
        rests("ANNA"),
        (outlook("anna", "bernd", "clara"),),
    ),
    Scene(
        "the organizer's profile that comes first now",
        team,
        End(THREE, NOBODY, "Büro", written="anna:CreateEvent bernd:DeleteEvent clara:DeleteEvent"),
        rests("ANNA", active=True),
        (rests("ANNA"), entered("BERND", "CLARA", location="Büro")),
        lambda rig: _never_without(rig, "clara"),
    ),
    Scene(
        "the organizer's profile that comes back",
        team,
        End(THREE, NOBODY, "Büro", written="anna:ChangeEvent"),
        rests("ANNA", active=True),
        (entered("BERND", "CLARA"), rests("ANNA")),
    ),
)


@dataclass
class Stage:
    """A scene that can be played again and again."""

    scene: Scene
    rig: Rig
    ledger: Ledger

    def play(self, choose: Choose) -> int:
        """Play it in one order, and see that it ends as it must; how many steps it took."""
        self.ledger.writes.clear()
        self.scene.act(self.rig)
        order = interleaved(self.rig, choose, self._always)
        try:
            assert self._end() == self.scene.end
            assert self._one_in_each_calendar()
        except AssertionError as error:
            raise AssertionError(f"{error}\nin the order {order}") from error
        return len(order)

    def _always(self) -> None:
        assert len(self.rig.world.activities()) <= 1, "two appointments"
        self.scene.always(self.rig)

    def _end(self) -> End:
        world, expected = self.rig.world, self.scene.end
        (row,) = world.activities()
        codes = {number: code for code, number in world.employees.items()}
        owner = codes[row["responsible_id"]]
        exceptions = world.rows(tables.activity_exception)
        roles = sorted((link["role"] for link in world.rows(state.link)), reverse=True)
        return End(
            " ".join(roles),
            world.answers(row["id"]),
            row["location"] or "",
            " ".join(sorted(self._written())),
            "any" if expected.responsible == "any" and row["organizer_email"] else owner,
            len({each["original_start"] for each in exceptions}),
        )

    def _written(self) -> Iterator[str]:
        names = {person.id: person.upn.partition("@")[0] for person in self.rig.tenant.people()}
        for mailbox, operation in self.ledger.writes:
            if isinstance(operation, ExamineEvent):
                continue  # it only reads (D6)
            yield f"{names[mailbox]}:{type(operation).__name__}"

    def _one_in_each_calendar(self) -> bool:
        return all(len(live(self.rig, code.lower())) <= 1 for code in self.rig.world.employees)


@pytest.fixture
def stage(
    request: pytest.FixtureRequest, database_url: str, tmp_path: Path, ledger: Ledger
) -> Iterator[Callable[[Iterable[Choose]], None]]:
    """Plays a scene in each of some orders."""
    scene: Scene = request.param
    with rigged(database_url, tmp_path) as rig:
        scene.people(rig)
        for act in scene.begin:
            act(rig)
            asyncio.run(rig.until_quiet())
        begin = rig.snapshot()

        def play(orders: Iterable[Choose]) -> None:
            for choose in orders:
                rig.restore(begin)
                Stage(scene, rig, ledger).play(choose)

        yield play


EACH: Final = pytest.mark.parametrize("stage", SCENES, ids=[s.name for s in SCENES], indirect=True)
FIRST: Final = pytest.mark.parametrize("stage", SCENES[:1], ids=["first sync"], indirect=True)


@EACH
def test_f4_every_order_of_mailboxes_ends_the_same(
    stage: Callable[[Iterable[Choose]], None],
) -> None:
    stage(one_after_the_other(CODES))


@EACH
def test_f4_cycles_interleaved_at_random_end_the_same(
    stage: Callable[[Iterable[Choose]], None],
) -> None:
    stage(at_random(seed) for seed in range(SEEDS))


@pytest.mark.slow
@pytest.mark.timeout(300)
@FIRST
def test_f4_a_cycle_interrupted_at_any_await_by_another_ends_the_same(
    stage: Callable[[Iterable[Choose]], None],
) -> None:
    stage(one_switch(CODES, steps=33, stride=1 if AT_NIGHT else 3))


ANSWERS: Final = next(scene for scene in SCENES if scene.name == "answers on both sides")


@pytest.mark.parametrize("stage", [ANSWERS], ids=[ANSWERS.name], indirect=True)
def test_g13_no_answer_is_lost_when_the_organizer_hears_late_of_it(
    stage: Callable[[Iterable[Choose]], None],
) -> None:
    """What the organizer's cycle has read is older than the answer, which is sent meanwhile."""
    stage(switched(("CLARA", "BERND", "ANNA"), at, ("ANNA", "BERND", "CLARA")) for at in range(36))


def test_every_order_of_mailboxes_is_another(rig: Rig) -> None:
    """The scheduler does what the tests above stand on: what it chooses is what happens."""
    team(rig)
    outlook("anna", "bernd", "clara")(rig)
    begin = rig.snapshot()
    seen = set()
    for choose in one_after_the_other(CODES):
        rig.restore(begin)
        order = interleaved(rig, choose, lambda: None)
        seen.add(tuple(dict.fromkeys(order)))
        assert len(order) > 20
    assert seen == set(permutations(CODES))
