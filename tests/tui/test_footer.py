"""The bottom line holds as many keys as fit, and none is drawn over another."""

import pytest
from textual.widgets._footer import FooterKey

from calsync_agent import i18n
from calsync_agent.i18n import Language
from calsync_tui.widgets.footer import FittingFooter
from tests.tui.conftest import Opened

pytestmark = pytest.mark.anyio


@pytest.mark.parametrize("language", ["de"])
async def test_no_key_is_drawn_over_another_in_any_width(
    opened: Opened, language: Language
) -> None:
    i18n.use(language)
    async with opened() as terminal:
        for page in "134":
            await terminal.press(page)
            for width in (60, 76, 80):
                await terminal.pilot.resize_terminal(width, 24)
                await terminal.pilot.pause()
                footer = terminal.app.screen.query_one(FittingFooter)
                keys = [one for one in footer.query(FooterKey) if one.display]
                ends = [one.region.right for one in keys]
                begins = [one.region.x for one in keys]
                assert all(end <= begin for end, begin in zip(ends, begins[1:], strict=False))
                assert max(ends) <= width
                assert any(one.key == "f1" for one in keys)
