"""`calsync-agent db import`: an iCalendar file becomes appointments of Consolidate."""

from pathlib import Path

import pytest

from calsync_agent.consolidate import tables
from tests.commands.conftest import Run
from tests.support.world import World

CALENDARS = Path(__file__).parent.parent / "sandbox" / "calendars"

pytestmark = pytest.mark.parametrize("dialect", ["sqlite"], indirect=True)


def words(world: World, name: str, employee: str = "anna") -> list[object]:
    file = CALENDARS / f"{name}.ics"
    return ["--config", world.folder / "agent.toml", "db", "import", "--employee", employee, file]


def test_a_calendar_is_entered_with_its_exceptions(world: World, run: Run) -> None:
    said = run(*words(world, "outlook-team"))
    assert (said.status, said.out, said.problems) == (0, "5 appointments entered.\n", [])
    rows = {row["subject"]: row for row in world.activities()}
    team = rows["Teambesprechung"]
    assert team["recurrence"] == "FREQ=WEEKLY;UNTIL=20270628T070000Z;BYDAY=MO;WKST=MO"
    assert (team["time_zone"], team["reminder_minutes"]) == ("Europe/Berlin", 15)
    assert team["responsible_id"] == world.employees["ANNA"]
    exceptions = [
        r for r in world.rows(tables.activity_exception) if r["activity_id"] == team["id"]
    ]
    assert sorted(row["cancelled"] for row in exceptions) == [False, False, True, True]
    assert rows["Geburtstag Großmutter"]["all_day"] is True


def test_what_is_left_out_is_told_in_german_and_the_rest_is_entered(world: World, run: Run) -> None:
    said = run("--lang", "de", *words(world, "thunderbird-office"))
    assert (said.status, said.out) == (1, "5 Termine eingetragen.\n")
    assert len(said.problems) == 3
    line = next(line for line in said.problems if "Zusatztagen" in line)
    assert line.endswith(
        "thunderbird-office.ics: Mit Zusatztagen (m4): RDATE hat keine Entsprechung"
    )
    assert {row["subject"] for row in world.activities()} == {
        "Frühdienst",
        "Mittagessen",
        "Letzter im Monat",
        "Quartalsgespräch",
        "Über den Nachbarn",
    }


def test_floating_times_are_in_the_zone_of_the_settings(world: World, run: Run) -> None:
    world.settings(sync='default_time_zone = "Asia/Kolkata"')
    run(*words(world, "thunderbird-office"))
    zones = {row["subject"]: row["time_zone"] for row in world.activities()}
    assert (zones["Mittagessen"], zones["Frühdienst"]) == ("Asia/Kolkata", "Europe/Vienna")


def test_each_thing_left_out_is_a_line_with_its_reason_and_the_status_is_1(
    world: World, run: Run
) -> None:
    path = world.folder / "damaged.ics"
    event = "BEGIN:VEVENT\nUID:{0}\nSUMMARY:{0}\n{1}\nEND:VEVENT\n"
    path.write_text(
        "BEGIN:VCALENDAR\n"
        + event.format("Gut", "DTSTART:20261202T090000Z")
        + event.format("Jahr null", "DTSTART:00000101T090000Z")
        + "BEGIN:VEVENT\nDTSTART;TZID=Mars:20261202T090000\nEND:VEVENT\n"
        + event.format("Auch gut", "DTSTART:20261202T110000Z")
        + "BEGIN:VEVENT\nSUMMARY:Ab"
    )
    said = run("--lang", "de", *words(world, "x")[:-1], path)
    assert (said.status, said.out) == (1, "2 Termine eingetragen.\n")
    assert [line.partition("damaged.ics: ")[2] for line in said.problems] == [
        "Jahr null (Jahr null): DTSTART ist nicht lesbar: 00000101T090000Z",
        "Zeile 12: die Zeitzone Mars ist nicht bekannt",
        "Ab (Zeile 20): die Datei endet mittendrin",
        "an ihrem Ende: die Datei ist abgeschnitten: END:VCALENDAR fehlt",
    ]


@pytest.mark.parametrize(
    ("name", "employee", "reason"),
    [
        ("google-family", "NOBODY", "there is no employee NOBODY"),
        ("missing", "ANNA", "missing.ics: cannot be read as iCalendar"),
    ],
)
def test_what_cannot_be_done_is_said_in_one_line(
    world: World, run: Run, name: str, employee: str, reason: str
) -> None:
    said = run(*words(world, name, employee))
    assert (said.status, said.out) == (2, "")
    (line,) = said.problems
    assert reason in line
    assert world.activities() == []
