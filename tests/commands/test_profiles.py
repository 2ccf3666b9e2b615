"""I1: `profiles` matches, adds, imports, exports and activates many at once."""

import getpass
import json
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sa

from calsync_agent.consolidate import tables as consolidate
from calsync_agent.exchange.calendar import users
from calsync_agent.sandbox.faults import Rule
from calsync_agent.state import tables
from tests.commands.conftest import Run, Said
from tests.support.world import World

CROWD = 400


def profiles(run: Run, world: World, *words: object) -> Said:
    return run("profiles", *words, "--config", world.folder / "agent.toml")


def matched(run: Run, world: World) -> dict[str, dict[str, Any]]:
    said = profiles(run, world, "match", "--json")
    assert said.status == 0, said.err
    return {one["employee"]: one for one in json.loads(said.out)}


def bound(world: World) -> dict[str, tuple[str, bool]]:
    codes = {one["id"]: one["code"] for one in world.rows(consolidate.employee)}
    rows = world.rows(tables.profile)
    return {codes[r["employee_id"]]: (r["external_user_id"], bool(r["active"])) for r in rows}


def anna(world: World) -> str:
    """How her profile calls her mailbox."""
    return world.tenant.user("anna").id


def logged(world: World) -> list[str]:
    return [line["message"] for line in world.rows(tables.log)]


def table(world: World, text: str, encoding: str = "utf-8-sig") -> Path:
    path = world.folder / "profile.csv"
    head = "employee;external_user_id;active;inbound;outbound\r\n"
    path.write_bytes((head + text).encode(encoding))
    return path


def employ(world: World, *codes: str, **values: object) -> None:
    with world.database.writing() as connection:
        rows = [
            {"code": code, "name": code, "email": f"{code.lower()}@contoso.example", **values}
            for code in codes
        ]
        connection.execute(sa.insert(consolidate.employee), rows)


@pytest.fixture
def mixed(world: World) -> World:
    """One of each kind, beside ANNA, who has a profile."""
    kinds = {"GAST": "guest", "OFFICE": "shared"}
    for code in ("BERND", "GAST", "OFFICE", "OHNE", "ZWEI", "ANDERS"):
        world.hire(code, profile=False)
        if code in kinds:
            world.tenant.set_kind(code.lower() + "@contoso.example", kinds[code])
    world.tenant.set_licensed("ohne@contoso.example", licensed=False)
    world.tenant.add_mailbox("zweitens", "Zwei", "zwei.alias@contoso.example")
    employ(world, "NIEMAND", "GEHT")
    employ(world, "FORT", active=False)
    with world.database.writing() as connection:
        number = sa.select(consolidate.employee.c.id)
        for code, address in (
            ("ZWEI", "Zwei.Alias@contoso.example"),
            ("GEHT", "anna@contoso.example"),
        ):
            found = number.where(consolidate.employee.c.code == code)
            who = connection.execute(found).scalar_one()
            connection.execute(
                sa.insert(consolidate.employee_email).values(employee_id=who, email=address)
            )
    return world


def test_i1_match_tells_what_each_employee_is(run: Run, mixed: World) -> None:
    before = mixed.rows(tables.profile), mixed.rows(tables.log)
    found = matched(run, mixed)
    assert {code: one["verdict"] for code, one in found.items()} == {
        "BERND": "clear",
        "ANDERS": "clear",
        "GAST": "guest",
        "OFFICE": "shared mailbox",
        "OHNE": "without licence",
        "ZWEI": "ambiguous",
        "NIEMAND": "without mailbox",
        "GEHT": "taken",
    }
    assert found["BERND"]["external_user_id"] == "bernd@contoso.example"
    assert found["BERND"]["by"] == "main address"
    assert len(found["ZWEI"]["candidates"]) == 2
    assert (mixed.rows(tables.profile), mixed.rows(tables.log)) == before
    said = profiles(run, mixed, "match", "--lang", "de")
    assert said.status == 0
    assert "BERND: eindeutig: bernd@contoso.example" in said.out


def test_i1_add_makes_what_is_clear_inactive_and_names_the_rest(run: Run, mixed: World) -> None:
    said = profiles(run, mixed, "add")
    assert said.status == 1
    assert bound(mixed) == {
        "ANNA": (anna(mixed), True),
        "BERND": ("bernd@contoso.example", False),
        "ANDERS": ("anders@contoso.example", False),
    }
    left = {line.partition(":")[0] for line in said.problems}
    assert left == {"GAST", "OFFICE", "OHNE", "ZWEI", "NIEMAND", "GEHT"}
    assert sum(getpass.getuser() in line and "added" in line for line in logged(mixed)) == 2
    again = profiles(run, mixed, "add")
    assert again.status == 1
    assert len(bound(mixed)) == 3


