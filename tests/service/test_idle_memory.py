"""A5: a mailbox in which nothing happens is a few numbers, and a twentieth of a request."""

import gc
import tracemalloc
from math import ceil

import httpx
import pytest

from calsync_agent import bootstrap
from calsync_agent.database.engine import Database, open_database
from calsync_agent.exchange.calendar.connection import Exchange
from calsync_agent.exchange.transport.client import Graph
from calsync_agent.exchange.transport.settings import GraphSettings
from tests.benchmarks.mailboxes import NoSignIn, furnish, made_with
from tests.benchmarks.pressure import GRAPH, PressedTenant

pytestmark = pytest.mark.anyio

MOST_BYTES = 20_000
"""What an idle mailbox costs, all that is known of its profile and its employee included."""


async def held(url: str, tenant: PressedTenant) -> int:
    """The bytes that an agent holds after some rounds of which the last did nothing."""
    given = GraphSettings("example.com", "c", secret="s", graph_url=GRAPH)
    graph = Graph(given, NoSignIn(), transport=httpx.MockTransport(tenant))
    database = open_database(url)
    gc.collect()
    tracemalloc.start()
    with bootstrap.identity() as who:
        rounds = bootstrap.rounds(
            made_with(url), database, who, connect=lambda _settings, _provider: Exchange(graph)
        )
        for _ in range(3):
            tenant.asked = 0
            await rounds.begin()
            await rounds.finished()
        gc.collect()
        bytes_held, _peak = tracemalloc.get_traced_memory()
        tracemalloc.stop()
        await rounds.close(5)
    database.dispose()
    return bytes_held


@pytest.mark.parametrize("dialect", ["sqlite"], indirect=True)
async def test_a5_an_idle_mailbox_costs_a_few_kilobytes_and_a_twentieth_of_a_request(
    database: Database, monkeypatch: pytest.MonkeyPatch, tmp_path_factory: pytest.TempPathFactory
) -> None:
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path_factory.mktemp("state")))
    url = database.engine.url.render_as_string(hide_password=False)
    furnish(url, 400, GRAPH)
    tenant = PressedTenant(0.0, 0.0)
    assert await held(url, tenant) / 400 <= MOST_BYTES
    assert tenant.asked == ceil(400 / 20)
