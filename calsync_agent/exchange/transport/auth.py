"""Access tokens for Microsoft Graph, by MSAL, as the app itself (client credentials)."""

import asyncio
import json
import logging
import ssl
from dataclasses import dataclass
from typing import Any, Final
from urllib.parse import urlsplit

import msal
from msal.authority import WELL_KNOWN_AUTHORITY_HOSTS

from calsync_agent import __version__
from calsync_agent.errors import SignInRefused, Unreachable
from calsync_agent.exchange.transport.credentials import Credential, read_credential, read_next
from calsync_agent.exchange.transport.pace import Clock
from calsync_agent.exchange.transport.settings import GraphSettings
from calsync_agent.exchange.transport.sign_in import CredentialRefused, refused
from calsync_agent.exchange.transport.wire import SignInRejection, SignInTransport, SignInWire
from calsync_agent.i18n import message

_log: Final = logging.getLogger(__name__)

# A token is renewed this long before it ends, so that none ends under way.
_MARGIN: Final = 300.0
# A failure is repeated this long without asking: whoever asks in a loop is locked out
# (AADSTS50196), and callers in a queue do not each wait for a host that is not there.
_REFUSAL_LASTS: Final = 30.0
_OUTAGE_LASTS: Final = 5.0

_SHORTEST_LIFE: Final = 60.0  # less would mean a sign-in with nearly every call
_LONGEST_LIFE: Final = 86_400.0
# What MSAL raises over an answer that is not as it expects, whichever part of it.
_MISREAD: Final = (
    ValueError,
    LookupError,
    TypeError,
    AttributeError,
    ArithmeticError,
    AssertionError,
    RecursionError,
)

_WORLDWIDE: Final = "https://graph.microsoft.com"
# Graph's own names in Microsoft's clouds; behind any other, a gateway or the sandbox, is the first.
_GRAPH_HOSTS: Final = frozenset(
    {
        "graph.microsoft.com",
        "graph.microsoft.us",
        "dod-graph.microsoft.us",
        "microsoftgraph.chinacloudapi.cn",
    }
)
_CLOCK: Final = Clock()


@dataclass(frozen=True, slots=True)
class _Token:
    value: str
    until: float  # monotonic seconds


@dataclass(frozen=True, slots=True)
class _Failure:
    error: SignInRefused | Unreachable
    credential: Credential
    until: float  # monotonic seconds


