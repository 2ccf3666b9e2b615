"""The door: all reading and writing goes through here, in threads, and says when nothing answers.

Work is a function of one connection (`calsync_agent.database.engine`) that returns frozen values.
"""

from collections.abc import Awaitable, Callable, Sequence
from dataclasses import replace
from datetime import datetime
from pathlib import Path
from typing import Any, TypeVar

import sqlalchemy as sa

from calsync_agent.config import reading
from calsync_agent.config.settings import Settings
from calsync_agent.database.engine import Database, open_database
from calsync_agent.database.failures import Contended, denied, facts
from calsync_agent.errors import DatabaseRefused, DatabaseTrouble
from calsync_agent.health import overview
from calsync_agent.health.overview import Pulse
from calsync_agent.i18n import message
from calsync_tui.gateway import agent_program, setup
from calsync_tui.gateway.agent_program import Checked, Ended, ProgramTrouble

_T = TypeVar("_T")


class Gateway:
    """One database, and the settings that named it. `place` is where it is, for people.

    `proposed_tenant`: what the setup signed in to, for a provider that is to be made.
    `lost` is why it does not answer now, or None; whoever gets through next sets it back.
    `clock` is for tests: what the database's clock is said to show; `program` starts calsync-agent.
    """

    def __init__(
        self,
        database: Database,
        settings: Settings | None = None,
        clock: Callable[[], datetime] | None = None,
        program: Sequence[str] = agent_program.PROGRAM,
    ) -> None:
        self.settings = settings
        self.place = database.place
        self.proposed_tenant = ""
        self.lost: DatabaseTrouble | None = None
        self._database = database
        self._clock = clock
        self.program = program

    @property
    def dialect(self) -> str:
        """`postgresql`, `mssql` or `sqlite`."""
        return self._database.dialect

    async def read(self, work: Callable[[sa.Connection], _T]) -> _T:
        """What `work` returns in a reading transaction.

        Raises DatabaseTrouble where the database does not answer now, DatabaseRefused where it can
        not be read as it is.
        """
        return await self._through(self._database.read, work)

    async def write(self, work: Callable[[sa.Connection], _T]) -> _T:
        """What `work` returns in a writing transaction; it may run several times.

        Raises DatabaseTrouble, DatabaseRefused as `read` does; the latter also where the login may
        not write.
        """
        return await self._through(self._database.write, work)

    async def look(self) -> Pulse:
        """What the frame shows and what tells pages that something changed."""
        pulse = await self.read(overview.pulse)
        return pulse if self._clock is None else replace(pulse, now=self._clock())

    async def check(self, find_user: str | None = None) -> Checked:
        """What `calsync-agent check` finds with the saved settings (`agent_program.check`).

        Raises ProgramTrouble.
        """
        if self.settings is None:
            raise ProgramTrouble(message("there are no settings to check"))
        return await agent_program.check(
            self.settings.path, find_user=find_user, program=self.program
        )

    async def ask(self, *words: str, seconds: float = agent_program.SECONDS) -> Any:  # noqa: ANN401
        """What a command of calsync-agent answers with `--json`. Raises ProgramTrouble."""
        if self.settings is None:
            raise ProgramTrouble(message("there are no settings to check"))
        return await agent_program.ask(
            self.settings.path, *words, program=self.program, seconds=seconds
        )

    async def command(self, *words: str, seconds: float = agent_program.SECONDS) -> Ended:
        """What a command of calsync-agent says. Raises ProgramTrouble."""
        if self.settings is None:
            raise ProgramTrouble(message("there are no settings to check"))
        return await agent_program.told(
            self.settings.path, *words, program=self.program, seconds=seconds
        )

    def close(self) -> None:
        """Let running work end and close the connections. Blocks."""
        self._database.dispose()

    async def _through(
        self,
        way: Callable[[Callable[[sa.Connection], _T]], Awaitable[_T]],
        work: Callable[[sa.Connection], _T],
    ) -> _T:
        try:
            result = await way(work)
        except Contended:  # it does answer
            self.lost = None
            raise
        except DatabaseTrouble as trouble:
            self.lost = trouble
            raise
        except sa.exc.DBAPIError as error:
            raise denied(error) or _unusable(error, self.place) from error
        self.lost = None
        return result


def open_gateway(config: Path | None, *, strictly: bool = True) -> Gateway:
    """The door to the database that the settings name. Blocks while it connects.

    Raises ConfigurationRefused where there are no settings or wrong ones, and as `setup.check` does
    where the database cannot be used as it is.
    """
    settings = reading.read(reading.find(config))
    part = settings.database
    database = open_database(part.url.get_secret_value(), schema=part.schema_name, feed=part.feed)
    try:
        setup.check(database, strictly=strictly)
    except BaseException:
        database.dispose()
        raise
    return Gateway(database, settings)


def _unusable(error: sa.exc.DBAPIError, place: str) -> DatabaseRefused:
    return DatabaseRefused(
        message(
            "The database at {where} refuses: {reason}",
            where=place,
            reason=facts(error).text,
        )
    )
