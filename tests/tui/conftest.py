"""The terminal UI on a database of its own, at a fixed hour, in a fixed zone and language."""

import os
import time
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from datetime import datetime, timedelta
from pathlib import Path
from typing import Final
from uuid import UUID

import pytest
import sqlalchemy as sa
import trustme
from textual.scrollbar import ScrollBar
from textual.widgets import Input, TextArea

from calsync_agent import i18n
from calsync_agent.config.reading import read
from calsync_agent.config.settings import Settings
from calsync_agent.database.engine import Database, open_database
from calsync_agent.state.meta import settings_revision
from calsync_agent.state.tables import agent, provider
from calsync_tui import glyphs
from calsync_tui.app import CalsyncApp
from calsync_tui.gateway.door import Gateway
from tests.support.samples import an_employee
from tests.support.servers import Run, SQLite
from tests.support.snapshots import Look, compare
from tests.support.terminal import Terminal
from tests.tui.office import NOW

PEOPLE: Final = ("ANNA", "BERT", "CLARA")

SNAPSHOTS: Final = Path(__file__).parent / "snapshots"

Opened = Callable[..., AbstractAsyncContextManager[Terminal]]


@pytest.fixture(autouse=True)
def _always_the_same(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """Nothing of this computer shows, nothing moves, and what is of the process is put back."""
    for name in ("CALSYNC_CONFIG", "LANGUAGE", "LC_ALL", "LC_MESSAGES", "NO_COLOR"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("LANG", "C.UTF-8")
    monkeypatch.setenv("TERM", "xterm-256color")
    monkeypatch.setenv("COLORTERM", "truecolor")
    monkeypatch.setenv("TZ", "Europe/Vienna")
    if hasattr(time, "tzset"):
        time.tzset()
    for field in (Input, TextArea):
        monkeypatch.setattr(field.cursor_blink, "_default", False)
    language, signs, bars = i18n.current(), glyphs.shown(), ScrollBar.renderer
    i18n.use("de")
    yield
    i18n.use(language)
    glyphs.use(signs)
    ScrollBar.renderer = bars
    monkeypatch.undo()
    if hasattr(time, "tzset"):
        time.tzset()


@pytest.fixture
def file(test_run: Run) -> Iterator[str]:
    """The URL of a SQLite file with Consolidate's tables, ours, and a few employees."""
    made = SQLite(test_run)
    url = made.fresh(installed=True)
    database = open_database(url)
    with database.writing() as connection:
        for code in PEOPLE:
            an_employee(connection, code)
    database.dispose()
    yield url
    made.drop(url)


@pytest.fixture
def people(file: str) -> Iterator[Database]:
    """The same database as scripts, the agent and other admins use it."""
    database = open_database(file)
    yield database
    database.dispose()


@pytest.fixture
def settings(tmp_path: Path, file: str) -> Settings:
    """The settings that name the database."""
    (tmp_path / "secret.txt").write_text("s3cret-value\n")
    path = tmp_path / "agent.toml"
    path.write_text(
        f'[database]\nurl = "{file}"\n'
        "[exchange]\n"
        'client_id = "11111111-2222-3333-4444-555555555555"\n'
        'client_secret_file = "secret.txt"\n'
    )
    return read(path)


@pytest.fixture
def opened(file: str, settings: Settings) -> Opened:
    """Opens the UI for the length of a context: `opened(size=…, plain=…, page=…)`.

    It looks into the database only when it is told to (`terminal.look()`), unless `every` is given.
    `look` is one of `snapshots.ALL`.
    """

    @asynccontextmanager
    async def opened(
        *,
        size: tuple[int, int] = (80, 24),
        plain: bool = False,
        page: str | None = None,
        every: float | None = None,
        clock: Callable[[], datetime] | None = lambda: NOW,
        opening: Callable[[], Gateway] | None = None,
        look: Look | None = None,
    ) -> AsyncIterator[Terminal]:
        def open_file() -> Gateway:
            gateway = Gateway(open_database(file), settings, clock)
            # People see where the database is; it is somewhere else in each run.
            gateway.place = "/srv/consolidate.db"
            return gateway

        if look is not None:
            look.begin()
            size, plain = look.size, look.plain
        app = CalsyncApp(opening or open_file, plain=plain, every=every)
        if look is not None:
            app.theme = look.theme
        async with app.run_test(size=size, notifications=True) as pilot:
            terminal = Terminal(app, pilot)
            await terminal.begun()
            if page is not None:
                await terminal.go(page)
            yield terminal

    return opened


@pytest.fixture
def matches(request: pytest.FixtureRequest) -> Callable[[Terminal], None]:
    """Compares the screen with the picture stored under the test's name."""

    def matches(terminal: Terminal) -> None:
        name = request.node.name.replace("test_", "", 1).replace("asyncio-", "")
        compare(SNAPSHOTS / f"{name.replace('[', '-').rstrip(']')}.txt", terminal.picture())

    return matches


def a_provider(database: Database, **fields: object) -> None:
    """The provider row, with values that do where none are given."""
    row = {"id": 7, "kind": "exchange365", "tenant_id": "contoso.com", **fields}
    with database.writing() as connection:
        connection.execute(sa.insert(provider).values(row))


def an_agent(
    database: Database,
    *,
    revision: int | None = None,
    silent: timedelta = timedelta(0),
    number: int = 1,
) -> UUID:
    """An agent that runs since half past eight, not heard of for a while; returns its id.

    It works with the settings of a revision, or with the newest.
    """
    made = UUID(int=number)
    with database.writing() as connection:
        newest = settings_revision(connection)
        connection.execute(
            sa.insert(agent).values(
                id=made,
                host="consolidate-server",
                pid=4710 + number,
                version="0.1.0",
                lock_file=os.devnull,
                started_at=NOW - timedelta(minutes=30),
                seen_at=NOW - silent,
                settings_revision=newest if revision is None else revision,
                settings_taken_at=NOW - timedelta(minutes=30),
            )
        )
    return made


@pytest.fixture(scope="session")
def app_certificate(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A PEM file with the app's certificate and its key, which everybody may read."""
    path = tmp_path_factory.mktemp("certificate") / "app.pem"
    leaf = trustme.CA().issue_cert("app", key_type=trustme.KeyType.RSA)
    leaf.private_key_and_cert_chain_pem.write_to_path(str(path))
    path.chmod(0o644)
    return path
