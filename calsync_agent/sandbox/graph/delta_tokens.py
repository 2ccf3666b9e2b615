"""The tokens of delta links: opaque to the client, signed so that garbage is noticed."""

import base64
import binascii
import hashlib
import hmac
import json
from dataclasses import astuple, dataclass
from typing import Final

from calsync_agent.sandbox.model.refusals import GraphRefusal

_SIGNATURE: Final = 24


@dataclass(frozen=True, slots=True, kw_only=True)
class DeltaToken:
    """Where a round stands.

    `window` names it and its ends. `generation` is the state that the round leads to; a `paging`
    token is in the midst of it: from `since` (a place in the log; None in an initial round), at
    `position` and `inner`, on `page`. `nonce` makes every link a fresh text.
    """

    mailbox: str
    calendar: str
    window: str
    generation: int
    paging: bool
    since: int | None = None
    position: int = 0
    inner: int = 0
    page: int = 0
    nonce: int = 0


def write_token(token: DeltaToken, secret: str) -> str:
    """The text of a token."""
    held = json.dumps(astuple(token), separators=(",", ":")).encode()
    return base64.urlsafe_b64encode(held + _signature(held, secret)).decode().rstrip("=")


def read_token(written: str, secret: str) -> DeltaToken:
    """The token of a text; 400 for what was never one."""
    try:
        whole = base64.urlsafe_b64decode(written + "=" * (-len(written) % 4))
    except (binascii.Error, ValueError):
        raise _malformed() from None
    held, signature = whole[:-_SIGNATURE], whole[-_SIGNATURE:]
    if not hmac.compare_digest(signature, _signature(held, secret)):
        raise _malformed()
    mailbox, calendar, window, generation, paging, since, position, inner, page, nonce = json.loads(
        held
    )
    return DeltaToken(
        mailbox=mailbox,
        calendar=calendar,
        window=window,
        generation=generation,
        paging=paging,
        since=since,
        position=position,
        inner=inner,
        page=page,
        nonce=nonce,
    )


def _signature(held: bytes, secret: str) -> bytes:
    return hashlib.blake2b(held, digest_size=_SIGNATURE, key=secret.encode()[:64]).digest()


def _malformed() -> GraphRefusal:
    return GraphRefusal(400, "SyncStateInvalid", "The sync state data is invalid.")
