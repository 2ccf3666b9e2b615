"""Checks a client assertion: a JWT that the app signed with its certificate's key."""

import base64
import binascii
from collections.abc import Set as AbstractSet
from datetime import datetime

import jwt
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPublicKey

from calsync_agent.sandbox.signin.refusals import refused
from calsync_agent.sandbox.signin.registration import Certificate, Registration


def check_assertion(
    assertion: str, registration: Registration, audiences: AbstractSet[str], now: datetime
) -> None:
    """Raise SignInRefusal unless a registered certificate signed it, for us, for now."""
    certificate = _named_certificate(assertion, registration)
    key = certificate.loaded().public_key()
    if not isinstance(key, RSAPublicKey):
        raise refused(700027, reason="The key is no RSA key.")
    try:
        claims = jwt.decode(
            assertion,
            key,
            algorithms=["RS256", "PS256"],
            options={
                "verify_aud": False,
                "verify_exp": False,
                "verify_nbf": False,
                "verify_iat": False,
            },
        )
    except jwt.InvalidSignatureError:
        raise refused(700027, reason="The key's signature does not verify.") from None
    except jwt.InvalidTokenError:
        raise refused(50027) from None
    if claims.get("iss") != registration.client_id or claims.get("sub") != registration.client_id:
        raise refused(700021)
    if claims.get("aud") not in audiences:
        raise refused(700023)
    begin, end = claims.get("nbf", 0), claims.get("exp", 0)
    if not begin - 300 <= now.timestamp() <= end:
        raise refused(700024)


def _named_certificate(assertion: str, registration: Registration) -> Certificate:
    """The certificate that the assertion's header names by its thumbprint."""
    try:
        header = jwt.get_unverified_header(assertion)
        named = str(header.get("x5t#S256") or header.get("x5t") or "")
        thumbprint = base64.urlsafe_b64decode(named + "=" * (-len(named) % 4))
    except (jwt.InvalidTokenError, binascii.Error, ValueError):
        raise refused(50027) from None
    for certificate in registration.certificates:
        if thumbprint in certificate.thumbprints():
            return certificate
    shown = thumbprint.hex().upper()
    reason = f"The key was not found., Thumbprint of key used by client: '{shown}'"
    raise refused(700027, reason=reason)
