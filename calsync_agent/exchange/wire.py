"""The only module that knows the HTTP library: bytes out, bytes or a reason back."""

import json
import logging
from collections.abc import Mapping
from dataclasses import dataclass
from http import HTTPStatus
from typing import Final, TypeAlias
from urllib.parse import urlencode

import httpx

from calsync_agent import __version__
from calsync_agent.exchange.links import Root
from calsync_agent.exchange.reach import Way
from calsync_agent.exchange.requests import Lost
from calsync_agent.exchange.settings import GraphSettings
from calsync_agent.exchange.troubles import Unreachable
from calsync_agent.exchange.trust import proxy_for, tls
from calsync_agent.i18n import message

Transport: TypeAlias = httpx.AsyncBaseTransport
SignInTransport: TypeAlias = httpx.BaseTransport

USER_AGENT: Final = f"calsync/{__version__}"
_IDLE_CONNECTIONS: Final = 64

# They tell every address at INFO, delta tokens and mailboxes included; `session.py` tells what
# helps.
for _name in ("httpx", "httpcore"):
    logging.getLogger(_name).setLevel(logging.WARNING)

# A profile is polled every few seconds: the connection, and its TLS session, outlive that.
_KEEP_ALIVE_SECONDS: Final = 55.0
# These happen before the first byte of a request leaves.
_NEVER_SENT: Final = (httpx.ConnectError, httpx.ConnectTimeout, httpx.UnsupportedProtocol)


@dataclass(frozen=True, slots=True)
class Reply:
    """What came back, unread; header names in lower case."""

    status: int
    headers: dict[str, str]
    content: bytes


class Wire:
    """The connections to graph_url's host, and to no other."""

    def __init__(self, settings: GraphSettings, transport: Transport | None = None) -> None:
        self.root = Root.of(settings.graph_url)
        proxy = proxy_for(settings.graph_url, settings.proxy)
        self._way = Way(settings.graph_url, "exchange.graph_url", proxy)
        # trust_env is off: `proxy_for` and `tls` have read the environment.
        self._client = httpx.AsyncClient(
            transport=transport,
            verify=tls(settings.ca_file) if transport is None else True,
            proxy=proxy if transport is None else None,
            trust_env=False,
            follow_redirects=False,
            timeout=_timeouts(settings),
            limits=httpx.Limits(
                max_connections=None,  # `Pace` bounds what is under way
                max_keepalive_connections=_IDLE_CONNECTIONS,
                keepalive_expiry=_KEEP_ALIVE_SECONDS,
            ),
            headers={"User-Agent": USER_AGENT, "Accept": "application/json"},
        )

    async def call(
        self, method: str, target: str, headers: Mapping[str, str], content: bytes | None
    ) -> Reply | Lost:
        """Ask for `target` (path and query) at graph_url's host.

        Lost where something was sent and nothing usable came back; Unreachable where nothing was
        sent.
        """
        try:
            response = await self._client.request(
                method, self.root.origin + target, headers=headers, content=content
            )
        except httpx.ProxyError as error:
            raise self._way.unreachable(error, at_proxy=True) from error
        except _NEVER_SENT as error:
            raise self._way.unreachable(error) from error
        except httpx.TimeoutException:
            return Lost(message("{host} did not answer in time", host=self._way.host))
        except (httpx.TransportError, httpx.DecodingError, OSError) as error:
            return Lost(
                message(
                    "the connection to {host} broke: {reason}",
                    host=self._way.host,
                    reason=str(error) or type(error).__name__,
                )
            )
        return Reply(response.status_code, _lower(response.headers), response.content)

    def led_astray(self, reply: Reply) -> Unreachable:
        """What a redirect means, for Graph gives none: something else answers in its place."""
        return self._way.led_astray(reply.status, reply.headers.get("location", ""))

    async def aclose(self) -> None:
        """Close the connections."""
        await self._client.aclose()


@dataclass(frozen=True, slots=True)
class SignInReply:
    """What MSAL reads of an answer."""

    status_code: int
    text: str
    headers: dict[str, str]


class SignInRejection(Exception):
    """The authority's answer to a question about the tenant is a refusal."""

    def __init__(self, reply: SignInReply) -> None:
        super().__init__(reply.status_code)
        self.reply = reply


class SignInWire:
    """MSAL's `http_client`: its requests over the same proxy and trust as Graph's.

    Blocking; used in a thread. Redirects are not followed: the app's credential stays with the
    authority. Raises Unreachable, and SignInRejection where MSAL would lose Microsoft's reason.
    """

    def __init__(self, settings: GraphSettings, transport: SignInTransport | None = None) -> None:
        proxy = proxy_for(settings.authority, settings.proxy)
        self._way = Way(settings.authority, "exchange.authority", proxy)
        self._client = httpx.Client(
            transport=transport,
            verify=tls(settings.ca_file) if transport is None else True,
            proxy=proxy if transport is None else None,
            trust_env=False,
            follow_redirects=False,
            timeout=_timeouts(settings),
            headers={"User-Agent": USER_AGENT},
        )

    def get(
        self,
        url: str,
        params: Mapping[str, str] | None = None,
        headers: Mapping[str, str] | None = None,
    ) -> SignInReply:
        """What the authority says of itself and of the tenant."""
        reply = self._ask("GET", url, params, headers, None)
        if reply.status_code >= HTTPStatus.BAD_REQUEST:
            raise SignInRejection(reply)
        return reply

    def post(
        self,
        url: str,
        params: Mapping[str, str] | None = None,
        data: Mapping[str, str | bytes] | None = None,
        headers: Mapping[str, str] | None = None,
    ) -> SignInReply:
        """What the token endpoint answers."""
        # MSAL's assertions are bytes, which httpx would write down as Python does.
        form = urlencode(data or {}).encode("ascii")
        form_headers = {**(headers or {}), "Content-Type": "application/x-www-form-urlencoded"}
        return self._ask("POST", url, params, form_headers, form)

    def close(self) -> None:
        """Close the connections."""
        self._client.close()

    def _ask(
        self,
        method: str,
        url: str,
        params: Mapping[str, str] | None,
        headers: Mapping[str, str] | None,
        content: bytes | None,
    ) -> SignInReply:
        try:
            response = self._client.request(
                method, url, params=params, headers=headers, content=content
            )
        except httpx.ProxyError as error:
            raise self._way.unreachable(error, at_proxy=True) from error
        except (httpx.TransportError, httpx.DecodingError, OSError) as error:
            raise self._way.unreachable(error) from error
        status = response.status_code
        headers_in = _lower(response.headers)
        if status == HTTPStatus.TOO_MANY_REQUESTS or status >= HTTPStatus.INTERNAL_SERVER_ERROR:
            raise self._way.out_of_order(status, headers_in.get("retry-after"))
        if response.is_redirect or not _is_object(response.text):
            raise self._way.not_entra(status)
        return SignInReply(status, response.text, headers_in)


def _timeouts(settings: GraphSettings) -> httpx.Timeout:
    return httpx.Timeout(settings.answer_seconds, connect=settings.connect_seconds, pool=None)


def _lower(headers: httpx.Headers) -> dict[str, str]:
    return dict(headers.items())  # httpx gives the names in lower case


def _is_object(text: str) -> bool:
    try:
        return isinstance(json.loads(text), dict)
    except ValueError:
        return False
