"""B4: a first contact is looked at before it begins, as a report that can be sent."""

import csv
import io
import json
from datetime import timedelta
from html.parser import HTMLParser
from pathlib import Path

import pytest
import sqlalchemy as sa
from hypothesis import given
from hypothesis import strategies as st

from calsync_agent.service.preview_report import harmless
from calsync_agent.state import tables as state
from tests.commands.conftest import Run
from tests.support.world import SOON, World

HOUR = timedelta(hours=1)
NASTY = '<script>alert("x")</script> & <b>'

SQLITE = pytest.mark.parametrize("dialect", ["sqlite"], indirect=True)


class Page(HTMLParser):
    """Reads a page: its words, and all tags with what they bear."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.words: list[str] = []
        self.tags: list[tuple[str, dict[str, str | None]]] = []
        self.feed(text)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append((tag, dict(attrs)))

    def handle_data(self, data: str) -> None:
        self.words.append(data)

    @property
    def text(self) -> str:
        return "\n".join(self.words)


def first_contact(world: World) -> None:
    anna = world.tenant.user("anna")
    world.hire("BERND")
    for number in range(12):
        start = SOON + number * HOUR
        world.enter("ANNA", f"Termin {number}", start, body="hier", location="Süd")
        anna.create(f"Termin {number}", start, start + HOUR, body="dort")
    for _ in range(2):
        world.enter("ANNA", "zweimal", SOON)
        anna.create("zweimal", SOON, SOON + HOUR)
    world.invite(world.enter("ANNA", NASTY, SOON), "BERND")
    anna.create("nur dort", SOON, SOON + HOUR)
    world.enter("ANNA", "geheim", SOON + HOUR, private=True, location="geheimer Ort")
    secret = {"sensitivity": "private", "body": "anders"}
    anna.create("geheim", SOON + HOUR, SOON + 2 * HOUR, **secret)
    world.enter("ANNA", "halb geheim", SOON + 2 * HOUR)
    anna.create("halb geheim", SOON + 2 * HOUR, SOON + 3 * HOUR, sensitivity="private")
    world.enter("ANNA", "nur geheim", SOON, private=True)
    world.enter("ANNA", "=SUMME(A1:A9)", SOON)


@SQLITE
def test_b4_the_page_tells_all_of_a_first_contact_and_holds_no_script(
    run: Run, world: World, tmp_path: Path
) -> None:
    first_contact(world)
    file = tmp_path / "bericht.html"
    words = ("--lang", "de", "--config", world.folder / "agent.toml")
    said = run("preview", "--html", file, *words)
    assert (said.status, said.problems) == (0, [])
    text = file.read_text(encoding="utf-8")
    page = Page(text)
    assert {"script", "link", "img", "iframe", "a"}.isdisjoint(tag for tag, _ in page.tags)
    assert all(not name.startswith("on") for _, given in page.tags for name in given)
    assert ("html", {"lang": "de"}) in page.tags
    assert NASTY in page.text
    assert "http" not in text.replace("http-equiv", "")
    assert "bernd@" in page.text
    assert page.text.count("welcher welcher ist") == 2
    pairs = [given for tag, given in page.tags if given.get("class") == "differs"]
    assert pairs
    assert page.words.count("Consolidate") == 10
    for told in ("geheim", "<td>hier", "<td>dort"):
        assert told not in text
    assert "nur dort" in page.text


@SQLITE
def test_b4_the_table_is_read_as_excel_does_in_german_and_holds_no_formula(
    run: Run, world: World, tmp_path: Path
) -> None:
    first_contact(world)
    file = tmp_path / "bericht.csv"
    words = ("--lang", "de", "--config", world.folder / "agent.toml")
    assert run("preview", "--csv", file, *words).status == 0
    content = file.read_bytes()
    assert content.startswith(b"\xef\xbb\xbf")
    assert b"\r\n" in content
    rows = list(csv.reader(io.StringIO(content.decode("utf-8-sig")), delimiter=";"))
    assert {len(row) for row in rows} == {9}
    subjects = [row[4] for row in rows]
    assert "'=SUMME(A1:A9)" in subjects
    assert NASTY in subjects
    assert "privater Termin" in subjects
    assert "geheim" not in content.decode()
    assert "hier" not in {cell for row in rows for cell in row}
    assert not [cell for row in rows for cell in row if cell.startswith(("=", "+", "-", "@"))]


@pytest.mark.parametrize(
    "text", ["=1+1", "+1", "-1", "@A1", "\t=1", "\r=1", "  =1", '"=1', "\u00a0=1"]
)
def test_b4_what_a_spreadsheet_would_take_for_a_formula_is_none(text: str) -> None:
    assert harmless(text).startswith("'")
    assert harmless(f"a{text}").startswith("a")
    assert harmless("kurz - lang = 3 @ 4 + 5, a;b") == "kurz - lang = 3 @ 4 + 5, a;b"


@given(st.text(alphabet="=+-@;,\t\r\n\"' a\0|", max_size=12), st.sampled_from(";,\t|"))
def test_b4_however_the_table_is_parted_no_cell_begins_with_a_formula(text: str, by: str) -> None:
    made = io.StringIO(newline="")
    csv.writer(made, delimiter=";", lineterminator="\r\n").writerow(("x", harmless(text), "y"))
    made.seek(0)
    cells = [cell for row in csv.reader(made, delimiter=by) for cell in row]
    assert not [cell for cell in cells if cell.lstrip().startswith(("=", "+", "-", "@"))]


@SQLITE
def test_b4_a_report_writes_over_nothing(run: Run, world: World, tmp_path: Path) -> None:
    file = tmp_path / "bericht"
    for words in (("--html", file), ("--csv", file), ("--html", file, "--csv", file)):
        file.write_text("wichtig", encoding="utf-8")
        said = run("preview", *words, "--config", world.folder / "agent.toml")
        assert (said.status, str(file) in said.err) == (2, True)
        assert file.read_text(encoding="utf-8") == "wichtig"
    file.unlink()
    twice = ("--html", file, "--csv", file, "--config", world.folder / "agent.toml")
    assert run("preview", *twice).status == 2
    assert file.read_bytes().startswith(b"<!doctype html>")


@SQLITE
def test_i1_b4_a_profile_that_is_inactive_still_is_previewed_by_its_name(
    run: Run, world: World
) -> None:
    first_contact(world)
    with world.database.writing() as connection:
        connection.execute(sa.update(state.profile).values(active=False))
    path = world.folder / "agent.toml"
    assert json.loads(run("preview", "--json", "--config", path).out) == []
    (told,) = json.loads(run("preview", "--profile", "ANNA", "--json", "--config", path).out)
    assert told["first_sync"]
    assert len(told["matched"]) == 16
    assert [line["subject"] for line in told["only_exchange"]] == ["nur dort"]
    assert told["mailed"] == {world.tenant.user("bernd").upn: 1}
    assert world.tenant.counters.writes == 0
