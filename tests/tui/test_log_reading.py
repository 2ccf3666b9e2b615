"""How the log is read: each look is bounded, and all looks together miss nothing."""

import pytest
import sqlalchemy as sa

from calsync_agent.appointment.model import ProfileId
from calsync_agent.database.engine import Database
from calsync_agent.i18n import Message, counted, message, speaking
from calsync_agent.state.log import Kind, Level
from calsync_agent.state.tables import log as table
from calsync_tui.gateway import log
from calsync_tui.gateway.log import Filter, LogLine
from calsync_tui.gateway.searching import Search, request_ids, rule, said
from tests.support import log_rows
from tests.support.reads import reads
from tests.support.samples import a_profile, an_employee

LINES = 1_200
SEVERE = frozenset({Level.WARNING, Level.ERROR})


@pytest.fixture
def filled(database: Database, monkeypatch: pytest.MonkeyPatch) -> Database:
    """A log of two profiles, to be read in many small looks."""
    monkeypatch.setattr(log, "PAGE", 30)
    monkeypatch.setattr(log, "READ", 100)
    monkeypatch.setattr(log, "LOOK", 250)
    with database.writing() as connection:
        for code in ("ANNA", "BERT"):
            a_profile(connection, an_employee(connection, code), f"{code}@example.com")
        log_rows.write(connection, LINES, (1, 2))
    return database


def everything(connection: sa.Connection, wanted: Filter, *, forward: bool) -> list[LogLine]:
    """All looks one after the other, from one end to the other."""
    ends = log.ends(connection)
    beyond: int | None = ends.first - 1 if forward else ends.last + 1
    found: list[LogLine] = []
    while beyond is not None:
        part = log.look(connection, wanted, beyond, forward=forward)
        found = [*found, *part.rows] if forward else [*part.rows, *found]
        beyond = part.reached
    return found


def is_wanted(number: int, wanted: Filter) -> bool:
    entry = log_rows.entry(number, (1, 2))
    return (
        wanted.profile in {None, entry.profile}
        and (not wanted.levels or entry.level in wanted.levels)
        and wanted.kind in {None, entry.kind.value}
        and all(word in str(entry.text).casefold() for word in wanted.search.words)
    )


@pytest.mark.parametrize("forward", [False, True], ids=["backward", "forward"])
def test_each_filter_finds_all_its_lines_and_no_other_in_their_order(
    filled: Database, forward: bool
) -> None:
    for wanted in (
        Filter(),
        Filter(profile=ProfileId(2)),
        Filter(levels=SEVERE),
        Filter(levels=frozenset({Level.ERROR})),
        Filter(kind=Kind.SKIPPED),
        Filter(profile=ProfileId(2), levels=SEVERE, kind=Kind.SKIPPED),
        Filter(levels=SEVERE, search=Search("übergabe")),
        Filter(search=Search("MÜLLER geändert")),
        Filter(search=Search("nowhere")),
    ):
        expected = [number + 1 for number in range(LINES) if is_wanted(number, wanted)]
        with filled.reading() as connection:
            found = everything(connection, wanted, forward=forward)
        assert [line.place for line in found] == expected, wanted


@pytest.mark.parametrize("dialect", ["sqlite"], indirect=True)
def test_a_look_reads_a_bounded_number_of_rows_by_an_index(filled: Database) -> None:
    for wanted in (
        Filter(),
        Filter(profile=ProfileId(2), kind=Kind.RELOAD),
        Filter(kind=Kind.RELOAD),
        Filter(search=Search("nowhere")),
        Filter(levels=SEVERE),
    ):
        for forward in (False, True):
            with reads("calsync_log") as told, filled.reading() as connection:
                log.look(connection, wanted, 0 if forward else LINES + 1, forward=forward)
            ways = max(1, len(wanted.levels))
            assert len(told.told) <= 2 * ways
            most = log.READ if wanted.search else log.PAGE
            assert sum(told.rows(filled)) <= (most + 1) * ways
            for plan in told.plans(filled):
                assert plan.startswith("SEARCH calsync_log USING")
                assert "TEMP B-TREE" not in plan


@pytest.mark.parametrize("dialect", ["sqlite"], indirect=True)
def test_the_ends_are_found_without_reading_the_log(filled: Database) -> None:
    with reads("calsync_log") as told, filled.reading() as connection:
        assert log.ends(connection) == log.Ends(1, LINES)
    assert "SCAN calsync_log" not in told.plans(filled)[0].replace("USING COVERING INDEX", "")


def test_a_gap_in_the_ids_is_passed_like_any_other(filled: Database) -> None:
    with filled.writing() as connection:
        connection.execute(sa.delete(table).where(table.c.id.between(100, 900)))
    with filled.reading() as connection:
        found = everything(connection, Filter(), forward=False)
    assert [line.place for line in found] == [*range(1, 100), *range(901, LINES + 1)]


def test_an_empty_log_has_no_ends(database: Database) -> None:
    with database.reading() as connection:
        assert log.ends(connection) == log.Ends(0, 0)
        assert log.look(connection, Filter(), 1, forward=False).rows == ()


def test_words_are_looked_for_as_the_reader_sees_them() -> None:
    fields = message("{some}, {more}", some=message("subject"), more=message("location"))
    text = message("changed in Exchange: {subject}: {fields}", subject="Übergabe", fields=fields)
    shown = {
        "en": ["changed", "exchange", "übergabe", "ÜBERGABE:", "subject, location"],
        "de": ["geändert", "GEÄNDERT Exchange", "übergabe", "betreff ort"],
    }
    never = {"en": ["geändert", "template", "fields", "{subject}"], "de": ["changed", "location"]}
    for language in ("en", "de"):
        with speaking(language):
            for words in shown[language]:
                assert Search(words).finds(str(text), text.to_json()), words
            for words in never[language]:
                assert not Search(words).finds("", text.to_json()), words


def test_what_is_quoted_or_counted_is_found_too() -> None:
    quoted = message("created in Exchange: {subject}", subject='das "Beste" \\ alles')
    assert Search('"beste"').finds("", quoted.to_json())
    assert Search("\\ alles").finds("", quoted.to_json())
    many = counted("{count} change is dropped.", "{count} changes are dropped.", 3)
    with speaking("de"):
        assert Search("3").finds("", many.to_json())
        assert Search(str(many).split()[1]).finds("", many.to_json())


@pytest.mark.parametrize(
    "content", [None, "", "[]", "no json", '{"template": "{a}", "fields": {}}']
)
def test_a_row_that_somebody_else_wrote_shows_its_message(content: str | None) -> None:
    assert said("as it is", content) == "as it is"
    assert rule(content) == ""
    assert request_ids(content) == ()
    assert Search("as it").finds("as it is", content)


def test_nothing_in_a_line_moves_the_cursor_of_the_terminal() -> None:
    text = message("created in Exchange: {subject}", subject="a\x1b[2Jb\nc\u202ed")
    with speaking("en"):
        assert said("", text.to_json()) == r"created in Exchange: a\x1b[2Jb\x0ac\u202ed"


def test_the_request_id_is_found_in_a_reason_inside_the_sentence() -> None:
    entry = log_rows.entry(39, (1,))
    assert isinstance(entry.text, Message)
    assert request_ids(entry.text.to_json()) == ("00000000-0000-0000-0000-000000000027",)
