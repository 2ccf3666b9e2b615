"""OData query options, read once and checked for the kind of call they come with."""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

from calsync_agent.sandbox.graph.filters import Predicate, parse_filter
from calsync_agent.sandbox.model.properties import READABLE
from calsync_agent.sandbox.model.refusals import GraphRefusal, invalid_query
from calsync_agent.sandbox.model.shapes import JsonObject

DEFAULT_TOP: Final = 10
MOST_TOP: Final = 1000

EVENT_PATHS: Final = frozenset(
    [
        "iCalUId",
        "subject",
        "type",
        "isAllDay",
        "isCancelled",
        "isOrganizer",
        "showAs",
        "sensitivity",
        "importance",
        "start/dateTime",
        "end/dateTime",
        "createdDateTime",
        "lastModifiedDateTime",
        "categories",
        "singleValueExtendedProperties",
    ]
)
_OPTIONS: Final = frozenset(
    [
        "$select",
        "$filter",
        "$expand",
        "$top",
        "$skip",
        "$orderby",
        "$count",
        "$search",
        "$skiptoken",
        "$deltatoken",
        "startdatetime",
        "enddatetime",
    ]
)
_EXPANSION: Final = re.compile(r"\s*(\w+)\s*(?:\(\s*\$filter=(.*)\))?\s*", re.DOTALL)
_WANTED_ID: Final = re.compile(r"\s*id eq '((?:[^']|'')*)'\s*")
_SELECTABLE: Final = READABLE | {"singleValueExtendedProperties", "exceptionOccurrences"}


@dataclass(frozen=True, slots=True)
class Options:
    """The options of one call.

    `extended`: the id of the extended property to show, or None. `orderby`: property and whether
    descending.
    """

    select: frozenset[str] | None = None
    predicate: Predicate | None = None
    extended: str | None = None
    exceptions: bool = False
    top: int = DEFAULT_TOP
    skip: int = 0
    count: bool = False
    orderby: tuple[str, bool] | None = None

    def chosen(self, event: JsonObject) -> JsonObject:
        """The selected properties, with what always comes along."""
        if self.select is None:
            return event
        return {
            name: value
            for name, value in event.items()
            if name in self.select or name == "id" or name.startswith("@")
        }


def read_options(query: Mapping[str, str], *, paths: frozenset[str] = EVENT_PATHS) -> Options:
    """The options of a call about events. 400 for unknown ones, and for what events do not do."""
    for name in query:
        if name.startswith("$") and name not in _OPTIONS:
            raise invalid_query(f"The query parameter '{name}' is not supported.")
    if "$search" in query:
        raise GraphRefusal(
            400,
            "SearchWithFilterNotSupported",
            "The query parameter '$search' is not supported for events.",
        )
    extended, exceptions = _expansions(query.get("$expand"))
    return Options(
        select=_selection(query.get("$select")),
        predicate=parse_filter(query["$filter"], paths) if "$filter" in query else None,
        extended=extended,
        exceptions=exceptions,
        top=_number(query, "$top", DEFAULT_TOP, 1, MOST_TOP),
        skip=_number(query, "$skip", 0, 0, 10**9),
        count=query.get("$count", "").lower() == "true",
        orderby=_order(query.get("$orderby")),
    )


def _selection(written: str | None) -> frozenset[str] | None:
    if written is None:
        return None
    names = [name.strip() for name in written.split(",") if name.strip()]
    known = {name.lower(): name for name in _SELECTABLE}
    for name in names:
        if name.lower() not in known:
            raise invalid_query(
                f"Could not find a property named '{name}' on type 'microsoft.graph.event'."
            )
    return frozenset(known[name.lower()] for name in names)


def _expansions(written: str | None) -> tuple[str | None, bool]:
    """The id of the extended property to show, and whether exceptions are wanted."""
    extended, exceptions = None, False
    for part in re.split(r",(?![^(]*\))", written or ""):
        if not part.strip():
            continue
        form = _EXPANSION.fullmatch(part)
        match form.groups() if form else (None, None):
            case "singleValueExtendedProperties", str(condition):
                wanted = _WANTED_ID.fullmatch(condition)
                if wanted is None:
                    raise invalid_query(f"Invalid filter in $expand: '{condition}'.")
                extended = wanted[1].replace("''", "'")
            case "exceptionOccurrences", None:
                exceptions = True
            case "calendar" | "attachments" | "extensions" | "instances", None:
                continue
            case "singleValueExtendedProperties", None:
                raise GraphRefusal(
                    400,
                    "ErrorInvalidProperty",
                    "singleValueExtendedProperties can only be expanded with a filter on id.",
                )
            case _:
                raise invalid_query(f"Could not find a navigation property in '{part}'.")
    return extended, exceptions


def _number(query: Mapping[str, str], name: str, default: int, low: int, high: int) -> int:
    written = query.get(name)
    if written is None:
        return default
    if not written.isdecimal() or not low <= int(written) <= high:
        raise invalid_query(f"Invalid value '{written}' for {name} query option found.")
    return int(written)


def _order(written: str | None) -> tuple[str, bool] | None:
    if written is None:
        return None
    name, _, direction = written.strip().partition(" ")
    known = {"start/dateTime", "createdDateTime", "lastModifiedDateTime", "subject"}
    if name not in known or direction.strip() not in {"", "asc", "desc"}:
        raise invalid_query(f"The $orderby expression '{written}' is not supported.")
    return name, direction.strip() == "desc"
