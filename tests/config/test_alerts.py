"""The sections [alerts] and [metrics] of agent.toml (H2, H7)."""

from collections.abc import Callable
from pathlib import Path

import pytest

from calsync_agent.config import reading
from calsync_agent.config.reading import attempt, exposed, read
from calsync_agent.config.settings import Alerts, Settings

SMTP = 'host = "mail.example"\nsender = "calsync@example.com"'


def secrets(settings: Settings) -> list[str]:
    return [secret.get_secret_value() for secret in settings.secrets()]


def test_h2_without_the_section_nobody_is_told(settings: Settings) -> None:
    assert settings.alerts == Alerts()
    assert settings.metrics.listen == ""


def test_h2_every_key_is_taken_and_what_is_secret_is_known_as_such(
    write: Callable[..., Path], tmp_path: Path
) -> None:
    (tmp_path / "mail.txt").write_text("mail-pass\n")
    path = write(
        alerts='mail = ["it@example.com", "boss@example.com"]\n'
        'webhooks = ["https://hook.example/t0ken", "http://127.0.0.1:8080/"]\n'
        'command = "/usr/local/bin/page"\nheartbeat_url = "https://alive.example/uuid"\n'
        "heartbeat_seconds = 60",
        **{
            "alerts.smtp": f'{SMTP}\nport = 2525\nuser = "calsync"\npassword_file = "mail.txt"\n'
            'tls = "none"'
        },
        metrics='listen = "127.0.0.1:9464"',
    )
    settings = read(path)
    assert settings.alerts.mail == ("it@example.com", "boss@example.com")
    assert settings.alerts.smtp.port == 2525
    assert settings.metrics.listen == "127.0.0.1:9464"
    assert {"mail-pass", "https://hook.example/t0ken", "https://alive.example/uuid"} <= set(
        secrets(settings)
    )
    assert "t0ken" not in repr(settings)
    assert tmp_path / "mail.txt" in attempt(path).files


def test_h2_a_mail_password_that_every_account_can_read_is_said(
    write: Callable[..., Path], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "mail.txt").write_text("mail-pass\n")
    monkeypatch.setattr(reading, "readable_by_others", lambda path: path.name == "mail.txt")
    login = f'{SMTP}\nuser = "calsync"\npassword_file = "mail.txt"'
    settings = read(write(**{"alerts.smtp": login}))
    [warning] = exposed(settings)
    assert str(warning).startswith(f"{tmp_path / 'mail.txt'} holds a secret")


WRONG = [
    ("alerts", 'mail = "it@example.com"', "alerts.mail: must be a list of texts"),
    ("alerts", "mail = [1]", "alerts.mail: must be a text in quotes, not 1"),
    ("alerts", 'mail = ["nobody"]', "alerts.mail: must be an e-mail address"),
    ("alerts", 'mail = ["A <a@example.com>"]', "alerts.mail: must be an e-mail address"),
    ("alerts", 'mail = ["a@b.example\\nBcc: x@y.example"]', "alerts.mail: must be an e-mail"),
    ("alerts", 'webhooks = ["ftp://secret.example"]', "alerts.webhooks: must be an address"),
    ("alerts", "heartbeat_seconds = 0", "alerts.heartbeat_seconds: must be from 1 to 86400"),
    ("alerts", 'heartbeat_url = "nowhere"', "alerts.heartbeat_url: must be an address"),
    ("alerts", "webhook = []", "alerts.webhook: is no key of [alerts]; did you mean webhooks?"),
    ("alerts", "smtp = 1", "alerts.smtp: must be a [section]"),
    ("alerts", 'mail = ["it@example.com"]', "alerts.smtp.host: is missing"),
    ("alerts.smtp", "port = 70000", "alerts.smtp.port: must be from 0 to 65535"),
    ("alerts.smtp", 'tls = "ssl"', "alerts.smtp.tls: must be one of starttls, tls, none"),
    ("alerts.smtp", 'host = "https://mail.example"', "alerts.smtp.host: must be a server"),
    ("alerts.smtp", 'host = "mail.example:25"', "alerts.smtp.host: must be a server"),
    ("alerts.smtp", 'password_file = "gone.txt"', "alerts.smtp.password_file: there is no file"),
    ("alerts.smtp", 'password = "x"', "alerts.smtp.password: does not belong here"),
    ("alerts.smtp", "hosts = 1", "alerts.smtp.hosts: is no key of [alerts.smtp]; did you mean"),
    ("metrics", 'listen = "9464"', "metrics.listen: must be an address with a port"),
    ("metrics", 'listen = "127.0.0.1"', "metrics.listen: must be an address with a port"),
    ("metrics", 'listen = "127.0.0.1:99999"', "metrics.listen: must be an address with a port"),
]


@pytest.mark.parametrize(("section", "keys", "told"), WRONG)
def test_h2_what_cannot_be_used_is_named_with_its_key(
    section: str,
    keys: str,
    told: str,
    write: Callable[..., Path],
    lines: Callable[[Path], list[str]],
) -> None:
    found = lines(write(**{section: keys}))
    assert any(line.startswith(told) for line in found), found
    assert not any("secret.example" in line for line in found)
