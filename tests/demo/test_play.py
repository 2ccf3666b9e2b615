"""The demo from its first line to its last."""

import re
import tempfile
from collections.abc import Awaitable, Callable
from datetime import datetime
from pathlib import Path
from uuid import UUID

import pytest
import sqlalchemy as sa

from calsync_agent import cli
from calsync_agent.consolidate import tables
from calsync_agent.demo.entries import Where
from calsync_agent.demo.stage import Stage, Watch
from calsync_agent.demo.story import BERND, EDITS, ENTRIES
from calsync_agent.demo.text import width
from calsync_agent.sandbox.people import Person
from calsync_agent.sandbox.server import SandboxServer
from calsync_agent.sandbox.state_file import StateFile
from calsync_agent.state import tables as state
from tests.demo.conftest import Show, Shown
from tests.support.places import keep_to

HOTEL = "Hotel Post"


@pytest.mark.parametrize(
    ("language", "in_step"),
    [("en", r"in step: (\d+) of (\d+)$"), ("de", r"synchron: (\d+) von (\d+)$")],
)
def test_the_command_ends_with_everything_in_step_and_leaves_nothing_behind(
    language: str,
    in_step: str,
    capsys: pytest.CaptureFixture[str],
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path))
    assert cli.main(["demo", "--lang", language]) == 0
    shown, complaints = capsys.readouterr()
    numbers = [(int(same), int(n)) for same, n in re.findall(in_step, shown, re.MULTILINE)]
    assert len(numbers) == 4
    assert all(same == everything for same, everything in numbers)
    assert sum(n for n, _ in numbers[:3]) == numbers[3][0]
    assert complaints == ""
    assert list(tmp_path.iterdir()) == []


def test_every_line_fits_80_columns_and_nothing_is_cut(usual: Shown, show: Show) -> None:
    for shown in (usual, show(language="de")):
        assert shown.right
        assert max(map(width, shown.lines)) <= 80
        assert not {"…", "{", "}"} & set(shown.text)


def test_a_wider_terminal_gets_weekdays_and_places(show: Show) -> None:
    shown = show(columns=120)
    assert shown.right
    assert 100 < max(map(width, shown.lines)) <= 120
    assert "…" not in shown.text
    assert re.search(r"Mon [ \d]\d \w{3}  13:00  Vertriebsrunde, Sitzungszimmer", shown.text)


def test_each_side_is_a_column_however_wide_its_characters_are(usual: Shown) -> None:
    rows = [line for line in usual.lines if re.match(r"[-+~! ] [ \d]\d \w{3} ", line)]
    assert len(rows) > len(ENTRIES)
    assert any("🎉" in row for row in rows)
    assert {width(re.split("[→←=]", row)[0]) for row in rows} == {40}


def test_a_console_without_unicode_gets_ascii(show: Show) -> None:
    shown = show(language="de", encoding="ascii")
    assert shown.right
    assert shown.text.isascii()
    assert max(map(len, shown.lines)) <= 80
    assert "Bernd Hoeller" in shown.text
    assert "?" not in shown.text


def test_each_edit_is_announced_in_a_line(usual: Shown) -> None:
    for edit in EDITS:
        program = "Consolidate" if edit.where is Where.CONSOLIDATE else "Outlook"
        begun = [n for n in usual.lines if re.match(rf"  [-+~!] {edit.by.first_name} ", n)]
        assert any(f"in {program}: " in line for line in begun)
    assert f"Conflict: {HOTEL} was changed on both sides." in usual.text
    assert "(deleted)" in usual.text
    assert "mails sent: 0" in usual.text


def test_the_subject_of_a_private_appointment_is_not_shown(usual: Shown) -> None:
    assert "(private)" in usual.text
    assert not [entry for entry in ENTRIES if entry.private and entry.subject in usual.text]


def test_what_was_entered_twice_is_recognised(usual: Shown) -> None:
    assert "Großküchen Lehner = GROSSKÜCHEN Lehner" in usual.text
    assert [line for line in usual.lines if re.match(r"  Clara .* 23 of 23 .* = 4$", line)]


