"""Whom the connections trust, and which proxy they take: the same for Graph and for the sign-in."""

import ssl
from pathlib import Path
from typing import Final
from urllib.parse import urlsplit
from urllib.request import getproxies, proxy_bypass

import certifi

from calsync_agent.errors import ConfigurationRefused
from calsync_agent.i18n import message

_LOOPBACK: Final = frozenset({"localhost", "127.0.0.1", "::1"})


def tls(ca_file: Path | None) -> ssl.SSLContext:
    """The system's trust, and `ca_file` added to it. Raises ConfigurationRefused."""
    context = ssl.create_default_context()
    paths = ssl.get_default_verify_paths()
    if not (paths.cafile or paths.capath or context.get_ca_certs()):
        # A container or a Python without a system store: the authorities that httpx brings.
        context.load_verify_locations(certifi.where())
    if ca_file is None:
        return context
    # Company authorities often lack the key identifiers that Python 3.13 insists on.
    context.verify_flags &= ~ssl.VERIFY_X509_STRICT
    try:
        context.load_verify_locations(ca_file)
    except ssl.SSLError:
        raise ConfigurationRefused(
            message(
                "exchange.ca_file = {path} holds no certificate; it must be one or more "
                "authorities' certificates as PEM",
                path=str(ca_file),
            )
        ) from None
    except OSError as error:
        raise ConfigurationRefused(
            message(
                "exchange.ca_file = {path} cannot be read: {reason}",
                path=str(ca_file),
                reason=error.strerror or str(error),
            )
        ) from None
    return context


def proxy_for(url: str, setting: str) -> str | None:
    """The proxy on the way to `url`: `setting`, else what the environment or system says.

    HTTPS_PROXY, ALL_PROXY and NO_PROXY are obeyed, on Windows the system's settings too. A server
    on this very host, such as the sandbox, is never looked for behind the environment's proxy.
    """
    host = urlsplit(url).hostname or ""
    if setting:
        return setting
    if host in _LOOPBACK or proxy_bypass(urlsplit(url).netloc):
        return None
    proxies = getproxies()
    proxy = proxies.get("https") or proxies.get("all")
    if not proxy:
        return None
    address = proxy if "://" in proxy else f"http://{proxy}"
    if not usable_proxy(address):
        raise ConfigurationRefused(
            message(
                "the environment's HTTPS_PROXY or ALL_PROXY is no address; it must be like "
                "http://proxy.example:8080"
            )
        )
    if not address.startswith(("http://", "https://")):
        raise ConfigurationRefused(
            message(
                "the environment names the proxy {proxy} (HTTPS_PROXY, ALL_PROXY), but only HTTP "
                "proxies are understood: name one in exchange.proxy, or exempt {host} in NO_PROXY",
                proxy=shown(address),
                host=host,
            )
        )
    return address


def usable_proxy(address: str) -> bool:
    """Whether a proxy's address has a scheme, a host, and a port that is one, if any."""
    try:
        parts = urlsplit(address)
        return bool(parts.scheme and parts.hostname) and parts.port != 0
    except ValueError:  # a port that is no number, a broken IPv6 address
        return False


def shown(proxy: str) -> str:
    """`proxy` without user and password."""
    parts = urlsplit(proxy)
    return f"{parts.scheme}://{parts.hostname}" + (f":{parts.port}" if parts.port else "")
