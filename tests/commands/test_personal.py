"""H7: what is kept about one employee is told and deleted, and nothing else."""

import json
from pathlib import Path

import sqlalchemy as sa

from calsync_agent.consolidate import tables
from calsync_agent.platform import readable_by_others
from calsync_agent.state import tables as state
from tests.commands.conftest import Run, Said
from tests.support.world import SOON, World


def personal(run: Run, world: World, *words: object) -> Said:
    return run("personal", *words, "--config", world.folder / "agent.toml")


def synced(run: Run, world: World) -> None:
    """Anna and Bernd, in step, with a version kept of an appointment of each."""
    world.hire("BERND")
    for code in ("ANNA", "BERND"):
        number = world.enter(code, f"Termin {code}", SOON)
        assert run("once", "--config", world.folder / "agent.toml").status == 0
        world.edit(number, location="anderswo")
    assert run("once", "--config", world.folder / "agent.toml").status == 0


def pause(world: World, code: str) -> None:
    mine = state.profile.c.employee_id == world.employees[code]
    with world.database.writing() as connection:
        connection.execute(sa.update(state.profile).where(mine).values(active=False))


def test_h7_all_that_is_kept_about_an_employee_is_exported(
    run: Run, world: World, tmp_path: Path
) -> None:
    synced(run, world)
    file = tmp_path / "anna.json"
    said = personal(run, world, "export", "anna", file)
    assert (said.status, said.problems) == (0, [])
    assert not readable_by_others(file)
    told = json.loads(file.read_text(encoding="utf-8"))
    assert told["employee"] == "ANNA"
    kept = told["tables"]
    assert {"calsync_profile", "calsync_link", "calsync_history", "calsync_log"} <= kept.keys()
    assert "Termin ANNA" in json.dumps(kept)
    assert "Termin BERND" not in json.dumps(kept)
    assert any("has exported" in row["message"] for row in world.rows(state.log))


def test_h7_nothing_is_deleted_without_a_yes_nor_while_the_profile_is_active(
    run: Run, world: World
) -> None:
    synced(run, world)
    before = world.rows(state.link), world.rows(state.history)
    said = personal(run, world, "delete", "ANNA")
    assert said.status == 0
    assert "calsync_link" in said.out
    assert "--yes" in said.out
    refused = personal(run, world, "delete", "ANNA", "--yes")
    assert (refused.status, "pause" in refused.err) == (2, True)
    assert (world.rows(state.link), world.rows(state.history)) == before


def test_h7_all_of_one_employee_is_deleted_and_nothing_of_another(run: Run, world: World) -> None:
    synced(run, world)
    pause(world, "ANNA")
    both = world.activities(), world.tenant.user("anna").events()
    said = personal(run, world, "delete", "1", "--yes", "--json")
    assert said.status == 0, said.err
    done = json.loads(said.out)
    assert done["done"]
    assert done["rows"]["calsync_link"] == done["rows"]["calsync_profile"] == 1
    for table in state.PLUGIN_TABLES:
        told = json.dumps(world.rows(table), default=str)
        assert "Termin ANNA" not in told, table.name
        assert "anna@" not in told, table.name
        if "profile_id" in table.c:
            assert 1 not in {row["profile_id"] for row in world.rows(table)}, table.name
    assert "Termin BERND" in json.dumps(world.rows(state.history), default=str)
    assert (world.activities(), world.tenant.user("anna").events()) == both
    assert any("has deleted what was kept" in row["message"] for row in world.rows(state.log))
    again = personal(run, world, "delete", "ANNA", "--yes", "--json")
    assert (again.status, json.loads(again.out)["rows"]) == (0, {})
    assert run("once", "--config", world.folder / "agent.toml").status == 0


def test_h7_who_is_gone_from_consolidate_is_found_by_the_profiles_number(
    run: Run, world: World
) -> None:
    synced(run, world)
    with world.database.writing() as connection:
        connection.execute(sa.delete(tables.activity))
        connection.execute(sa.delete(tables.employee).where(tables.employee.c.code == "ANNA"))
    said = personal(run, world, "delete", "1", "--yes")
    assert said.status == 0, said.err
    assert "calsync_history" in said.out
    assert personal(run, world, "delete", "1", "--yes").status == 2


def test_h7_an_employee_who_is_none_is_named(run: Run, world: World, tmp_path: Path) -> None:
    for words in (("export", "XY", tmp_path / "x.json"), ("delete", "XY")):
        said = personal(run, world, *words)
        assert (said.status, "XY" in said.err) == (2, True)
    said = personal(run, world, "export", "ANNA", tmp_path / "none" / "x.json")
    assert (said.status, "x.json" in said.err) == (2, True)


def test_h7_no_file_that_is_there_is_written_over_and_nothing_is_noted(
    run: Run, world: World, tmp_path: Path
) -> None:
    file = tmp_path / "anna.json"
    file.write_text("kept", encoding="utf-8")
    said = personal(run, world, "export", "ANNA", file)
    assert (said.status, "exists already" in said.err) == (2, True)
    nowhere = personal(run, world, "export", "ANNA", tmp_path / "no" / "such" / "folder")
    assert (nowhere.status, "cannot be written" in nowhere.err) == (2, True)
    assert file.read_text(encoding="utf-8") == "kept"
    assert not any("has exported" in row["message"] for row in world.rows(state.log))


def test_h7_an_empty_name_or_a_code_of_several_names_nobody(run: Run, world: World) -> None:
    with world.database.writing() as connection:
        connection.execute(sa.update(tables.employee).values(code=""))
    assert personal(run, world, "delete", "").status == 2
    with world.database.writing() as connection:
        both = [{"code": code, "name": code, "email": ""} for code in ("Xy", "xY")]
        connection.execute(sa.insert(tables.employee), both)
    said = personal(run, world, "delete", "xy")
    assert (said.status, "several employees" in said.err) == (2, True), said.err