def test_i1_four_hundred_are_added_by_one_paged_listing(run: Run, world: World) -> None:
    for n in range(CROWD):
        world.tenant.add_mailbox(f"u{n}")
    employ(world, *(f"U{n}" for n in range(CROWD)))
    world.tenant.reset_counters()
    said = profiles(run, world, "add")
    assert (said.status, said.problems) == (0, [])
    assert len(bound(world)) == CROWD + 1
    assert world.tenant.counters.calls == 1


@pytest.mark.parametrize(
    "rule",
    [
        Rule(action="status", status=400, code="BadRequest", path="/users$", nth=2, times=None),
        Rule(action="status", status=404, code="NotFound", path="/users$", nth=3, times=None),
        Rule(action="truncate", path="/users$", nth=2, times=None),
    ],
)
def test_i1_a_listing_that_breaks_off_adds_nobody(
    run: Run, mixed: World, rule: Rule, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(users, "_PAGE", 2)
    mixed.tenant.fault(rule)
    said = profiles(run, mixed, "add")
    assert said.status in {1, 2}
    assert set(bound(mixed)) == {"ANNA"}


def test_i1_a_listing_of_many_pages_is_read_to_its_end(
    run: Run, mixed: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    whole = matched(run, mixed)
    monkeypatch.setattr(users, "_PAGE", 2)
    mixed.tenant.reset_counters()
    assert matched(run, mixed) == whole
    assert mixed.tenant.counters.calls > 2


def test_i1_without_the_right_to_list_users_it_is_said_what_is_missing(
    run: Run, mixed: World
) -> None:
    mixed.tenant.settings.roles = ["Calendars.ReadWrite"]
    said = profiles(run, mixed, "match")
    assert said.status == 2
    assert "User.Read.All" in said.err


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "cp1252", "utf-16"])
def test_i1_import_takes_what_a_spreadsheet_writes(run: Run, world: World, encoding: str) -> None:
    employ(world, "MÜLLER", "BERND")
    text = "Müller;müller@contoso.example;ja;nein;\r\nbernd;b@contoso.example;FALSCH;;WAHR\r\n"
    path = table(world, text, encoding)
    assert profiles(run, world, "import", path).status == 0
    assert bound(world)["MÜLLER"] == ("müller@contoso.example", True)
    assert bound(world)["BERND"] == ("b@contoso.example", False)
    by_mailbox = {row["external_user_id"]: row for row in world.rows(tables.profile)}
    row = by_mailbox["müller@contoso.example"]
    assert (row["inbound"], row["outbound"]) == (False, None)
    before = world.rows(tables.profile), world.rows(tables.log), world.rows(tables.revision)
    assert profiles(run, world, "import", path).status == 0
    assert (world.rows(tables.profile), world.rows(tables.log)) == before[:2]
    assert world.rows(tables.revision) == before[2]


WRONG = {
    "unknown": "NIEMAND;n@contoso.example;1;;",
    "no flag": "BERND;b@contoso.example;vielleicht;;",
    "no mailbox": "BERND;;1;;",
    "no name": "BERND;bernd;1;;",
    "odd name": "BERND;b/x@contoso.example;1;;",
    "too long": f"BERND;{'b' * 400}@contoso.example;1;;",
    "taken": "BERND;ANNAS MAILBOX;1;;",
    "not permitted": "FORT;f@contoso.example;1;;",
    "short": "BERND;b@contoso.example",
    "long": "BERND;b@contoso.example;1;0;0;x",
    "quote": 'BERND;"b@contoso.example;1;0;0',
    "named twice": "CLARA;c2@contoso.example;1;;",
    "mailbox twice": "BERND;c@contoso.example;1;;",
    "no code": ";b@contoso.example;1;;",
}


@pytest.mark.parametrize("wrong", WRONG.values(), ids=WRONG)
def test_i1_a_wrong_line_is_named_by_its_number_and_left(
    run: Run, world: World, wrong: str
) -> None:
    employ(world, "BERND", "CLARA", "DORA")
    employ(world, "FORT", active=False)
    wrong = wrong.replace("ANNAS MAILBOX", anna(world).upper())
    text = f"CLARA;c@contoso.example;1;;\r\n{wrong}\r\nDORA;d@contoso.example;0;;\r\n"
    said = profiles(run, world, "import", table(world, text))
    assert said.status == 1
    (line,) = said.problems
    assert "line 3" in line
    assert bound(world) == {
        "ANNA": (anna(world), True),
        "CLARA": ("c@contoso.example", True),
        "DORA": ("d@contoso.example", False),
    }