class MsalTokens:
    """The tokens of one app in one tenant, kept until shortly before they end.

    A secret or certificate that was replaced in its file is taken with the next sign-in, and at
    once after a refusal. A secret that is not taken any more is followed by the next one, where
    there is one, within the same sign-in. MSAL blocks, already when it is set up, and so runs in a
    thread, once at a time.
    """

    def __init__(
        self,
        settings: GraphSettings,
        *,
        transport: SignInTransport | None = None,
        trust: ssl.SSLContext | None = None,
        clock: Clock = _CLOCK,
    ) -> None:
        self._settings = settings
        self._clock = clock
        self._wire = SignInWire(settings, transport, trust, clock.monotonic)
        self._scope = scope(settings.graph_url)
        self._turn = asyncio.Lock()
        self._token: _Token | None = None
        self._failure: _Failure | None = None
        self._signing_in = 0
        self._closed = False
        # MSAL has no types. The application and the credential it was made with:
        self._application: Any = None
        self._credential: Credential | None = None
        # What was refused when there was another, which is not tried again before it changes:
        self._refused: Credential | None = None

    @property
    def app(self) -> str:
        """The app's client id."""
        return self._settings.client_id

    @property
    def spare(self) -> bool:
        """Whether that is the next secret, because the present one was refused."""
        return self._refused is not None

    def secrets(self) -> tuple[str, ...]:
        """Those that may be signed in with now; none where it is a certificate.

        Blocking. Raises ConfigurationRefused.
        """
        both = read_credential(self._settings), read_next(self._settings)
        return tuple(one for one in both if isinstance(one, str) and one and one != self._refused)

    async def token(self, *, force: bool = False) -> str:
        """A token that is good now; `force`: the last one is not accepted, get another.

        Raises SignInRefused, ConfigurationRefused for an unreadable credential, Unreachable.
        """
        known = self._token
        if known is not None and not force and self._good(known):
            return known.value
        async with self._turn:
            current = self._token
            if current is not None and current is not known and self._good(current):
                return current.value  # somebody else's turn has brought it
            self._token = None
            self._token = await asyncio.to_thread(self._sign_in_once, force=force)
            return self._token.value

    async def aclose(self) -> None:
        """Close the connections; a sign-in under way that nobody waits for closes its own."""
        self._closed = True
        if not self._signing_in:
            self._wire.close()

    def _good(self, token: _Token) -> bool:
        return self._clock.monotonic() < token.until

    def _sign_in_once(self, *, force: bool) -> _Token:
        self._signing_in += 1
        try:
            return self._sign_in(force=force)
        finally:
            # A thread cannot be cancelled: it may have been left behind, and opened a connection.
            self._signing_in -= 1
            if self._closed:
                self._wire.close()

    def _sign_in(self, *, force: bool) -> _Token:
        credential = read_credential(self._settings)
        if credential == self._refused:
            credential = read_next(self._settings) or credential
        else:
            self._refused = None
        failure = self._failure
        lasting = failure is not None and self._clock.monotonic() < failure.until
        if failure is not None and lasting and failure.credential == credential:
            raise _again(failure.error)
        try:
            token = self._asked_with_either(credential, force=force)
        except (SignInRefused, Unreachable) as error:
            lasts = _REFUSAL_LASTS if isinstance(error, SignInRefused) else _OUTAGE_LASTS
            asked = error.retry_after if isinstance(error, Unreachable) else None
            self._failure = _Failure(error, credential, self._clock.monotonic() + (asked or lasts))
            self._application = None  # MSAL remembers refusals, too, and longer
            raise
        self._failure = None
        return token

    def _asked_with_either(self, credential: Credential, *, force: bool) -> _Token:
        """A token for the credential, or for the one that follows it where it is refused."""
        try:
            return self._asked(credential, force=force)
        except CredentialRefused as refusal:
            present, following = read_credential(self._settings), read_next(self._settings)
            other = present if credential == following else following
            if other is None or other == credential:
                raise
            _log.info(refusal.message)
            try:
                token = self._asked(other, force=force)
            except SignInRefused:
                raise refusal from None
            self._refused = None if other == present else present
            return token

    def _asked(self, credential: Credential, *, force: bool) -> _Token:
        try:
            if self._application is None or credential != self._credential:
                self._application = self._made(credential)
                self._credential = credential
            elif force:
                self._application.remove_tokens_for_client()
            reply = self._application.acquire_token_for_client(scopes=[self._scope])
        except SignInRejection as rejection:
            stated = json.loads(rejection.reply.text)
            reply = {"error": f"HTTP {rejection.reply.status_code}", **stated}
        except _MISREAD as error:
            raise SignInRefused(
                message(
                    "exchange.authority = {authority} gives no usable answer for the tenant "
                    "{tenant} ({reason}); check both",
                    authority=self._settings.authority,
                    tenant=self._settings.tenant_id,
                    reason=str(error)[:200] or type(error).__name__,
                )
            ) from error
        match reply:
            case {"access_token": str(value)} if value.isascii() and value.isprintable():
                life = _life(reply.get("expires_in"))
                return _Token(value, self._clock.monotonic() + life - min(_MARGIN, life / 4))
            case _:
                raise refused(reply, self._settings)

    def _made(self, credential: Credential) -> Any:  # noqa: ANN401 - MSAL has no types
        settings = self._settings
        host = urlsplit(settings.authority).hostname
        return msal.ConfidentialClientApplication(
            settings.client_id,
            client_credential=credential,
            authority=f"{settings.authority.rstrip('/')}/{settings.tenant_id}",
            # Only Microsoft's own hosts are known to Microsoft's directory of authorities.
            instance_discovery=None if host in WELL_KNOWN_AUTHORITY_HOSTS else False,
            http_client=self._wire,
            app_name="calsync",
            app_version=__version__,
        )


def _life(told: object) -> float:
    """Seconds for which a token is taken for good; if it ends before, Graph says 401."""
    try:
        seconds = float(told) if isinstance(told, str | int) else 0.0
    except (ValueError, OverflowError):  # no number, or one that no computer holds
        seconds = 0.0
    return min(max(_SHORTEST_LIFE, seconds), _LONGEST_LIFE)  # in this order NaN is the shortest


def scope(graph_url: str) -> str:
    """What a token for this Graph is asked for; the app's consented permissions come with it."""
    host = urlsplit(graph_url).hostname
    resource = f"https://{host}" if host in _GRAPH_HOSTS else _WORLDWIDE
    return f"{resource}/.default"


def _again(error: SignInRefused | Unreachable) -> SignInRefused | Unreachable:
    """The same failure anew: an exception that is raised twice would gather tracebacks."""
    if isinstance(error, Unreachable):
        return Unreachable(error.message, error.retry_after)
    return SignInRefused(error.message)
