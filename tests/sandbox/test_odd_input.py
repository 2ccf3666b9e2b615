"""Whatever a client sends, it gets Graph's answer or Graph's refusal, never a broken server."""

import json
from typing import Any
from urllib.parse import quote

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from calsync_agent.sandbox.graph.calls import answer_call
from calsync_agent.sandbox.graph.requests import Request, split_path, split_query
from calsync_agent.sandbox.model.properties import READABLE
from calsync_agent.sandbox.model.refusals import GraphRefusal
from calsync_agent.sandbox.tenant import Tenant
from tests.sandbox.client import hour

BASE = "https://graph.example/v1.0"
WORDS = [
    *("dateTime", "timeZone", "content", "contentType", "emailAddress", "address", "name", "type"),
    *("pattern", "range", "interval", "daysOfWeek", "dayOfMonth", "month", "index", "startDate"),
    *("endDate", "numberOfOccurrences", "recurrenceTimeZone", "displayName", "id", "value"),
]
VALUES = [
    *("UTC", "Europe/Vienna", "W. Europe Standard Time", "tzone://Microsoft/Custom", ""),
    *("2026-03-02T09:00:00", "0001-01-01T00:00:00", "9999-12-31T23:59:59Z", "4500-12-31"),
    *("2026-03-02", "daily", "weekly", "absoluteMonthly", "relativeYearly", "numbered", "noEnd"),
    *("endDate", "monday", "last", "html", "text", "free", "required", "true", "\ud800", "\0"),
]
scalars = st.one_of(
    st.sampled_from(VALUES),
    st.none(),
    st.booleans(),
    st.integers(-(2**40), 2**40),
    st.integers(0, 40),
    st.floats(allow_nan=False),
)
values = st.recursive(
    scalars,
    lambda inner: st.one_of(
        st.lists(inner, max_size=3),
        st.dictionaries(st.sampled_from(WORDS), inner, max_size=4),
    ),
    max_leaves=8,
)
times = st.builds(
    lambda local, zone: {"dateTime": local, "timeZone": zone},
    st.sampled_from(VALUES),
    st.sampled_from(VALUES),
)
recurrences = st.fixed_dictionaries(
    {
        "pattern": st.dictionaries(
            st.sampled_from(WORDS), st.one_of(scalars, st.lists(scalars)), max_size=7
        ),
        "range": st.dictionaries(st.sampled_from(WORDS), scalars, max_size=5),
    }
)
sent = st.dictionaries(
    st.sampled_from(sorted(READABLE)), st.one_of(values, times, recurrences), max_size=4
)


def answered(tenant: Tenant, method: str, url: str, body: object = None) -> bool:
    """Whether it was no refusal."""
    path, _, query = url.partition("?")
    name = quote(tenant.user("anna").upn)
    try:
        request = Request(
            method, split_path(f"/users/{name}{path}"), split_query(query), {}, BASE, body
        )
        answer = answer_call(tenant.world, request, "app")
    except GraphRefusal as refusal:
        return refusal.status < 400
    if answer.body is not None:
        json.dumps(answer.body, ensure_ascii=False).encode()
    return True


@settings(max_examples=400, deadline=None, suppress_health_check=list(HealthCheck))
@given(sent, sent)
def test_any_event_is_taken_or_refused(first: Any, second: Any) -> None:
    tenant = Tenant()
    anna = tenant.add_mailbox("anna")
    tenant.add_mailbox("bernd")
    if not answered(tenant, "POST", "/events", {**hour(), **first}):
        answered(tenant, "POST", "/events", hour())
    event_id = quote(str(anna.events()[0]["id"]), safe="")
    answered(tenant, "PATCH", f"/events/{event_id}", second)
    window = "startDateTime=2026-01-01&endDateTime=2027-01-01&$top=50"
    assert answered(tenant, "GET", f"/calendarView?{window}")
    assert answered(tenant, "GET", f"/calendarView/delta?{window}")
    assert answered(tenant, "GET", f"/events/{event_id}")


options = st.sampled_from(
    ["$filter", "$select", "$expand", "$orderby", "$top", "$skip", "$deltatoken", "startDateTime"]
)
texts = st.one_of(
    st.text(max_size=20),
    st.sampled_from(VALUES),
    st.lists(
        st.sampled_from(
            [
                *("subject", "eq", "'x'", "and", "(", ")", "not", "or", "start/dateTime", "ge"),
                *("2026-01-01T00:00:00Z", "0001-01-01T00:00:00+14:00", "true", "5", "/any(", ":"),
                *("categories/any(", "c:c", "startswith(", ",", "isAllDay", "gt", "''"),
            ]
        ),
        max_size=8,
    ).map(" ".join),
)


@settings(max_examples=400, deadline=None, suppress_health_check=list(HealthCheck))
@given(
    st.sampled_from(["/events", "/calendarView", "/calendarView/delta", "/calendars", ""]),
    st.dictionaries(options, texts, max_size=3),
)
def test_any_query_is_answered_or_refused(path: str, query: dict[str, str]) -> None:
    tenant = Tenant()
    tenant.add_mailbox("anna")
    answered(tenant, "POST", "/events", hour())
    given_window = {"endDateTime": "9999-12-31T23:59:59Z", "startDateTime": "0001-01-01", **query}
    written = "&".join(f"{name}={_quoted(value)}" for name, value in given_window.items())
    answered(tenant, "GET", f"{path}?{written}")


def _quoted(value: str) -> str:
    return quote(value.encode(errors="replace"))
