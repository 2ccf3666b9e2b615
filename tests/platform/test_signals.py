"""Being asked to stop: SIGTERM, SIGINT, and on Windows SIGBREAK."""

import asyncio
import signal
import subprocess
import sys
import textwrap
import threading

import pytest

from calsync_agent.platform import signals, stop_requested
from tests.support.asking import FLAGS, ask, askable


@pytest.mark.parametrize(
    "number", [getattr(signal, name) for name in signals._NAMES if hasattr(signal, name)]
)
def test_a_signal_sets_the_event_and_the_handlers_from_before_come_back(
    number: signal.Signals,
) -> None:
    async def waiting() -> None:
        with stop_requested(asyncio.get_running_loop()) as stop:
            assert not stop.is_set()
            signal.raise_signal(number)
            await asyncio.wait_for(stop.wait(), 10)

    before = signal.getsignal(signal.SIGTERM), signal.getsignal(signal.SIGINT)
    asyncio.run(waiting())
    assert (signal.getsignal(signal.SIGTERM), signal.getsignal(signal.SIGINT)) == before


@askable
def test_a_loop_that_sleeps_is_woken_by_a_signal_from_outside() -> None:
    script = """
        import asyncio
        from calsync_agent.platform import stop_requested

        async def main():
            with stop_requested(asyncio.get_running_loop()) as stop:
                print("ready", flush=True)
                await stop.wait()
                print("stopping", flush=True)

        asyncio.run(main())
    """
    with _process(script) as process:
        assert _line(process) == "ready"
        ask(process)
        assert _line(process) == "stopping"
        assert process.wait(20) == 0


@pytest.mark.skipif(not hasattr(signal, "SIGHUP"), reason="Windows knows no hang-up")
def test_a_hang_up_ends_nothing() -> None:
    script = """
        import asyncio
        from calsync_agent.platform import stop_requested

        async def main():
            with stop_requested(asyncio.get_running_loop()) as stop:
                print("ready", flush=True)
                await stop.wait()
                print("stopping", flush=True)

        asyncio.run(main())
    """
    with _process(script) as process:
        assert _line(process) == "ready"
        process.send_signal(signal.SIGHUP)
        process.send_signal(signal.SIGTERM)
        assert _line(process) == "stopping"
        assert process.wait(20) == 0


@askable
def test_the_second_signal_ends_the_process_at_once() -> None:
    script = """
        import asyncio
        from calsync_agent.platform import stop_requested

        async def main():
            with stop_requested(asyncio.get_running_loop()) as stop:
                print("ready", flush=True)
                await stop.wait()
                print("stopping", flush=True)
                await asyncio.Event().wait()

        asyncio.run(main())
    """
    with _process(script) as process:
        assert _line(process) == "ready"
        ask(process)
        assert _line(process) == "stopping"
        ask(process)
        assert process.wait(20) not in {0, None}


def test_outside_the_main_thread_the_event_is_left_to_the_program() -> None:
    stopped = []

    async def waiting() -> None:
        with stop_requested(asyncio.get_running_loop()) as stop:
            asyncio.get_running_loop().call_soon(stop.set)
            stopped.append(await stop.wait())

    before = signal.getsignal(signal.SIGTERM)
    thread = threading.Thread(target=asyncio.run, args=(waiting(),))
    thread.start()
    thread.join(20)
    assert stopped == [True]
    assert signal.getsignal(signal.SIGTERM) is before


def test_the_heart_wakes_a_sleeping_loop_until_it_is_stopped() -> None:
    async def beating() -> None:
        loop = asyncio.get_running_loop()
        beats = asyncio.Queue[None]()

        class Counted(signals._Heart):
            def _beat(self) -> None:
                super()._beat()
                beats.put_nowait(None)

        heart = Counted(loop, every=0.001)
        for _ in range(3):
            await asyncio.wait_for(beats.get(), 10)
        heart.stop()
        assert heart._next.cancelled()

    asyncio.run(beating())


def _process(script: str) -> subprocess.Popen[str]:
    return subprocess.Popen(
        [sys.executable, "-c", textwrap.dedent(script)],
        stdout=subprocess.PIPE,
        text=True,
        creationflags=FLAGS,
    )


def _line(process: subprocess.Popen[str]) -> str:
    assert process.stdout is not None
    return process.stdout.readline().strip()
