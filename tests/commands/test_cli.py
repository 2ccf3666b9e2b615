"""The command line: help, versions, wrong input, and the status of each end (contract, 1)."""

import json
import os
import re
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from calsync_agent import __version__
from calsync_agent.commands import serving
from calsync_agent.state import tables as state
from tests.commands.conftest import Run
from tests.support.world import SOON, World

COMMANDS = [
    "",
    "run",
    "once",
    "demo",
    "sandbox",
    "preview",
    "confirm",
    "discard",
    "history",
    "restore",
    "adopt",
    "service",
    "service install",
    "service stop",
    "db",
    "db install",
    "db upgrade",
    "db uninstall",
    "db ddl",
]

sqlite = pytest.mark.parametrize("dialect", ["sqlite"], indirect=True)


@pytest.mark.parametrize("command", COMMANDS)
def test_help_and_version_work_everywhere_in_both_languages(run: Run, command: str) -> None:
    words = command.split()
    for version in (run(*words, "--version"), run("--lang", "de", *words, "--version")):
        assert (version.status, version.out) == (0, f"calsync-agent {__version__}\n")
    english, german = run(*words, "--help"), run(*words, "--help", "--lang", "de")
    assert (english.status, english.err) == (german.status, german.err) == (0, "")
    program = " ".join(["calsync-agent", *words])
    assert english.out.startswith(f"usage: {program} ")
    assert german.out.startswith(f"Aufruf: {program} ")
    assert "show this help message and exit" in english.out
    assert "diese Hilfe anzeigen" in german.out
    assert not re.search(r"\b(options|usage|show|the|arguments)\b:?", german.out), german.out


def test_the_sandbox_s_options_are_there_when_they_are_needed(run: Run) -> None:
    assert "--config-dir" in run("sandbox", "--help").out


WRONG = [
    ([], "COMMAND"),
    (["sing"], "'sing'"),
    (["once", "--loud"], "--loud"),
    (["--loud", "once"], "--loud"),
    (["run", "--config"], "--config"),
    (["once", "--lang", "fr"], "'fr'"),
    (["--lang", "fr", "once"], "'fr'"),
    (["db"], "COMMAND"),
    (["db", "ddl"], "--dialect"),
    (["db", "ddl", "--dialect", "oracle"], "'oracle'"),
    (["sandbox", "--port", "x"], "--port"),
    (["run", "--conf", "agent.toml"], "--conf"),
]


@pytest.mark.parametrize(("words", "named"), WRONG)
def test_wrong_words_are_refused_in_one_line_that_names_them(
    run: Run, monkeypatch: pytest.MonkeyPatch, words: list[str], named: str
) -> None:
    english = run(*words)
    monkeypatch.setenv("LANG", "de_AT.UTF-8")
    german = run(*words)
    for said, word in ((english, named), (german, named.replace("COMMAND", "BEFEHL"))):
        assert (said.status, said.out) == (2, "")
        (line,) = said.err.splitlines()
        assert line.startswith("calsync-agent")
        assert line.endswith("--help")
        assert word in line
    assert english.err != german.err


@pytest.mark.parametrize("before", [True, False])
def test_config_and_lang_stand_before_or_after_the_command(
    run: Run, tmp_path: Path, *, before: bool
) -> None:
    named = ["--config", tmp_path / "gone.toml", "--lang", "de"]
    said = run(*named, "once") if before else run("once", *named)
    assert said.err == f"calsync-agent: es gibt keine Datei {tmp_path / 'gone.toml'}\n"


