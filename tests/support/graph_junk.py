"""What Graph might send: events of which any part is absent, or of another kind, or at its limits.

All that JSON can say may stand anywhere (B8). `graph_events` has the well-formed ones from which
these are made.
"""

from collections.abc import Iterator
from copy import deepcopy
from typing import Any, Final, TypeAlias

from hypothesis import strategies as st

from tests.support import graph_events

Json: TypeAlias = Any
Path: TypeAlias = tuple[str | int, ...]

MOMENTS: Final = (
    "0001-01-01T00:00:00.0000000",
    "0001-01-01T00:00:00Z",
    "0001-01-02T05:00:00.0000000",
    "9999-12-31T23:59:59.9999999",
    "9999-12-31T00:00:00.0000000",
    "9999-12-31T23:59:59.9999999Z",
    "10000-01-01T00:00:00",
    "0000-00-00T00:00:00",
    "2026-02-30T09:00:00",
    "2026-11-30T24:00:00",
    "2026-11-30T08:00:60",
    "2026-11-30T08:00:00+14:00",
    "2026-11-30T08:00:00-23:59",
    "0001-01-01T00:00:00+14:00",
    "9999-12-31T23:59:59-14:00",
    "2026-11-30",
    "2026-W49-1",
    "20261130T080000",
    "-0044-03-15T09:00:00",
    "/Date(1764493200000)/",
    "١٢٣٤-١٢-٣١",
    "morgen",
)
TEXTS: Final = (
    "",
    " ",
    "\x00",
    "\ud800",
    "a\udfffb",
    "\ufffe\ufeff",
    "\x1b]0;x\x07\x1b[2J",
    "N" * 400,
    "🎉" * 200,
    "x" * 5000,
    "null",
    "true",
    "42",
    "UTC",
    "Europe/Vienna",
    "../../etc/passwd",
    "OID.AAMk.2026-12-01",
    "OID.AAMk.9999-99-99",
    "OID..",
    "sunday",
    "daily",
    "weekly",
    "endDate",
    "private",
    "exception",
    "occurrence",
    "seriesMaster",
    "https://teams.microsoft.com/l/meetup-join/x",
    "<p>&amp;</p>",
)
NUMBERS: Final = (0, 1, -1, 7, 42, 999, 2**31, 2**63, -(2**63), 10**19, 0.5, -0.0, 1e308)
BEYOND: Final = (float("inf"), float("-inf"), float("nan"))
DEEP: Final = [[[[[[[[[[{"a": [{}]}]]]]]]]]]]


def junk() -> st.SearchStrategy[Json]:
    """A value of any kind, at its limits, or nested."""
    plain = (None, True, False, *NUMBERS, *BEYOND, *TEXTS, *MOMENTS)
    nested = ([], {}, [None], [[]], [{}], {"a": None}, {"emailAddress": None}, DEEP)
    return st.sampled_from((*plain, *nested)) | st.recursive(
        st.sampled_from(plain),
        lambda inner: st.lists(inner, max_size=3) | st.dictionaries(_names(), inner, max_size=3),
        max_leaves=5,
    )


@st.composite
def events(draw: st.DrawFn) -> dict[str, Json]:
    """An event of which up to eight parts are wrong, or missing."""
    body = draw(graph_events.events())
    body |= draw(st.fixed_dictionaries({}, optional=_FURTHER))
    body = deepcopy(body)  # the others' values are theirs
    for _ in range(draw(st.sampled_from((1, 1, 1, 2, 3, 8)))):
        _spoil(draw, body)
    return body


def items() -> st.SearchStrategy[Json]:
    """An item of a page: an event in which nothing is right, or no event at all."""
    return events() | events() | junk() | st.dictionaries(_names(), junk(), max_size=8)


def bodies() -> st.SearchStrategy[dict[str, Json]]:
    """A page of such items, or what stands in its place."""
    links = st.none() | junk()
    return st.fixed_dictionaries(
        {"value": st.lists(items(), max_size=4) | junk()},
        optional={"@odata.nextLink": links, "@odata.deltaLink": links},
    )


def _names() -> st.SearchStrategy[str]:
    return st.sampled_from(
        (
            "id",
            "type",
            "start",
            "end",
            "dateTime",
            "timeZone",
            "subject",
            "seriesMasterId",
            "recurrence",
            "pattern",
            "range",
            "emailAddress",
            "address",
            "name",
            "displayName",
            "@removed",
            "constructor",
        )
    )


_MOMENT: Final = st.fixed_dictionaries(
    {"dateTime": st.sampled_from(MOMENTS)},
    optional={"timeZone": st.sampled_from(("UTC", "", None, 7, "Samoa Standard Time"))},
)
_FURTHER: Final[dict[str, st.SearchStrategy[Json]]] = {
    "@odata.etag": st.sampled_from(('W/"1"', "", None, 7)),
    "iCalUId": st.sampled_from(("040000008200E00074C5B7101A82E008", "U" * 5000, "\ud800")),
    "transactionId": st.sampled_from(("calsync", "x" * 5000, "\ud800", 7)),
    "lastModifiedDateTime": st.sampled_from(MOMENTS),
    "isCancelled": st.booleans(),
    "isOnlineMeeting": st.booleans(),
    "onlineMeeting": st.sampled_from((None, {}, {"joinUrl": "https://x.example/" + "j" * 3000})),
    "onlineMeetingUrl": st.sampled_from((None, "https://x.example/\ud800", "\x00")),
    "responseStatus": st.sampled_from((None, {}, {"response": "declined"})),
    "originalEndTimeZone": st.sampled_from(graph_events.ZONES),
    "start": _MOMENT,
    "end": _MOMENT,
}


def _spoil(draw: st.DrawFn, body: dict[str, Json]) -> None:
    """Put junk in one place, or take the place away."""
    places = list(_places(body))
    if not places:
        return
    *above, last = draw(st.sampled_from(places))
    inner: Json = body
    for step in above:
        inner = inner[step]
    if draw(st.integers(0, 3)) == 0:
        del inner[last]
        return
    instead = draw(_of_a_time() if last in {"dateTime", "originalStart"} else junk())
    inner[last] = deepcopy(instead)


def _of_a_time() -> st.SearchStrategy[Json]:
    return st.sampled_from(MOMENTS) | junk()


def _places(value: Json, path: Path = ()) -> Iterator[Path]:
    """The ways to all that lies in a value."""
    inner: list[tuple[str | int, Json]] = []
    if isinstance(value, dict):
        inner = list(value.items())
    elif isinstance(value, list):
        inner = list(enumerate(value))
    for name, each in inner:
        yield (*path, name)
        yield from _places(each, (*path, name))
