"""The client over real HTTPS, with MSAL, against the simulated Exchange 365."""

import asyncio
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any, Literal

import pytest
from cryptography.hazmat.primitives.asymmetric import rsa

from calsync_agent.domain.operation import Lost
from calsync_agent.errors import FeedTrouble, MailboxClosed, SignInRefused
from calsync_agent.exchange.transport.auth import MsalTokens
from calsync_agent.exchange.transport.client import Graph
from calsync_agent.exchange.transport.pace import Clock
from calsync_agent.exchange.transport.poll import Waiting
from calsync_agent.exchange.transport.requests import Answer, Request
from calsync_agent.exchange.transport.settings import GraphSettings
from calsync_agent.sandbox.faults import Rule
from calsync_agent.sandbox.server import SandboxServer, running_sandbox
from calsync_agent.sandbox.tenant import Tenant
from tests.exchange_client.authority import certificate, pem

pytestmark = pytest.mark.anyio

DAY = datetime(2026, 11, 23, 9, 0)
WINDOW = "startDateTime=2026-08-01T00:00:00Z&endDateTime=2028-11-01T00:00:00Z"


@pytest.fixture
def anyio_backend() -> str:
    return "asyncio"


@pytest.fixture
def sandbox() -> Iterator[SandboxServer]:
    with running_sandbox() as server:
        yield server


class Sleepless:
    """Time that passes only by waiting, and then at once."""

    def __init__(self) -> None:
        self.waited = 0.0

    async def sleep(self, seconds: float) -> None:
        self.waited += seconds

    def clock(self) -> Clock:
        return Clock(monotonic=lambda: self.waited, sleep=self.sleep, random=lambda: 0.5)


@asynccontextmanager
async def graph_of(
    server: SandboxServer,
    *,
    clock: Clock | None = None,
    poll_limit: float = 15.0,
    **change: Any,
) -> AsyncIterator[Graph]:
    given: dict[str, Any] = {
        "tenant_id": server.tenant_id,
        "client_id": server.client_id,
        "secret": server.client_secret,
        "authority": server.authority,
        "graph_url": server.graph_url,
        "ca_file": Path(server.ca_file),
    }
    settings = GraphSettings(**{**given, **change})
    graph = Graph(settings, MsalTokens(settings), clock=clock or Clock(), poll_limit=poll_limit)
    try:
        yield graph
    finally:
        await graph.aclose()


def name(server: SandboxServer, user: str = "anna.berger") -> str:
    return server.tenant.user(user).mailbox.upn


def delta(mailbox: str) -> Request:
    return Request("GET", f"/users/{mailbox}/calendarView/delta?{WINDOW}", paged=True)


def new_event(mailbox: str, subject: str, number: int = 0) -> Request:
    begins = DAY + timedelta(hours=number)
    times = [
        {"dateTime": moment.isoformat(), "timeZone": "W. Europe Standard Time"}
        for moment in (begins, begins + timedelta(hours=1))
    ]
    body = {"subject": subject, "start": times[0], "end": times[1]}
    return Request("POST", f"/users/{mailbox}/events", body)


async def everything(graph: Graph, mailbox: str) -> tuple[list[Any], str]:
    """The window's events, and the delta link."""
    request, found = delta(mailbox), []
    while True:
        (page,) = await graph.send(mailbox, [request])
        assert isinstance(page, Answer)
        assert page.ok
        assert page.body is not None
        items = page.body["value"]
        assert isinstance(items, list)
        found += items
        if "@odata.deltaLink" in page.body:
            return found, str(page.body["@odata.deltaLink"])
        request = Request("GET", str(page.body["@odata.nextLink"]), paged=True)


async def test_a1_events_are_written_in_batches_and_read_by_pages(sandbox: SandboxServer) -> None:
    anna = name(sandbox)
    async with graph_of(sandbox, page_size=7) as graph:
        created = await graph.send(anna, [new_event(anna, f"Nr. {n}", n) for n in range(45)])
        assert {each.status for each in created if isinstance(each, Answer)} == {201}
        assert all(isinstance(each, Answer) and each.request_id for each in created)
        found, _ = await everything(graph, anna)
    assert {each["subject"] for each in found} == {f"Nr. {n}" for n in range(45)}
    assert sandbox.tenant.counters.throttled == 0
    assert max(sandbox.tenant.counters.at_once.values()) <= 4
    assert sandbox.tenant.counters.tokens == 1


async def test_b9_many_tasks_at_one_mailbox_are_never_throttled(sandbox: SandboxServer) -> None:
    anna = name(sandbox)
    async with graph_of(sandbox) as graph:
        await asyncio.gather(
            *(graph.send(anna, [new_event(anna, f"{n}", n)]) for n in range(12)),
            *(graph.send(anna, [new_event(anna, f"{n}.{m}") for m in range(5)]) for n in range(4)),
        )
    assert sandbox.tenant.counters.throttled == 0
    assert sandbox.tenant.counters.calls == 32


async def test_a5_an_idle_poll_takes_a_twentieth_as_many_requests() -> None:
    tenant = Tenant()
    for number in range(41):
        tenant.add_mailbox(f"user{number}")
    with running_sandbox(tenant) as sandbox:
        async with graph_of(sandbox) as graph:
            people = [person.mailbox.upn for person in tenant.people()]
            links = {
                upn: Request("GET", (await everything(graph, upn))[1], paged=True) for upn in people
            }
            tenant.reset_counters()
            results = await graph.poll(links)
            assert {each.status for each in results.values() if isinstance(each, Answer)} == {200}
            assert len(results) == 41
            assert tenant.counters.http == 3


