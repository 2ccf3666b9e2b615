"""Exchange 365 as a provider of calendars: what `bootstrap` picks by the provider's kind."""

import os

from calsync_agent.config.settings import Settings
from calsync_agent.domain.calendar import Grants
from calsync_agent.domain.policy import Provider
from calsync_agent.exchange.calendar.connection import Exchange
from calsync_agent.exchange.transport import permissions
from calsync_agent.exchange.transport.auth import MsalTokens
from calsync_agent.exchange.transport.client import Graph
from calsync_agent.exchange.transport.settings import GraphSettings
from calsync_agent.exchange.transport.trust import tls


def connect(settings: Settings, provider: Provider) -> Exchange:
    """The way to the provider's tenant. Raises ConfigurationRefused."""
    return Exchange(*_signing_in(settings, provider))


def graph(settings: Settings, provider: Provider) -> Graph:
    """The same, without what the sync makes of it."""
    return _signing_in(settings, provider)[0]


def _signing_in(settings: Settings, provider: Provider) -> tuple[Graph, MsalTokens]:
    """Both trust the same authorities, which are read once: that takes longer than signing in."""
    given = _given(settings, provider)
    trust = tls(given.ca_file)
    tokens = MsalTokens(given, trust=trust)
    return Graph(given, tokens, trust=trust), tokens


def _given(settings: Settings, provider: Provider) -> GraphSettings:
    part = settings.exchange
    return GraphSettings(
        tenant_id=provider.tenant_id,
        client_id=part.client_id,
        secret=_variable(part.client_secret_env),
        secret_file=part.client_secret_file,
        next_secret=_variable(part.client_secret_next_env),
        next_secret_file=part.client_secret_next_file,
        certificate_pem=part.certificate_file,
        authority=part.authority,
        graph_url=part.graph_url,
        ca_file=part.ca_file,
        proxy=part.proxy.get_secret_value(),
    )


def _variable(name: str) -> str | None:
    return os.environ.get(name) if name else None


def grants(settings: Settings, provider: Provider) -> Grants:
    """What an administrator of Microsoft Entra ID gives the app, and where."""
    authority, client_id = settings.exchange.authority, settings.exchange.client_id
    return Grants(
        app=client_id,
        calendars=permissions.CALENDARS,
        users=permissions.USERS,
        consent_page=permissions.consent_url(authority, provider.tenant_id, client_id),
        credentials_page=permissions.credentials_page(authority, client_id),
        permissions_page=permissions.permissions_page(authority, client_id),
    )
