"""What goes on beside the agent's rounds begins again whenever it falls over something (B8)."""

import asyncio
from collections.abc import Callable
from pathlib import Path
from typing import Any
from unittest.mock import Mock

import pytest

from calsync_agent.errors import DatabaseTrouble
from calsync_agent.i18n import message
from calsync_agent.service import agent as agents
from calsync_agent.service import beside
from calsync_agent.service.agent import Agent

pytestmark = pytest.mark.anyio

WORK = {"settings": "_follow_settings", "stop": "_wake_on"}


class Unforeseen(Exception):
    """What nobody thought of."""


def falling_once(again: asyncio.Event) -> Callable[..., Any]:
    """Work that falls over the first time; the second time it tells and lasts."""
    failed = False

    async def work(*_args: object) -> None:
        nonlocal failed
        if not failed:
            failed = True
            raise Unforeseen
        again.set()
        await asyncio.Event().wait()

    return work


@pytest.mark.parametrize("name", WORK)
async def test_b8_what_follows_the_settings_and_the_end_begins_again(
    name: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    told, again, stop = list[str](), asyncio.Event(), asyncio.Event()
    monkeypatch.setattr(beside, "AGAIN_AFTER", 0)
    monkeypatch.setattr(agents, "exposed", lambda _settings: [])
    away = Mock(side_effect=DatabaseTrouble(message("away")))
    agent = Agent(Mock(path=tmp_path / "agent.toml"), away, Mock(), Mock())
    monkeypatch.setattr(agent, "_tell", lambda _level, text: told.append(str(text)))
    monkeypatch.setattr(agent, WORK[name], falling_once(again))
    running = asyncio.create_task(agent.run(stop))
    await asyncio.wait_for(again.wait(), 30)
    assert len([text for text in told if name in text and "Unforeseen" in text]) == 1
    stop.set()
    agent._wake()
    await asyncio.wait_for(running, 30)
