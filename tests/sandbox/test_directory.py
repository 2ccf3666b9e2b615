"""Users, mailboxes and calendars: who is there, and who is closed to the app."""

from urllib.parse import quote

import pytest

from calsync_agent.sandbox.model.refusals import GraphRefusal
from tests.sandbox.client import Client, refusal


def test_users_are_found_by_address_name_and_alias(graph: Client) -> None:
    graph.tenant.add_mailbox("doris", "Doris Egger", "d.egger@contoso.example")
    for condition in (
        "mail eq 'DORIS@contoso.example' or userPrincipalName eq 'nobody@contoso.example'",
        "proxyAddresses/any(p:p eq 'smtp:d.egger@contoso.example')",
        "startswith(displayName,'dor')",
    ):
        found = graph.get(f"/users?$filter={quote(condition)}&$select=id,mail").json()["value"]
        assert [user["mail"] for user in found] == ["doris@contoso.example"]
        assert set(found[0]) == {"id", "mail"}


def test_a_user_is_addressed_by_object_id_or_name(graph: Client) -> None:
    graph.create()
    for name in (
        graph.person.id,
        graph.person.upn,
        quote(graph.person.upn, safe=""),
        "ANNA.BERGER@contoso.example",
    ):
        assert graph.get(f"/users/{name}").json()["id"] == graph.person.id
        assert len(graph.get(f"/users/{name}/events").json()["value"]) == 1


def test_users_come_in_pages(graph: Client) -> None:
    for n in range(5):
        graph.tenant.add_mailbox(f"user{n}")
    names, path = [], "/users?$top=3"
    while path:
        page = graph.get(path).json()
        names += [user["userPrincipalName"] for user in page["value"]]
        path = page.get("@odata.nextLink")
    assert len(names) == len(set(names)) == 8


def test_unknown_closed_and_unlicensed_mailboxes_are_refused_each_in_its_way(
    graph: Client,
) -> None:
    assert refusal(graph.get("/users/nobody@contoso.example/events")) == (404, "ErrorInvalidUser")
    assert refusal(graph.get("/users/nobody")) == (404, "Request_ResourceNotFound")
    graph.tenant.set_open("bernd.huber", open_=False)
    bernd = f"/users/{graph.tenant.user('bernd.huber').id}/events"
    assert refusal(graph.get(bernd)) == (403, "ErrorAccessDenied")
    graph.tenant.set_licensed("bernd.huber", licensed=False)
    assert refusal(graph.get(bernd)) == (404, "MailboxNotEnabledForRESTAPI")


def test_errors_have_graphs_shape(graph: Client) -> None:
    answer = graph.get("/events/nonsense", client_request_id="mine")
    error = answer.json()["error"]
    assert set(error) == {"code", "message", "innerError"}
    assert set(error["innerError"]) == {"date", "request-id", "client-request-id"}
    assert answer.headers["request-id"] == error["innerError"]["request-id"]
    assert answer.headers["client-request-id"] == "mine"


def test_there_is_one_default_calendar_and_there_can_be_more(graph: Client) -> None:
    assert graph.get("/calendar").json()["isDefaultCalendar"] is True
    made = graph.call("POST", "/calendars", {"name": "Privat"}).json()
    shown = graph.get("/calendars").json()["value"]
    assert [calendar["isDefaultCalendar"] for calendar in shown] == [True, False]
    below = f"/calendars/{quote(made['id'], safe='')}/events"
    assert graph.call("POST", below, {"subject": "x", **_hour()}).status_code == 201
    assert graph.get("/events").json()["value"] == []
    assert len(graph.get(below).json()["value"]) == 1


@pytest.mark.parametrize("path", ["/me/events", "/users/x/messages", "/nonsense"])
def test_what_is_not_simulated_is_refused(graph: Client, path: str) -> None:
    answer = graph.call("GET", graph.server.graph_url + path)
    assert answer.status_code in {400, 404}
    assert answer.json()["error"]["code"]


def test_zones_can_be_listed(graph: Client) -> None:
    names = [zone["alias"] for zone in graph.get("/outlook/supportedTimeZones").json()["value"]]
    assert "W. Europe Standard Time" in names
    iana = "/outlook/supportedTimeZones(TimeZoneStandard='Iana')"
    assert "Europe/Berlin" in [zone["alias"] for zone in graph.get(iana).json()["value"]]


def _hour() -> dict[str, dict[str, str]]:
    zone = "UTC"
    return {
        "start": {"dateTime": "2026-03-02T09:00:00", "timeZone": zone},
        "end": {"dateTime": "2026-03-02T10:00:00", "timeZone": zone},
    }


def test_users_are_unique_and_can_be_renamed_and_removed(graph: Client) -> None:
    graph.create()
    with pytest.raises(GraphRefusal):
        graph.tenant.add_mailbox("Anna.Berger")
    graph.tenant.rename("anna.berger", "anna.huber")
    assert refusal(graph.get("/users/anna.berger@contoso.example"))[0] == 404
    renamed = graph.get("/users/anna.huber@contoso.example").json()
    assert renamed["id"] == graph.person.id
    addressed = quote("proxyAddresses/any(p:p eq 'smtp:anna.berger@contoso.example')")
    assert len(graph.get(f"/users?$filter={addressed}").json()["value"]) == 1
    assert len(graph.get(f"/users/{graph.person.id}/events").json()["value"]) == 1
    graph.tenant.remove("anna.huber")
    assert refusal(graph.get(f"/users/{graph.person.id}/events")) == (404, "ErrorInvalidUser")
    graph.tenant.clock.advance(10)
    assert graph.get("/users").status_code == 200
