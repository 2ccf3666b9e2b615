"""Single keys of `agent.toml` are changed, and nothing else in it."""

import tomllib
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import SecretStr

from calsync_agent.config import editing, reading, sample
from calsync_agent.config.editing import Change
from calsync_agent.config.settings import ClientSecret, Settings
from calsync_agent.errors import ConfigurationRefused

TEXT = """\
# Ours since 2026.
[database]
url = "sqlite:////srv/x.db"   # the big one

[sync]
# asked by Anna
max_mails = 50  # not more!
future_months = 24

[exchange]
client_id = "11111111-2222-3333-4444-555555555555"
client_secret_file = "my secret.txt" # do not move
"""


def test_h7_comments_order_and_layout_stay() -> None:
    after = editing.changed(TEXT, {"sync.max_mails": 80, "log.level": "debug"})
    assert after.startswith(TEXT.replace("max_mails = 50", "max_mails = 80"))
    assert tomllib.loads(after)["log"] == {"level": "debug"}


@given(
    st.dictionaries(
        st.sampled_from(["sync.max_mails", "sync.past_months", "alerts.smtp.port"]),
        st.integers(0, 10**6),
    ),
    st.dictionaries(
        st.sampled_from(["alerts.command", "alerts.smtp.host", "log.file", "database.url"]),
        st.text(st.characters(codec="utf-8", exclude_categories=["Cs"]), min_size=1),
    ),
    st.lists(st.text(min_size=1)),
)
def test_whatever_is_entered_is_what_is_read_and_the_rest_is_as_before(
    numbers: dict[str, int], texts: dict[str, str], listed: list[str]
) -> None:
    values = {**numbers, **texts, "alerts.mail": tuple(listed)}
    for text in (TEXT, sample.render()):
        expected = tomllib.loads(text)
        for key, value in values.items():
            *sections, name = key.split(".")
            table = expected
            for section in sections:
                table = table.setdefault(section, {})
            table[name] = list(value) if isinstance(value, tuple) else value
        after = editing.changed(text, values)
        assert tomllib.loads(after) == expected
        kept = [line for line in after.splitlines() if line.startswith("#")]
        assert kept == [line for line in text.splitlines() if line.startswith("#")]


@pytest.fixture
def path(tmp_path: Path) -> Path:
    (tmp_path / "my secret.txt").write_text("old\n")
    path = tmp_path / "agent.toml"
    path.write_text(TEXT)
    return path


def test_a_trial_leaves_nothing_behind_and_changes_nothing(path: Path) -> None:
    change = Change({"sync.max_mails": 7}, {"exchange.client_secret_file": "new"})
    found = editing.attempt(path, change).outcome
    assert isinstance(found, Settings)
    assert found.sync.max_mails == 7
    assert found.credential == ClientSecret(SecretStr("new"))
    assert sorted(file.name for file in path.parent.iterdir()) == ["agent.toml", "my secret.txt"]
    assert path.read_text() == TEXT


def test_what_would_be_wrong_is_told_by_its_key(path: Path) -> None:
    wrong = editing.attempt(path, Change({"sync.past_months": 500, "log.level": "loud"})).wrong
    assert set(wrong) == {"sync.past_months", "log.level"}


def test_a_secret_goes_where_the_settings_name_it_and_an_old_file_is_kept(path: Path) -> None:
    editing.save(path, Change({"sync.max_mails": 7}, {"exchange.client_secret_file": "new"}))
    settings = reading.read(path)
    assert settings.sync.max_mails == 7
    assert (path.parent / "my secret.txt").read_text() == "new\n"
    assert path.with_name("agent.toml.old").read_text() == TEXT
    assert "# do not move" in path.read_text()


def test_a_secret_that_had_no_file_gets_one(path: Path) -> None:
    (path.parent / "app.pem").write_text("-")
    path.write_text(TEXT.replace("client_secret_file", "certificate_file"))
    secrets = {"exchange.client_secret_file": "new"}
    editing.save(path, Change({"exchange.certificate_file": ""}, secrets))
    assert reading.read(path).exchange.client_secret_file == path.parent / "client-secret.txt"


def test_what_is_no_toml_is_told_and_left(path: Path) -> None:
    path.write_text("[database\n")
    with pytest.raises(ConfigurationRefused):
        editing.save(path, Change({"sync.max_mails": 7}))
    assert path.read_text() == "[database\n"
