"""B8, CONTRACT.md 1: what `once`, as a process, says of what it leaves behind."""

import subprocess
import sys
from dataclasses import dataclass
from datetime import timedelta
from uuid import UUID

import pytest
import sqlalchemy as sa

from calsync_agent.consolidate import tables
from calsync_agent.sandbox.faults import Rule
from calsync_agent.sandbox.people import Person
from calsync_agent.state import tables as state
from tests.support.places import environment
from tests.support.world import SOON, World

pytestmark = pytest.mark.parametrize("dialect", ["sqlite"], indirect=True)

HOUR = timedelta(hours=1)


@dataclass(frozen=True)
class Said:
    status: int
    out: str
    err: str

    def about(self, *words: str) -> list[str]:
        """The lines of stderr that hold all these words."""
        return [line for line in self.err.splitlines() if all(word in line for word in words)]


def once(world: World) -> Said:
    world.settings()
    done = subprocess.run(
        [sys.executable, "-m", "calsync_agent", "once", "--config", "agent.toml", "--lang", "en"],
        cwd=world.folder,
        env=environment(world.folder),
        capture_output=True,
        encoding="utf-8",
        check=False,
    )
    assert "Traceback" not in done.stderr
    return Said(done.returncode, done.stdout, done.stderr)


def company(world: World) -> tuple[Person, Person, Person]:
    """Three people, each with something to be sent."""
    found = world.hire("ANNA"), world.hire("BERND"), world.hire("CLARA")
    for code in ("ANNA", "BERND", "CLARA"):
        world.enter(code, f"Termin von {code}", SOON)
    return found


def break_row(world: World, number: UUID, **values: object) -> None:
    """Somebody writes what no appointment may hold."""
    with world.database.writing() as connection:
        mine = tables.activity.c.id == number
        connection.execute(sa.update(tables.activity).where(mine).values(**values))


@pytest.mark.parametrize(
    ("status", "code", "which"),
    [
        (401, "InvalidAuthenticationToken", 0),
        (401, "InvalidAuthenticationToken", 2),
        (401, "", 1),
        (403, "ErrorAccessDenied", 0),
        (404, "ErrorInvalidUser", 2),
    ],
)
def test_b8_a_mailbox_that_lets_nobody_in_is_named_and_the_others_are_synced(
    world: World, status: int, code: str, which: int
) -> None:
    people = company(world)
    closed = people[which]
    refusal = Rule(action="status", status=status, code=code, times=None)
    world.tenant.fault(refusal.model_copy(update={"mailbox": closed.id}))
    said = once(world)
    assert said.status == 1
    (line,) = said.about("failed")
    assert f"profile {which + 1} ({closed.id})" in line
    assert [len(one.events()) for one in people if one is not closed] == [1, 1]


def test_b8_a_mailbox_that_lets_nobody_in_any_more_is_named_and_the_others_are_synced(
    world: World,
) -> None:
    anna, bernd, clara = company(world)
    assert once(world).status == 0
    refusal = Rule(action="status", status=401, code="InvalidAuthenticationToken", times=None)
    world.tenant.fault(refusal.model_copy(update={"mailbox": bernd.id}))
    anna.create("aus Outlook", SOON, SOON + HOUR)
    world.enter("CLARA", "noch einer", SOON)
    said = once(world)
    assert said.status == 1
    (line,) = said.about("failed")
    assert f"profile 2 ({bernd.id})" in line
    assert len(clara.events()) == 2
    assert len(world.activities()) == 5


def test_contract_1_a_token_that_no_mailbox_accepts_is_a_refused_sign_in(world: World) -> None:
    company(world)
    world.tenant.fault(
        Rule(action="status", status=401, code="InvalidAuthenticationToken", times=None)
    )
    said = once(world)
    assert said.status == 2
    assert said.about("Graph does not accept the app's token")


