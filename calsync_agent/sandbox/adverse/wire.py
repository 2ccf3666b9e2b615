"""Calls that are refused, throttled, cut off, or carried out without a word."""

import gzip
import random
from dataclasses import replace
from typing import Final

from calsync_agent.sandbox.adverse.trouble import Call, Wire
from calsync_agent.sandbox.faults import Dropped
from calsync_agent.sandbox.graph.requests import GraphReply, Request, written
from calsync_agent.sandbox.model.refusals import GraphRefusal, change_key_conflict, no_mailbox

WAITS: Final[tuple[float | str | None, ...]] = (
    None,
    0,
    1,
    120,
    "0.5",
    "-1",
    "",
    "soon",
    "NaN",
    "1e308",
    "999999999",
    "Mon, 01 Jan 2024 00:00:00 GMT",
    "Mon, 01 Jan 2024 00:00:00 +99999999999999999999",
    "Fri, 31 Dec 9999 23:59:59 GMT",
)
"""What stands in Retry-After."""

_DEEP: Final = 100_000
_BOMB: Final = 64 * 1024 * 1024
_PAGE: Final = b"<html><head><title>502 Bad Gateway</title></head><body></body></html>"
_LOST: Final = (
    (410, "SyncStateNotFound"),
    (410, "syncStateNotFound"),
    (410, "resyncRequired"),
    (410, "SyncStateInvalid"),
    (400, "SyncStateNotFound"),
    (400, "ErrorInvalidIdMalformed"),
)
_FAILURES: Final = (
    (500, "ErrorInternalServerTransientError"),
    (502, "BadGateway"),
    (503, "ServiceUnavailable"),
    (504, "UnknownError"),
    (509, "ErrorExceededBandwidth"),
)
_OK: Final = range(200, 300)


def _wait(rng: random.Random) -> float | str | None:
    return rng.choice(WAITS)


async def _throttled(call: Call) -> GraphReply:
    text = "Application is over its MailboxConcurrency limit."
    status = call.rng.choice((429, 429, 503))
    raise GraphRefusal(
        status, "ApplicationThrottled", text, retry_after=_wait(call.rng), terse=True
    )


async def _unavailable(call: Call) -> GraphReply:
    status, code = call.rng.choice(_FAILURES)
    raise GraphRefusal(status, code, "An error occurred.", retry_after=_wait(call.rng))


async def _done_and_denied(call: Call) -> GraphReply:
    await call.proceed()
    return await _unavailable(call)


async def _saved_at_once(call: Call) -> GraphReply:
    await call.proceed()
    status = call.rng.choice((409, 503))
    raise GraphRefusal(status, "ErrorConcurrentItemSave", "The item was saved by another process.")


async def _overtaken(_call: Call) -> GraphReply:
    raise change_key_conflict()


async def _position_lost(call: Call) -> GraphReply:
    status, code = call.rng.choice(_LOST)
    raise GraphRefusal(status, code, "The sync state generation is not found.")


async def _no_mailbox(call: Call) -> GraphReply:
    if call.rng.random() < 0.5:  # noqa: PLR2004 - a coin
        raise no_mailbox()
    raise GraphRefusal(404, "ResourceNotFound", "Resource could not be discovered.")


async def _cut_before(_call: Call) -> GraphReply:
    raise Dropped


async def _cut_after(call: Call) -> GraphReply:
    await call.proceed()
    raise Dropped


async def _slow(call: Call) -> GraphReply:
    await call.wait(call.rng.choice((0.5, 3, 8)))
    return await call.proceed()


async def _halved(call: Call) -> GraphReply:
    answer = await call.proceed()
    whole = written(answer)
    return replace(answer, raw=whole[: call.rng.randrange(len(whole) or 1)])


async def _no_json(call: Call) -> GraphReply:
    answer = await call.proceed()
    return replace(answer, raw=call.rng.choice((b"", b"{}", b"null", b"[]", _PAGE)))


async def _says_nothing(call: Call) -> GraphReply:
    """The call is carried out, and its answer is a 2xx that tells nothing."""
    answer = await call.proceed()
    if answer.status not in _OK or answer.body is None:
        return answer
    empty = call.rng.choice(({}, None, {"@odata.context": answer.body.get("@odata.context")}))
    return replace(answer, body=empty)


