"""The files and the variable that agent.toml names: what is wrong, never what they hold."""

import datetime as dt
import os
from collections.abc import Callable, Mapping
from pathlib import Path

import pytest

from calsync_agent.config.reading import read
from calsync_agent.config.settings import ClientCertificate, ClientSecret

APP = 'client_id = "a"\n'
SECRET = 'client_secret_file = "secret.txt"\n'
CERTIFICATE = 'certificate_file = "app.pem"'
POSTGRESQL = 'url = "postgresql://calsync@db/consolidate"\npassword_file = "password"'


@pytest.mark.parametrize("key", ["client_secret_file", "certificate_file"])
def test_a_credential_s_missing_file_is_named(
    key: str, write: Callable[..., Path], lines: Callable[[Path], list[str]], tmp_path: Path
) -> None:
    path = write(exchange=f'{APP}{key} = "gone"')
    assert lines(path) == [f"exchange.{key}: there is no file {tmp_path / 'gone'}"]


@pytest.mark.skipif(os.name == "nt", reason="systemd")
@pytest.mark.parametrize("there", [False, True], ids=["no file", "not for this account"])
def test_what_systemd_hands_over_stands_for_a_file_that_this_account_may_not_read(
    write: Callable[..., Path], tmp_path: Path, monkeypatch: pytest.MonkeyPatch, *, there: bool
) -> None:
    path = write(database=POSTGRESQL, exchange=f'{APP}client_secret_file = "secret.txt"')
    handed = tmp_path / "credentials"
    handed.mkdir()
    for name in ("secret.txt", "password"):
        (tmp_path / name).unlink(missing_ok=True)
        (handed / name).write_text(f"handed over as {name.partition('.')[0]}\n")
    (handed / "password").write_text("from-systemd\n")
    if there:
        (tmp_path / "password").write_text("for root alone\n")
        usual = os.open

        def denied(file: Path, *how: int) -> int:
            if file == tmp_path / "password":
                raise PermissionError(13, "Permission denied", str(file))
            return usual(file, *how)

        monkeypatch.setattr(os, "open", denied)
    monkeypatch.setenv("CREDENTIALS_DIRECTORY", str(handed))
    settings = read(path)
    assert isinstance(settings.credential, ClientSecret)
    assert settings.credential.value.get_secret_value() == "handed over as secret"
    assert "from-systemd" in settings.database.url.get_secret_value()


