"""What links remember of fields, in both schemes, and what is declared of each (B14, A5)."""

import json
import runpy
from collections.abc import Collection
from dataclasses import replace
from datetime import datetime, timedelta
from enum import StrEnum
from types import ModuleType
from typing import Final, cast

import pytest
from hypothesis import given
from hypothesis import strategies as st

from calsync_agent.appointment import codec, fields
from calsync_agent.appointment.content import (
    LONGEST_PRINT,
    Fingerprint,
    changed,
    fingerprint,
    mixed,
    same,
    unsettled,
    unsettled_in,
    untold_in,
)
from calsync_agent.appointment.fields import ALL, FIELDS, Field, closed
from calsync_agent.appointment.merge import merged
from calsync_agent.appointment.model import (
    Appointment,
    ChangedOccurrence,
    EmployeeId,
    Importance,
    Participant,
    Person,
    Response,
    ShowAs,
)
from calsync_agent.appointment.rule import Count, Rule, Weekday, Weekly
from calsync_agent.consolidate import fields as consolidate
from calsync_agent.exchange.calendar import fields as exchange
from calsync_agent.state.tables import PRINT_LENGTH
from calsync_tui import differences
from tests.support.old_prints import ORDER_OF_0_1_0, as_0_1_0, without

MONDAY: Final = datetime(2026, 11, 30, 9)
HOUR: Final = timedelta(hours=1)
PLAIN: Final = Appointment("Besprechung", MONDAY, MONDAY + HOUR, "Europe/Vienna")
FULL: Final = Appointment(
    "Angebot für Müller & Söhne 🎉",
    MONDAY,
    MONDAY + HOUR,
    "Europe/Vienna",
    body="Erste Zeile\n\n\n\nzweite  Zeile",
    location="Saal Süd",
    importance=Importance.HIGH,
    private=True,
    show_as=ShowAs.OUT_OF_OFFICE,
    reminder_minutes=30,
    rule=Rule(Weekly(1, (Weekday.MONDAY, Weekday.FRIDAY)), Count(8)),
    exceptions=(
        ChangedOccurrence(MONDAY + timedelta(days=4), cancelled=True),
        ChangedOccurrence(
            MONDAY + timedelta(days=7),
            subject="verschoben",
            start=MONDAY + timedelta(days=7, hours=2),
            end=MONDAY + timedelta(days=7, hours=3),
        ),
    ),
    participants=(Participant(EmployeeId(2), Response.ACCEPTED), Participant(EmployeeId(3))),
    organizer=Person("chefin@kunde.example", "Chefin"),
    guests=(
        Person("gast@kunde.example", "Gast", Response.TENTATIVE),
        Person("", "ohne Adresse"),
    ),
    join_url="https://teams.example/l/meetup-join/1",
    categories=("Kunde",),
    online=True,
)

MADE_BY_0_1_0: Final = [
    (
        PLAIN,
        "1JlDyZZMtx05gsJqRx05gsJqRnHqPkMdFFYgEquXIuOi+K2q45M8b9EwjwvMgwPdJwvMgwPdJgy0SQgIjgy0SQgIj"
        "gy0SQgIjwvMgwPdJgy0SQgIjwvMgwPdJ",
    ),
    (
        FULL,
        "1a6e1KjzfW92+P0SR7Wg2pJ0KnHqPkMdFuz2cCLPbBw99dyPZKxHJi2ECkiirXeu7DSbmsMnw5odByt/Xy4hzZD/g"
        "/1ScSJl/QO32nEmJ/j/rD3DSxx9q4jbq",
    ),
]
"""What the code of 0.1.0 made of these two."""

OPTIONAL: Final = frozenset(f for f in Field if FIELDS[f].optional)
NEWER: Final = frozenset(f for f in Field if FIELDS[f].key not in ORDER_OF_0_1_0) - OPTIONAL
some_fields = st.frozensets(st.sampled_from(sorted(ALL - OPTIONAL)))


@pytest.mark.parametrize(("appointment", "made"), MADE_BY_0_1_0, ids=["plain", "full"])
def test_b14_what_0_1_0_remembered_is_read_as_it_is(appointment: Appointment, made: str) -> None:
    appointment = replace(appointment, categories=(), online=False)  # nobody had any
    old, now = Fingerprint(made), fingerprint(appointment)
    assert as_0_1_0(now) == old
    assert same(old, without(now, NEWER))
    assert changed(old, now) == changed(now, old) == frozenset()
    assert untold_in(old) == NEWER
    for other in (replace(one, categories=(), online=False) for one, _made in MADE_BY_0_1_0):
        assert changed(old, fingerprint(other)) == changed(now, fingerprint(other)) - NEWER


@given(some_fields, some_fields)
def test_b14_what_0_1_0_remembered_is_mixed_and_marked_as_what_is_remembered_now(
    taken: Collection[Field], refused: Collection[Field]
) -> None:
    mine, theirs = fingerprint(PLAIN), fingerprint(FULL)
    marked = without(unsettled(mine, refused), NEWER)
    old = as_0_1_0(marked)
    assert same(mixed(old, theirs, taken), mixed(marked, theirs, taken))
    assert same(mixed(theirs, old, taken), mixed(theirs, marked, taken))
    assert same(unsettled(as_0_1_0(mine), refused), unsettled(without(mine, NEWER), refused))
    assert unsettled_in(old) == unsettled_in(marked) == refused - NEWER
    assert changed(old, mine) == refused - NEWER


