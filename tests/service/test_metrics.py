"""What other programs may ask a running agent (contract 5, H7)."""

import asyncio
import socket
from collections.abc import Awaitable, Callable
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import TypeVar
from uuid import uuid4

import httpx
import pytest
import sqlalchemy as sa
import trustme
from prometheus_client.metrics_core import Metric
from prometheus_client.parser import text_string_to_metric_families

from calsync_agent.config import reading
from calsync_agent.consolidate import tables
from calsync_agent.health import situation
from calsync_agent.health.overview import AgentRow, Pulse
from calsync_agent.health.problems import Kind, Weight, expiry, problems
from calsync_agent.health.situation import Situation
from calsync_agent.service import monitoring
from calsync_agent.state.agents import CERTIFICATE, SECRET, Signing
from tests.support.postbox import web
from tests.support.service import Service, serving, until
from tests.support.world import SOON, World

T = TypeVar("T")

pytestmark = pytest.mark.anyio

NAMES = {
    "calsync_up",
    "calsync_cycle_age_seconds",
    "calsync_in_step",
    "calsync_links",
    "calsync_held",
    "calsync_quarantined",
    "calsync_changes",
    "calsync_mails",
    "calsync_requests",
    "calsync_throttled",
    "calsync_cycle_seconds",
}