async def test_a4_a_mailbox_that_hangs_is_found_and_polled_apart(sandbox: SandboxServer) -> None:
    people = [person.mailbox.upn for person in sandbox.tenant.people()]
    async with graph_of(sandbox, poll_limit=0.3, answer_seconds=0.5) as graph:
        links = {upn: Request("GET", (await everything(graph, upn))[1]) for upn in people}
        sandbox.tenant.fault(Rule(action="hang", mailbox=people[1], times=None))
        sandbox.tenant.reset_counters()
        assert {type(each) for each in (await graph.poll(links)).values()} == {Waiting}
        results = await graph.poll(links)
        kinds = [type(results[upn]) for upn in people]
        assert kinds == [Answer, FeedTrouble, Answer]
        sandbox.tenant.clear_faults()


async def test_b2_a_create_whose_answer_got_lost_is_not_repeated(sandbox: SandboxServer) -> None:
    anna = name(sandbox)
    sandbox.tenant.fault(Rule(action="drop", when="after", method="POST", path="events"))
    async with graph_of(sandbox) as graph:
        (outcome,) = await graph.send(anna, [new_event(anna, "Once")])
        assert isinstance(outcome, Lost)
        found, _ = await everything(graph, anna)
    assert [each["subject"] for each in found] == ["Once"]


@pytest.mark.parametrize("action", ["drop", "truncate", "status"])
async def test_b9_a_read_that_fails_is_repeated(
    sandbox: SandboxServer, action: Literal["drop", "truncate", "status"]
) -> None:
    anna, time = name(sandbox), Sleepless()
    async with graph_of(sandbox, clock=time.clock()) as graph:
        await graph.send(anna, [new_event(anna, "A")])
        sandbox.tenant.fault(Rule(action=action, scope="http", method="GET", times=2))
        found, _ = await everything(graph, anna)
    assert [each["subject"] for each in found] == ["A"]
    assert time.waited == pytest.approx(0.75 + 1.5)


async def test_b9_throttled_parts_of_a_batch_wait_as_told(sandbox: SandboxServer) -> None:
    anna, time = name(sandbox), Sleepless()
    async with graph_of(sandbox, clock=time.clock()) as graph:
        sandbox.tenant.fault(
            Rule(action="status", status=429, method="POST", path="events", retry_after=11, nth=3)
        )
        created = await graph.send(anna, [new_event(anna, f"{n}", n) for n in range(8)])
        assert {each.status for each in created if isinstance(each, Answer)} == {201}
        found, _ = await everything(graph, anna)
    assert len(found) == 8
    assert time.waited == pytest.approx(11.5)


async def test_b9_a_revoked_token_is_replaced(sandbox: SandboxServer) -> None:
    anna = name(sandbox)
    async with graph_of(sandbox) as graph:
        await everything(graph, anna)
        sandbox.tenant.revoke_tokens()
        await everything(graph, anna)
    assert sandbox.tenant.counters.tokens == 2


async def test_b9_closed_and_missing_mailboxes_say_what_to_mend(sandbox: SandboxServer) -> None:
    anna, bernd = name(sandbox), name(sandbox, "bernd.huber")
    async with graph_of(sandbox) as graph:
        sandbox.tenant.set_open("anna.berger", open_=False)
        with pytest.raises(MailboxClosed, match="access policy"):
            await graph.send(anna, [delta(anna)])
        sandbox.tenant.set_licensed("bernd.huber", licensed=False)
        with pytest.raises(MailboxClosed, match="licence"):
            await graph.send(bernd, [delta(bernd)])
        with pytest.raises(MailboxClosed, match=r"ErrorInvalidUser|Request_ResourceNotFound"):
            await graph.send("nobody@contoso.example", [delta("nobody@contoso.example")])


@pytest.mark.parametrize(
    ("change", "code"),
    [
        ({"secret": "wrong"}, "AADSTS7000215"),
        ({"client_id": "99999999-8888-7777-6666-555555555555"}, "AADSTS700016"),
        ({"tenant_id": "99999999-8888-7777-6666-555555555555"}, "AADSTS90002"),
        ({"tenant_id": "nonsense"}, "AADSTS900023"),
    ],
)
async def test_b10_what_entra_refuses_is_explained(
    sandbox: SandboxServer, change: dict[str, str], code: str
) -> None:
    async with graph_of(sandbox, **change) as graph:
        with pytest.raises(SignInRefused, match=code):
            await graph.poll({name(sandbox): delta(name(sandbox))})


async def test_b9_the_app_signs_in_with_a_certificate(
    sandbox: SandboxServer, tmp_path: Path
) -> None:
    key = rsa.generate_private_key(65537, 2048)
    own = certificate(key)
    path = tmp_path / "app.pem"
    path.write_bytes(pem(key, own))
    async with graph_of(sandbox, secret=None, certificate_pem=path) as graph:
        with pytest.raises(SignInRefused, match="AADSTS700027"):
            await everything(graph, name(sandbox))
    sandbox.tenant.register_certificate(pem(None, own).decode())
    async with graph_of(sandbox, secret=None, certificate_pem=path) as graph:
        assert (await everything(graph, name(sandbox)))[0] == []
