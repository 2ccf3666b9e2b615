"""Settings that were entered are written so that reading them gives just what was entered."""

import os
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from uuid import uuid4

import pytest
import sqlalchemy as sa
from hypothesis import HealthCheck, given
from hypothesis import settings as hypothesis
from hypothesis import strategies as st

from calsync_agent.config import drafting, reading, writing
from calsync_agent.config.drafting import PASSWORD_FILE, SECRET_FILE, SettingsDraft, problems
from calsync_agent.config.settings import ClientCertificate, ClientSecret
from calsync_agent.config.writing import write
from calsync_agent.errors import ConfigurationRefused

GUID = "11111111-2222-3333-4444-555555555555"
SERVER = "postgresql+psycopg2://calsync@db.example/consolidate"
GOOD = SettingsDraft(url=SERVER, password="geheim", client_id=GUID, client_secret="s~e.cret")
POSIX = pytest.mark.skipif(os.name == "nt", reason="POSIX permissions")


@pytest.fixture
def file(tmp_path: Path) -> Path:
    return tmp_path / "etc" / "calsync" / "agent.toml"


@pytest.fixture
def certificate_file(tmp_path: Path, pem: Mapping[str, bytes]) -> Path:
    path = tmp_path / "app.pem"
    path.write_bytes(pem["certificate"] + pem["key"])
    return path


@pytest.fixture
def authorities_file(tmp_path: Path, pem: Mapping[str, bytes]) -> Path:
    path = tmp_path / "ca.pem"
    path.write_bytes(pem["authority"])
    return path


def wrong(draft: SettingsDraft, path: Path) -> dict[str, str]:
    return {field: str(text) for field, text in problems(draft, path).items()}


def test_what_was_entered_is_read_back(file: Path) -> None:
    assert problems(GOOD, file) == {}
    folder = file.parent
    assert write(file, GOOD) == [folder / PASSWORD_FILE, folder / SECRET_FILE, file]
    settings = reading.read(file)
    url = sa.make_url(settings.database.url.get_secret_value())
    assert (url.username, url.password, url.host) == ("calsync", "geheim", "db.example")
    assert settings.database.schema_name == ""
    assert settings.exchange.client_id == GUID
    assert isinstance(settings.credential, ClientSecret)
    assert settings.credential.value.get_secret_value() == "s~e.cret"
    assert settings.sync.max_deletes == 10


def test_everything_that_can_be_entered_is_read_back(
    file: Path, certificate_file: Path, authorities_file: Path
) -> None:
    draft = SettingsDraft(
        url=f"sqlite:///{file.parent / 'Büro & Co.db'}",
        schema="",
        client_id=GUID,
        certificate_file=str(certificate_file),
        authority="https://login.example",
        graph_url="https://graph.example/v1.0",
        ca_file=str(authorities_file),
        proxy="http://proxy.example:8080",
    )
    assert problems(draft, file) == {}
    assert write(file, draft) == [file]
    settings = reading.read(file)
    assert isinstance(settings.credential, ClientCertificate)
    assert settings.exchange.authority == "https://login.example"
    assert settings.exchange.graph_url == "https://graph.example/v1.0"
    assert settings.exchange.ca_file == authorities_file
    assert settings.exchange.proxy.get_secret_value() == "http://proxy.example:8080"
    database = sa.make_url(settings.database.url.get_secret_value()).database
    assert database == str(file.parent / "Büro & Co.db")


@hypothesis(max_examples=60, deadline=None, suppress_health_check=list(HealthCheck))
@given(
    password=st.text(st.characters(codec="utf-8", exclude_categories=["C", "Z"]), min_size=1),
    schema=st.text(st.characters(codec="utf-8", exclude_categories=["Cs", "Z"])),
)
def test_any_password_and_any_name_survive(tmp_path: Path, password: str, schema: str) -> None:
    file = tmp_path / f"{uuid4()}" / "agent.toml"
    write(file, replace(GOOD, password=password, schema=schema))
    settings = reading.read(file).database
    assert sa.make_url(settings.url.get_secret_value()).password == password
    assert settings.schema_name == schema.strip()


def test_a_password_in_the_url_goes_into_its_own_file(file: Path) -> None:
    draft = replace(GOOD, url=SERVER.replace("calsync@", "calsync:p%40ss@"), password="")
    assert problems(draft, file) == {}
    write(file, draft)
    assert "ss@" not in file.read_text()
    assert (file.parent / PASSWORD_FILE).read_text() == "p@ss\n"
    url = sa.make_url(reading.read(file).database.url.get_secret_value())
    assert url.password == "p@ss"


@POSIX
def test_only_the_owner_can_read_what_was_written(file: Path) -> None:
    file.parent.mkdir(parents=True)
    file.write_text("")
    file.chmod(0o644)
    for written in write(file, GOOD):
        assert written.stat().st_mode & 0o777 == 0o600


@POSIX
def test_the_group_that_shares_the_folder_can_read_what_was_written(file: Path) -> None:
    """The service is another account than who sets it up."""
    file.parent.mkdir(parents=True)
    file.parent.chmod(0o2770)
    write(file, GOOD)
    for written in (*write(file, GOOD), writing.older(file)):
        assert written.stat().st_mode & 0o777 == 0o640
        assert written.stat().st_gid == file.parent.stat().st_gid


