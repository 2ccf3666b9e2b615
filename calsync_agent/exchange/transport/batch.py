"""Requests made ready to send, and twenty of them in one `$batch` (GRAPH.md 7)."""

import json
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from http import HTTPStatus
from typing import Final
from uuid import uuid4

from calsync_agent.domain.operation import Lost
from calsync_agent.exchange.transport.requests import Answer, Json, Outcome, Request
from calsync_agent.exchange.transport.urls import Root
from calsync_agent.i18n import message

LARGEST_BATCH: Final = 20
LARGEST_BATCH_BYTES: Final = 3_000_000  # Graph takes 4 MB
_STATUSES: Final = (100, 599)
_DIGITS: Final = 3  # of a status
_OVERHEAD: Final = 700  # bytes around a body: id, address, headers

_json: Final = json.JSONEncoder(separators=(",", ":")).encode


@dataclass(frozen=True, slots=True)
class Prepared:
    """A request as it will be sent, its body encoded once however often it is repeated."""

    request: Request
    target: str  # path and query at graph_url's host
    relative: str | None  # the same from the version root; None: not to be put into a batch
    headers: dict[str, str]
    body: str | None  # JSON, ASCII only: as many bytes as characters


def prepare(request: Request, root: Root, page_size: int) -> Prepared:
    """`request` with the headers that every call carries. Raises ForeignLink."""
    target = root.target(request.path)
    headers = {**request.headers, "Prefer": _preferences(request, page_size)}
    body = None
    if request.body is not None:
        headers["Content-Type"] = "application/json"
        body = _json(request.body)
    return Prepared(request, target, root.relative(target), headers, body)


def split(
    prepared: Sequence[Prepared], most: Callable[[], int] = lambda: LARGEST_BATCH
) -> Iterator[list[int]]:
    """The positions of what goes together: at most `most`, at most 3 MB, in the given order.

    Nothing is too large: what does not fit into a batch stands alone.
    """
    chunk: list[int] = []
    size = 0
    for position, each in enumerate(prepared):
        bytes_more = _OVERHEAD + len(each.target) + len(each.body or "")
        alone = each.relative is None
        full = len(chunk) >= most() or size + bytes_more > LARGEST_BATCH_BYTES
        if chunk and (full or alone or prepared[chunk[-1]].relative is None):
            yield chunk
            chunk, size = [], 0
        chunk.append(position)
        size += bytes_more
    if chunk:
        yield chunk


def encode(prepared: Sequence[Prepared]) -> bytes:
    """The body of a `$batch`; each request's id is its position."""
    parts = ",".join(_part(str(position), each) for position, each in enumerate(prepared))
    return f'{{"requests":[{parts}]}}'.encode("ascii")


def decode(body: Json | None, count: int, request_id: str) -> list[Outcome]:
    """The outcomes of a batch of `count` requests, in the order of the requests.

    `request_id` is the outer answer's, for those parts that bring none of their own.
    """
    wanted = {str(position): position for position in range(count)}
    outcomes: list[Outcome] = [_MISSING] * count
    responses = body.get("responses") if body else None
    for response in responses if isinstance(responses, list) else ():
        match response:
            case {"id": str(name), "status": given} if name in wanted:
                position, status = wanted[name], _status(given)
                if status is None:
                    continue
                known = outcomes[position]
                answer = _answer(status, response, request_id)
                contradicts = known is not _MISSING and known != answer
                outcomes[position] = _CONTRADICTORY if contradicts else answer
            case _:
                continue
    return outcomes


def answer_of(status: int, headers: dict[str, str], body: object, fallback: str = "") -> Answer:
    """An Answer with Graph's own request id, wherever in it that stands."""
    content = body if isinstance(body, dict) else None
    request_id = headers.get("request-id")
    if request_id is None and status >= HTTPStatus.BAD_REQUEST and content is not None:
        request_id = _inner_request_id(content)
    return Answer(status, content, headers, request_id or fallback)


_MISSING: Final = Lost(message("Graph's answer to a batch says nothing of this request"))

_CONTRADICTORY: Final = Lost(
    message("Graph's answer to a batch says two different things of this request")
)

_IMMUTABLE_UTC: Final = 'IdType="ImmutableId", outlook.timezone="UTC"'
_TEXT: Final = f'{_IMMUTABLE_UTC}, outlook.body-content-type="text"'
_HTML: Final = f'{_IMMUTABLE_UTC}, outlook.body-content-type="html"'


def _preferences(request: Request, page_size: int) -> str:
    always = _HTML if request.html else _TEXT
    return f"{always}, odata.maxpagesize={page_size}" if request.paged else always


def _part(position: str, prepared: Prepared) -> str:
    part: dict[str, object] = {
        "id": position,
        "method": prepared.request.method,
        "url": prepared.relative,
        "headers": {**prepared.headers, "client-request-id": str(uuid4())},
    }
    if prepared.request.after and position != "0":
        part["dependsOn"] = [str(int(position) - 1)]
    encoded = _json(part)
    # The body is JSON already: it is put in as it is, not parsed and written once more.
    return encoded if prepared.body is None else f'{encoded[:-1]},"body":{prepared.body}}}'


def _status(given: object) -> int | None:
    """The status of a part, which may come as text; None where it is none."""
    if isinstance(given, str) and len(given) == _DIGITS and given.isdecimal():
        given = int(given)
    if not isinstance(given, int) or isinstance(given, bool):
        return None
    return given if _STATUSES[0] <= given <= _STATUSES[1] else None


def _answer(status: int, response: Json, request_id: str) -> Answer:
    headers = response.get("headers")
    named = (
        {str(name).lower(): str(value) for name, value in headers.items()}
        if isinstance(headers, dict)
        else {}
    )
    return answer_of(status, named, response.get("body"), request_id)


def _inner_request_id(body: Json) -> str | None:
    match body:
        case {"error": {"innerError": {"request-id": str(request_id)}}}:
            return request_id
        case {"error": {"innererror": {"request-id": str(request_id)}}}:
            return request_id
        case _:
            return None
