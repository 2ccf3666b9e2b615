"""Lines that hold no secret, forge nothing, and can be told apart."""

import json
import logging

import pytest
from pydantic import SecretStr

from calsync_agent.logs.log_lines import JsonLines, Redaction, TextLines

JWT = "eyJ0eXAiOiJKV1QiLCJhbGciOiJSUzI1NiJ9.eyJhdWQiOiJodHRwczovL2dyYXBoIn0.c2lnbmF0dXJl-_x"

HIDDEN = [
    ("Authorization: Bearer abcDEF123456.-_~+/=", "Authorization: Bearer ***"),
    ("{'authorization': 'bearer abcDEF1234567890'}", "{'authorization': 'bearer ***'}"),
    (f"token {JWT}, then", "token ***, then"),
    (
        "client_id=app&client_secret=a~b.C-1&grant_type=x",
        "client_id=app&client_secret=***&grant_type=x",
    ),
    ("client_assertion=abc.def", "client_assertion=***"),
    ('{"access_token": "opaque-1", "expires_in": 1}', '{"access_token": "***", "expires_in": 1}'),
    (r"{\"refresh_token\": \"opaque\"}", r"{\"refresh_token\": \"***\"}"),
    ("{'id_token': 'opaque'}", "{'id_token': '***'}"),
    ("DRIVER=x;UID=calsync;PWD=hunter2;", "DRIVER=x;UID=calsync;PWD=***;"),
    ("postgresql://calsync:hunter2@db/x", "postgresql://calsync:***@db/x"),
    ("http://me:hunter%402@proxy:8080 failed", "http://me:***@proxy:8080 failed"),
]

SHOWN = [
    "the bearer of this message",
    "basic settings were read",
    "database.password: does not belong here: put it into a file",
    "exchange.client_secret_file: there is no file /etc/calsync/secret.txt",
    "https://graph.microsoft.com/v1.0/users/a@b.example/calendarView",
    "2026-11-22T10:15:03.120Z: 12 of 40",
]


@pytest.mark.parametrize(("line", "shown"), HIDDEN)
def test_what_looks_like_a_secret_is_hidden(line: str, shown: str) -> None:
    assert Redaction()(line) == shown


@pytest.mark.parametrize("line", SHOWN)
def test_what_only_speaks_of_secrets_is_shown(line: str) -> None:
    assert Redaction()(line) == line


def test_a_known_secret_is_hidden_in_every_spelling() -> None:
    hide = Redaction([SecretStr('pä"ss w&rd/1'), SecretStr("short"), SecretStr("")])
    assert hide('it is pä"ss w&rd/1') == "it is ***"
    assert hide(json.dumps('pä"ss w&rd/1')) == '"***"'
    assert hide("x=p%C3%A4%22ss+w%26rd%2F1&y") == "x=***&y"
    assert hide("p%C3%A4%22ss%20w%26rd%2F1") == "***"
    assert hide("short and plain") == "short and plain"


def test_the_longer_of_two_known_secrets_is_hidden_whole() -> None:
    assert Redaction([SecretStr("12345678"), SecretStr("1234567890")])("1234567890") == "***"


def test_a_line_break_forges_no_line() -> None:
    told = TextLines(Redaction()).format(_record("one\n2026-11-22T10:00:00.000Z error MM/1 two"))
    first, second = told.splitlines()
    assert first[:33] == second[:33]
    assert second.endswith("-/- 2026-11-22T10:00:00.000Z error MM/1 two")


@pytest.mark.parametrize(
    ("text", "shown"),
    [("\x1b[31mred", "\\x1b[31mred"), ("bell\x07", "bell\\x07"), ("tab\there", "tab\there")],
)
def test_a_control_character_reaches_no_terminal(text: str, shown: str) -> None:
    assert TextLines(Redaction()).format(_record(text)).endswith(f"-/- {shown}")


def test_an_empty_message_is_a_line_too() -> None:
    assert TextLines(Redaction()).format(_record("")).endswith("info    -/- ")


def test_json_stays_json_whatever_is_hidden_or_extra() -> None:
    record = _record('Bearer abcdefghijklmnop "client_secret": "x"')
    record.__dict__.update(message="old", at="forged", odd={"pwd": "hunter2"}, none=None)
    entry = json.loads(JsonLines(Redaction()).format(record))
    assert entry["message"] == 'Bearer *** "client_secret": "***"'
    assert entry["odd"] == {"pwd": "***"}
    assert entry["at"] != "forged"
    assert entry["none"] is None


def _record(text: str) -> logging.LogRecord:
    return logging.makeLogRecord({"msg": text, "levelname": "INFO", "name": "calsync_agent"})