@given(some_fields)
def test_b14_a_field_that_is_not_known_has_not_changed(fields: frozenset[Field]) -> None:
    before, now = without(fingerprint(PLAIN), fields), fingerprint(FULL)
    assert changed(before, now) == changed(fingerprint(PLAIN), now) - fields
    assert untold_in(before) == fields
    assert same(before, fingerprint(PLAIN)) == (not fields)


@pytest.mark.parametrize("field", sorted(OPTIONAL))
def test_b14_an_optional_field_that_is_not_told_of_was_empty(field: Field) -> None:
    full, bare = fingerprint(FULL), fingerprint(merged(FULL, PLAIN, {field}))
    assert len(bare) < len(full)
    assert changed(bare, full) == changed(full, bare) == {field}
    assert untold_in(bare) == untold_in(as_0_1_0(bare)) == NEWER
    assert changed(as_0_1_0(bare), full) == NEWER | OPTIONAL
    assert mixed(full, bare, {field}) == bare
    assert mixed(bare, full, {field}) == full
    waiting = unsettled(bare, {field})
    assert changed(waiting, bare) == unsettled_in(waiting) == {field}
    assert mixed(waiting, bare, {field}) == bare


@given(some_fields, some_fields)
def test_b14_what_is_to_be_sent_of_a_field_that_is_not_known_counts_as_changed(
    untold: frozenset[Field], sent: frozenset[Field]
) -> None:
    before, now = without(fingerprint(PLAIN), untold), fingerprint(PLAIN)
    waiting = mixed(now, before, sent)
    assert untold_in(waiting) == frozenset()
    assert unsettled_in(waiting) == changed(waiting, now) == untold & sent
    assert untold_in(unsettled(before, sent)) == untold - sent
    assert untold_in(mixed(before, now, sent)) == untold - sent


@given(some_fields)
def test_b14_what_a_newer_version_told_of_other_fields_is_passed_over(
    marked: frozenset[Field],
) -> None:
    now = fingerprint(PLAIN)
    newer = Fingerprint(unsettled(now, marked) + "Zgy0SQgIj")
    assert changed(newer, now) == changed(now, newer) == marked
    assert unsettled_in(newer) == marked
    assert untold_in(newer) == frozenset()
    assert same(newer, unsettled(now, marked))


@pytest.mark.parametrize("stored", ["", "1", "1abc", "2abc", "3" + "x" * 135, "x", "2" + "y" * 134])
def test_a5_everything_has_changed_since_what_cannot_be_read(stored: str) -> None:
    base, now = Fingerprint(stored), fingerprint(FULL)
    assert changed(base, now) == ALL
    assert unsettled_in(base) == untold_in(base) == frozenset()
    assert not same(base, now)
    assert changed(mixed(base, now, {Field.BODY}), now) == ALL - {Field.BODY}
    assert changed(mixed(now, base, {Field.BODY}), now) == {Field.BODY}


def test_b14_what_is_remembered_of_all_fields_fits_its_column() -> None:
    assert len(fingerprint(FULL)) == LONGEST_PRINT <= PRINT_LENGTH


def test_b14_the_letters_of_the_fields_stay_for_ever() -> None:
    letters = [declared.key for declared in FIELDS.values()]
    assert "".join(letters[:15]) == "sbltipwrceayogj"
    assert list(FIELDS) == list(Field)


@pytest.mark.parametrize("forgotten", Field)
def test_fields_a_table_that_lacks_one_does_not_load(forgotten: Field) -> None:
    closed(FIELDS)
    with pytest.raises(TypeError, match=forgotten.name):
        closed(ALL - {forgotten})


@pytest.mark.parametrize("field", Field)
def test_fields_each_is_compared_by_what_it_is_taken_by(field: Field) -> None:
    taken = {name: getattr(FULL, name) for name in FIELDS[field].attributes}
    other = replace(PLAIN, **taken)
    if field is Field.EXCEPTIONS:  # nothing but of a series
        other = replace(other, rule=FULL.rule)
    if field is not Field.TIME:  # both are at the same time
        assert field in changed(fingerprint(PLAIN), fingerprint(other))


WITH_ONE_MORE: Final = cast(
    "type[StrEnum]",
    StrEnum("Field", {field.name: field.value for field in Field} | {"ONE_MORE": "one more"}),
)


@pytest.mark.parametrize("room", [consolidate, exchange, differences], ids=lambda r: r.__name__)
def test_fields_a_room_that_forgets_a_new_one_does_not_load(
    room: ModuleType, monkeypatch: pytest.MonkeyPatch
) -> None:
    runpy.run_path(str(room.__file__))
    monkeypatch.setattr(fields, "Field", WITH_ONE_MORE)
    with pytest.raises(TypeError, match="nothing is declared for ONE_MORE"):
        runpy.run_path(str(room.__file__))


@pytest.mark.parametrize("field", sorted(ALL - {Field.SUBJECT, Field.TIME, Field.RECURRENCE}))
def test_b6_a_version_that_was_kept_before_a_field_was_known_is_read_without_it(
    field: Field,
) -> None:
    kept = json.loads(codec.to_json(FULL))
    plain = {name: getattr(PLAIN, name) for name in FIELDS[field].attributes}
    for name in plain:
        del kept[name]
    assert codec.from_json(json.dumps(kept)) == replace(FULL, **plain)


@pytest.mark.parametrize("name", ["subject", "start", "end", "zone", "rule"])
def test_b6_what_is_no_version_is_read_as_none(name: str) -> None:
    kept = json.loads(codec.to_json(FULL))
    del kept[name]
    with pytest.raises(KeyError, match=name):
        codec.from_json(json.dumps(kept))
