"""The numbers by which Windows' event log knows what was written: none ever changes (H2)."""

import logging
import re

import pytest

from calsync_agent import manual
from calsync_agent.health.problems.problem import Kind
from calsync_agent.i18n import LANGUAGES, Language
from calsync_agent.logs import event_ids
from calsync_agent.logs.event_ids import LINES, PROBLEMS, event_id, event_id_of

RELEASED = {
    "database_away": 100,
    "database_refused": 110,
    "database_copied": 120,
    "no_agent": 130,
    "agent_silent": 140,
    "agent_version": 150,
    "provider": 160,
    "directions_off": 170,
    "settings_behind": 180,
    "standing_still": 190,
    "round_slow": 200,
    "profile_failing": 210,
    "profile_held": 220,
    "quarantined": 230,
    "credential_expires": 240,
    "alert_channel": 250,
    "no_profile": 260,
    "differences": 270,
}
"""What admins' filters rest on: add to it, change nothing."""


def everything() -> list[int]:
    both = [number + ended for number in PROBLEMS.values() for ended in (False, True)]
    other = event_ids.OTHER_PROBLEM
    started = event_ids.SERVICE_STARTED, event_ids.SERVICE_STOPPED
    return [*started, *LINES.values(), *both, other, other + 1]


def test_h2_every_kind_of_problem_has_a_number_and_none_has_changed() -> None:
    assert set(PROBLEMS) == set(Kind)
    assert PROBLEMS.items() >= RELEASED.items()


def test_h2_no_number_is_given_twice_and_windows_knows_all_of_them() -> None:
    assert len(set(everything())) == len(everything())
    assert all(1 <= number <= 1000 for number in everything())


@pytest.mark.parametrize("kind", Kind)
def test_h2_a_problem_is_known_by_its_kind_and_its_end_by_the_next_number(kind: Kind) -> None:
    record = logging.makeLogRecord({"levelno": logging.INFO, "problem": str(kind), "ended": True})
    assert event_id(logging.ERROR, kind) == PROBLEMS[kind]
    assert event_id_of(record) == PROBLEMS[kind] + 1


@pytest.mark.parametrize(
    ("level", "number"),
    [(1, 10), (10, 10), (20, 20), (25, 20), (30, 30), (39, 30), (40, 40), (50, 50), (99, 50)],
)
def test_h2_any_other_line_is_known_by_its_level(level: int, number: int) -> None:
    assert event_id(level) == number
    assert event_id_of(logging.makeLogRecord({"levelno": level})) == number


def test_h2_a_kind_that_is_not_known_has_a_number_all_the_same() -> None:
    assert event_id(logging.ERROR, "of tomorrow") == event_ids.OTHER_PROBLEM


@pytest.mark.parametrize("language", LANGUAGES)
def test_the_manual_lists_the_numbers(language: Language) -> None:
    text = manual.chapter("scripts", language)
    listed = re.findall(r"^\| (\d+), (\d+) \| `(\w+)` \|$", text, re.MULTILINE)
    assert {kind: int(begun) for begun, _, kind in listed} == PROBLEMS
    assert all(int(ended) == int(begun) + 1 for begun, ended, _ in listed)
    lines = re.findall(r"^\| (\d+) \| ", text, re.MULTILINE)
    started = {event_ids.SERVICE_STARTED, event_ids.SERVICE_STOPPED}
    assert {int(number) for number in lines} == {*LINES.values()} | started
