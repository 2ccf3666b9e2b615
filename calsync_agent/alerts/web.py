"""Channels over HTTP: webhooks, and the sign of life that is missed when it stays away."""

import ssl
from dataclasses import dataclass, field
from typing import Final
from urllib.parse import urlsplit

import httpx
from pydantic import SecretStr

from calsync_agent.alerts.notice import Notice, Undelivered
from calsync_agent.i18n import message

_SECONDS: Final = 10.0


@dataclass(frozen=True, slots=True)
class Way:
    """How addresses are reached: whom to trust, and the proxy to take, if any."""

    trust: ssl.SSLContext | None = field(default=None, compare=False)
    proxy: str | None = None


@dataclass(frozen=True, slots=True)
class Webhook:
    """Posts each message as JSON."""

    address: SecretStr
    way: Way
    number: int = 1

    @property
    def label(self) -> str:
        """The host alone: what follows may be what lets one post there."""
        return f"webhook {self.number} ({_host(self.address)})"

    async def send(self, notice: Notice) -> None:
        """Post it. Raises Undelivered."""
        await _call("POST", self.address, self.way, notice.to_json().encode())


@dataclass(frozen=True, slots=True)
class Heartbeat:
    """Calls an address, as long as all is well."""

    address: SecretStr
    way: Way
    seconds: int

    @property
    def label(self) -> str:
        """The host alone."""
        return f"heartbeat ({_host(self.address)})"

    async def beat(self) -> None:
        """Call it. Raises Undelivered."""
        await _call("GET", self.address, self.way)


async def _call(method: str, address: SecretStr, way: Way, body: bytes | None = None) -> None:
    """Only the status of the answer is read."""
    headers = {"content-type": "application/json"} if body is not None else {}
    try:
        async with (
            httpx.AsyncClient(
                verify=way.trust if way.trust is not None else True,
                proxy=way.proxy,
                trust_env=False,
                timeout=_SECONDS,
            ) as client,
            client.stream(
                method, address.get_secret_value(), content=body, headers=headers
            ) as answer,
        ):
            if not answer.is_success:
                raise Undelivered(
                    message(
                        "{host} answers {status}", host=_host(address), status=answer.status_code
                    )
                )
    except (httpx.HTTPError, httpx.InvalidURL, OSError, ssl.SSLError) as error:
        reason = _reason(error)
        told = message("{host} cannot be reached: {reason}", host=_host(address), reason=reason)
        raise Undelivered(told) from None  # what is behind it may show the address


def _host(address: SecretStr) -> str:
    return urlsplit(address.get_secret_value()).hostname or "?"


def _reason(error: Exception) -> str:
    return str(error).partition("\n")[0] or type(error).__name__
