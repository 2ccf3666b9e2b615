"""The client's tests run in virtual time: `asyncio.sleep(3600)` costs nothing."""

import pytest

from tests.exchange_client.fake import FakeGraph, FakeTokens, VirtualLoop


@pytest.fixture
def anyio_backend() -> tuple[str, dict[str, object]]:
    return "asyncio", {"loop_factory": VirtualLoop}


@pytest.fixture
def server() -> FakeGraph:
    return FakeGraph()


@pytest.fixture
def tokens() -> FakeTokens:
    return FakeTokens()
