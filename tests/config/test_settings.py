"""What a sound agent.toml becomes."""

import dataclasses
import os
from collections.abc import Callable, Mapping
from datetime import date
from pathlib import Path

import pytest
import sqlalchemy as sa
from pydantic import SecretStr, ValidationError

from calsync_agent.config import reading
from calsync_agent.config.reading import exposed, read
from calsync_agent.config.settings import (
    ClientSecret,
    Database,
    Exchange,
    Log,
    Settings,
    Sync,
)


def test_a_file_with_the_required_keys_gets_the_contract_s_defaults(
    settings: Settings, tmp_path: Path
) -> None:
    assert settings.sync == Sync(
        past_months=3,
        future_months=24,
        default_time_zone="Europe/Vienna",
        max_deletes=10,
        max_delete_percent=20,
        max_deletes_a_day=100,
        max_mails=50,
        max_mails_a_day=200,
    )
    assert settings.log == Log(level="info", format="text", file=None, keep_days=30)
    assert settings.exchange.authority == "https://login.microsoftonline.com"
    assert settings.exchange.graph_url == "https://graph.microsoft.com/v1.0"
    assert settings.exchange.ca_file is None
    assert settings.exchange.proxy.get_secret_value() == ""
    assert settings.database.schema_name == ""
    assert settings.path == tmp_path / "agent.toml"
    assert settings.credential == ClientSecret(SecretStr("s3cret-value"))


def test_every_key_of_the_contract_is_taken(write: Callable[..., Path], tmp_path: Path) -> None:
    path = write(
        database='url = "postgresql+psycopg2://calsync@db.example/consolidate"\nschema = "crm"\n'
        'password_file = ""',
        exchange='client_id = "11111111-2222-3333-4444-555555555555"\n'
        'client_secret_file = "secret.txt"\nclient_secret_env = ""\ncertificate_file = ""\n'
        'authority = "https://login.example/"\ngraph_url = "https://graph.example/v1.0/"\n'
        'client_secret_next_file = ""\nclient_secret_expires = 2027-05-31\n'
        'ca_file = ""\nproxy = "http://user:pass@proxy.example:8080"',
        sync="past_months = 0\nfuture_months = 60\n"
        'default_time_zone = "America/New_York"\nmax_deletes = 0\nmax_delete_percent = 100\n'
        "max_mails = 0",
        log='level = "debug"\nformat = "json"\nfile = "logs/agent.log"\nkeep_days = 7',
    )
    settings = read(path)
    assert settings.database.schema_name == "crm"
    assert settings.exchange.client_secret_expires == date(2027, 5, 31)
    assert settings.exchange.authority == "https://login.example"
    assert settings.exchange.graph_url == "https://graph.example/v1.0"
    assert settings.sync.past_months == 0
    assert settings.log.file == tmp_path / "logs" / "agent.log"


