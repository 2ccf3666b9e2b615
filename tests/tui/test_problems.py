"""Each kind of problem: found where it is, and gone when it is mended."""

from dataclasses import replace
from datetime import timedelta
from typing import Final
from uuid import UUID

import pytest

from calsync_agent import __version__
from calsync_agent.appointment.model import EmployeeId, ProfileId
from calsync_agent.health import profiles as profiles_of
from calsync_agent.health.overview import AgentRow, Pulse
from calsync_agent.health.problems import Weight, problems
from calsync_agent.health.profiles import Employee, ProfileLine, State
from calsync_agent.health.provider import Row
from calsync_agent.health.situation import Health, Situation
from calsync_agent.i18n import message, use
from calsync_agent.state.profile_status import Condition, Fare
from tests.tui.office import NOW

AGENT: Final = AgentRow(
    id=UUID(int=1),
    host="server",
    pid=4711,
    version=__version__,
    started_at=NOW - timedelta(hours=1),
    seen_at=NOW,
    settings_revision=3,
    settings_taken_at=NOW,
    round_at=NOW,
    round_ms=200,
)
PROFILE: Final = ProfileLine(
    row=profiles_of.Row(ProfileId(1), 1, EmployeeId(1), "anna@example.com", active=True),
    employee=Employee(EmployeeId(1), "ANNA", "Anna", "anna@example.com"),
    state=State.WELL,
    fare=Fare(ProfileId(1), Condition.WELL, NOW, NOW),
)
ROW: Final = Row(
    id=1,
    tenant_id="contoso.com",
    inbound=True,
    outbound=True,
    priority="outbound_first",
    interval_seconds=5,
)
WELL: Final = Situation(
    pulse=Pulse(NOW, 3, 0, (AGENT,), {}), provider=ROW, profiles=(PROFILE,), items=()
)


def agents(*rows: AgentRow) -> Situation:
    return replace(WELL, pulse=replace(WELL.pulse, agents=rows))


def profiles(*rows: ProfileLine) -> Situation:
    return replace(WELL, profiles=rows)


def failing(name: str, why: str) -> ProfileLine:
    fare = Fare(ProfileId(1), Condition.FAILING, NOW, error=message("{why}", why=why))
    return replace(named(name), fare=fare)


def named(name: str) -> ProfileLine:
    return replace(PROFILE, employee=replace(PROFILE.employee, name=name))


CASES: Final[dict[str, tuple[Situation, str]]] = {
    "no agent": (agents(), "No agent is running"),
    "silent": (
        agents(replace(AGENT, seen_at=NOW - timedelta(seconds=21))),
        "The agent on server is silent since 08:59",
    ),
    "one of two silent": (
        agents(AGENT, replace(AGENT, host="other", seen_at=NOW - timedelta(minutes=5))),
        "The agent on other is silent since 08:55",
    ),
    "other version": (agents(replace(AGENT, version="9.9")), "is of version 9.9"),
    "refused (B10)": (
        replace(WELL, health=Health(refused=message("licence"))),
        "Nothing is synced",
    ),
    "copied (B12)": (replace(WELL, health=Health(copied=True)), "This database is a copy"),
    "no provider": (replace(WELL, provider=None), "There is no provider yet"),
    "no tenant": (
        replace(WELL, provider=replace(ROW, tenant_id="")),
        "The provider's settings cannot be used",
    ),
    "unusable interval": (
        replace(WELL, provider=replace(ROW, interval_seconds=0)),
        "The provider's settings cannot be used",
    ),
    "both off": (
        replace(WELL, provider=replace(ROW, inbound=False, outbound=False)),
        "are both off",
    ),
    "not taken over": (
        replace(
            agents(replace(AGENT, settings_revision=2)), behind_since=NOW - timedelta(seconds=20)
        ),
        "works with settings of revision 2, not 3",
    ),
    "standing still": (
        agents(replace(AGENT, round_at=NOW - timedelta(minutes=2))),
        "has synced nothing since 08:58",
    ),
    "slow": (agents(replace(AGENT, round_ms=7000)), "A round takes 7.0 s, longer than"),
    "failing": (profiles(PROFILE, failing("Bert", "mailbox is gone")), "The profile of Bert fails"),
    "failing for one reason": (
        profiles(failing("Bert", "sign-in"), failing("Clara", "sign-in")),
        "2 profiles fail, among them that of Bert",
    ),
    "held (B7)": (
        profiles(replace(PROFILE, held=12)),
        "The profile of Anna is held: 12 changes wait",
    ),
    "no profile": (profiles(), "There is no profile yet"),
    "no active profile": (
        profiles(replace(PROFILE, row=replace(PROFILE.row, active=False))),
        "No profile is active",
    ),
}


@pytest.fixture(autouse=True)
def _in_english() -> None:
    use("en")


def test_all_well_is_no_problem() -> None:
    assert problems(WELL) == []


@pytest.mark.parametrize("name", CASES)
def test_it_is_told_in_one_line_with_what_mends_it(name: str) -> None:
    situation, told = CASES[name]
    (problem,) = problems(situation)
    assert told in str(problem.text)
    assert str(problem.mend)
    assert "\n" not in f"{problem.text}{problem.mend}"


@pytest.mark.parametrize(
    "situation",
    [
        pytest.param(
            replace(
                agents(replace(AGENT, settings_revision=2)),
                behind_since=NOW - timedelta(seconds=3),
            ),
            id="an agent has an interval to take settings over",
        ),
        pytest.param(
            agents(replace(AGENT, seen_at=NOW - timedelta(seconds=19))),
            id="a heartbeat may be late",
        ),
        pytest.param(
            profiles(
                PROFILE,
                replace(failing("Bert", "gone"), row=replace(PROFILE.row, active=False)),
                replace(PROFILE, employee=replace(PROFILE.employee, permitted=False)),
            ),
            id="who is paused or not permitted is no problem",
        ),
    ],
)
def test_what_is_no_problem_yet(situation: Situation) -> None:
    assert problems(situation) == []


def test_nobody_is_told_that_no_round_is_made_where_none_may_be() -> None:
    still = agents(replace(AGENT, round_at=NOW - timedelta(hours=2)))
    (problem,) = problems(replace(still, health=Health(refused=message("licence"))))
    assert "Nothing is synced" in str(problem.text)


def test_what_matters_most_stands_first() -> None:
    slow = replace(agents(replace(AGENT, round_ms=7000)), profiles=(replace(PROFILE, held=1),))
    assert [one.weight for one in problems(slow)] == [Weight.ERROR, Weight.WARNING]
