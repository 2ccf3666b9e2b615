"""Microsoft's own client: lists, reads delta, creates, patches and deletes. Run by `test_clients`.

Arguments: tenant, client id, client secret, principal name of a user. Prints JSON.
"""

import asyncio
import json
import sys
from datetime import date

from azure.identity.aio import ClientSecretCredential
from kiota_abstractions.base_request_configuration import RequestConfiguration
from msgraph import GraphServiceClient
from msgraph.generated.models.attendee import Attendee
from msgraph.generated.models.body_type import BodyType
from msgraph.generated.models.date_time_time_zone import DateTimeTimeZone
from msgraph.generated.models.day_of_week import DayOfWeek
from msgraph.generated.models.email_address import EmailAddress
from msgraph.generated.models.event import Event
from msgraph.generated.models.item_body import ItemBody
from msgraph.generated.models.location import Location
from msgraph.generated.models.o_data_errors.o_data_error import ODataError
from msgraph.generated.models.patterned_recurrence import PatternedRecurrence
from msgraph.generated.models.recurrence_pattern import RecurrencePattern
from msgraph.generated.models.recurrence_pattern_type import RecurrencePatternType
from msgraph.generated.models.recurrence_range import RecurrenceRange
from msgraph.generated.models.recurrence_range_type import RecurrenceRangeType
from msgraph.generated.users.item.calendar_view.delta.delta_request_builder import (
    DeltaRequestBuilder,
)
from msgraph.generated.users.item.events.events_request_builder import EventsRequestBuilder

ZONE = "W. Europe Standard Time"


def at(hour: int) -> DateTimeTimeZone:
    return DateTimeTimeZone(date_time=f"2026-03-02T{hour:02}:00:00", time_zone=ZONE)


def meeting(subject: str) -> Event:
    return Event(
        subject=subject,
        body=ItemBody(content_type=BodyType.Html, content="<p>Grüße</p>"),
        start=at(9),
        end=at(10),
        location=Location(display_name="Saal"),
        attendees=[Attendee(email_address=EmailAddress(address="gast@kunde.example", name="Gast"))],
        transaction_id="11111111-2222-3333-4444-555555555555",
    )


def series(subject: str) -> Event:
    day = date(2026, 3, 2)
    pattern = RecurrencePattern(
        type=RecurrencePatternType.Weekly,
        interval=1,
        days_of_week=[DayOfWeek.Monday],
        first_day_of_week=DayOfWeek.Monday,
    )
    span = RecurrenceRange(
        type=RecurrenceRangeType.Numbered, start_date=day, number_of_occurrences=3
    )
    return Event(
        subject=subject,
        start=at(11),
        end=at(12),
        recurrence=PatternedRecurrence(pattern=pattern, range=span),
    )


async def delta(user, link: str | None = None):  # noqa: ANN001, ANN201 - the client's own types
    """All items of a round, and the link that follows."""
    builder = user.calendar_view.delta
    query = DeltaRequestBuilder.DeltaRequestBuilderGetQueryParameters(
        start_date_time="2026-01-01T00:00:00Z", end_date_time="2027-01-01T00:00:00Z"
    )
    asked = RequestConfiguration(query_parameters=query)
    asked.headers.add("Prefer", "odata.maxpagesize=2")
    asked.headers.add("Prefer", 'IdType="ImmutableId"')
    page = await (builder.with_url(link).get() if link else builder.get(asked))
    items = list(page.value)
    while page.odata_next_link:
        page = await builder.with_url(page.odata_next_link).get()
        items += page.value
    return items, page.odata_delta_link


async def main(tenant: str, client: str, secret: str, name: str) -> dict[str, object]:
    told: dict[str, object] = {}
    credential = ClientSecretCredential(tenant, client, secret)
    graph = GraphServiceClient(credential, ["https://graph.microsoft.com/.default"])
    user = graph.users.by_user_id(name)
    told["user"] = (await user.get()).user_principal_name
    made = await user.events.post(meeting("Besprechung"))
    again = await user.events.post(meeting("Besprechung"))
    told["once"] = made.id == again.id
    await user.events.post(series("Serie"))
    items, link = await delta(user)
    told["first"] = sorted((item.type.value, item.subject) for item in items)
    patched = await user.events.by_event_id(made.id).patch(Event(subject="Neu"))
    told["patched"] = [patched.subject, patched.location.display_name, patched.body.content]
    items, link = await delta(user, link)
    told["changed"] = [item.subject for item in items]
    query = EventsRequestBuilder.EventsRequestBuilderGetQueryParameters(
        select=["subject", "start"], filter="subject eq 'Neu'", top=5, orderby=["start/dateTime"]
    )
    found = await user.events.get(RequestConfiguration(query_parameters=query))
    told["found"] = [event.subject for event in found.value]
    listed = await user.calendar.events.get()
    told["listed"] = sorted(event.subject for event in listed.value)
    await user.events.by_event_id(made.id).delete()
    items, link = await delta(user, link)
    told["gone"] = [item.additional_data.get("@removed") for item in items]
    try:
        await user.events.by_event_id(made.id).get()
    except ODataError as error:
        told["refused"] = [error.response_status_code, error.error.code]
    await credential.close()
    return told


if __name__ == "__main__":
    sys.stdout.write(json.dumps(asyncio.run(main(*sys.argv[1:]))))
