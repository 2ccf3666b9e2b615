"""The contract: a profile is named by its number, or by its employee's code."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from calsync_agent.appointment.model import ProfileId
from calsync_agent.errors import Refusal
from calsync_agent.naming import profile_called, with_code

ONE, TWO, TEN = ProfileId(1), ProfileId(2), ProfileId(10)


@pytest.mark.parametrize(
    ("name", "found"),
    [
        ("1", ONE),
        (" 10 ", TEN),
        ("anna", ONE),
        ("Bernd", TWO),
        ("bernd ", TEN),
        ("", None),
        (" ", None),
        ("None", None),
        ("3", None),
    ],
)
def test_the_number_wins_then_the_code_as_written_then_whatever_its_case(
    name: str, found: ProfileId | None
) -> None:
    assert profile_called(name, {ONE: "ANNA", TWO: "Bernd ", TEN: "bernd"}) == found


def test_nobody_without_a_code_is_named_by_an_empty_name_or_by_any_other() -> None:
    assert {profile_called(name, {ONE: None, TWO: ""}) for name in ("", " ", "None")} == {None}


def test_a_code_that_several_have_names_none_of_them() -> None:
    for name in ("BERND", "ANNA"):
        with pytest.raises(Refusal, match="several employees"):
            with_code(name, {1: "ANNA", 2: "ANNA", 3: "Bernd", 4: "bernd"})


@given(st.text(), st.dictionaries(st.integers(1, 20), st.none() | st.text(max_size=2), max_size=8))
def test_whoever_is_named_has_that_code(name: str, codes: dict[int, str | None]) -> None:
    try:
        found = with_code(name, codes)
    except Refusal:
        return
    if found is None:
        assert name.strip() not in {(code or "").strip() for code in codes.values()} - {""}
    else:
        assert (codes[found] or "").strip().casefold() == name.strip().casefold() != ""