def test_b8_a_refused_first_listing_is_told_as_what_it_is(world: World) -> None:
    for person, code in zip(company(world), ("ErrorInvalidRequest", "BadRequest", ""), strict=True):
        world.tenant.fault(
            Rule(
                action="status",
                status=400,
                code=code,
                message=f"The window of {person.upn} is too long.",
                path="calendarView",
                mailbox=person.id,
                times=None,
            )
        )
    newcomer = world.hire("NEU")
    closed = Rule(action="status", status=403, code="SomethingNew", mailbox=newcomer.id, times=None)
    world.tenant.fault(closed)
    said = once(world)
    assert said.status == 1
    for number, name in ((1, "anna"), (2, "bernd"), (3, "clara")):
        (line,) = said.about(f"profile {number}", "failed")
        assert f"The window of {name}" in line
        assert "status 400" in line
    (line,) = said.about("profile 4", "failed")
    assert newcomer.id in line
    assert "loses its place" not in said.err


def test_b8_once_names_each_quarantined_item_with_its_profile_and_the_reason(world: World) -> None:
    anna, bernd = world.hire("ANNA"), world.hire("BERND")
    for number in range(12):
        row = world.enter("ANNA", f"Termin {number}", SOON)
        break_row(world, row, time_zone="Mars/Olympus")
    secret = world.enter("BERND", "Befund", SOON, private=True)
    break_row(world, secret, time_zone="Mars/Olympus")
    bare = world.enter("BERND", "", SOON)
    break_row(world, bare, time_zone="Mars/Olympus")
    said = once(world)
    assert said.status == 1
    assert "quarantined: 12" in said.out
    for number in range(12):
        (line,) = said.about(f"profile 1 ({anna.id}): not synced: Termin {number}: ")
        assert "Mars/Olympus" in line
    for row in (secret, bare):
        (line,) = said.about(f"profile 2 ({bernd.id}): not synced: ", str(row))
        assert f"{SOON:%Y-%m-%d}" in line
        assert "Mars/Olympus" in line
    assert "Befund" not in said.err + (world.folder / "agent.log").read_text()
    assert once(world).about("profile", "not synced") == said.about("profile", "not synced")


def test_b8_once_names_the_refused_request_of_a_private_appointment_by_date_and_id(
    world: World,
) -> None:
    anna = world.hire("ANNA")
    number = world.enter("ANNA", "Befund", SOON, private=True)
    world.tenant.fault(
        Rule(action="status", status=422, code="ErrorInvalid", method="POST", path="events$")
    )
    said = once(world)
    (line,) = said.about(f"profile 1 ({anna.id}): not synced: ", str(number))
    assert f"{SOON:%Y-%m-%d}" in line
    assert "Befund" not in said.err


def test_b8_a_profile_that_fails_names_its_quarantined_items_too(world: World) -> None:
    anna = world.hire("ANNA")
    row = world.enter("ANNA", "Termin", SOON)
    break_row(world, row, time_zone="Mars/Olympus")
    assert once(world).status == 1
    world.tenant.fault(Rule(action="status", status=403, code="ErrorAccessDenied", times=None))
    said = once(world)
    assert said.about("failed", "is closed to calsync")
    assert said.about(f"profile 1 ({anna.id}): not synced: Termin: ")


def test_b8_each_line_of_log_and_table_about_it_names_the_profile(world: World) -> None:
    anna = world.hire("ANNA")
    row = world.enter("ANNA", "Termin", SOON)
    break_row(world, row, time_zone="Mars/Olympus")
    once(world)
    (stored,) = [row for row in world.rows(state.log) if row["kind"] == "skipped"]
    assert stored["profile_id"] == 1
    assert f"profile 1 ({anna.id}): not synced: Termin: " in stored["message"]
    log = (world.folder / "agent.log").read_text(encoding="utf-8").splitlines()
    assert [line for line in log if f"profile 1 ({anna.id}): not synced: Termin: " in line]


def test_b7_what_is_held_names_the_profile_on_stderr_in_log_and_table(world: World) -> None:
    anna = world.hire("ANNA")
    numbers = [world.enter("ANNA", f"Termin {number}", SOON) for number in range(12)]
    assert once(world).status == 0
    for number in numbers:
        break_row(world, number, deleted_at=SOON)
    said = once(world)
    assert said.status == 1
    assert said.about(f"profile 1 ({anna.id}): held: ")
    (stored,) = [row for row in world.rows(state.log) if row["kind"] == "held"]
    assert stored["profile_id"] == 1
    assert f"profile 1 ({anna.id}): " in stored["message"]