def test_i1_a_file_that_is_no_table_changes_nothing(run: Run, world: World) -> None:
    missing = profiles(run, world, "import", world.folder / "nowhere.csv")
    path = world.folder / "x.csv"
    path.write_bytes(b"employee;mailbox\r\nANNA;a@b.c\r\n")
    odd = profiles(run, world, "import", path)
    assert (missing.status, odd.status) == (2, 2)
    assert "nowhere.csv" in missing.err
    assert "x.csv" in odd.err


def test_i1_what_is_exported_can_be_imported_again(run: Run, world: World) -> None:
    employ(world, "MÜLLER")
    profiles(run, world, "import", table(world, "MÜLLER;m@contoso.example;0;1;0\r\n"))
    path = world.folder / "aus.csv"
    shown, written = profiles(run, world, "export"), profiles(run, world, "export", path)
    assert (shown.status, written.status) == (0, 0)
    assert (
        path.read_bytes().decode("utf-8-sig").splitlines()
        == shown.out.splitlines()
        == [
            "employee;external_user_id;active;inbound;outbound",
            f"ANNA;{anna(world)};1;;",
            "MÜLLER;m@contoso.example;0;1;0",
        ]
    )
    before = world.rows(tables.profile)
    said = profiles(run, world, "import", path)
    assert (said.status, world.rows(tables.profile)) == (0, before)


def test_i1_activate_lets_those_begin_that_may(run: Run, world: World) -> None:
    world.hire("BERND", profile=False)
    world.hire("CLARA", profile=False)
    world.hire("DORA")
    assert run("once", "--config", world.folder / "agent.toml").status == 0
    with world.database.writing() as connection:
        paused = tables.profile.c.employee_id == world.employees["DORA"]
        connection.execute(sa.update(tables.profile).where(paused).values(active=False))
    profiles(run, world, "add")
    employee = consolidate.employee
    with world.database.writing() as connection:
        clara = sa.update(employee).where(employee.c.code == "CLARA")
        connection.execute(clara.values(calendarsync_allowed=False))
    said = profiles(run, world, "activate")
    assert said.status == 1
    assert {line.partition(":")[0] for line in said.problems} == {"CLARA", "DORA"}
    assert {code for code, (_, active) in bound(world).items() if active} == {"ANNA", "BERND"}
    told = [line for line in logged(world) if "activated" in line]
    assert told == [f"{getpass.getuser()} has activated the profile of BERND"]


def test_i1_nothing_is_active_before_somebody_says_so(run: Run, world: World) -> None:
    employ(world, "BERND")
    text = "BERND;b@contoso.example;;;\r\n"
    assert profiles(run, world, "import", table(world, text)).status == 0
    assert bound(world)["BERND"] == ("b@contoso.example", False)


def test_i4_a_mailbox_is_known_by_its_other_names_once_it_was_synced(
    run: Run, world: World
) -> None:
    employ(world, "BERND")
    assert run("once", "--config", world.folder / "agent.toml").status == 0
    said = profiles(run, world, "import", table(world, "BERND;ANNA@contoso.example;1;;\r\n"))
    assert said.status == 1
    assert "ANNA" in said.err
    assert set(bound(world)) == {"ANNA"}


def test_i1_a_roll_out_is_shown_and_can_be_ended(run: Run, world: World) -> None:
    codes = [f"U{n}" for n in range(5)]
    employ(world, *codes)
    lines = "".join(f"{code};{code}@contoso.example;0;;\r\n" for code in codes)
    profiles(run, world, "import", table(world, lines))
    said = profiles(run, world, "activate", "--a-day", "2")
    assert said.status == 0, said.err
    assert sum(active for _, active in bound(world).values()) == 3
    shown = json.loads(profiles(run, world, "progress", "--json").out)
    at = shown.pop("next_at")
    assert at.endswith("Z")
    assert shown == {"a_day": 2, "begun": 2, "waiting": 3, "stopped_by": None}
    assert profiles(run, world, "progress", "--end").status == 0
    ended = json.loads(profiles(run, world, "progress", "--json").out)
    assert (ended["a_day"], ended["waiting"]) == (None, 0)
    assert sum(active for _, active in bound(world).values()) == 3


def test_i1_activating_all_ends_a_roll_out(run: Run, world: World) -> None:
    employ(world, "BERND", "CLARA")
    lines = "".join(f"{code};{code}@contoso.example;0;;\r\n" for code in ("BERND", "CLARA"))
    profiles(run, world, "import", table(world, lines))
    profiles(run, world, "activate", "--a-day", "1")
    assert profiles(run, world, "activate").status == 0
    assert all(active for _, active in bound(world).values())
    assert json.loads(profiles(run, world, "progress", "--json").out)["a_day"] is None


@pytest.mark.parametrize("n", ["0", "-1", "x", "1.5", "1000000"])
def test_i1_a_day_is_a_whole_number(run: Run, world: World, n: str) -> None:
    assert profiles(run, world, "activate", f"--a-day={n}").status == 2
