"""What goes on beside the rounds begins again whenever it ends, and that is said (B8, B11)."""

import asyncio
from collections.abc import Callable
from datetime import timedelta
from types import SimpleNamespace
from typing import Any, Self

import pytest

from calsync_agent.domain.calendar import Changes
from calsync_agent.i18n import Message
from calsync_agent.service import beside
from calsync_agent.service import heartbeat as watches
from calsync_agent.service.beside import Beside
from calsync_agent.service.gate import Gate
from calsync_agent.service.heartbeat import Watch
from calsync_agent.service.mailbox_polls import Polls

pytestmark = pytest.mark.anyio


class Unforeseen(Exception):
    """What nobody thought of."""


@pytest.fixture(autouse=True)
def _at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(beside, "AGAIN_AFTER", 0)
    monkeypatch.setattr(watches, "HEARTBEAT", timedelta(0))
    monkeypatch.setattr(watches, "LOOKS_EVERY", 0)


def failing_once(news: asyncio.Event) -> Callable[..., Any]:
    """Work that falls over the first time; the second time it tells."""
    failed = False

    async def work(*_args: object) -> bool:
        nonlocal failed
        if not failed:
            failed = True
            raise Unforeseen
        news.set()
        await asyncio.Event().wait()
        return False

    return work


@pytest.mark.parametrize(("step", "task"), [("_renew", "heartbeat"), ("_changed", "watch")])
async def test_b8_a_task_beside_the_rounds_begins_again(
    step: str, task: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    worked, told = asyncio.Event(), list[Message]()
    monkeypatch.setattr(Watch, "_renew", failing_once(asyncio.Event()))
    monkeypatch.setattr(Watch, "_changed", failing_once(asyncio.Event()))
    monkeypatch.setattr(Watch, step, failing_once(worked))
    nothing: Any = None
    watch = Watch(nothing, nothing, Gate(nothing), *[nothing] * 3, asyncio.Event(), told.append)
    watch.begin()
    await asyncio.wait_for(worked.wait(), 30)
    mine = [text for text in map(str, told) if task in text]
    assert len(mine) == 1
    assert "Unforeseen" in mine[0]
    await watch.close()
    assert not watch.tasks


async def test_b8_a_task_that_is_cut_off_begins_again_and_ends_when_it_is_closed() -> None:
    begun, told = asyncio.Queue[None](), list[Message]()

    async def work() -> None:
        begun.put_nowait(None)
        await asyncio.Event().wait()

    lasting = Beside({"ear": work}, told.append)
    lasting.begin()
    lasting.begin()
    await begun.get()
    lasting.tasks["ear"].cancel()
    await begun.get()
    assert len(told) == 1
    await lasting.close()
    assert not lasting.tasks
    assert begun.empty()


async def test_b8_work_that_returns_begins_again() -> None:
    begun = asyncio.Queue[None]()

    async def work() -> None:
        begun.put_nowait(None)

    lasting = Beside({"ear": work}, lambda _text: None)
    lasting.begin()
    for _ in range(3):
        await begun.get()
    await lasting.close()


async def test_a4_an_answer_that_fells_its_hearer_is_its_mailboxes_trouble_alone() -> None:
    """One mailbox's bad answer is no other's."""
    failed, begun = list[str](), list[str]()
    running: Any = SimpleNamespace(
        tasks={}, failed=lambda standing, _error: failed.append(standing.name)
    )

    class Line:
        calendars = SimpleNamespace()

        async def __aenter__(self) -> Self:
            return self

        async def __aexit__(self, *_args: object) -> None:
            return None

    async def poll(positions: dict[str, str], listener: Callable[..., None]) -> None:
        for mailbox in positions:
            listener(mailbox, Changes(None))

    Line.calendars.poll = poll
    standings = {
        name: SimpleNamespace(
            name=name, profile=SimpleNamespace(id=name), position="x", busy=True, cycle=0
        )
        for name in "abc"
    }

    def begin(standing: Any, _polled: object) -> None:
        if standing.name == "b":
            raise Unforeseen
        begun.append(standing.name)
        running.tasks[standing.name] = None

    polls = Polls(running)
    line: Any = Line()
    asked: Any = standings
    polls.ask(asked, line, begin)
    await asyncio.gather(*polls.tasks)
    assert (failed, begun) == (["b"], ["a", "c"])
    assert [one.busy for one in standings.values()] == [True, False, True]
