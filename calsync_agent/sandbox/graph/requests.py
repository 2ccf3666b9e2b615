"""Requests and answers of Graph, apart from how they travel: alone or inside a batch."""

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Final
from urllib.parse import parse_qsl, unquote

from calsync_agent.sandbox.model import shapes
from calsync_agent.sandbox.model.refusals import GraphRefusal, invalid_body, invalid_query
from calsync_agent.sandbox.model.shapes import JsonObject

_WORDS: Final = {
    word.lower(): word
    for word in (
        *("users", "me", "events", "calendar", "calendars", "calendarView", "delta", "instances"),
        *("accept", "decline", "tentativelyAccept", "cancel", "permanentDelete", "outlook"),
        *("$batch", "calendarGroups", "mailboxSettings", "organization"),
    )
}


@dataclass(frozen=True, slots=True)
class Request:
    """One call: path segments below the version (decoded, known words in their usual case).

    Query and header names are in lower case. `base` is the address of the version's root. `body`
    is what was sent, still unread.
    """

    method: str
    segments: tuple[str, ...]
    query: Mapping[str, str]
    headers: Mapping[str, str]
    base: str
    body: object = None

    @property
    def path(self) -> str:
        """The path, for rules and counters to match."""
        return "/" + "/".join(self.segments)

    @property
    def mailbox(self) -> str | None:
        """Whose mailbox the call is about, as written there, in lower case; not the directory's."""
        match self.segments:
            case "users", user, _, *_:
                return user.lower()
            case _:
                return None

    def json(self) -> Mapping[str, object]:
        """The body as a JSON object; 400 without one."""
        if self.body is None:
            raise invalid_body("A non-empty request body is expected.")
        return shapes.mapping(self.body)


@dataclass(frozen=True, slots=True)
class GraphReply:
    """Status, JSON body or None, and headers beyond the usual ones.

    `truncated`: only half of the body is sent (see `faults`). `raw`: sent instead of the body.
    """

    status: int
    body: JsonObject | None = None
    headers: Mapping[str, str] = field(default_factory=dict)
    truncated: bool = False
    raw: bytes | None = None


def written(answer: GraphReply) -> bytes:
    """What is sent of the body; nothing where there is none."""
    if answer.raw is not None:
        return answer.raw
    if answer.body is None:
        return b""
    try:
        content = json.dumps(answer.body, ensure_ascii=False, separators=(",", ":")).encode()
    except UnicodeEncodeError:  # half a character, which only an escape can tell
        content = json.dumps(answer.body, separators=(",", ":")).encode()
    return content[: len(content) // 2] if answer.truncated else content


def split_path(raw: str) -> tuple[str, ...]:
    """The decoded segments of a percent-encoded path."""
    segments = (unquote(segment) for segment in raw.strip("/").split("/"))
    return tuple(_plain_word(segment) for segment in segments if segment)


def split_query(raw: str) -> dict[str, str]:
    """Query options by their name in lower case. 400 for one that comes twice."""
    found: dict[str, str] = {}
    for name, value in parse_qsl(raw, keep_blank_values=True):
        if name.lower() in found:
            raise invalid_query(f"Query option '{name}' was specified more than once.")
        found[name.lower()] = value
    return found


def read_json(raw: bytes) -> object:
    """The JSON of a body; None for none. 400 for what is no JSON."""
    if not raw:
        return None
    try:
        return json.loads(raw)
    except ValueError:
        raise GraphRefusal(
            400, "BadRequest", "Unable to read JSON request payload. Please ensure it is valid."
        ) from None


def refusal_answer(refusal: GraphRefusal, ids: Mapping[str, str], at: datetime) -> GraphReply:
    """Graph's error body. `ids`: request-id and client-request-id."""
    headers = {}
    if refusal.retry_after is not None:
        after = refusal.retry_after
        headers["Retry-After"] = after if isinstance(after, str) else f"{after:g}"
    inner = {"date": at.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%S"), **ids}
    error: JsonObject = {"code": refusal.code, "message": refusal.message}
    if not refusal.terse:
        error["innerError"] = inner
    return GraphReply(refusal.status, {"error": error}, headers)


def _plain_word(segment: str) -> str:
    """`delta`, also as `delta()` or `microsoft.graph.delta()`, whatever the case."""
    short = segment.removesuffix("()")
    if short.lower().startswith("microsoft.graph."):
        short = short.partition(".")[2].partition(".")[2]
    return _WORDS.get(short.lower(), segment)
