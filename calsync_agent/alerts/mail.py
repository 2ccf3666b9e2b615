"""The channel that is e-mail."""

import asyncio
import smtplib
import socket
import ssl
import threading
from contextlib import suppress
from dataclasses import dataclass, field
from email.message import EmailMessage
from email.utils import formatdate, make_msgid
from typing import Final, Literal

from pydantic import SecretStr

from calsync_agent.alerts.notice import Notice, Undelivered
from calsync_agent.i18n import message

_SECONDS: Final = 10.0
_READY: Final = 220
_PORTS: Final = {"starttls": 587, "tls": 465, "none": 25}


@dataclass(frozen=True, slots=True)
class Mail:
    """One mail to all, by one server."""

    to: tuple[str, ...]
    sender: str
    host: str
    port: int = 0
    user: str = ""
    password: SecretStr | None = None
    tls: Literal["starttls", "tls", "none"] = "starttls"
    trust: ssl.SSLContext | None = field(default=None, compare=False)

    @property
    def label(self) -> str:
        """The server; not whom it is for."""
        return f"mail ({self.host})"

    async def send(self, notice: Notice) -> None:
        """Hand it to the server. Raises Undelivered."""
        mail = self._mail(notice)
        servers: list[smtplib.SMTP] = []
        loop = asyncio.get_running_loop()
        done: asyncio.Future[None] = loop.create_future()

        def work() -> None:
            found: Exception | None = None
            try:
                self._deliver(mail, servers)
            except Exception as error:  # noqa: BLE001 - it is raised on the other side
                found = error
            with suppress(RuntimeError):  # the loop has ended
                loop.call_soon_threadsafe(_settle, done, found)

        # Ends with the process: a server that hangs keeps nothing from ending.
        threading.Thread(target=work, name="calsync-mail", daemon=True).start()
        try:
            await done
        except (smtplib.SMTPException, OSError, ValueError) as error:
            told = message(
                "{host} does not take the mail: {reason}", host=self.host, reason=_reason(error)
            )
            raise Undelivered(told) from None
        finally:
            _cut(servers)

    def _mail(self, notice: Notice) -> EmailMessage:
        mail = EmailMessage()
        mail["Subject"] = " ".join(f"calsync: {notice.title}".split())
        mail["From"] = self.sender
        mail["To"] = ", ".join(self.to)
        mail["Date"] = formatdate()
        mail["Message-ID"] = make_msgid(domain=self.sender.rpartition("@")[2])
        mail["Auto-Submitted"] = "auto-generated"  # nobody's absence notice is wanted
        mail.set_content(notice.text + "\n")
        return mail

    def _server(self) -> smtplib.SMTP:
        """Not connected yet, so that it can be cut off while it is. Takes time."""
        trust = self.trust or ssl.create_default_context()
        server = (
            smtplib.SMTP_SSL(timeout=_SECONDS, context=trust)
            if self.tls == "tls"
            else smtplib.SMTP(timeout=_SECONDS)
        )
        vars(server)["_host"] = self.host  # whose certificate is asked for
        return server

    def _deliver(self, mail: EmailMessage, servers: list[smtplib.SMTP]) -> None:
        server = self._server()
        servers.append(server)
        try:
            code, told = server.connect(self.host, self.port or _PORTS[self.tls])
            if code != _READY:
                raise smtplib.SMTPConnectError(code, told)
            if self.tls == "starttls":
                server.starttls(context=self.trust or ssl.create_default_context())
            if self.user:
                password = self.password.get_secret_value() if self.password else ""
                server.login(self.user, password)
            server.send_message(mail)
            with suppress(smtplib.SMTPException, OSError):  # it has the mail already
                server.quit()
        finally:
            server.close()


def _settle(done: asyncio.Future[None], error: Exception | None) -> None:
    if done.done():
        return  # nobody waits any more
    if error is None:
        done.set_result(None)
    else:
        done.set_exception(error)


def _cut(servers: list[smtplib.SMTP]) -> None:
    """Have a thread that still waits for its server wait no longer."""
    for server in servers:
        if server.sock is not None:
            with suppress(OSError):
                server.sock.shutdown(socket.SHUT_RDWR)


def _reason(error: Exception) -> str:
    """What the server said, or what is wrong with the line to it."""
    match error:
        case smtplib.SMTPResponseException(smtp_code=code, smtp_error=told):
            text = told.decode(errors="replace") if isinstance(told, bytes) else str(told)
            return f"{code} {text}"
        case smtplib.SMTPRecipientsRefused(recipients=refused):
            return "; ".join(
                f"{code} {told.decode(errors='replace')}" for code, told in refused.values()
            )
        case OSError(strerror=str(text)):
            return text
        case _:
            return str(error).partition("\n")[0] or type(error).__name__