def test_e3_series_are_shown_day_by_day_on_both_sides(usual: Shown) -> None:
    days = usual.text.partition("Series, day by day")[2].partition("Conflict: ")[0]
    for subject, marks in (("Lagerrunde", "~-"), ("Hotline", "-~")):
        (block,) = re.findall(rf"^{subject} \(\w+\)\n((?:.+\n)+)", days, re.MULTILINE)
        rows = block.splitlines()
        assert "".join(row[0] for row in rows).replace(" ", "") == marks
        assert sum("(cancelled)" in row for row in rows) == 1
        sides = [re.split("[→←]", row[1:]) for row in rows]
        assert all(here.split() == there.split() for here, there in sides)
    assert len(re.findall(r"\d\d:\d\d  Stammtisch", days)) == 2 * 6
    assert len(re.findall(r"1 day  Geburtstag Ing\. Lang", days)) == 2 * 3


Sabotage = Callable[[Stage, Person], None]


def delete_an_event(_stage: Stage, person: Person) -> None:
    person.delete(person.find(HOTEL)[0])


def rename_an_event(_stage: Stage, person: Person) -> None:
    person.change(person.find(HOTEL)[0], subject="Gasthof Post")


def double_a_row(stage: Stage, _person: Person) -> None:
    with stage.database.writing() as connection:
        mine = tables.activity.c.subject == HOTEL
        row = connection.execute(sa.select(tables.activity).where(mine)).mappings().one()
        connection.execute(sa.insert(tables.activity).values({**row, "id": UUID(int=1)}))


def lose_it_on_both_sides(stage: Stage, person: Person) -> None:
    delete_an_event(stage, person)
    with stage.database.writing() as connection:
        mine = tables.activity.c.subject == HOTEL
        connection.execute(sa.delete(tables.activity).where(mine))


def move_a_day_in_outlook(_stage: Stage, person: Person) -> None:
    (series,) = person.find("Stammtisch")
    first = person.event(series)["start"]["dateTime"]
    day = datetime.fromisoformat(first).date()
    person.change(person.occurrence(series, day), showAs="oof")


def forget_the_version_that_lost(stage: Stage, _person: Person) -> None:
    with stage.database.writing() as connection:
        connection.execute(sa.delete(state.history))


@pytest.mark.parametrize(
    ("sabotage", "said"),
    [
        (delete_an_event, "Total          in step: 98 of 99"),
        (rename_an_event, "Total          in step: 98 of 99"),
        (double_a_row, "Total          in step: 99 of 100"),
        (lose_it_on_both_sides, "not as people have entered it: 1"),
        (move_a_day_in_outlook, "(missing)"),
        (forget_the_version_that_lost, "Outlook's version is lost"),
    ],
)
def test_it_does_not_end_well_when_something_is_not_as_it_must_be(
    sabotage: Sabotage, said: str, show: Show, monkeypatch: pytest.MonkeyPatch
) -> None:
    sync: Callable[..., Awaitable[object]] = Stage.sync
    synced = []

    async def sabotaged(self: Stage, watch: Watch | None = None) -> object:
        synced.append(await sync(self, watch))
        if len(synced) == 2:
            sabotage(self, self.tenant.user(BERND.mailbox))
        return synced[-1]

    monkeypatch.setattr(Stage, "sync", sabotaged)
    shown = show()
    assert not shown.right
    assert said in shown.text


def test_one_can_go_on_with_what_is_kept(
    show: Show, stage: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    shown = show(keep=True)
    assert shown.right
    found = re.search(r"calsync-agent sandbox --state (\S+) --port (\d+)\n", shown.text)
    assert found is not None
    assert f"calsync-agent once --config {stage / 'agent.toml'}\n" in shown.text
    saved = StateFile(Path(found[1]))
    sandbox = SandboxServer(saved.tenant, int(found[2]), saved.ca)
    keep_to(tmp_path, monkeypatch)
    sandbox.start()
    try:
        assert cli.main(["once", "--config", str(stage / "agent.toml")]) == 0
    finally:
        sandbox.stop()
    assert saved.tenant.counters.calls > 0
    assert saved.tenant.counters.writes == 0
