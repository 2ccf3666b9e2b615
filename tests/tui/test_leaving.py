"""Leaving the program while something is under way."""

import pytest

from calsync_agent.health.overview import Pulse
from calsync_tui.widgets.banner import Banner
from tests.tui.conftest import Opened

pytestmark = pytest.mark.anyio


async def test_an_answer_that_comes_when_the_widgets_have_gone_is_no_error(
    opened: Opened, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with opened() as terminal:
        await terminal.settled()
        window, look = terminal.window, terminal.window.gateway.look

        async def late() -> Pulse:
            """The program has begun to end when the database answers."""
            pulse = await look()
            await window.query(Banner).remove()
            ending.setattr(terminal.app, "_running", False)
            return pulse

        with monkeypatch.context() as ending:
            monkeypatch.setattr(window.gateway, "look", late)
            await window.look().wait()  # raises where the work has failed
