"""The story is one that can be told: about forty appointments on each side, all in sight."""

from collections import Counter
from datetime import date, timedelta

import pytest

from calsync_agent.demo.entries import Deleted, Where, after, concerned, conflicts
from calsync_agent.demo.holidays import holidays
from calsync_agent.demo.story import EDITS, ENTRIES, STAFF, public_holidays

# https://www.wko.at and the law (§ 7 Arbeitsruhegesetz); Easter is on 5 April and on 28 March.
OF_2026 = """
2026-01-01 Neujahr
2026-01-06 Heilige Drei Könige
2026-04-06 Ostermontag
2026-05-01 Staatsfeiertag
2026-05-14 Christi Himmelfahrt
2026-05-25 Pfingstmontag
2026-06-04 Fronleichnam
2026-08-15 Mariä Himmelfahrt
2026-10-26 Nationalfeiertag
2026-11-01 Allerheiligen
2026-12-08 Mariä Empfängnis
2026-12-25 Weihnachten
2026-12-26 Stephanstag
"""
OF_2027 = """
2027-01-01 Neujahr
2027-01-06 Heilige Drei Könige
2027-03-29 Ostermontag
2027-05-01 Staatsfeiertag
2027-05-06 Christi Himmelfahrt
2027-05-17 Pfingstmontag
2027-05-27 Fronleichnam
2027-08-15 Mariä Himmelfahrt
2027-10-26 Nationalfeiertag
2027-11-01 Allerheiligen
2027-12-08 Mariä Empfängnis
2027-12-25 Weihnachten
2027-12-26 Stephanstag
"""


@pytest.mark.parametrize(("year", "expected"), [(2026, OF_2026), (2027, OF_2027)])
def test_the_public_holidays_are_those_of_austria(year: int, expected: str) -> None:
    assert [f"{day} {name}" for day, name in holidays(year)] == expected.strip().splitlines()


@pytest.mark.parametrize("monday", [date(2026, 11, 16), date(2026, 12, 28), date(2027, 3, 22)])
def test_holidays_are_entered_on_their_day_whenever_the_demo_is_shown(monday: date) -> None:
    entered = public_holidays(monday, 2027)
    days = [(entry.when.start(monday).date(), entry.subject) for entry in entered]
    assert days == holidays(2027)
    assert {entry.when.length for entry in entered} == {timedelta(1)}


def test_each_side_begins_with_some_forty_appointments() -> None:
    sides = Counter(entry.where for entry in ENTRIES)
    assert 38 <= sides[Where.CONSOLIDATE] + sides[Where.BOTH] <= 45
    assert 38 <= sides[Where.OUTLOOK] + sides[Where.BOTH] <= 45
    assert {entry.owner for entry in ENTRIES} == set(STAFF)


def test_it_looks_like_an_office() -> None:
    assert sum("🎉" in entry.subject for entry in ENTRIES) == 1
    assert any(entry.when.length > timedelta(1) for entry in ENTRIES)
    assert len({entry.when.zone for entry in ENTRIES}) > 3
    for name in ("importance", "private", "show_as", "reminder"):
        assert len({getattr(entry, name) for entry in ENTRIES}) > 1


def test_what_is_entered_twice_is_spelt_otherwise_in_outlook() -> None:
    for entry in ENTRIES:
        assert (entry.where is Where.BOTH) == bool(entry.also)
        assert entry.also != entry.subject
        if entry.also:
            one, other = ("".join(text.split()) for text in (entry.subject, entry.also))
            assert one.casefold() == other.casefold()


def test_a_subject_stands_for_one_entry() -> None:
    assert max(Counter(entry.subject for entry in ENTRIES).values()) == 1


def test_the_edits_go_both_ways_and_one_pair_of_them_is_a_conflict() -> None:
    assert conflicts(EDITS) == {"Hotel Post"}
    for kind in {type(edit.change) for edit in EDITS}:
        where = {edit.where for edit in EDITS if type(edit.change) is kind}
        assert len(where) == 2 or kind.__name__ == "MadePrivate"


def test_consolidate_wins_the_conflict_and_deleted_entries_are_gone() -> None:
    story = after(ENTRIES, EDITS)
    (mine,) = (e for e in EDITS if e.subject == "Hotel Post" and e.where is Where.CONSOLIDATE)
    now = story[concerned(mine, ENTRIES)]
    assert now is not None
    assert now.when == getattr(mine.change, "to", None)
    deleted = [concerned(e, ENTRIES) for e in EDITS if isinstance(e.change, Deleted)]
    assert [story[entry] for entry in deleted] == [None, None]