@pytest.fixture(autouse=True)
def _soon(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(monitoring, "AGAIN_AFTER", 0.1)


def free_port() -> int:
    with socket.socket() as found:
        found.bind(("127.0.0.1", 0))
        port: int = found.getsockname()[1]
        return port


async def ask(port: int, path: str) -> httpx.Response:
    async with httpx.AsyncClient(trust_env=False) as client:
        while True:
            try:
                return await client.get(f"http://127.0.0.1:{port}{path}")
            except httpx.ConnectError:
                await asyncio.sleep(0.02)


async def metrics(port: int) -> dict[str, Metric]:
    text = (await ask(port, "/metrics")).text
    return {family.name: family for family in text_string_to_metric_families(text)}


def value(family: Metric, **labels: str) -> float:
    [found] = [one.value for one in family.samples if one.labels == labels]
    return found


def listening(port: int) -> dict[str, str]:
    return {"metrics": f'listen = "127.0.0.1:{port}"'}


async def soon(asking: Callable[[], Awaitable[T]], good: Callable[[T], bool]) -> T:
    """The first answer that is good; the test's own time limit ends the wait."""
    while not good(found := await asking()):  # noqa: ASYNC110 - another program answers
        await asyncio.sleep(0.02)
    return found


async def in_step(service: Service, *codes: str) -> None:
    await until(lambda: all(service.in_step(code) for code in codes))


async def test_h7_every_metric_of_the_contract_is_told_with_codes_and_numbers_alone(
    world: World,
) -> None:
    world.hire("MM")
    world.enter("MM", "Dentist at noon", SOON)
    port = free_port()
    async with serving(world, world.settings(**listening(port))) as service:
        await in_step(service, "MM")
        found = await soon(
            lambda: metrics(port), lambda told: value(told["calsync_in_step"], profile="MM") == 1
        )
        text = (await ask(port, "/metrics")).text
    assert found.keys() >= NAMES
    assert value(found["calsync_up"]) == 1
    assert value(found["calsync_links"], profile="MM") == 1
    assert value(found["calsync_held"], profile="MM") == 0
    assert value(found["calsync_cycle_age_seconds"], profile="MM") < 60
    change = {"profile": "MM", "side": "exchange", "kind": "created"}
    assert value(found["calsync_changes"], **change) == 1
    assert value(found["calsync_mails"], profile="MM") == 0
    assert value(found["calsync_requests"], status="200") > 0
    counted = [one for one in found["calsync_cycle_seconds"].samples if one.labels.get("le")]
    assert counted[-1].value >= 1
    assert "calsync_credential_expires_seconds" not in text
    assert "Dentist" not in text
    assert "@" not in text
    assert world.sandbox.client_secret not in text


async def test_h7_live_while_the_process_works_and_ready_while_it_may_sync(world: World) -> None:
    world.hire("MM")
    port = free_port()
    async with serving(world, world.settings(**listening(port))) as service:
        await in_step(service, "MM")
        assert (await ask(port, "/ready")).status_code == 200
        with world.database.writing() as connection:
            connection.execute(sa.update(tables.module).values(licensed=False))
        refused = await soon(lambda: ask(port, "/ready"), lambda told: told.status_code == 503)
        assert "licensed" in refused.text
        assert (await ask(port, "/live")).status_code == 200
        assert value((await metrics(port))["calsync_up"]) == 0
        with world.database.writing() as connection:
            connection.execute(sa.update(tables.module).values(licensed=True))
        await soon(lambda: ask(port, "/ready"), lambda told: told.status_code == 200)


async def test_h7_an_address_that_is_taken_is_said_and_ends_nothing(world: World) -> None:
    world.hire("MM")
    with web() as taken:
        settings = world.settings(**listening(taken.port))
        async with serving(world, settings) as service:
            await in_step(service, "MM")
            await until(lambda: service.lines("cannot be listened at"))
            port = free_port()
            world.settings(**listening(port))
            assert (await ask(port, "/live")).text == "ok\n"
            assert len(service.lines("cannot be listened at")) == 1
            world.settings()
            while True:
                try:
                    async with httpx.AsyncClient(trust_env=False) as client:
                        await client.get(f"http://127.0.0.1:{port}/live")
                except httpx.TransportError:
                    break


async def test_h3_a_certificate_tells_when_it_ends_and_is_a_problem_before(world: World) -> None:
    world.hire("MM")
    authority = trustme.CA()
    ends = datetime.now(UTC) + timedelta(days=10)
    leaf = authority.issue_cert("app", key_type=trustme.KeyType.RSA, not_after=ends)
    pem = world.folder / "app.pem"
    pem.write_bytes(leaf.private_key_pem.bytes() + leaf.cert_chain_pems[0].bytes())
    pem.chmod(0o600)
    world.tenant.register_certificate(leaf.cert_chain_pems[0].bytes().decode())
    port = free_port()
    path = world.settings(**listening(port)).path
    secret, certificate = 'client_secret_file = "secret.txt"', f"certificate_file = '{pem}'"
    path.write_text(path.read_text().replace(secret, certificate))
    async with serving(world, reading.read(path)) as service:
        await in_step(service, "MM")
        found = await metrics(port)
        with world.database.reading() as connection:
            listed = problems(situation.whole(connection))
    left = value(found["calsync_credential_expires_seconds"])
    assert timedelta(days=9) < timedelta(seconds=left) <= timedelta(days=10)
    [problem] = [one for one in listed if one.kind is Kind.CREDENTIAL_EXPIRES]
    assert problem.weight is Weight.WARNING
    assert "9 days" in str(problem.text)


@pytest.mark.parametrize("kind", [SECRET, CERTIFICATE])
@pytest.mark.parametrize(
    ("days", "stage", "weight"),
    [(31, None, None), (29, 1, "WARNING"), (13, 2, "WARNING"), (2, 3, "ERROR"), (-1, 3, "ERROR")],
)
def test_h3_what_runs_out_is_said_30_14_and_3_days_before(
    kind: str, days: int, stage: int | None, weight: str | None
) -> None:
    now = datetime(2026, 12, 1)
    agents = tuple(
        AgentRow(uuid4(), "host", 1, "1", now, now, 0, None, None, None) for _ in range(2)
    )
    agents = tuple(
        replace(one, signing=Signing(kind, now + timedelta(days=days))) for one in agents
    )
    here = Situation(Pulse(now, 0, 0, agents, {}), None, (), ())
    listed = list(expiry.expiring(here))
    found = [(one.stage, one.weight.name) for one in listed]
    assert all(
        (kind in str(one.text)) and ("has ended" in str(one.text)) == (days < 0) for one in listed
    )
    assert found == ([] if stage is None else [(stage, weight)])
