"""Every trouble there is, in one list."""

from typing import Final

from calsync_agent.sandbox.adverse.content import CONTENT
from calsync_agent.sandbox.adverse.feed import FEED
from calsync_agent.sandbox.adverse.happenings import HABITS, HAPPENINGS
from calsync_agent.sandbox.adverse.trouble import AnyTrouble
from calsync_agent.sandbox.adverse.wire import WIRE

TROUBLES: Final[tuple[AnyTrouble, ...]] = (*CONTENT, *HABITS, *HAPPENINGS, *FEED, *WIRE)
BY_NAME: Final[dict[str, AnyTrouble]] = {trouble.name: trouble for trouble in TROUBLES}
