"""A changed agent.toml takes effect while the agent runs (issue 2, part 7): what is in it.

Real files and real notifications.
"""

import asyncio
import os
from collections.abc import Awaitable, Callable
from contextlib import aclosing
from pathlib import Path

import pytest

from calsync_agent.config import watching
from calsync_agent.config.reading import Outcome, read
from calsync_agent.config.settings import Settings
from calsync_agent.config.watching import Pace, changes
from calsync_agent.errors import ConfigurationRefused

Next = Callable[[], Awaitable[Outcome]]


def months(outcome: Outcome) -> int:
    assert isinstance(outcome, Settings), outcome
    return outcome.sync.past_months


def test_each_of_three_atomic_saves_is_noticed(
    write: Callable[..., Path], watched: Callable[..., None]
) -> None:
    path = write()
    before = path.read_text(encoding="utf-8")

    async def story(following: Next) -> None:
        for number in (11, 12, 13):
            beside = path.with_suffix(".new")
            beside.write_text(f"{before}\n[sync]\npast_months = {number}", encoding="utf-8")
            beside.replace(path)
            assert months(await following()) == number

    watched(path, story)


def test_a_file_that_is_written_in_parts_is_read_when_it_is_whole(
    write: Callable[..., Path], watched: Callable[..., None]
) -> None:
    path = write()

    async def story(following: Next) -> None:
        whole = path.read_bytes() + b"\n[sync]\npast_months = 11"
        with path.open("wb") as file:
            for start in range(0, len(whole), 10):
                file.write(whole[start : start + 10])
                file.flush()
                os.fsync(file.fileno())
                await asyncio.sleep(0)
        assert months(await following()) == 11

    watched(path, story)


def test_a_broken_file_is_refused_and_a_mended_one_taken_even_if_it_is_as_before(
    write: Callable[..., Path], watched: Callable[..., None]
) -> None:
    path = write()
    before = read(path)

    async def story(following: Next) -> None:
        write(sync="past_months = 'many'")
        refused = await following()
        assert isinstance(refused, ConfigurationRefused)
        assert "sync.past_months: must be a whole number" in str(refused)
        write(sync="past_months = 'more'")
        assert '"more"' in str(await following())
        write()
        assert await following() == before

    watched(path, story)


@pytest.mark.parametrize("content", [b"", b"\xff\xfe\x00", b"[[[", b"database = 1"])
def test_no_content_ends_the_watch(
    content: bytes, write: Callable[..., Path], watched: Callable[..., None]
) -> None:
    path = write()

    async def story(following: Next) -> None:
        path.write_bytes(content)
        assert isinstance(await following(), ConfigurationRefused)
        write(sync="past_months = 11")
        assert months(await following()) == 11

    watched(path, story)


def test_a_comment_changes_nothing_and_is_not_told(
    write: Callable[..., Path], watched: Callable[..., None]
) -> None:
    path = write()

    async def story(following: Next) -> None:
        write(sync="# a comment")
        shortly = asyncio.ensure_future(following())
        write(sync="# another\npast_months = 11")
        assert months(await shortly) == 11

    watched(path, story)


def test_a_file_that_is_gone_for_a_moment_is_not_missed(
    write: Callable[..., Path], watched: Callable[..., None], monkeypatch: pytest.MonkeyPatch
) -> None:
    path = write()
    looked = watching._missing

    async def story(following: Next) -> None:
        noticed = asyncio.Event()
        loop = asyncio.get_running_loop()

        def look(files: frozenset[Path]) -> frozenset[Path]:
            found = looked(files)
            if found:
                loop.call_soon_threadsafe(noticed.set)
            return found

        monkeypatch.setattr(watching, "_missing", look)
        path.unlink()
        shortly = asyncio.ensure_future(following())
        await asyncio.wait_for(noticed.wait(), 20)
        write(sync="past_months = 11")
        assert months(await shortly) == 11

    watched(path, story, Pace(calm=0.1, missing=30.0))


def test_a_file_that_stays_away_is_missed_and_taken_when_it_is_back(
    write: Callable[..., Path], watched: Callable[..., None]
) -> None:
    path = write()

    async def story(following: Next) -> None:
        path.unlink()
        assert str(await following()) == f"there is no file {path}"
        write(sync="past_months = 11")
        assert months(await following()) == 11

    watched(path, story)


def test_without_known_settings_what_the_file_holds_at_first_is_known(
    write: Callable[..., Path],
) -> None:
    path = write()

    async def told() -> None:
        stop = asyncio.Event()
        async with aclosing(changes(path, stop, pace=Pace(calm=0.1))) as feed:
            first = asyncio.ensure_future(anext(feed))
            stop.set()
            with pytest.raises(StopAsyncIteration):
                await asyncio.wait_for(first, 20)

    asyncio.run(told())


def test_a_cancelled_watch_leaves_nothing_behind(write: Callable[..., Path]) -> None:
    path = write()

    async def told() -> None:
        shortly = asyncio.ensure_future(anext(changes(path, asyncio.Event())))
        await asyncio.sleep(0)
        shortly.cancel()
        with pytest.raises(asyncio.CancelledError):
            await shortly
        assert asyncio.all_tasks() == {asyncio.current_task()}

    asyncio.run(told())
