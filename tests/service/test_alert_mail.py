"""Mails about problems, to a server that is encrypted, refuses or hangs (H2)."""

import asyncio
import base64
import ssl
from typing import Literal

import pytest
import trustme
from pydantic import SecretStr

from calsync_agent.alerts.mail import Mail
from calsync_agent.alerts.notice import Notice, Undelivered
from calsync_agent.i18n import speaking
from tests.support.postbox import mail_server

pytestmark = pytest.mark.anyio

NOTICE = Notice("Das Profil von Jürgen", "Zeile\n.\nQUIT\nä", "profile_held", "begun")


@pytest.fixture
def anyio_backend() -> str:
    return "asyncio"


def mail(port: int, tls: Literal["starttls", "tls", "none"], ca: trustme.CA | None) -> Mail:
    trust = ssl.create_default_context()
    if ca is not None:
        ca.configure_trust(trust)
    password = SecretStr("pass") if ca is not None else None
    user = "calsync" if ca is not None else ""
    to = ("it@example.com",)
    return Mail(to, "calsync@example.com", "localhost", port, user, password, tls, trust)


@pytest.mark.parametrize("tls", ["starttls", "tls"])
async def test_h2_a_mail_goes_encrypted_to_a_server_that_is_trusted(
    tls: Literal["starttls", "tls"],
) -> None:
    ca = trustme.CA()
    there = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    ca.issue_cert("localhost").configure_cert(there)
    with mail_server(there, from_the_beginning=tls == "tls") as post:
        await mail(post.port, tls, ca).send(NOTICE)
        assert len(post.mails) == 1
        assert base64.b64decode(post.gets[0]) == b"\0calsync\0pass"
        assert "Auto-Submitted: auto-generated" in post.mails[0]
        with pytest.raises(Undelivered, match="localhost"):
            await mail(post.port, tls, None).send(NOTICE)
    assert len(post.mails) == 1


async def test_h2_a_server_without_encryption_gets_no_mail_where_it_is_asked_for() -> None:
    with mail_server() as post, pytest.raises(Undelivered):
        await mail(post.port, "starttls", None).send(NOTICE)
    assert post.mails == []


async def test_h2_a_refusal_is_told_in_the_servers_words() -> None:
    with mail_server() as post, speaking("en"):
        post.status = 550
        with pytest.raises(Undelivered) as told:
            await mail(post.port, "none", None).send(NOTICE)
    assert str(told.value) == "localhost does not take the mail: 550 not from you"


async def test_h2_a_server_that_hangs_is_waited_for_no_longer_than_the_channel_has() -> None:
    with mail_server() as post:
        post.hanging = True
        with pytest.raises(TimeoutError):
            async with asyncio.timeout(0.2):
                await mail(post.port, "none", None).send(NOTICE)
