"""Every wrong value in agent.toml: one line that names the key and says what would be right."""

from collections.abc import Callable
from pathlib import Path

import pytest

EXAMPLE = "postgresql+psycopg2://calsync@db.example/consolidate"
APP = 'client_id = "a"\nclient_secret_file = "secret.txt"'

VALUES = [
    # types
    ("sync", "past_months = '3'", 'must be a whole number without quotes, not "3"'),
    ("sync", "past_months = 3.0", "must be a whole number without quotes, not 3.0"),
    ("sync", "past_months = true", "must be a whole number without quotes, not true"),
    ("sync", "past_months = [3]", "must be a whole number without quotes, not a list"),
    ("sync", "past_months = {}", "must be a whole number without quotes, not a section"),
    ("sync", "max_mails = 2026-11-22", "must be a whole number without quotes, not 2026-11-22"),
    ("sync", "default_time_zone = 1", "must be a text in quotes, not 1"),
    ("database", f"url = '{EXAMPLE}'\nschema = 1", "must be a text in quotes, not 1"),
    (
        "exchange",
        "client_secret_file = 'secret.txt'\nclient_id = 5",
        "must be a text in quotes, not 5",
    ),
    ("log", "file = 1", 'must be a path in quotes, as in "secret.txt"'),
    # ranges
    ("sync", "past_months = -1", "must be from 0 to 120, not -1"),
    ("sync", "past_months = 121", "must be from 0 to 120, not 121"),
    ("sync", "future_months = 0", "must be from 1 to 60, not 0"),
    ("sync", "future_months = 61", "must be from 1 to 60, not 61"),
    ("sync", "max_deletes = -1", "must be at least 0, not -1"),
    ("sync", "max_delete_percent = 101", "must be from 0 to 100, not 101"),
    ("sync", "max_mails = -5", "must be at least 0, not -5"),
    ("sync", "max_mails_a_day = -1", "must be at least 0, not -1"),
    ("sync", "max_deletes_a_day = -1", "must be at least 0, not -1"),
    ("log", "keep_days = 0", "must be from 1 to 3650, not 0"),
    ("log", "level = 'verbose'", 'must be one of debug, info, warning, error, not "verbose"'),
    ("log", "level = 'INFO'", 'must be one of debug, info, warning, error, not "INFO"'),
    ("log", "format = 'xml'", 'must be one of text, json, not "xml"'),
    ("log", f"format = '{'x' * 99}'", f'must be one of text, json, not "{"x" * 58}…'),
    # time zones
    (
        "sync",
        "default_time_zone = 'W. Europe Standard Time'",
        "is a Windows name; the IANA name of that time zone is Europe/Berlin",
    ),
    (
        "sync",
        "default_time_zone = 'Europe/Viena'",
        "is no time zone; did you mean Europe/Vienna?",
    ),
    (
        "sync",
        "default_time_zone = 'Wien'",
        "is no time zone; it takes an IANA name such as Europe/Vienna",
    ),
    (
        "sync",
        "default_time_zone = ''",
        "is no time zone; it takes an IANA name such as Europe/Vienna",
    ),
    (
        "sync",
        "default_time_zone = '../../etc/passwd'",
        "is no time zone; it takes an IANA name such as Europe/Vienna",
    ),
    # addresses
    (
        "exchange",
        f"{APP}\ngraph_url = 'http://graph.microsoft.com'",
        "must begin with https:// (nothing is sent unencrypted)",
    ),
    (
        "exchange",
        f"{APP}\ngraph_url = 'graph.microsoft.com'",
        "must be an address, as in https://graph.microsoft.com/v1.0",
    ),
    (
        "exchange",
        f"{APP}\ngraph_url = 'https://graph.microsoft.com:port/'",
        "must be an address, as in https://graph.microsoft.com/v1.0",
    ),
    (
        "exchange",
        f"{APP}\ngraph_url = 'https://graph.microsoft.com/v1.0?x=1'",
        "must be an address alone, without login, ? or #",
    ),
    (
        "exchange",
        f"{APP}\nauthority = ''",
        "must be an address, as in https://graph.microsoft.com/v1.0",
    ),
    (
        "exchange",
        f"{APP}\nauthority = 'https://login.microsoftonline.com/common'",
        "must not name the tenant; that is set in the terminal UI",
    ),
    (
        "exchange",
        f"{APP}\nauthority = 'https://login.example/firm.onmicrosoft.com/'",
        "must not name the tenant; that is set in the terminal UI",
    ),
    (
        "exchange",
        f"{APP}\nproxy = 'proxy:8080'",
        "must be an address, as in http://proxy.example:8080",
    ),
    (
        "exchange",
        f"{APP}\nproxy = 'socks5://proxy:8080'",
        "must be an address, as in http://proxy.example:8080",
    ),
    (
        "exchange",
        "client_secret_file = 'secret.txt'\nclient_id = ''",
        "must be given, without spaces",
    ),
    (
        "exchange",
        "client_secret_file = 'secret.txt'\nclient_id = 'my app'",
        "must be given, without spaces",
    ),
    # the database
    ("database", "url = 7", "must be a text in quotes, not this value"),
    ("database", "url = ''", f"is no database address; for example {EXAMPLE}"),
    ("database", "url = 'db.example'", f"is no database address; for example {EXAMPLE}"),
    (
        "database",
        "url = 'postgresql://u@h:port/d'",
        f"is no database address; for example {EXAMPLE}",
    ),
    (
        "database",
        "url = 'oracle://u@h/d'",
        "begins with oracle, but must begin with one of postgresql+psycopg2, mssql+pyodbc, sqlite",
    ),
    (
        "database",
        "url = 'postgresql+asyncpg://u@h/d'",
        (
            "begins with postgresql+asyncpg, but must begin with one of"
            " postgresql+psycopg2, mssql+pyodbc, sqlite"
        ),
    ),
    (
        "database",
        "url = 'postgresql://u@h'",
        "must name the database after the server: …//server/database",
    ),
    ("database", "url = 'sqlite://'", "must name a file: sqlite:///file"),
    ("database", "url = 'sqlite:///:memory:'", "must name a file: sqlite:///file"),
    # paths
    (
        "log",
        'file = "C:\\temp\\new.log"',
        "holds a control character; put a path with \\ in 'single quotes'",
    ),
    (
        "exchange",
        'client_id = "a"\nclient_secret_file = "C:\\new.txt"',
        "holds a control character; put a path with \\ in 'single quotes'",
    ),
    ("alerts", """command = "'/opt/page --to it" """, "a quotation mark in it is not closed"),
    ("alerts", """command = "'' --to it" """, "names no program"),
    (
        "exchange",
        'client_id = "a"\nclient_secret_env = "A=B"',
        "must be the name of an environment variable, not its value",
    ),
]


@pytest.mark.parametrize(("section", "keys", "told"), VALUES)
def test_a_wrong_value_is_named_with_what_would_be_right(
    section: str,
    keys: str,
    told: str,
    write: Callable[..., Path],
    lines: Callable[[Path], list[str]],
) -> None:
    key = keys.splitlines()[-1].partition(" =")[0]
    assert lines(write(**{section: keys})) == [f"{section}.{key}: {told}"]