def test_paths_are_relative_to_the_file_wherever_the_program_runs(
    write: Callable[..., Path], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = write()
    root = Path(tmp_path.anchor)
    monkeypatch.chdir(root)
    settings = read(Path(os.path.relpath(path, root)))
    assert settings.exchange.client_secret_file == tmp_path / "secret.txt"
    assert file_of(settings) == tmp_path / "data.db"


def test_an_absolute_path_stays_as_it_is(write: Callable[..., Path], tmp_path: Path) -> None:
    where = tmp_path / "else" / "where.db"
    path = write(database=f"url = 'sqlite:///{where}'")
    assert file_of(read(path)) == where


def file_of(settings: Settings) -> Path:
    """The database's; in the URL SQLAlchemy escapes what of Windows' paths is not a URL's."""
    return Path(sa.make_url(settings.database.url.get_secret_value()).database or "")


@pytest.mark.parametrize(
    ("given", "meant"),
    [
        ("postgresql://u@h/d", "postgresql+psycopg2://u@h/d"),
        ("postgresql+psycopg2:///d?host=/run/postgresql", None),
        ("mssql://u@h/d", "mssql+pyodbc://u@h/d"),
        ("mssql+pyodbc://source", None),
        ("mssql+pyodbc://?odbc_connect=DSN%3Dx", None),
        ("sqlite:///file:mem?mode=memory&uri=true", None),
    ],
)
def test_a_database_is_named_in_each_of_its_spellings(
    given: str, meant: str | None, write: Callable[..., Path]
) -> None:
    url = read(write(database=f'url = "{given}"')).database.url.get_secret_value()
    assert url == (meant or url)


def test_a_byte_order_mark_at_the_beginning_is_no_mistake(
    write: Callable[..., Path], tmp_path: Path
) -> None:
    path = write()
    path.write_bytes(b"\xef\xbb\xbf" + path.read_bytes())
    (tmp_path / "secret.txt").write_bytes(b"\xef\xbb\xbfs3cret-value\r\n")
    assert read(path).credential == ClientSecret(SecretStr("s3cret-value"))


def test_the_password_file_is_merged_into_the_url(
    write: Callable[..., Path], tmp_path: Path
) -> None:
    (tmp_path / "password").write_text("p@ss/wörd\n", encoding="utf-8")
    path = write(database='url = "postgresql://calsync@db/consolidate"\npassword_file = "password"')
    settings = read(path)
    assert settings.database.url.get_secret_value() == (
        "postgresql+psycopg2://calsync:p%40ss%2Fw%C3%B6rd@db/consolidate"
    )
    assert {secret.get_secret_value() for secret in settings.secrets()} == {
        "s3cret-value",
        "p@ss/wörd",
    }


def test_the_secret_comes_from_the_environment_where_a_variable_is_named(
    write: Callable[..., Path], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("CALSYNC_TEST_SECRET", " from the environment ")
    path = write(exchange='client_id = "app"\nclient_secret_env = "CALSYNC_TEST_SECRET"')
    assert read(path).credential == ClientSecret(SecretStr("from the environment"))


def test_nothing_that_shows_settings_shows_a_secret(
    write: Callable[..., Path], tmp_path: Path
) -> None:
    (tmp_path / "password").write_text("hunter2pass", encoding="utf-8")
    path = write(
        database='url = "postgresql://calsync@db/consolidate"\npassword_file = "password"',
        exchange='client_id = "app"\nclient_secret_file = "secret.txt"\n'
        'proxy = "http://me:proxypass@proxy:1"',
    )
    settings = read(path)
    shown = repr(settings) + str(settings) + settings.model_dump_json()
    for secret in ("s3cret-value", "hunter2pass", "proxypass"):
        assert secret not in shown
    assert "proxypass" in {secret.get_secret_value() for secret in settings.secrets()}


def test_settings_are_values_that_nobody_changes(
    settings: Settings, write: Callable[..., Path]
) -> None:
    assert read(write()) == settings
    for value, name in ((settings.sync, "past_months"), (settings.credential, "value")):
        with pytest.raises((ValidationError, dataclasses.FrozenInstanceError)):
            setattr(value, name, 4)


def test_another_content_of_a_named_file_makes_other_settings(
    write: Callable[..., Path], tmp_path: Path, pem: Mapping[str, bytes]
) -> None:
    exchange = 'client_id = "app"\nclient_secret_file = "secret.txt"\nca_file = "ca.pem"'
    (tmp_path / "ca.pem").write_bytes(pem["authority"])
    before = read(write(exchange=exchange))
    (tmp_path / "ca.pem").write_bytes(pem["authority"] * 2)
    after = read(write(exchange=exchange))
    assert before != after
    assert before.exchange == after.exchange


def test_a_comment_makes_no_other_settings(settings: Settings, write: Callable[..., Path]) -> None:
    assert read(write(sync="# as before")) == settings


def test_settings_can_be_made_without_a_file() -> None:
    made = Settings(
        path=Path("agent.toml"),
        credential=ClientSecret(SecretStr("x")),
        database=Database(url=SecretStr("sqlite:///data.db")),
        exchange=Exchange(client_id="app", client_secret_env="X", ca_file=Path("ca.pem")),
    )
    assert made.exchange.ca_file == Path("ca.pem")
    assert made.database.url.get_secret_value() == "sqlite:///data.db"


def test_a_secret_that_every_account_can_read_is_said(
    settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(reading, "readable_by_others", lambda path: path.name == "secret.txt")
    [warning] = exposed(settings)
    assert str(warning) == (
        f"{settings.exchange.client_secret_file} holds a secret, and every account on this host"
        " can read it; let only the account that runs calsync-agent"
    )
    monkeypatch.setattr(reading, "readable_by_others", lambda _path: None)
    assert exposed(settings) == []