@sqlite
def test_the_environment_names_the_settings(
    run: Run, world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("CALSYNC_CONFIG", str(world.folder / "agent.toml"))
    assert run("once").status == 0


def test_an_error_that_nobody_foresaw_is_one_line(
    run: Run, monkeypatch: pytest.MonkeyPatch
) -> None:
    def broken(_options: object) -> int:
        raise RuntimeError("oh\nwith data")

    monkeypatch.setattr(serving, "once", broken)
    said = run("once")
    assert said.status == 1
    (line,) = said.problems
    assert re.fullmatch(
        r"calsync-agent: internal error: RuntimeError: oh \(test_cli\.py:\d+\)", line
    )


def test_what_is_interrupted_is_no_success(run: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    def interrupted(_options: object) -> int:
        raise KeyboardInterrupt

    monkeypatch.setattr(serving, "run", interrupted)
    said = run("run")
    assert (said.status, said.err) == (130, "")


@pytest.mark.parametrize("dialect_", ["postgresql", "mssql", "sqlite"])
def test_db_ddl_prints_a_script_without_any_settings(run: Run, dialect_: str) -> None:
    said = run("db", "ddl", "--dialect", dialect_, "--with-consolidate")
    assert (said.status, said.err) == (0, "")
    assert "CREATE TABLE" in said.out.upper()


def test_db_install_says_what_it_made_and_may_be_run_again(run: Run, tmp_path: Path) -> None:
    path = tmp_path / "agent.toml"
    (tmp_path / "secret.txt").write_text("secret-value")
    path.write_text(
        '[database]\nurl = "sqlite:///new.db"\n'
        '[exchange]\nclient_id = "a"\nclient_secret_file = "secret.txt"\n'
    )
    first = run("db", "install", "--with-consolidate", "--config", path)
    assert (first.status, first.err) == (0, "")
    assert "table calsync_link\n" in first.out
    again = run("db", "install", "--config", path, "--lang", "de")
    assert (again.status, again.out) == (0, "Die Tabellen sind vollständig.\n")
    bare = run("db", "install", "--config", path.rename(tmp_path / "other.toml"))
    assert bare.status == 0
    (tmp_path / "new.db").unlink()
    refused = run("db", "install", "--config", tmp_path / "other.toml")
    assert refused.status == 2
    assert len(refused.problems) == 1
    assert "--with-consolidate" in refused.err


# -- as processes of their own -----------------------------------------------------------------


def a_process(*words: str, **more: object) -> subprocess.Popen[str]:
    return subprocess.Popen(  # type: ignore[call-overload,no-any-return]
        [sys.executable, "-m", "calsync_agent", *words],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        **more,
    )


def test_the_package_runs_as_the_program_does() -> None:
    process = a_process("--version")
    out, err = process.communicate()
    assert (process.returncode, out, err) == (0, f"calsync-agent {__version__}\n", "")


@pytest.mark.skipif(os.name == "nt", reason="POSIX pipes")
def test_a_reader_that_has_seen_enough_gets_no_traceback() -> None:
    process = a_process("db", "ddl", "--dialect", "mssql", "--with-consolidate")
    assert process.stdout is not None
    assert process.stderr is not None
    process.stdout.close()
    assert process.stderr.read() == ""
    assert process.wait() == 1
    process.stderr.close()


@sqlite
@pytest.mark.skipif(os.name == "nt", reason="POSIX signals")
def test_once_that_is_stopped_ends_well_and_is_no_success(world: World) -> None:
    for number in range(250):
        world.enter("ANNA", f"Nr. {number}", SOON)
    world.tenant.settings.latency = 0.05
    process = a_process("once", "--config", str(world.folder / "agent.toml"))
    anna = world.tenant.user("anna")
    while not anna.events():
        assert process.poll() is None
    process.send_signal(signal.SIGTERM)
    out, err = process.communicate()
    assert (process.returncode, out) == (130, "")
    assert err.splitlines()[-1] == "stopped before everything was in step"
    assert world.rows(state.lease) == world.rows(state.agent) == []
    assert len(anna.events()) < 250


LOADED = """
import json, sys
from calsync_agent.cli import main
status = main(sys.argv[1:])
sys.stderr.write(json.dumps([status, sorted({name.split(".")[0] for name in sys.modules})]))
"""

HEAVY = {"sqlalchemy", "sqlmodel", "pydantic", "cryptography", "msal", "httpx"}
SERVERS = {"starlette", "uvicorn", "trustme", "icalendar"}
SCREENS = {"textual", "calsync_tui"}
DRIVERS = {"psycopg2", "pyodbc"}


def loaded(*words: str) -> tuple[int, set[str]]:
    command = [sys.executable, "-c", LOADED, *words]
    done = subprocess.run(command, capture_output=True, text=True, check=True)
    status, modules = json.loads(done.stderr.splitlines()[-1])
    return status, set(modules)


@sqlite
def test_the_headless_agent_loads_no_terminal_ui_and_only_what_it_needs(world: World) -> None:
    world.enter("ANNA", "Termin", SOON)
    status, modules = loaded("once", "--config", str(world.folder / "agent.toml"))
    assert status == 0
    assert len(world.tenant.user("anna").events()) == 1
    assert modules & (SCREENS | SERVERS | DRIVERS) == set()


@pytest.mark.parametrize(
    ("words", "spared"),
    [
        (["--version"], HEAVY | SERVERS | SCREENS | DRIVERS),
        (["--help"], HEAVY | SERVERS | SCREENS | DRIVERS),
        (["run", "--help"], HEAVY | SERVERS | SCREENS | DRIVERS),
        (["db", "ddl", "--dialect", "mssql"], {"msal", "httpx"} | SERVERS | SCREENS | DRIVERS),
        (["sandbox", "--help"], {"msal", "sqlalchemy"} | SCREENS | DRIVERS),
    ],
)
def test_a_command_loads_nothing_that_it_does_not_need(words: list[str], spared: set[str]) -> None:
    status, modules = loaded(*words)
    assert status == 0
    assert modules & spared == set()
