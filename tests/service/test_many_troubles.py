"""B9: many mailboxes in trouble at once are a handful of lines, not one for each."""

from collections.abc import Iterator
from datetime import datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from calsync_agent.appointment.model import EmployeeId, ProfileId
from calsync_agent.domain.policy import Profile
from calsync_agent.errors import FeedTrouble, MailboxClosed, MailboxUnavailable
from calsync_agent.i18n import message
from calsync_agent.service.pacing import Pace
from calsync_agent.service.profile_run import Standing
from calsync_agent.service.troubles import FEW, RESTLESS, Troubles
from calsync_agent.state.progress import Progress

BEGUN = datetime(2026, 11, 23, 8, 0)
ROUND = timedelta(seconds=5)


class Log:
    """What is said, on a clock of its own."""

    def __init__(self) -> None:
        self.now = BEGUN
        self.troubles = Troubles(lambda: self.now)

    def goes_on(self, by: timedelta = ROUND) -> None:
        self.troubles._count()
        self.now += by

    @property
    def lines(self) -> list[str]:
        return [str(one.text) for one in self.troubles._entries]


@pytest.fixture
def log() -> Log:
    return Log()


def standings(count: int) -> list[Standing]:
    numbers = map(ProfileId, range(1, count + 1))
    profiles = (Profile(n, EmployeeId(n), f"p{n}", active=True) for n in numbers)
    return [Standing(one, one.mailbox, Progress(one.id), None) for one in profiles]


def throttled(one: Standing) -> MailboxUnavailable:
    return MailboxUnavailable(message("{mailbox} is throttled", mailbox=one.name), 30)


def rounds(minutes: float) -> Iterator[int]:
    return iter(range(int(minutes * 60 / ROUND.total_seconds())))


@pytest.mark.parametrize("trouble", [MailboxUnavailable, FeedTrouble])
def test_b9_four_hundred_throttled_mailboxes_are_a_handful_of_lines(
    log: Log, trouble: type[MailboxUnavailable | FeedTrouble]
) -> None:
    crowd = standings(400)
    for number in rounds(4.5):  # each has its turn, and is well again in between
        for one in crowd[number % 20 :: 20]:
            log.troubles.met(trouble(message("{mailbox} is slow", mailbox=one.name)), one)
        for one in crowd[(number + 10) % 20 :: 20]:
            log.troubles.over(one)
        log.goes_on()
    named = [line for line in log.lines if "is slow" in line and "further" not in line]
    assert len(named) == FEW
    assert len(log.lines) <= 2 * FEW + 2
    counted = [line for line in log.lines if "further mailboxes" in line]
    assert len(counted) == 1


def test_b9_a_few_are_named_and_said_to_be_over_as_ever(log: Log) -> None:
    few = standings(FEW)
    for one in few:
        log.troubles.met(throttled(one), one)
    log.goes_on()
    for one in few:
        log.troubles.over(one)
    log.goes_on()
    assert len(log.lines) == 2 * FEW
    assert all(one.name in line for one, line in zip(few, log.lines, strict=False))


def test_b9_that_those_who_were_counted_are_well_again_is_said_once(log: Log) -> None:
    crowd = standings(100)
    for one in crowd:
        log.troubles.met(throttled(one), one)
    log.goes_on(RESTLESS)
    assert log.lines[-1].startswith("95 further mailboxes do not answer as they should")
    for one in crowd[:50]:
        log.troubles.over(one)
    for one in crowd[50:60]:
        log.troubles.forget(one.profile.id)
    log.goes_on(RESTLESS)
    assert log.lines[-1].startswith("40 further mailboxes")
    for one in crowd[60:]:
        log.troubles.over(one)
    for _ in range(3):
        log.goes_on(RESTLESS)
    assert [line for line in log.lines if "only counted" in line] == [log.lines[-1]]


def test_b9_what_waits_for_somebody_is_always_named(log: Log) -> None:
    crowd = standings(50)
    for one in crowd:
        log.troubles.met(throttled(one), one)
        log.troubles.met(MailboxClosed(message("{mailbox} is closed", mailbox=one.name)), one)
    assert sum("is closed" in line for line in log.lines) == 50


def test_b9_who_stays_in_trouble_is_named_in_the_end(log: Log) -> None:
    crowd = standings(20)
    for _ in rounds(60):
        for one in crowd:
            log.troubles.met(throttled(one), one)
        log.goes_on()
    named = {one.name for one in crowd if any(f"{one.name} is thr" in line for line in log.lines)}
    assert named == {one.name for one in crowd}


@given(st.lists(st.tuples(st.integers(0, 400), st.floats(0, 60)), max_size=60))
def test_a4_that_rounds_do_not_keep_up_is_said_once_until_they_do(
    told: list[tuple[int, float]],
) -> None:
    pace = Pace()
    late = behind = False
    for still, took in told:
        said = pace.ended(0.0, took, 5)
        assert not (said and late)
        late = bool(said) or (late and took > 2.5)
        asked = pace.asked(still, 400, 5)
        if asked is not None:
            behind = not behind
            assert behind == (still > 100)
