"""The only module that knows the HTTP library: bytes out, bytes or a reason back.

No answer is larger, or takes longer, than what is taken in of one (B9a).
"""

import asyncio
import json
import logging
import ssl
import sys
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from http import HTTPStatus
from importlib.util import find_spec
from typing import Final, TypeAlias
from urllib.parse import urlencode

import httpx

from calsync_agent import __version__
from calsync_agent.domain.operation import Lost
from calsync_agent.errors import Unreachable
from calsync_agent.exchange.transport.connect_errors import Way
from calsync_agent.exchange.transport.parsing import HEAVY
from calsync_agent.exchange.transport.settings import GraphSettings
from calsync_agent.exchange.transport.trust import proxy_for, tls
from calsync_agent.exchange.transport.unpacking import (
    LARGEST,
    LARGEST_SIGN_IN,
    LONGEST,
    OFFERED,
    TooLarge,
    Unpackable,
    unpacked,
)
from calsync_agent.exchange.transport.urls import Root
from calsync_agent.i18n import Message, message

Transport: TypeAlias = httpx.AsyncBaseTransport
SignInTransport: TypeAlias = httpx.BaseTransport

USER_AGENT: Final = f"calsync/{__version__}"
_IDLE_CONNECTIONS: Final = 64

# They tell every address at INFO, delta tokens and mailboxes included; `session.py` tells what
# helps.
for _name in ("httpx", "httpcore"):
    logging.getLogger(_name).setLevel(logging.WARNING)

# httpcore looks for it at each of its locks; what is not installed is looked for in every folder of
# the path, which costs more than the request.
if find_spec("sniffio") is None:
    sys.modules.update(sniffio=None)  # type: ignore[call-overload]  # "not there", to Python

# A profile is polled every few seconds: the connection, and its TLS session, outlive that.
_KEEP_ALIVE_SECONDS: Final = 55.0
# These happen before the first byte of a request leaves.
_NEVER_SENT: Final = (httpx.ConnectError, httpx.ConnectTimeout, httpx.UnsupportedProtocol)


@dataclass(frozen=True, slots=True)
class Reply:
    """What came back, unpacked and unread; header names in lower case."""

    status: int
    headers: dict[str, str]
    content: bytes


