"""What the way to Microsoft Graph depends on, checked."""

import re
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final
from urllib.parse import urlsplit

from calsync_agent.errors import ConfigurationRefused
from calsync_agent.exchange.transport.trust import usable_proxy
from calsync_agent.i18n import message

_TENANT: Final = re.compile(r"[A-Za-z0-9](?:[A-Za-z0-9.-]*[A-Za-z0-9])?")
# Entra's names for "whichever tenant": an app that signs in as itself belongs to one.
_NO_TENANT: Final = frozenset({"common", "organizations", "consumers"})
LARGEST_PAGE: Final = 1000  # GRAPH.md 1.2


@dataclass(frozen=True, slots=True)
class GraphSettings:
    """The tenant, the app that signs in, and the addresses.

    Exactly one of `secret`, `secret_file` and `certificate_pem` is given; the files are read again
    when they have changed. A next secret takes the place of one that is refused. An instance that
    exists is sound: ConfigurationRefused otherwise.
    """

    tenant_id: str
    client_id: str
    secret: str | None = field(default=None, repr=False)
    secret_file: Path | None = None
    next_secret: str | None = field(default=None, repr=False)
    next_secret_file: Path | None = None
    certificate_pem: Path | None = None  # the private key and its certificate, in one file
    authority: str = "https://login.microsoftonline.com"
    graph_url: str = "https://graph.microsoft.com/v1.0"
    ca_file: Path | None = None  # trusted in addition to the system's authorities
    proxy: str = field(default="", repr=False)  # may hold a password; empty: the environment's
    page_size: int = 100  # events per page of a delta
    connect_seconds: float = 10.0
    answer_seconds: float = 60.0  # without a byte from Graph

    def __post_init__(self) -> None:
        _check_https("exchange.graph_url", self.graph_url)
        _check_https("exchange.authority", self.authority)
        _check_tenant(self.tenant_id)
        if not self.client_id:
            raise ConfigurationRefused(
                message("exchange.client_id is empty; it is the app's Application (client) ID")
            )
        given = sum(each is not None for each in self._credentials)
        if given != 1:
            raise ConfigurationRefused(
                message(
                    "the app needs exactly one of exchange.client_secret_file, "
                    "exchange.client_secret_env and exchange.certificate_file; {given} are given",
                    given=given,
                )
            )
        if not 1 <= self.page_size <= LARGEST_PAGE:
            raise ConfigurationRefused(
                message(
                    "a page of {size} events is not possible; 1 to {largest} are",
                    size=self.page_size,
                    largest=LARGEST_PAGE,
                )
            )
        if self.proxy:
            _check_proxy(self.proxy)

    @property
    def _credentials(self) -> tuple[str | Path | None, ...]:
        return self.secret or None, self.secret_file, self.certificate_pem


def _check_https(key: str, url: str) -> None:
    try:
        parts = urlsplit(url)
        sound = parts.scheme == "https" and parts.hostname and parts.port != 0
    except ValueError:  # a port that is no number, a broken IPv6 address
        sound = False
    if not sound or "@" in url or "?" in url or "#" in url or not url.isascii():
        raise ConfigurationRefused(
            message(
                "{key} = {url} will not do; it must be an https:// address without user, "
                "password or query",
                key=key,
                url=url,
            )
        )


def _check_tenant(tenant_id: str) -> None:
    if not _TENANT.fullmatch(tenant_id) or tenant_id.lower() in _NO_TENANT:
        raise ConfigurationRefused(
            message(
                "calsync_provider.tenant_id = {tenant} is no tenant; it must be the tenant's "
                "GUID or one of its domains",
                tenant=repr(tenant_id),
            )
        )


def _check_proxy(proxy: str) -> None:
    if not (proxy.startswith(("http://", "https://")) and usable_proxy(proxy)):
        raise ConfigurationRefused(
            message("exchange.proxy will not do; it must be like http://proxy.example:8080")
        )
