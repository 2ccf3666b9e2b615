"""Channels that hang, refuse or flap for an hour: nobody is late, two messages (H2)."""

import asyncio
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path

import pytest

from calsync_agent.alerts.notice import Notice, Undelivered
from calsync_agent.config.settings import Settings
from calsync_agent.errors import CalsyncError, DatabaseRefused
from calsync_agent.health.ledger import GRACE
from calsync_agent.health.overview import Pulse
from calsync_agent.health.situation import Situation
from calsync_agent.i18n import message
from calsync_agent.service import alerting
from calsync_agent.service.alerting import LOOKS_EVERY, Alerting
from calsync_agent.service.delivery import LONGEST_PAUSE, WITHIN, Outlets
from tests.support.hours import Hours, pass_by

HOUR = 3600.0
CYCLE = 10.0
TWO = ["begun", "ended"]
REFUSED = DatabaseRefused(message("Consolidate has no licence"))


@dataclass(eq=False)
class Outlet:
    """A channel; `trouble` is what it does instead of taking a message, until all is well."""

    label: str
    trouble: Callable[[float], str] = lambda _now: ""
    took: list[tuple[str, float]] = field(default_factory=list)
    tries: int = 0

    async def send(self, notice: Notice) -> None:
        self.tries += 1
        now = asyncio.get_running_loop().time()
        match self.trouble(now):
            case "hangs":
                await asyncio.sleep(10 * HOUR)
            case "refuses":
                raise Undelivered(message("no"))
            case "falls":
                raise RuntimeError("nobody foresaw this")
        self.took.append((notice.state, now))

    @property
    def states(self) -> list[str]:
        return [state for state, _ in self.took]


class Told(Alerting):
    """Tells from memory; what it would read in the database is that all is well."""

    async def _situation(self) -> Situation | CalsyncError | None:
        now = datetime(2026, 12, 1)
        return self.trouble or Situation(Pulse(now, 0, 0, (), {}), None, (), ())


@pytest.fixture
def hours(monkeypatch: pytest.MonkeyPatch) -> Hours:
    loop = Hours()
    monkeypatch.setattr(time, "monotonic", loop.time)
    monkeypatch.setattr(alerting, "seconds_passed", loop.time)
    return loop


def play(hours: Hours, outlets: tuple[Outlet, ...], there: Callable[[float], bool]) -> list[float]:
    """Have two hours pass, in which a problem is there as said; when each cycle began."""
    settings = Settings.model_construct(path=Path("agent.toml"))
    told = Told(lambda _settings: Outlets(outlets), settings)
    began: list[float] = []

    async def watch() -> None:
        told.begin()
        while hours.time() < 2 * HOUR:
            began.append(hours.time())
            told.trouble = REFUSED if there(hours.time()) else None
            await asyncio.sleep(CYCLE)
        await told.close()

    pass_by(watch(), hours)
    return began


def for_an_hour(now: float) -> bool:
    return now < HOUR


@pytest.mark.parametrize("kind", ["hangs", "refuses", "falls"])
@pytest.mark.parametrize("lasts", [HOUR / 2, HOUR], ids=["over before", "over after"])
def test_h2_a_channel_in_trouble_for_an_hour_delays_nobody_and_takes_two_messages(
    hours: Hours, kind: str, lasts: float
) -> None:
    bad = Outlet("bad", lambda now: kind if now < HOUR else "")
    good = Outlet("good")
    began = play(hours, (bad, good), lambda now: now < lasts)
    assert began == [CYCLE * number for number in range(len(began))]
    assert [bad.states, good.states] == [TWO, TWO]
    soon = GRACE.total_seconds() + LOOKS_EVERY + CYCLE
    assert [at <= since + soon for (_, at), since in zip(good.took, (0, lasts), strict=True)] == [
        True,
        True,
    ]
    assert bad.took[0][1] <= HOUR + LONGEST_PAUSE + WITHIN
    assert bad.tries < 30, "it is asked less and less often"


def test_h2_a_channel_that_flaps_a_hundred_times_takes_two_messages(hours: Hours) -> None:
    flapping = Outlet("bad", lambda now: "refuses" if now < HOUR and now // 18 % 2 == 0 else "")
    good = Outlet("good")
    play(hours, (flapping, good), for_an_hour)
    assert [flapping.states, good.states] == [TWO, TWO]


@pytest.mark.parametrize("kind", ["", "hangs", "refuses"])
def test_h2_a_problem_that_flaps_a_hundred_times_makes_two_messages_on_any_channel(
    hours: Hours, kind: str
) -> None:
    bad = Outlet("bad", lambda now: kind if now < HOUR else "")
    good = Outlet("good")
    play(hours, (bad, good), lambda now: now < HOUR and now // 18 % 2 == 0)
    assert [bad.states, good.states] == [TWO, TWO]
