"""Whose mailbox it is that a name leads to (I4)."""

from collections.abc import Mapping, Sequence
from typing import Any, Final
from urllib.parse import quote

from calsync_agent.appointment.owner import Owner, object_id
from calsync_agent.errors import MailboxClosed
from calsync_agent.exchange.transport.calls import Calls, Sender
from calsync_agent.exchange.transport.requests import Answer, Request

_LONGEST: Final = 320
_OBJECT_ID: Final = 64


async def owner_of(graph: Sender, mailbox: str) -> Owner:
    """What Exchange tells of a mailbox; of one that it does not let the app look at, nothing.

    The user's object id needs a permission that the sync does not (User.Read.All); the default
    calendar, with its id and its owner, may be read with that for the events. Raises MailboxTrouble
    where it cannot be told for now.
    """
    user = quote(mailbox, safe="")
    requests = [
        Request("GET", f"/users/{user}/calendar"),
        Request("GET", f"/users/{user}?$select=id"),
    ]
    try:
        answers: Sequence[object] = await Calls(graph, mailbox).ask(requests)
    except MailboxClosed as trouble:
        answers = trouble.answers
    there, directory = map(_body, [*answers, None, None][: len(requests)])
    owner: Any = there.get("owner")
    address = _text(owner.get("address")) if isinstance(owner, Mapping) else None
    found = Owner(
        user=_short(directory.get("id")),
        calendar=_ascii(_text(there.get("id"), None)),
        address=address,
    )
    # Whoever has a calendar by this object id is the user of it.
    if found.user is None and found.known:
        return Owner(object_id(mailbox), found.calendar, found.address)
    return found


def _body(answer: object) -> Mapping[str, Any]:
    if not isinstance(answer, Answer) or not answer.ok or not isinstance(answer.body, Mapping):
        return {}
    return answer.body


def _short(value: object) -> str | None:
    """An object id, which is no longer than a GUID."""
    text = _text(value)
    return text if text is not None and len(text) <= _OBJECT_ID else None


def _ascii(value: str | None) -> str | None:
    """An id as Exchange's are; another one tells nothing."""
    return value if value is not None and value.isascii() else None


def _text(value: object, longest: int | None = _LONGEST) -> str | None:
    """A text as it may be stored, whatever Graph may have put in its place."""
    if not isinstance(value, str) or not value.strip():
        return None
    return value.strip()[:longest].encode(errors="replace").decode()
