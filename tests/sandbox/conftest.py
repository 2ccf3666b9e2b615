"""One sandbox per test: three mailboxes, pages as regular as can be, and a client of Anna's."""

from collections.abc import Iterator

import pytest

from calsync_agent.sandbox.server import SandboxServer, running_sandbox
from calsync_agent.sandbox.tenant import Tenant
from tests.sandbox.client import Client


@pytest.fixture
def tenant() -> Tenant:
    tenant = Tenant().with_default_people()
    tenant.settings.irregular_pages = False
    tenant.settings.stamp_delay = None
    return tenant


@pytest.fixture
def server(tenant: Tenant) -> Iterator[SandboxServer]:
    with running_sandbox(tenant) as server:
        yield server


@pytest.fixture
def graph(server: SandboxServer) -> Iterator[Client]:
    client = Client(server)
    yield client
    client.http.close()