def test_an_older_file_keeps_what_was_not_asked_for_unless_it_is_wrong(file: Path) -> None:
    write(file, GOOD)
    older = file.read_text().replace("max_deletes = 10", "max_deletes = 25")
    older = older.replace("past_months = 3", "past_months = 999").replace('"info"', '"debug"')
    file.write_text(older)
    write(file, replace(GOOD, schema="other"))
    settings = reading.read(file)
    assert settings.database.schema_name == "other"
    assert (settings.sync.max_deletes, settings.sync.past_months) == (25, 3)
    assert settings.log.level == "debug"


def test_what_was_written_can_be_edited_again(file: Path) -> None:
    draft = replace(GOOD, schema="calendar", proxy="http://proxy.example:8080")
    write(file, draft)
    assert writing.draft_from(file) == draft
    file.write_text("[database\n")
    assert writing.draft_from(file) == SettingsDraft()
    assert writing.draft_from(file.parent / "missing.toml") == SettingsDraft()


def test_no_secret_stands_in_the_settings_file(file: Path) -> None:
    write(file, GOOD)
    assert not {"geheim", "s~e.cret"} & set(file.read_text().split('"'))


@pytest.mark.parametrize(
    ("changes", "field", "text"),
    [
        ({"url": ""}, "url", "no database address"),
        ({"url": "db.example"}, "url", "no database address"),
        ({"url": "mysql://db.example/x"}, "url", "must begin with one of"),
        ({"url": "postgresql://calsync@db.example"}, "url", "must name the database"),
        ({"url": "sqlite://", "password": ""}, "url", "must name a file"),
        ({"url": f"sqlite:///{Path.cwd()}/file"}, "password", "SQLite file has no password"),
        ({"url": "sqlite:///file", "password": ""}, "url", "with its whole path"),
        ({"certificate_file": __file__}, "certificate_file", "holds no private key"),
        ({"url": "postgresql://db.example/x"}, "url", "needs a login for the password"),
        ({"url": f"{SERVER}?password=x"}, "url", "must not carry the password"),
        (
            {"url": "mssql+pyodbc://?odbc_connect=Server%3Ddb%3BPWD%3Dx", "password": ""},
            "url",
            "must not carry the password",
        ),
        (
            {"url": SERVER.replace("calsync@", "calsync:other@")},
            "password",
            "another password in the url",
        ),
        ({"client_id": ""}, "client_id", "must be given"),
        ({"client_id": "my app"}, "client_id", "must be given, without spaces"),
        ({"client_id": "11111111"}, "client_id", "must be a GUID"),
        ({"client_secret": ""}, "client_secret", "is missing"),
        ({"client_secret": GUID}, "client_secret", "the secret's id"),
        ({"client_secret": "two words"}, "client_secret", "must be one word"),
        ({"certificate_file": "missing.pem"}, "certificate_file", "there is no file"),
        ({"certificate_file": "."}, "certificate_file", "is a folder"),
        ({"authority": "http://login.example"}, "authority", "must begin with https"),
        ({"authority": f"https://login.example/{GUID}"}, "authority", "must not name the tenant"),
        ({"graph_url": "graph"}, "graph_url", "must be an address"),
        ({"ca_file": "missing.pem"}, "ca_file", "there is no file"),
        ({"proxy": "ftp://proxy"}, "proxy", "must be an address"),
    ],
)
def test_what_is_wrong_is_said_of_the_field(
    changes: dict[str, str], field: str, text: str, tmp_path: Path
) -> None:
    alone = {"client_secret": ""} if "certificate_file" in changes else {}
    found = wrong(replace(GOOD, **alone, **changes), tmp_path / "agent.toml")
    assert text in found.pop(field)
    assert found == {}


def test_a_secret_and_a_certificate_are_too_much(certificate_file: Path) -> None:
    draft = replace(GOOD, certificate_file=str(certificate_file))
    assert "empty one of both" in wrong(draft, certificate_file)["client_secret"]


@POSIX
def test_a_certificate_that_everybody_can_read_is_warned_of(certificate_file: Path) -> None:
    draft = replace(GOOD, client_secret="", certificate_file=str(certificate_file))
    certificate_file.chmod(0o600)
    assert drafting.warnings(draft, certificate_file) == {}
    certificate_file.chmod(0o644)
    if drafting.readable_by_others(certificate_file):  # the folders above may forbid it anyway
        (told,) = drafting.warnings(draft, certificate_file).values()
        assert f"chmod 600 {certificate_file}" in str(told)


def test_the_place_is_the_one_given_or_the_variables(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv(reading.VARIABLE, str(tmp_path / "named.toml"))
    assert writing.place(tmp_path / "given.toml") == tmp_path / "given.toml"
    assert writing.place(None) == tmp_path / "named.toml"


@pytest.mark.parametrize("writable", [True, False])
def test_else_it_is_the_sites_where_that_can_be_written_or_the_users(
    writable: bool, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv(reading.VARIABLE, raising=False)
    site, user = tmp_path / "site", tmp_path / "user"
    if not writable:
        site.write_text("a file where the folder should be")
    monkeypatch.setattr(writing, "config_folders", lambda: (site, user))
    assert writing.place(None) == (site if writable else user) / "agent.toml"
    assert not user.exists()
    assert site.is_dir() is False  # looking leaves nothing behind


def test_what_cannot_be_written_is_refused_and_names_the_place(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    with pytest.raises(ConfigurationRefused, match="cannot be written"):
        write(tmp_path / "file" / "agent.toml", GOOD)
    assert "is a folder" in str(writing.unwritable(tmp_path))
    assert "is no folder" in str(writing.unwritable(tmp_path / "file" / "agent.toml"))
