"""Names are found and put in order as people expect."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from calsync_agent.collation import finds, natural, words


def test_numbers_in_names_are_ordered_as_numbers() -> None:
    names = ["Raum 10", "Raum 2", "Raum 1", "raum 11", "Österreich", "Oslo", "Zug"]
    assert sorted(names, key=natural) == [
        "Oslo", "Österreich", "Raum 1", "Raum 2", "Raum 10", "raum 11", "Zug",
    ]  # fmt: skip


@given(st.lists(st.text()))
def test_any_names_can_be_put_in_order(names: list[str]) -> None:
    assert sorted(map(natural, names)) == sorted(map(natural, reversed(names)))


@pytest.mark.parametrize("typed", ["müller", "MUELLER", "muller", "bernd mül", "mul bernd", ""])
def test_a_name_is_found_in_any_spelling_and_order(typed: str) -> None:
    assert finds(words(typed), "Bernd Müller")
    assert finds(words("strasse weiss"), "Weiß, Hauptstraße 7")


@pytest.mark.parametrize("typed", ["maller", "bernd anna", "mueler"])
def test_what_does_not_fit_is_not_found(typed: str) -> None:
    assert not finds(words(typed), "Bernd Müller")


@given(st.text(), st.text())
def test_each_word_of_a_text_is_found_in_it(before: str, after: str) -> None:
    assert finds(words(before), f"{after} {before} {after}")
