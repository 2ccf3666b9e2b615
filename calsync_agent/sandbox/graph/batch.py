"""`$batch`: up to twenty calls in one request, each with its own status."""

import asyncio
import random
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass
from typing import Final

from calsync_agent.sandbox.graph.requests import GraphReply, Request, split_path, split_query
from calsync_agent.sandbox.model import shapes
from calsync_agent.sandbox.model.refusals import GraphRefusal
from calsync_agent.sandbox.model.shapes import JsonObject

MOST_CALLS: Final = 20
AT_ONCE: Final = 4
_CALL: Final = frozenset({"id", "method", "url", "headers", "body", "dependsOn"})
_METHODS: Final = frozenset({"GET", "POST", "PATCH", "PUT", "DELETE"})
_LEAST_FAILURE: Final = 400


@dataclass(frozen=True, slots=True)
class _Call:
    id: str
    request: Request
    after: tuple[str, ...]


async def answer_batch(
    request: Request, answer_one: Callable[[Request], Awaitable[GraphReply]]
) -> GraphReply:
    """Every call's answer, in no particular order. 400 where the batch itself is malformed.

    At most four calls run at once; one at a time where some depend on others.
    """
    calls = _read(request)
    answers: dict[str, GraphReply] = {}
    width = 1 if any(call.after for call in calls) else AT_ONCE
    for start in range(0, len(calls), width):
        running = calls[start : start + width]
        got = await asyncio.gather(*(_answer(call, answers, answer_one) for call in running))
        answers.update(zip((call.id for call in running), got, strict=True))
    shown = [_response(call.id, answers[call.id]) for call in calls]
    random.Random(str([call.id for call in calls])).shuffle(shown)  # noqa: S311 - no secret
    truncated = any(answer.truncated for answer in answers.values())
    return GraphReply(200, {"responses": shown}, truncated=truncated)


async def _answer(
    call: _Call,
    answers: Mapping[str, GraphReply],
    answer_one: Callable[[Request], Awaitable[GraphReply]],
) -> GraphReply:
    if any(answers[id_].status >= _LEAST_FAILURE for id_ in call.after):
        error = {"code": "FailedDependency", "message": "Dependent request failed."}
        return GraphReply(424, {"error": error})
    return await answer_one(call.request)


def _response(id_: str, answer: GraphReply) -> JsonObject:
    headers = dict(answer.headers)
    shown: JsonObject = {"id": id_, "status": answer.status, "headers": headers}
    if answer.body is not None:
        headers["Content-Type"] = "application/json"
        shown["body"] = answer.body
    return shown


def _read(request: Request) -> list[_Call]:
    sent = shapes.sequence(request.json().get("requests"))
    if not 1 <= len(sent) <= MOST_CALLS:
        raise _malformed(
            f"Number of batch request steps exceeds the maximum value of {MOST_CALLS}."
            if sent
            else "The batch has no requests."
        )
    calls: list[_Call] = []
    known: dict[str, str] = {}
    for each in sent:
        call = _read_call(request, shapes.members(each, "batchRequestStep", _CALL), known)
        if call.id.lower() in known:
            raise _malformed(f"Request Id '{call.id}' is not unique.")
        known[call.id.lower()] = call.id
        calls.append(call)
    return calls


def _read_call(outer: Request, given: Mapping[str, object], known: Mapping[str, str]) -> _Call:
    id_, method, url = given.get("id"), given.get("method"), given.get("url")
    if not (isinstance(id_, str) and id_ and isinstance(method, str) and isinstance(url, str)):
        raise _malformed("Each batch request needs an id, a method and a url.")
    if method.upper() not in _METHODS:
        raise _malformed(f"Invalid method '{method}' in the batch request '{id_}'.")
    if "://" in url.partition("?")[0] or url.startswith("//"):
        raise _malformed(f"The url of the batch request '{id_}' has to be relative.")
    headers = {
        name.lower(): shapes.text(value)
        for name, value in shapes.mapping(given.get("headers") or {}).items()
    }
    if given.get("body") is not None and "content-type" not in headers:
        raise _malformed(f"The body of the batch request '{id_}' requires a Content-Type header.")
    after = []
    for each in shapes.sequence(given.get("dependsOn") or []):
        earlier = known.get(shapes.text(each).lower())
        if earlier is None:
            raise _malformed(f"The batch request '{id_}' depends on the unknown '{each}'.")
        after.append(earlier)
    path, _, query = url.partition("?")
    inner = Request(
        method.upper(),
        split_path(path),
        split_query(query),
        headers,
        outer.base,
        given.get("body"),
    )
    return _Call(id_, inner, tuple(after))


def _malformed(message: str) -> GraphRefusal:
    return GraphRefusal(400, "BadRequest", f"Invalid batch payload format: {message}")
