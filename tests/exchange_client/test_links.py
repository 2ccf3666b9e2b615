"""Where requests go, and how a link becomes relative."""

import pytest

from calsync_agent.errors import ForeignLink
from calsync_agent.exchange.transport.urls import Root


@pytest.mark.parametrize(
    ("graph_url", "origin", "prefix"),
    [
        ("https://graph.microsoft.com/v1.0", "https://graph.microsoft.com", "/v1.0"),
        ("https://Graph.Microsoft.com:443/v1.0/", "https://graph.microsoft.com", "/v1.0"),
        ("https://127.0.0.1:8443/v1.0", "https://127.0.0.1:8443", "/v1.0"),
        ("https://[::1]:8443/v1.0", "https://[::1]:8443", "/v1.0"),
        ("https://gateway.example", "https://gateway.example", ""),
    ],
)
def test_b9_graph_url_is_taken_apart(graph_url: str, origin: str, prefix: str) -> None:
    root = Root.of(graph_url)
    assert (root.origin, root.prefix) == (origin, prefix)
    link = f"{origin}{prefix}/users/a/events?$skiptoken=1"
    assert root.target(link) == f"{prefix}/users/a/events?$skiptoken=1"
    assert root.relative(root.target(link)) == "/users/a/events?$skiptoken=1"
    assert root.target("/users/a/events") == f"{prefix}/users/a/events"


def test_b9_another_port_of_our_host_is_another_address() -> None:
    root = Root.of("https://127.0.0.1:8443/v1.0")
    for link in ("https://127.0.0.1/v1.0/x", "https://127.0.0.1:443/v1.0/x"):
        with pytest.raises(ForeignLink):
            root.target(link)


def test_b9_what_lies_outside_the_version_root_cannot_be_relative() -> None:
    root = Root.of("https://graph.microsoft.com/v1.0")
    assert root.relative("/beta/users") is None
    assert root.relative("/v1.00/users") is None


def test_b9_a_foreign_link_is_told_without_its_token() -> None:
    with pytest.raises(ForeignLink) as caught:
        Root.of("https://graph.microsoft.com/v1.0").target("https://evil.example/x?$token=abc")
    assert "evil.example/x" in str(caught.value)
    assert "abc" not in str(caught.value)
