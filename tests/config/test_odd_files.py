"""What a path in the settings may name besides a file, and what a file may hold besides settings.

Each costs one line that names key and remedy, at once: nothing is waited for, nothing read whole.
"""

import os
import socket
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

import calsync_agent
import calsync_tui
from calsync_agent.config import reading
from calsync_agent.config.reading import attempt, digest, exposed, find, read
from calsync_agent.config.writing import draft_from, unwritable
from calsync_agent.errors import ConfigurationRefused

DEEP = "is nested too deeply; it takes [sections] with keys under them"
APP = 'client_id = "a"\n'
POSIX = pytest.mark.skipif(sys.platform == "win32", reason="Windows has no such files in folders")

KEYS = {
    "exchange.client_secret_file": {"exchange": f'{APP}client_secret_file = "odd"'},
    "exchange.certificate_file": {"exchange": f'{APP}certificate_file = "odd"'},
    "exchange.ca_file": {
        "exchange": f'{APP}client_secret_file = "secret.txt"\nca_file = "odd"',
    },
    "database.password_file": {
        "database": 'url = "postgresql://calsync@db/consolidate"\npassword_file = "odd"'
    },
}


def pipe(path: Path) -> None:
    os.mkfifo(path)


def device(path: Path) -> None:
    path.symlink_to("/dev/zero")


def listening(path: Path) -> None:
    with socket.socket(socket.AF_UNIX) as made:
        made.bind(str(path))


def megabytes(path: Path) -> None:
    with path.open("wb") as file:
        file.truncate(3_000_000)


def endless(path: Path) -> None:
    with path.open("wb") as file:
        file.truncate(1 << 40)  # takes no room on the disk


ODD = [
    pytest.param(pipe, "is no ordinary file", marks=POSIX),
    pytest.param(device, "is no ordinary file", marks=POSIX),
    pytest.param(listening, "cannot be read", marks=POSIX),
    (megabytes, "is too large"),
    (endless, "is too large"),
]


@pytest.mark.parametrize(("make", "told"), ODD)
@pytest.mark.parametrize("key", KEYS)
def test_what_is_no_file_of_ordinary_size_is_refused_with_its_key(
    key: str,
    make: Callable[[Path], None],
    told: str,
    write: Callable[..., Path],
    lines: Callable[[Path], list[str]],
    tmp_path: Path,
) -> None:
    path = write(**KEYS[key])
    make(tmp_path / "odd")
    (line,) = lines(path)
    assert line.startswith(f"{key}: {tmp_path / 'odd'} {told}")
    assert digest([tmp_path / "odd"])  # a running agent looks at it each minute


@pytest.mark.parametrize(("make", "told"), ODD)
def test_the_settings_file_itself_is_refused_where_it_is_none(
    make: Callable[[Path], None], told: str, lines: Callable[[Path], list[str]], tmp_path: Path
) -> None:
    path = tmp_path / "agent.toml"
    make(path)
    (line,) = lines(path)
    assert line.startswith(f"{path} {told}")
    assert draft_from(path).url == ""


@pytest.mark.parametrize(
    ("content", "told"),
    [
        ("a = " + "[" * 90_000, DEEP),
        ("a = " + "{a=" * 30_000, DEEP),
        (".".join("a" * 30_000) + " = 1", DEEP),
        ("[" + ".".join("a" * 30_000) + "]", DEEP),
        ("x = {" + ".".join("a" * 30_000) + "=1}", DEEP),
        ("[sync]\nmax_deletes = " + "9" * 6_000, "there is a number of too many digits"),
    ],
)
def test_text_that_costs_more_than_its_size_is_refused(
    content: str, told: str, lines: Callable[[Path], list[str]], tmp_path: Path
) -> None:
    path = tmp_path / "agent.toml"
    path.write_text(content, encoding="utf-8")
    assert lines(path) == [told]
    assert draft_from(path).url == ""


def test_b8_the_settings_file_has_one_reader_that_bounds_what_it_costs() -> None:
    folders = (Path(package.__file__ or "").parent for package in (calsync_agent, calsync_tui))
    files = [file for folder in folders for file in folder.rglob("*.py")]
    readers = {f.name for f in files if "import tomllib" in f.read_text(encoding="utf-8")}
    assert readers == {"toml_file.py"}


def test_keys_of_any_depth_are_named(
    write: Callable[..., Path], lines: Callable[[Path], list[str]]
) -> None:
    deep = ".".join("a" * 80)
    path = write(database=f'url = "sqlite:///data.db"\n{deep} = 1')
    (line,) = lines(path)
    assert line.startswith("database.a: is no key of [database]")


def test_nul_in_a_path_given_on_the_way_names_no_file() -> None:
    with pytest.raises(ConfigurationRefused, match="there is no file"):
        read(Path("agent\0.toml"))
    assert digest([Path("a\0b")])


@pytest.mark.skipif(sys.platform == "win32", reason="access lists instead of permission bits")
def test_a_folder_that_may_not_be_entered_is_said_of_each_place(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    closed = tmp_path / "closed"
    closed.mkdir()

    def refused(*_: object, **__: object) -> None:
        raise PermissionError(13, "Permission denied")

    monkeypatch.setattr(Path, "stat", refused)
    monkeypatch.setattr(reading, "config_folders", lambda: (closed,))
    monkeypatch.delenv("CALSYNC_CONFIG", raising=False)
    with pytest.raises(ConfigurationRefused, match="there are no settings: tried"):
        find(None)
    assert attempt(closed / "agent.toml").outcome
    assert unwritable(closed / "agent.toml") is not None


@pytest.mark.parametrize(
    "url",
    [
        "postgresql+psycopg2://calsync:p@ss@db.example/consolidate",
        "mssql+pyodbc://calsync:hunter2@@db.example/consolidate?driver=x",
        "mssql+pyodbc://calsync:hun@ter/2@db.example/consolidate",
    ],
)
def test_a_password_torn_at_a_sign_of_its_own_is_refused_and_never_shown(
    url: str, write: Callable[..., Path], lines: Callable[[Path], list[str]]
) -> None:
    (line,) = lines(write(database=f'url = "{url}"'))
    assert line == "database.url: holds an @ too many; in a password it is written %40"


@pytest.mark.skipif(sys.platform == "win32", reason="access lists instead of permission bits")
@pytest.mark.parametrize(
    "sections",
    [
        {"database": 'url = "postgresql://calsync:hunter2@db.example/consolidate"'},
        {"database": 'url = "mssql+pyodbc:///?odbc_connect=Server%3Ddb%3BPWD%3Dhunter2"'},
        {
            "exchange": f'{APP}client_secret_file = "secret.txt"\n'
            'proxy = "http://me:hunter2@proxy.example:8080"'
        },
    ],
)
def test_a_password_inside_settings_that_everybody_may_read_is_warned_of(
    sections: dict[str, str],
    write: Callable[..., Path],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(reading, "readable_by_others", lambda file: file.name == "agent.toml")
    path = write(**sections)
    (warning,) = exposed(read(path))
    assert str(path) in str(warning)
    assert "hunter2" not in str(warning)
    assert exposed(read(write())) == []


@POSIX
def test_a_pipe_as_settings_ends_the_command_at_once(tmp_path: Path) -> None:
    pipe(tmp_path / "agent.toml")
    done = subprocess.run(
        [
            sys.executable,
            "-m",
            "calsync_agent",
            "--lang",
            "en",
            "check",
            "--config",
            tmp_path / "agent.toml",
        ],
        capture_output=True,
        text=True,
        check=False,
        timeout=30,
    )
    assert done.returncode == 2
    assert len(done.stderr.splitlines()) == 1
