"""Nothing that somebody outside wrote is obeyed by the admin's terminal (B8)."""

import unicodedata

import pytest
import sqlalchemy as sa

from calsync_agent.consolidate.tables import employee
from calsync_agent.database.engine import Database
from calsync_agent.i18n import message
from calsync_agent.state import log
from calsync_agent.state.log import Kind, Level, LogEntry
from calsync_agent.state.profile_status import Condition
from calsync_agent.state.tables import hold
from tests.support.terminal import Terminal
from tests.tui.conftest import Opened, a_provider, an_agent
from tests.tui.office import NOW, a_hold, a_profile, a_quarantined, fares_so

pytestmark = pytest.mark.anyio

HOSTILE = "A\x1b]0;owned\x07\x1b[2J\x9b31m\u202eB\nC"
SHOWN = "A\\x1b]0;owned"


def hostile(database: Database) -> None:
    """An office in which every text that comes from outside wants to be obeyed."""
    a_provider(database)
    first, second = (a_profile(database, code) for code in ("ANNA", "BERT"))
    who = an_agent(database)
    fares_so(database, first, agent=who)
    reason = message("{reason}", reason=HOSTILE)
    fares_so(database, second, Condition.FAILING, agent=who, error=reason)
    a_quarantined(database, first, HOSTILE)
    a_hold(database, second, 2)
    with database.writing() as connection:
        names = {"name": HOSTILE, "code": sa.func.substr(HOSTILE, 1, 6), "email": HOSTILE}
        who = sa.select(sa.func.min(employee.c.id)).scalar_subquery()
        connection.execute(sa.update(employee).where(employee.c.id == who).values(names))
        connection.execute(sa.update(hold).values(subject=HOSTILE))
        told = message("{subject} changed", subject=HOSTILE)
        log.write(connection, [LogEntry(Level.INFO, Kind.CHANGED, told, first)], NOW)
        # As a program before this one wrote it.
        connection.execute(
            sa.insert(log.log).values(
                at=NOW, level="info", kind="changed", message=HOSTILE, content="{}"
            )
        )


def harmless(terminal: Terminal) -> str:
    text = terminal.text()
    categories = {unicodedata.category(sign) for sign in text if sign != "\n"}
    assert not categories & {"Cc", "Cf"}
    return text


@pytest.mark.parametrize("page", ["status", "profiles", "log", "history"])
async def test_b8_no_page_lets_a_terminal_obey(page: str, opened: Opened, people: Database) -> None:
    hostile(people)
    async with opened(size=(160, 40), page=page) as terminal:
        await terminal.look()
        shown = harmless(terminal)
        if page != "history":
            assert SHOWN in shown


async def test_b8_what_waits_for_an_admin_is_listed_a_line_each(
    opened: Opened, people: Database
) -> None:
    hostile(people)
    async with opened(size=(160, 40), page="profiles") as terminal:
        await terminal.press("down", "h")
        await terminal.until(lambda: terminal.text().count(SHOWN) >= 2)
        harmless(terminal)


async def test_b8_an_entry_field_draws_nothing_that_is_obeyed(
    opened: Opened, people: Database
) -> None:
    a_provider(people)
    a_profile(people, "ANNA", external_user_id=HOSTILE)
    async with opened(size=(160, 40), page="profiles") as terminal:
        await terminal.press("f2")
        await terminal.settled()
        harmless(terminal)
