"""Every other mistake in agent.toml: a line each that names the key and says what is meant."""

import os
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import NoReturn

import pytest

EXAMPLE = "postgresql+psycopg2://calsync@db.example/consolidate"
SECRET = 'client_secret_file = "secret.txt"'
CREDENTIALS = "client_secret_file, client_secret_env, certificate_file"


def raising(error: OSError) -> Callable[..., NoReturn]:
    def refuse(*_: object) -> NoReturn:
        raise error

    return refuse


UNKNOWN = [
    ({"sync": "past_month = 3"}, "sync.past_month: is no key of [sync]; did you mean past_months?"),
    ({"log": "Level = 'info'"}, "log.Level: is no key of [log]; did you mean level?"),
    ({"log": "past_months = 3"}, "log.past_months: belongs under [sync]"),
    (
        {"log": "colour = true"},
        "log.colour: is no key of [log]; there are level, format, file, keep_days",
    ),
    ({"snyc": "past_months = 3"}, "snyc: is no section; did you mean [sync]?"),
    (
        {"parking": ""},
        "parking: is no section; there are database, exchange, sync, log, alerts, alerts.smtp,"
        " metrics",
    ),
    (
        {"exchange": f"client_id = 'a'\n{SECRET}\nclient_secret = 'hunter2'"},
        (
            "exchange.client_secret: does not belong here:"
            " put it in a file and name that file with client_secret_file"
        ),
    ),
    (
        {"database": f"url = '{EXAMPLE}'\npassword = 'hunter2'"},
        (
            "database.password: does not belong here:"
            " put it in a file and name that file with password_file"
        ),
    ),
    *(
        (
            {"exchange": f"client_id = 'a'\n{SECRET}\n{key} = 1"},
            f"exchange.{key}: is not set here but in the terminal UI (table calsync_provider)",
        )
        for key in ("tenant_id", "inbound", "outbound", "priority", "interval_seconds")
    ),
]


@pytest.mark.parametrize(("sections", "told"), UNKNOWN)
def test_an_unknown_key_is_named_with_the_nearest_that_is_known(
    sections: Mapping[str, str],
    told: object,
    write: Callable[..., Path],
    lines: Callable[[Path], list[str]],
) -> None:
    assert lines(write(**sections)) == [told]


def test_a_key_above_the_first_section_is_sent_where_it_belongs(
    write: Callable[..., Path], lines: Callable[[Path], list[str]]
) -> None:
    path = write()
    path.write_text("past_months = 3\n" + path.read_text(encoding="utf-8"), encoding="utf-8")
    assert lines(path) == ["past_months: belongs under [sync]"]


MISSING = [
    ({"database": ""}, [f"database.url: is missing; for example {EXAMPLE}"]),
    (
        {"exchange": SECRET},
        ["exchange.client_id: is missing; for example 11111111-2222-3333-4444-555555555555"],
    ),
    (
        {"exchange": "client_id = 'a'"},
        [f"exchange.client_secret_file: is missing; one of {CREDENTIALS} is needed"],
    ),
    (
        {"exchange": f"client_id = 'a'\n{SECRET}\nclient_secret_env = 'HOME'"},
        [f"exchange.client_secret_env: is too much; one of {CREDENTIALS} is enough"],
    ),
    (
        {"exchange": f"client_id = 'a'\n{SECRET}\ncertificate_file = 'app.pem'"},
        [f"exchange.certificate_file: is too much; one of {CREDENTIALS} is enough"],
    ),
    (
        {
            "exchange": f"client_id = 'a'\n{SECRET}\n"
            "client_secret_next_file = 'secret.txt'\nclient_secret_next_env = 'HOME'"
        },
        [
            "exchange.client_secret_next_env: is too much; one of client_secret_next_file,"
            " client_secret_next_env is enough"
        ],
    ),
    (
        {"exchange": f"client_id = 'a'\n{SECRET}\nclient_secret_next_env = 'CALSYNC_NONE'"},
        [
            "exchange.client_secret_next_env: the environment variable CALSYNC_NONE is not set or"
            " empty; set it"
        ],
    ),
    (
        {"exchange": f"client_id = 'a'\n{SECRET}\nclient_secret_expires = 'soon'"},
        ['exchange.client_secret_expires: must be a day, as in "2027-05-31"'],
    ),
    (
        {"exchange": f"client_id = 'a'\n{SECRET}\nclient_secret_expires = 2027-05-31T10:00:00"},
        ['exchange.client_secret_expires: must be a day, as in "2027-05-31"'],
    ),
]


@pytest.mark.parametrize(("sections", "told"), MISSING)
def test_what_is_missing_or_too_much_is_named(
    sections: Mapping[str, str],
    told: object,
    write: Callable[..., Path],
    lines: Callable[[Path], list[str]],
) -> None:
    assert lines(write(**sections)) == told


