"""Whose mailbox it is: told by whatever Exchange lets the app see (I4)."""

import asyncio
from collections.abc import Sequence
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from calsync_agent.appointment.owner import Owner
from calsync_agent.exchange.calendar.owners import owner_of
from calsync_agent.exchange.transport.requests import Answer, Outcome, Request

CALENDAR = "AAMkA" + "x" * 120
GUID = "11111111-2222-3333-4444-555555555555"


class Told:
    """A Graph that answers so."""

    def __init__(self, *answers: Answer) -> None:
        self.answers = answers

    async def send(self, mailbox: str, requests: Sequence[Request]) -> list[Outcome]:
        assert mailbox
        assert len(requests) == len(self.answers)
        return list(self.answers)


@pytest.mark.anyio
async def test_i4_the_user_counts_where_the_app_may_read_users() -> None:
    calendar = Answer(200, {"id": CALENDAR, "owner": {"address": "anna@contoso.example"}})
    found = await owner_of(Told(calendar, Answer(200, {"id": GUID})), "anna@contoso.example")
    assert found == Owner(GUID, CALENDAR, "anna@contoso.example")


@pytest.mark.anyio
async def test_i4_an_object_id_that_leads_to_a_calendar_is_the_users() -> None:
    calendar = Answer(200, {"id": CALENDAR})
    found = await owner_of(Told(calendar, Answer(403)), GUID.upper())
    assert found == Owner(GUID, CALENDAR, None)


JSON = st.recursive(
    st.none() | st.booleans() | st.floats() | st.text(),
    lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner),
    max_leaves=8,
)


@given(
    st.dictionaries(st.sampled_from(["id", "owner", "name"]), JSON),
    st.dictionaries(st.sampled_from(["id"]), JSON),
    st.sampled_from([200, 403, 404, 500]),
)
def test_b8_whatever_is_answered_is_stored_or_tells_nothing(
    calendar: dict[str, Any], user: dict[str, Any], status: int
) -> None:
    told = Told(Answer(status, calendar), Answer(200, user))
    found = asyncio.run(owner_of(told, "anna@contoso.example"))
    assert len(found.user or "") <= 64
    assert (found.calendar or "").isascii()
    for value in (found.user, found.calendar, found.address):
        assert value is None or value.encode().strip()


ANNA, BOB = "anna@contoso.example", "bob@contoso.example"
OTHER = "BBMkA" + "y" * 120


@pytest.mark.parametrize(
    ("one", "other", "same", "unchanged"),
    [
        (Owner(GUID), Owner(GUID.upper()), True, True),
        (Owner(GUID), Owner(GUID[::-1]), False, False),
        (Owner(GUID, CALENDAR), Owner(GUID, OTHER), True, False),
        (Owner(GUID, CALENDAR), Owner(None, CALENDAR), True, True),
        (Owner(None, CALENDAR, ANNA), Owner(None, CALENDAR, BOB), True, True),
        (Owner(None, CALENDAR, ANNA), Owner(None, OTHER, "ANNA@contoso.example "), True, False),
        (Owner(None, "calendar", ANNA), Owner(None, "calendar", BOB), False, False),
        (Owner(None, "calendar"), Owner(None, "calendar"), None, None),
        (Owner(GUID), Owner(None, None, ANNA), None, None),
        (Owner(), Owner(GUID, CALENDAR, ANNA), None, None),
    ],
)
def test_i4_two_mailboxes_are_one_as_far_as_anything_tells(
    one: Owner, other: Owner, same: bool | None, unchanged: bool | None
) -> None:
    assert one.same(other) is other.same(one) is same
    assert one.unchanged(other) is other.unchanged(one) is unchanged
