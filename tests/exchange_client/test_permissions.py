"""What a token tells of permissions, and where more are given."""

import base64
import json

import pytest

from calsync_agent.exchange.transport.permissions import (
    consent_url,
    credentials_page,
    named_permissions,
    permissions_page,
)


def token(claims: object) -> str:
    part = base64.urlsafe_b64encode(json.dumps(claims).encode()).rstrip(b"=").decode()
    return f"header.{part}.signature"


@pytest.mark.parametrize(
    ("written", "named"),
    [
        (token({"roles": ["Calendars.ReadWrite"]}), frozenset({"Calendars.ReadWrite"})),
        (token({"aud": "x"}), frozenset()),
        (token({"roles": "odd"}), None),
        (token(["odd"]), None),
        ("opaque", None),
        ("a.b.c", None),
        ("a.ü.c", None),
    ],
)
def test_the_permissions_are_read_from_a_token_that_can_be_read(
    written: str, named: frozenset[str] | None
) -> None:
    assert named_permissions(written) == named


def test_consent_is_given_at_the_authority_of_the_tenant() -> None:
    url = consent_url("https://login.microsoftonline.com/", "contoso.example", "an app")
    assert url == "https://login.microsoftonline.com/contoso.example/adminconsent?client_id=an+app"


@pytest.mark.parametrize(
    ("authority", "portal"),
    [
        ("https://login.microsoftonline.com", "https://portal.azure.com"),
        ("https://login.microsoftonline.us", "https://portal.azure.us"),
        ("https://login.partner.microsoftonline.cn", "https://portal.azure.cn"),
        ("https://gateway.example", "https://portal.azure.com"),
    ],
)
def test_each_cloud_has_its_portal(authority: str, portal: str) -> None:
    place = f"{portal}/#view/Microsoft_AAD_RegisteredApps/ApplicationMenuBlade/~"
    assert credentials_page(authority, "app") == f"{place}/Credentials/appId/app"
    assert permissions_page(authority, "app") == f"{place}/CallAnAPI/appId/app"
