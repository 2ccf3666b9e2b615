"""Why a host cannot be reached, and what to look at: an exception as one helpful sentence."""

import socket
import ssl
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Final
from urllib.parse import urlsplit

from calsync_agent.errors import Unreachable
from calsync_agent.exchange.transport.retry import rest_asked
from calsync_agent.exchange.transport.trust import shown
from calsync_agent.i18n import Message, message

_DEEPEST: Final = 10  # exceptions that one may be chained to
_LONGEST: Final = 200  # characters of an address


@dataclass(frozen=True, slots=True)
class Way:
    """The way to a host, as it stands in the settings."""

    url: str
    key: str  # the setting that holds `url`
    proxy: str | None

    def unreachable(self, error: Exception, *, at_proxy: bool = False) -> Unreachable:
        """The trouble that `error` means; `at_proxy`: the proxy answered, and refused."""
        return Unreachable(self._sentence(error, at_proxy=at_proxy))

    def led_astray(self, status: int, location: str) -> Unreachable:
        """The trouble that a redirect to `location` means."""
        return Unreachable(
            message(
                "{host} sends calsync elsewhere ({status}, {location}), which it does not follow; "
                "check {key}, and whether a proxy or a log-in page stands in between",
                host=self.host,
                key=self.key,
                status=status,
                location=location.partition("?")[0][:_LONGEST],
            )
        )

    def not_entra(self, status: int) -> Unreachable:
        """The trouble of a host that does not speak as Microsoft Entra ID does."""
        return Unreachable(
            message(
                "{host} does not answer like Microsoft Entra ID (status {status}); check {key}, "
                "and whether a proxy or a log-in page stands in between",
                host=self.host,
                key=self.key,
                status=status,
            )
        )

    def out_of_order(self, status: int, retry_after: str | None) -> Unreachable:
        """The trouble of a sign-in that is overloaded or failing, with the rest it asks for."""
        rest = rest_asked(retry_after, datetime.now(UTC))
        return Unreachable(
            message(
                "{host} is out of order or overloaded ({status})", host=self.host, status=status
            ),
            retry_after=rest,
        )

    @property
    def host(self) -> Message:
        """The host with its port, and the proxy that leads to it."""
        parts = urlsplit(self.url)
        host = f"{parts.hostname}:{parts.port or 443}"
        if self.proxy is None:
            return message("{host}", host=host)
        return message("{host} (through the proxy {proxy})", host=host, proxy=shown(self.proxy))

    @property
    def _next(self) -> Message:
        """What a connection is made to: the proxy, where there is one, and else the host."""
        if self.proxy is None:
            return self.host
        return message("the proxy {proxy}", proxy=shown(self.proxy))

    @property
    def _next_key(self) -> str:
        return self.key if self.proxy is None else "exchange.proxy"

    def _sentence(self, error: Exception, *, at_proxy: bool) -> Message:
        if at_proxy:
            return message(
                "the proxy does not let calsync through to {host}: {reason}; check exchange.proxy "
                "or HTTPS_PROXY, with user and password if it asks for them",
                host=self.host,
                reason=str(error),
            )
        for cause in _chain(error):
            sentence = self._explained(cause)
            if sentence is not None:
                return sentence
        return message(
            "{host} cannot be reached: {reason}; check the network and {key}",
            host=self.host,
            key=self.key,
            reason=str(error) or type(error).__name__,
        )

    def _explained(self, cause: BaseException) -> Message | None:
        match cause:
            case ssl.SSLCertVerificationError():
                return message(
                    "the TLS certificate of {host} is not trusted: {reason}; if a private "
                    "authority or a proxy that inspects TLS stands in between, name its "
                    "certificate in exchange.ca_file",
                    host=self.host,
                    reason=cause.verify_message,
                )
            case ssl.SSLError():
                return message(
                    "no TLS connection to {host}: {reason}; check that {key} names an https port",
                    host=self.host,
                    key=self.key,
                    reason=cause.reason or str(cause),
                )
            case socket.gaierror():
                return message(
                    "the name of {host} is not known to DNS; check {key} and the DNS servers",
                    host=self._next,
                    key=self._next_key,
                )
            case ConnectionRefusedError():
                return message(
                    "nothing accepts connections at {host}; check {key}, the firewall, and "
                    "whether a proxy is needed (exchange.proxy)",
                    host=self._next,
                    key=self._next_key,
                )
            case TimeoutError():
                return message(
                    "{host} does not answer a call for a connection; check {key}, the network, "
                    "the firewall, and whether a proxy is needed (exchange.proxy)",
                    host=self._next,
                    key=self._next_key,
                )
            case _:
                return None


def _chain(error: BaseException) -> Iterator[BaseException]:
    """`error` and what caused it, nearest first."""
    cause: BaseException | None = error
    for _ in range(_DEEPEST):
        if isinstance(cause, BaseExceptionGroup):  # several addresses of one host were tried
            cause = cause.exceptions[0]
        if cause is None:
            return
        yield cause
        cause = cause.__cause__ or cause.__context__
