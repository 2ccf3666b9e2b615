"""Access tokens: issued, checked, revoked."""

import secrets
from datetime import datetime, timedelta

import jwt

from calsync_agent.sandbox.model.refusals import GraphRefusal
from calsync_agent.sandbox.model.world import World


class Tokens:
    """The tokens that are good now. They look like Entra's: `roles` can be read from them."""

    def __init__(self, world: World) -> None:
        self._world = world
        self._key = secrets.token_hex(32)
        self._expiries: dict[str, datetime] = {}

    def issue(self, client_id: str, issuer: str) -> str:
        """A token that lasts as long as the settings say."""
        now = self._world.clock.now()
        expiry = now + timedelta(seconds=self._world.settings.token_seconds)
        claims: dict[str, object] = {
            "aud": "https://graph.microsoft.com",
            "iss": issuer,
            "iat": int(now.timestamp()),
            "nbf": int(now.timestamp()),
            "exp": int(expiry.timestamp()),
            "appid": client_id,
            "tid": self._world.stored.tenant_id,
            "uti": secrets.token_urlsafe(16),
        }
        if self._world.settings.roles:
            claims["roles"] = list(self._world.settings.roles)
        token = jwt.encode(claims, self._key, algorithm="HS256")
        self._expiries[token] = expiry
        return token

    def check(self, authorization: str | None) -> None:
        """Let a request pass that carries a good token; 401 InvalidAuthenticationToken."""
        scheme, _, token = (authorization or "").partition(" ")
        if scheme.lower() != "bearer" or not token:
            raise _unauthorized("Access token is empty.")
        expiry = self._expiries.get(token.strip())
        if expiry is None:
            raise _unauthorized("Access token validation failure. Invalid signature.")
        if expiry <= self._world.clock.now():
            raise _unauthorized("Lifetime validation failed, the token is expired.")

    def revoke(self) -> None:
        """Let all tokens issued so far be refused."""
        self._expiries.clear()


def _unauthorized(message: str) -> GraphRefusal:
    return GraphRefusal(401, "InvalidAuthenticationToken", message)