class Wire:
    """The connections to graph_url's host, and to no other."""

    def __init__(
        self,
        settings: GraphSettings,
        transport: Transport | None = None,
        trust: ssl.SSLContext | None = None,
    ) -> None:
        self.root = Root.of(settings.graph_url)
        proxy = proxy_for(settings.graph_url, settings.proxy)
        self._way = Way(settings.graph_url, "exchange.graph_url", proxy)
        # trust_env is off: `proxy_for` and `tls` have read the environment.
        self._client = httpx.AsyncClient(
            transport=transport,
            verify=(trust or tls(settings.ca_file)) if transport is None else True,
            proxy=proxy if transport is None else None,
            trust_env=False,
            follow_redirects=False,
            timeout=_timeouts(settings),
            limits=httpx.Limits(
                max_connections=None,  # `Pace` bounds what is under way
                max_keepalive_connections=_IDLE_CONNECTIONS,
                keepalive_expiry=_KEEP_ALIVE_SECONDS,
            ),
            headers={
                "User-Agent": USER_AGENT,
                "Accept": "application/json",
                "Accept-Encoding": OFFERED,
            },
        )

    async def call(
        self, method: str, target: str, headers: Mapping[str, str], content: bytes | None
    ) -> Reply | Lost:
        """Ask for `target` (path and query) at graph_url's host.

        Lost where something was sent and nothing usable came back; Unreachable where nothing was
        sent.
        """
        try:
            async with asyncio.timeout(LONGEST):
                status, known, content = await self._asked(method, target, headers, content)
            return Reply(status, known, await _unpacked(content, known))
        except httpx.ProxyError as error:
            raise self._way.unreachable(error, at_proxy=True) from error
        except _NEVER_SENT as error:
            raise self._way.unreachable(error) from error
        except httpx.TimeoutException:
            return Lost(message("{host} did not answer in time", host=self._way.host))
        except TimeoutError:
            return Lost(_endless(self._way), again=False)
        except TooLarge:
            return Lost(_too_large(self._way, LARGEST), again=False)
        except (httpx.TransportError, Unpackable, OSError) as error:
            return Lost(
                message(
                    "the connection to {host} broke: {reason}",
                    host=self._way.host,
                    reason=str(error) or type(error).__name__,
                )
            )

    async def _asked(
        self, method: str, target: str, headers: Mapping[str, str], content: bytes | None
    ) -> tuple[int, dict[str, str], bytes]:
        """Status, headers and the bytes as they came. Raises TooLarge, and what httpx raises."""
        async with self._client.stream(
            method, self.root.origin + target, headers=headers, content=content
        ) as response:
            found = bytearray()
            async for some in _stream(response):
                found += some
                if len(found) > LARGEST:
                    raise TooLarge
            return response.status_code, _lower(response.headers), bytes(found)

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

    def __init__(
        self,
        settings: GraphSettings,
        transport: SignInTransport | None = None,
        trust: ssl.SSLContext | None = None,
        monotonic: Callable[[], float] = time.monotonic,
    ) -> None:
        proxy = proxy_for(settings.authority, settings.proxy)
        self._way = Way(settings.authority, "exchange.authority", proxy)
        self._client = httpx.Client(
            transport=transport,
            verify=(trust or tls(settings.ca_file)) if transport is None else True,
            proxy=proxy if transport is None else None,
            trust_env=False,
            follow_redirects=False,
            timeout=_timeouts(settings),
            headers={"User-Agent": USER_AGENT, "Accept-Encoding": OFFERED},
        )
        self._monotonic = monotonic

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
            status, headers_in, packed = self._answered(method, url, params, headers, content)
            encoding = headers_in.get("content-encoding", "")
            text = unpacked(packed, encoding, LARGEST_SIGN_IN).decode(errors="replace")
        except httpx.ProxyError as error:
            raise self._way.unreachable(error, at_proxy=True) from error
        except TooLarge:
            raise Unreachable(_too_large(self._way, LARGEST_SIGN_IN)) from None
        except (httpx.TransportError, Unpackable, OSError) as error:
            raise self._way.unreachable(error) from error
        if status == HTTPStatus.TOO_MANY_REQUESTS or status >= HTTPStatus.INTERNAL_SERVER_ERROR:
            raise self._way.out_of_order(status, headers_in.get("retry-after"))
        if httpx.codes.is_redirect(status) or not _is_object(text):
            raise self._way.not_entra(status)
        return SignInReply(status, text, headers_in)

    def _answered(
        self,
        method: str,
        url: str,
        params: Mapping[str, str] | None,
        headers: Mapping[str, str] | None,
        content: bytes | None,
    ) -> tuple[int, dict[str, str], bytes]:
        """Status, headers and the bytes as they came. Raises TooLarge, Unreachable, httpx's own."""
        begun = self._monotonic()
        with self._client.stream(
            method, url, params=params, headers=headers, content=content
        ) as response:
            found = bytearray()
            for some in _blocking_stream(response):
                found += some
                if len(found) > LARGEST_SIGN_IN:
                    raise TooLarge
                if self._monotonic() - begun > LONGEST:
                    raise Unreachable(_endless(self._way))
            return response.status_code, _lower(response.headers), bytes(found)


async def _unpacked(content: bytes, headers: Mapping[str, str]) -> bytes:
    """The bytes that are meant; what comes to much is unpacked in a thread."""
    encoding = headers.get("content-encoding", "")
    try:
        return unpacked(content, encoding, HEAVY)
    except TooLarge:
        return await asyncio.to_thread(unpacked, content, encoding)


def _stream(response: httpx.Response) -> httpx.AsyncByteStream:
    """The bytes as they come: httpx itself would unpack them without a bound."""
    if not isinstance(response.stream, httpx.AsyncByteStream):
        raise TypeError(response.stream)
    return response.stream


def _blocking_stream(response: httpx.Response) -> httpx.SyncByteStream:
    if not isinstance(response.stream, httpx.SyncByteStream):
        raise TypeError(response.stream)
    return response.stream


def _too_large(way: Way, most: int) -> Message:
    return message(
        "{host} answers with more than {most} MB, which is not read",
        host=way.host,
        most=most // 1024**2,
    )


def _endless(way: Way) -> Message:
    return message(
        "{host} did not come to the end of its answer in {minutes} min",
        host=way.host,
        minutes=round(LONGEST / 60),
    )


def _timeouts(settings: GraphSettings) -> httpx.Timeout:
    return httpx.Timeout(settings.answer_seconds, connect=settings.connect_seconds, pool=None)


def _lower(headers: httpx.Headers) -> dict[str, str]:
    return dict(headers.items())  # httpx gives the names in lower case


def _is_object(text: str) -> bool:
    """Whether MSAL, which reads it by itself, can read it."""
    try:
        return isinstance(json.loads(text), dict)
    except (ValueError, RecursionError):
        return False
