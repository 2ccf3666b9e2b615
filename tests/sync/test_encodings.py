"""A PostgreSQL database whose own encoding cannot hold all that people write (B8, D1)."""

from collections.abc import Iterator
from pathlib import Path

import pytest
import sqlalchemy as sa

from calsync_agent.database.engine import open_database
from calsync_agent.installation import install
from calsync_agent.state import tables as state
from tests.support.rig import SOON, rigged
from tests.support.servers import Server
from tests.support.verify import assert_in_step

pytestmark = [
    pytest.mark.anyio,
    pytest.mark.parametrize("dialect", ["postgresql"], indirect=True),
]


@pytest.fixture
def latin1_url(server: Server) -> Iterator[str]:
    """A database in LATIN1, with nothing in it."""
    name = server.run.name()
    server._administer(f"CREATE DATABASE {name} ENCODING 'LATIN1' TEMPLATE template0")
    url = server._of(name)
    yield url
    server.drop(url)


async def test_b8_a_character_that_the_database_cannot_hold_costs_that_item_alone(
    latin1_url: str, tmp_path: Path
) -> None:
    database = open_database(latin1_url)
    told = [str(line) for line in install(database, with_consolidate=True)]
    assert any("LATIN1" in line for line in told), told
    database.dispose()
    with rigged(latin1_url, tmp_path) as rig:
        rig.world.hire("ANNA")
        anna = rig.tenant.user("anna")
        for number, subject in enumerate(("Käse", "Feier 🎉", "Größe", "日本語")):
            hour = SOON.hour + number
            anna.create(subject, SOON.replace(hour=hour), SOON.replace(hour=hour + 1))
        await rig.until_quiet()
        assert {row["subject"] for row in rig.world.activities()} == {"Käse", "Größe"}
        assert len(rig.world.rows(state.quarantine)) == 2
        (event,) = anna.find("Feier 🎉")
        anna.change(event, subject="Feier")
        (event,) = anna.find("日本語")
        anna.delete(event)
        await rig.until_quiet()
        assert_in_step(rig.world)


async def test_d1_an_encoding_that_holds_everything_is_not_worth_a_word(database_url: str) -> None:
    database = open_database(database_url)
    assert not any("encoding" in str(line) for line in install(database))
    with database.reading() as connection:
        assert connection.execute(sa.text("SHOW server_encoding")).scalar() == "UTF8"
    database.dispose()