@pytest.mark.parametrize(
    ("content", "told"),
    [
        (
            "",
            [
                f"database.url: is missing; for example {EXAMPLE}",
                "exchange.client_id: is missing; for example 11111111-2222-3333-4444-555555555555",
                f"exchange.client_secret_file: is missing; one of {CREDENTIALS} is needed",
            ],
        ),
        ("exchange = 3", None),
        ("[[log]]", None),
    ],
)
def test_a_section_that_is_missing_or_none_is_said_by_its_keys(
    content: str, told: object, lines: Callable[[Path], list[str]], tmp_path: Path
) -> None:
    path = tmp_path / "agent.toml"
    path.write_text(content, encoding="utf-8")
    found = lines(path)
    if told is None:
        name = content.strip("[]").split()[0]
        shown = "a list" if content.startswith("[") else "3"
        assert f"{name}: must be a [section] with keys under it, not {shown}" in found
    else:
        assert found == told


def test_all_mistakes_are_told_together_a_line_for_each(
    write: Callable[..., Path], lines: Callable[[Path], list[str]]
) -> None:
    path = write(
        database="url = 'oracle://x/y'\npassword_file = 'gone'",
        exchange="client_id = ''\nclient_secret_file = 'gone'\nca_file = 'gone'",
        sync="past_month = 1\nfuture_months = 0",
        log="level = 1",
    )
    assert [line.partition(": ")[0] for line in lines(path)] == [
        "database.url",
        "exchange.client_id",
        "sync.future_months",
        "sync.past_month",
        "log.level",
        "exchange.client_secret_file",
        "exchange.ca_file",
        "database.password_file",
    ]


TOML = [
    ("[log]\nlevel = info", 2, "a value is missing, or the quotes around a text"),
    ("[log]\nlevel =", 2, "a value is missing, or the quotes around a text"),
    ('[log]\nlevel = "info', 2, "a closing quote is missing"),
    ('[log]\nlevel = "info\nformat = "text"', 2, "a closing quote is missing"),
    ("[log]\nlevel 'info'", 2, "it takes the form key = value or [section]"),
    ("[log]\n\n= 'info'", 3, "it takes the form key = value or [section]"),
    ("[log]\nlevel = 'a'\nlevel = 'b'", 3, "what it begins with is there already"),
    ("[log]\n[sync]\n[log]", 3, "what it begins with is there already"),
    ('[log]\nfile = "C:\\Users\\x"', 2, "put a text with \\ in 'single quotes'"),
    ('[log]\nfile = "C:\\logs"', 2, "put a text with \\ in 'single quotes'"),
    ("[log\nlevel = 'info'", 1, "this is no TOML"),
    ("{", 1, "it takes the form key = value or [section]"),
]


@pytest.mark.parametrize(("content", "line", "why"), TOML)
def test_what_is_no_toml_is_named_with_its_line(
    content: str, line: int, why: str, lines: Callable[[Path], list[str]], tmp_path: Path
) -> None:
    path = tmp_path / "agent.toml"
    path.write_text(content, encoding="utf-8")
    assert lines(path) == [f"line {line}: {why}"]


@pytest.mark.parametrize("encoding", ["utf-16", "latin-1"])
def test_another_encoding_is_named_without_a_traceback(
    encoding: str, write: Callable[..., Path], lines: Callable[[Path], list[str]]
) -> None:
    path = write(log="# größer")
    path.write_bytes(path.read_text(encoding="utf-8").encode(encoding))
    assert lines(path) == [f"{path} is not in UTF-8; save it in that encoding"]


def test_a_missing_file_is_named(tmp_path: Path, lines: Callable[[Path], list[str]]) -> None:
    path = tmp_path / "agent.toml"
    assert lines(path) == [f"there is no file {path}"]


def test_a_folder_is_no_file(tmp_path: Path, lines: Callable[[Path], list[str]]) -> None:
    assert lines(tmp_path) == [f"{tmp_path} is a folder; name a file in it"]


def test_a_file_that_this_account_may_not_read_is_named(
    write: Callable[..., Path], lines: Callable[[Path], list[str]], monkeypatch: pytest.MonkeyPatch
) -> None:
    path = write()
    monkeypatch.setattr(os, "open", raising(PermissionError(13, "denied")))
    assert lines(path) == [f"{path} cannot be read by this account; give it the right to"]


def test_any_other_trouble_with_a_file_is_told_in_the_system_s_words(
    write: Callable[..., Path], lines: Callable[[Path], list[str]], monkeypatch: pytest.MonkeyPatch
) -> None:
    path = write()
    monkeypatch.setattr(os, "open", raising(OSError(5, "Input/output error")))
    assert lines(path) == [f"{path} cannot be read: Input/output error"]