async def _deep(call: Call) -> GraphReply:
    answer = await call.proceed()
    return replace(answer, raw=b'{"value":' + b"[" * _DEEP + b"]" * _DEEP + b"}")


async def _bomb(call: Call) -> GraphReply:
    answer = await call.proceed()
    headers = {**answer.headers, "Content-Encoding": "gzip"}
    return replace(answer, raw=gzip.compress(b" " * _BOMB, 9), headers=headers)


def _delta(request: Request) -> bool:
    return request.segments[-1:] == ("delta",)


def _from_a_link(request: Request) -> bool:
    return _delta(request) and bool({"$deltatoken", "$skiptoken"} & request.query.keys())


def _writes(request: Request) -> bool:
    return request.method in {"POST", "PATCH", "DELETE"} and request.segments != ("$batch",)


def _changes(request: Request) -> bool:
    return request.method in {"PATCH", "DELETE"}


def _creates(request: Request) -> bool:
    return request.method == "POST" and request.segments[-1:] == ("events",)


def _of_a_mailbox(request: Request) -> bool:
    return request.mailbox is not None


def _about_events(request: Request) -> bool:
    return request.segments == ("$batch",) or _of_a_mailbox(request)


WIRE: Final = (
    Wire(
        name="throttled",
        fact="429 or 503 with a Retry-After of any kind, or none, in batches too (7, 8)",
        act=_throttled,
        fits=_of_a_mailbox,
    ),
    Wire(
        name="unavailable",
        fact="500, 502, 503, 504, 509 for a while (8)",
        act=_unavailable,
        fits=_of_a_mailbox,
    ),
    Wire(
        name="carried out and denied",
        fact="a write that was answered with 5xx may have been executed (8, quirk 12)",
        act=_done_and_denied,
        fits=_writes,
    ),
    Wire(
        name="saved meanwhile",
        fact="ConcurrentItemSave after a create that was done (4.3, quirk 30)",
        act=_saved_at_once,
        fits=_creates,
    ),
    Wire(
        name="conflict",
        fact="412 ErrorIrresolvableConflict, with and without If-Match (4.3, quirk 29)",
        act=_overtaken,
        fits=_changes,
    ),
    Wire(
        name="position lost",
        fact="410, or 400, to a delta link, with codes of several kinds (1.6)",
        act=_position_lost,
        fits=_from_a_link,
    ),
    Wire(
        name="mailbox unknown for a moment",
        fact="the same mailbox alternates between two 404 codes (9.4, quirk 37)",
        act=_no_mailbox,
        fits=_delta,
        rate=0.02,
    ),
    Wire(
        name="says nothing",
        fact="2xx with an empty body, or nothing in it (B2a)",
        act=_says_nothing,
        fits=_of_a_mailbox,
    ),
    Wire(
        name="connection refused",
        fact="the connection breaks before the request has an effect (8)",
        act=_cut_before,
        fits=_about_events,
        scope="http",
    ),
    Wire(
        name="answer lost",
        fact="the connection breaks after the request was carried out (quirk 12)",
        act=_cut_after,
        fits=_about_events,
        scope="http",
    ),
    Wire(
        name="answer cut off",
        fact="an answer that ends in the middle of its JSON (B2a)",
        act=_halved,
        fits=_about_events,
        scope="http",
    ),
    Wire(
        name="answer of something else",
        fact="a gateway's page, nothing, or other JSON with status 2xx (B2a)",
        act=_no_json,
        fits=_about_events,
        scope="http",
    ),
    Wire(
        name="deep answer",
        fact="JSON 100,000 deep, out of a broken gateway (B9a)",
        act=_deep,
        fits=_about_events,
        scope="http",
        rate=0.01,
        most=1,
    ),
    Wire(
        name="swelling answer",
        fact="a small answer that unpacks to more than 32 MB (B9a)",
        act=_bomb,
        fits=_about_events,
        scope="http",
        rate=0.01,
        most=1,
    ),
    Wire(
        name="slow",
        fact="answers that take half a second to eight (1.2, quirk 11)",
        act=_slow,
        fits=_of_a_mailbox,
        timed=True,
    ),
)
