"""Every wrong key, type, range and path in agent.toml, as `calsync-agent once` tells it."""

from collections.abc import Callable, Mapping
from pathlib import Path

import pytest

from tests.commands.conftest import Run
from tests.config.test_refusals import MISSING, TOML, UNKNOWN
from tests.config.test_wrong_values import VALUES

Write = Callable[[Mapping[str, str]], Path]


def refused(run: Run, path: Path, told: list[str]) -> None:
    """Each is told in a line of its own, in either language, and the status is 2."""
    english = run("once", "--config", path, "--lang", "en")
    assert english.status == 2
    assert english.out == ""
    assert english.err.splitlines() == [f"calsync-agent: {path}: {line}" for line in told]
    german = run("--lang", "de", "--config", path, "once")
    assert german.status == 2
    pairs = zip(english.err.splitlines(), german.err.splitlines(), strict=True)
    assert all(here != there and f"calsync-agent: {path}: " in there for here, there in pairs)


@pytest.mark.parametrize(("section", "keys", "told"), VALUES)
def test_every_wrong_value_is_told_with_file_and_key(
    run: Run, write: Write, section: str, keys: str, told: str
) -> None:
    key = keys.splitlines()[-1].partition(" =")[0]
    refused(run, write({section: keys}), [f"{section}.{key}: {told}"])


@pytest.mark.parametrize(("sections", "told"), UNKNOWN)
def test_every_unknown_key_is_told(
    run: Run, write: Write, sections: Mapping[str, str], told: str
) -> None:
    refused(run, write(sections), [told])


@pytest.mark.parametrize(("sections", "told"), MISSING)
def test_everything_missing_or_too_much_is_told(
    run: Run, write: Write, sections: Mapping[str, str], told: list[str]
) -> None:
    refused(run, write(sections), told)


@pytest.mark.parametrize(("content", "line", "why"), TOML)
def test_what_is_no_toml_is_told(
    run: Run, tmp_path: Path, content: str, line: int, why: str
) -> None:
    path = tmp_path / "agent.toml"
    path.write_text(content)
    refused(run, path, [f"line {line}: {why}"])


FILES = [
    ('client_id = "a"\ncertificate_file = "gone"', "exchange.certificate_file: there is no file"),
    ('client_id = "a"\nclient_secret_file = "gone"', "exchange.client_secret_file: there is no"),
    ('client_id = "a"\nclient_secret_file = "."', "exchange.client_secret_file: "),
    ('client_id = "a"\nclient_secret_file = "empty"', "exchange.client_secret_file: "),
    ('client_id = "a"\nclient_secret_env = "CALSYNC_NO"', "exchange.client_secret_env: "),
    (
        'client_id = "a"\nclient_secret_file = "secret.txt"\nca_file = "empty"',
        "exchange.ca_file: ",
    ),
    ('client_id = "a"\ncertificate_file = "empty"', "exchange.certificate_file: "),
]


@pytest.mark.parametrize(("keys", "told"), FILES)
def test_every_file_that_is_named_in_vain_is_told(
    run: Run, write: Write, tmp_path: Path, keys: str, told: str
) -> None:
    (tmp_path / "empty").touch()
    path = write({"exchange": keys})
    english = run("once", "--config", path)
    assert (english.status, len(english.problems)) == (2, 1)
    assert english.err.startswith(f"calsync-agent: {path}: {told}")
    german = run("once", "--config", path, "--lang", "de")
    assert (german.status, len(german.problems)) == (2, 1)
    assert german.err.startswith(f"calsync-agent: {path}: {told.partition(':')[0]}: ")
    assert german.err != english.err


@pytest.mark.parametrize("command", ["run", "once", "db install"])
def test_each_command_that_needs_settings_refuses_wrong_ones(
    run: Run, write: Write, command: str
) -> None:
    path = write({"sync": "past_month = 1"})
    said = run(*command.split(), "--config", path)
    assert said.status == 2
    assert said.problems == [
        f"calsync-agent: {path}: sync.past_month: is no key of [sync]; did you mean past_months?"
    ]


def test_a_file_that_is_not_there_is_named_and_where_it_was_looked_for(
    run: Run, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    named = run("once", "--config", tmp_path / "gone.toml")
    assert named.status == 2
    assert named.problems == [f"calsync-agent: there is no file {tmp_path / 'gone.toml'}"]
    monkeypatch.setenv("CALSYNC_CONFIG", str(tmp_path / "other.toml"))
    variable = run("once", "--lang", "de")
    assert variable.status == 2
    assert variable.problems == [f"calsync-agent: es gibt keine Datei {tmp_path / 'other.toml'}"]
    monkeypatch.delenv("CALSYNC_CONFIG")
    nowhere = run("once")
    assert nowhere.status == 2
    (line,) = nowhere.problems
    for part in ("site", "user", "--config FILE", "CALSYNC_CONFIG"):
        assert part in line
