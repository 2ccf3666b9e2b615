"""Settings that cannot work are refused before anything is sent."""

from pathlib import Path
from typing import Any

import pytest

from calsync_agent.errors import ConfigurationRefused
from calsync_agent.exchange.transport.settings import GraphSettings

SOUND: dict[str, Any] = {"tenant_id": "contoso.example", "client_id": "app", "secret": "hush"}


@pytest.mark.parametrize(
    ("change", "key"),
    [
        ({"graph_url": "http://graph.microsoft.com/v1.0"}, "exchange.graph_url"),
        ({"graph_url": "graph.microsoft.com"}, "exchange.graph_url"),
        ({"graph_url": "https:///v1.0"}, "exchange.graph_url"),
        ({"graph_url": "https://user:pass@graph.example/v1.0"}, "exchange.graph_url"),
        ({"graph_url": "https://graph.example:port/v1.0"}, "exchange.graph_url"),
        ({"graph_url": "https://graph.example/v1.0?x=1"}, "exchange.graph_url"),
        ({"authority": "http://login.microsoftonline.com"}, "exchange.authority"),
        ({"authority": "https://[::1"}, "exchange.authority"),
        ({"tenant_id": ""}, "tenant_id"),
        ({"tenant_id": "common"}, "tenant_id"),
        ({"tenant_id": "Organizations"}, "tenant_id"),
        ({"tenant_id": "a/../b"}, "tenant_id"),
        ({"client_id": ""}, "exchange.client_id"),
        ({"secret": None}, "client_secret_file"),
        ({"secret": ""}, "client_secret_file"),
        ({"certificate_pem": Path("cert.pem")}, "certificate_file"),
        ({"page_size": 0}, "1000"),
        ({"page_size": 1001}, "1000"),
        ({"proxy": "proxy.example:8080"}, "exchange.proxy"),
        ({"proxy": "socks5://proxy.example"}, "exchange.proxy"),
        ({"proxy": "http://proxy.example:port"}, "exchange.proxy"),
    ],
)
def test_b10_unsound_settings_are_refused_by_key(change: dict[str, Any], key: str) -> None:
    with pytest.raises(ConfigurationRefused) as caught:
        GraphSettings(**{**SOUND, **change})
    assert key in str(caught.value)


@pytest.mark.parametrize(
    "change",
    [
        {},
        {"tenant_id": "11111111-2222-3333-4444-555555555555"},
        {"graph_url": "https://127.0.0.1:8443/v1.0/"},
        {"graph_url": "https://[::1]:8443/v1.0"},
        {"proxy": "http://user:pass@proxy.example:8080"},
    ],
)
def test_b10_sound_settings_are_taken(change: dict[str, Any]) -> None:
    GraphSettings(**{**SOUND, **change})


def test_secrets_are_not_shown() -> None:
    shown = repr(GraphSettings(**SOUND, proxy="http://user:pass@proxy.example:8080"))
    assert "hush" not in shown
    assert "pass" not in shown
