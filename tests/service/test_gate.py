"""One gate says whether this agent may write (G5, B11)."""

from types import SimpleNamespace
from typing import Any
from unittest.mock import Mock

from calsync_agent.errors import NotPermitted
from calsync_agent.i18n import message
from calsync_agent.service.gate import CUT_AFTER, Gate, Stopped

REFUSAL = NotPermitted(message("it must not"))


def new_gate() -> Gate:
    leases: Any = Mock()
    return Gate(leases)


def may_write(gate: Gate, *, withdrawn: bool = False) -> bool:
    standing: Any = SimpleNamespace(withdrawn=withdrawn)
    try:
        gate.permit(standing)
    except Stopped:
        return False
    return True


def test_g5_what_a_look_found_ends_with_a_look_that_finds_nothing_and_not_before() -> None:
    gate = new_gate()
    gate.refuse(REFUSAL)
    gate.open()
    assert not may_write(gate)
    assert not gate.may_note
    gate.looked()
    assert gate.may_note
    assert not may_write(gate)
    gate.open()
    assert may_write(gate)


def test_g5_what_was_found_since_the_look_keeps_the_gate_shut() -> None:
    gate = new_gate()
    gate.looked()
    gate.refuse(REFUSAL)
    gate.open()
    assert not may_write(gate)


def test_g5_what_is_wrong_with_the_settings_alone_leaves_the_database_ours() -> None:
    gate = new_gate()
    gate.refuse(REFUSAL, of_database=False)
    assert gate.may_note
    assert not may_write(gate)
    gate.open()
    assert may_write(gate)


def test_g5_a_profile_whose_settings_have_changed_is_shut_alone() -> None:
    gate = new_gate()
    assert not may_write(gate, withdrawn=True)
    assert may_write(gate)


def test_b1_an_agent_that_ends_opens_no_gate_any_more() -> None:
    gate = new_gate()
    gate.end(0)
    gate.refuse(REFUSAL)
    gate.looked()
    gate.open()
    assert not may_write(gate)


def test_g5_what_is_under_way_is_cut_off_when_the_gate_shuts_and_once_more_at_the_end() -> None:
    gate, cut = new_gate(), list[float]()
    gate.guards(cut.append)
    for _ in range(2):
        gate.refuse(REFUSAL)
    assert cut == [CUT_AFTER]
    gate.end(5)
    assert cut == [CUT_AFTER, 5]