@pytest.mark.skipif(os.name == "nt", reason="systemd")
def test_a_file_that_can_be_read_goes_before_what_systemd_hands_over(
    write: Callable[..., Path], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A file is watched; a credential stays as it was when the service began."""
    (tmp_path / "credentials").mkdir()
    (tmp_path / "credentials" / "secret.txt").write_text("older")
    monkeypatch.setenv("CREDENTIALS_DIRECTORY", str(tmp_path / "credentials"))
    settings = read(write())
    assert isinstance(settings.credential, ClientSecret)
    assert settings.credential.value.get_secret_value() == "s3cret-value"


def test_every_other_missing_file_is_named(
    write: Callable[..., Path], lines: Callable[[Path], list[str]], tmp_path: Path
) -> None:
    path = write(exchange=f'{APP}{SECRET}ca_file = "gone"', database=POSTGRESQL)
    assert lines(path) == [
        f"exchange.ca_file: there is no file {tmp_path / 'gone'}",
        f"database.password_file: there is no file {tmp_path / 'password'}",
    ]


@pytest.mark.parametrize(
    ("content", "told"),
    [
        (b"", "is empty; put the secret in it"),
        (b" \r\n\r\n", "is empty; put the secret in it"),
        (b"one\ntwo\n", "has several lines; it may hold the secret alone"),
        (b"\xff\xfes\x00", "is not in UTF-8; save it in that encoding"),
    ],
)
def test_a_file_that_holds_no_secret_is_named(
    content: bytes,
    told: str,
    write: Callable[..., Path],
    lines: Callable[[Path], list[str]],
    tmp_path: Path,
) -> None:
    path = write(database=POSTGRESQL)
    (tmp_path / "secret.txt").write_bytes(content)
    (tmp_path / "password").write_bytes(content)
    assert lines(path) == [
        f"exchange.client_secret_file: {tmp_path / 'secret.txt'} {told}",
        f"database.password_file: {tmp_path / 'password'} {told}",
    ]


def test_a_folder_in_the_place_of_a_secret_is_named(
    write: Callable[..., Path], lines: Callable[[Path], list[str]], tmp_path: Path
) -> None:
    (tmp_path / "secrets").mkdir()
    path = write(exchange=f'{APP}client_secret_file = "secrets"')
    assert lines(path) == [
        f"exchange.client_secret_file: {tmp_path / 'secrets'} is a folder; name a file in it"
    ]


@pytest.mark.parametrize("value", [None, "", "  "])
def test_a_variable_that_is_not_set_is_named(
    value: str | None,
    write: Callable[..., Path],
    lines: Callable[[Path], list[str]],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.delenv("CALSYNC_TEST_SECRET", raising=False)
    if value is not None:
        monkeypatch.setenv("CALSYNC_TEST_SECRET", value)
    path = write(exchange=f'{APP}client_secret_env = "CALSYNC_TEST_SECRET"')
    assert lines(path) == [
        (
            "exchange.client_secret_env:"
            " the environment variable CALSYNC_TEST_SECRET is not set or empty; set it"
        )
    ]


@pytest.mark.parametrize(
    "parts",
    [("key", "certificate"), ("certificate", "key"), ("other_certificate", "key", "certificate")],
)
def test_the_certificate_that_belongs_to_the_key_is_found_in_any_order(
    parts: tuple[str, ...], write: Callable[..., Path], tmp_path: Path, pem: Mapping[str, bytes]
) -> None:
    (tmp_path / "app.pem").write_bytes(b"".join(pem[part] for part in parts))
    credential = read(write(exchange=APP + CERTIFICATE)).credential
    assert isinstance(credential, ClientCertificate)
    assert credential.certificate.encode() == pem["certificate"]
    assert credential.private_key.get_secret_value().startswith("-----BEGIN PRIVATE KEY-----")
    assert "BEGIN PRIVATE KEY" not in repr(credential)


@pytest.mark.parametrize(
    ("parts", "told"),
    [
        ((), "{path} holds no private key in PEM form (-----BEGIN PRIVATE KEY-----)"),
        (
            ("certificate",),
            "{path} holds no private key in PEM form (-----BEGIN PRIVATE KEY-----)",
        ),
        (("key",), "{path} holds no certificate in PEM form (-----BEGIN CERTIFICATE-----)"),
        (
            ("key", "other_certificate"),
            "the certificate in {path} does not belong to the key in it",
        ),
        (
            ("locked_key", "certificate"),
            "the private key in {path} has a pass phrase; store it without",
        ),
        (
            ("elliptic_key", "certificate"),
            "the private key in {path} is not RSA; Entra ID takes no other",
        ),
    ],
)
def test_a_file_that_cannot_sign_in_is_named_with_the_reason(
    parts: tuple[str, ...],
    told: str,
    write: Callable[..., Path],
    lines: Callable[[Path], list[str]],
    pem: Mapping[str, bytes],
) -> None:
    settings = write(exchange=APP + CERTIFICATE)
    path = settings.parent / "app.pem"
    path.write_bytes(b"".join(pem[part] for part in parts))
    assert lines(settings) == [f"exchange.certificate_file: {told.format(path=path)}"]


def test_an_expired_certificate_is_named_with_its_last_day(
    write: Callable[..., Path],
    lines: Callable[[Path], list[str]],
    tmp_path: Path,
    pem: Mapping[str, bytes],
) -> None:
    (tmp_path / "app.pem").write_bytes(pem["expired"])
    assert lines(write(exchange=APP + CERTIFICATE)) == [
        (
            f"exchange.certificate_file: the certificate in {tmp_path / 'app.pem'} expired on"
            f" {dt.date(2020, 1, 2)}; a new one is needed"
        )
    ]


def test_a_ca_file_without_certificates_is_named(
    write: Callable[..., Path], lines: Callable[[Path], list[str]], tmp_path: Path
) -> None:
    (tmp_path / "ca.pem").write_bytes(b"0\x82\x03\x01 not PEM but DER")
    assert lines(write(exchange=f'{APP}{SECRET}ca_file = "ca.pem"')) == [
        (
            f"exchange.ca_file: {tmp_path / 'ca.pem'} holds no certificate in PEM form"
            " (-----BEGIN CERTIFICATE-----)"
        )
    ]


@pytest.mark.parametrize(
    ("url", "told"),
    [
        ("sqlite:///data.db", "cannot be used: a SQLite file has no password"),
        (
            "postgresql://calsync:hunter2@db/consolidate",
            "is too much: there is a password in the url; take it out there",
        ),
        ("postgresql://db/consolidate", "needs a login in the url: …//user@server/database"),
    ],
)
def test_a_password_that_has_no_place_in_the_url_is_refused(
    url: str,
    told: str,
    write: Callable[..., Path],
    lines: Callable[[Path], list[str]],
    tmp_path: Path,
) -> None:
    (tmp_path / "password").write_text("hunter2", encoding="utf-8")
    path = write(database=f'url = "{url}"\npassword_file = "password"')
    assert lines(path) == [f"database.password_file: {told}"]


def test_no_secret_is_in_any_refusal(
    write: Callable[..., Path], lines: Callable[[Path], list[str]], tmp_path: Path
) -> None:
    (tmp_path / "password").write_text("hunter2\nhunter2", encoding="utf-8")
    path = write(
        database='url = "oracle://me:hunter2@db/x"\npassword_file = "password"',
        exchange=f'{APP}{SECRET}client_secret = "hunter2"\nproxy = "ftp://me:hunter2@proxy"',
        sync='password = "hunter2"',
    )
    (tmp_path / "secret.txt").write_text("hunter2\nhunter2", encoding="utf-8")
    found = lines(path)
    assert len(found) == 6
    assert not any("hunter2" in line for line in found)
