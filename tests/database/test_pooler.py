"""Behind PgBouncer in transaction mode, where the next transaction may get anybody's session."""

import os
import shutil
import signal
import subprocess
import time
from collections.abc import Iterator
from pathlib import Path

import pytest
import sqlalchemy as sa

from calsync_agent.database.engine import Database, open_database
from tests.support.rig import SOON, rigged
from tests.support.servers import Run
from tests.support.verify import assert_in_step

pytestmark = pytest.mark.parametrize("dialect", ["postgresql"], indirect=True)

PROGRAM = shutil.which("pgbouncer", path=f"{os.environ.get('PATH', '')}:/usr/sbin")
SETTINGS = """
[databases]
* = host={server} port={port} user=postgres
[pgbouncer]
unix_socket_dir = {folder}
listen_addr =
listen_port = 6543
auth_type = any
pool_mode = transaction
default_pool_size = 2
logfile = {folder}/log
pidfile = {folder}/pid
"""


@pytest.fixture
def pooled_url(database_url: str, test_run: Run) -> Iterator[str]:
    """The same database through a pooler that has two sessions for everybody."""
    if PROGRAM is None:
        pytest.skip("pgbouncer is not installed")
    url = sa.make_url(database_url)
    server = url.query.get("host")
    if not isinstance(server, str) or not server.startswith("/"):
        pytest.skip("the pooler is tried with a server on this machine")
    folder = test_run.folder / f"b{test_run.name()[-6:]}"
    folder.mkdir(mode=0o700)
    given = {"folder": folder, "server": server, "port": url.port or 5432}
    (folder / "ini").write_text(SETTINGS.format_map(given), encoding="utf-8")
    user = "nobody" if os.geteuid() == 0 else None  # neither it nor the server runs as root
    if user:
        for owned in (folder, folder / "ini"):
            shutil.chown(owned, user)
    with (folder / "said").open("wb") as said:
        pooler = subprocess.Popen([PROGRAM, folder / "ini"], user=user, stdout=said, stderr=said)
    try:
        pooled = url.set(query={"host": str(folder)}, port=6543, username="postgres")
        _until_it_answers(pooled, pooler, folder)
        yield pooled.render_as_string(hide_password=False)
    finally:
        pooler.send_signal(signal.SIGTERM)
        pooler.wait(20)


def _until_it_answers(url: sa.URL, pooler: "subprocess.Popen[bytes]", folder: Path) -> None:
    engine = sa.create_engine(url, poolclass=sa.NullPool)
    until = time.monotonic() + 20
    while not (folder / ".s.PGSQL.6543").exists():
        assert pooler.poll() is None, (folder / "said").read_text(encoding="utf-8")
        assert time.monotonic() < until, (folder / "said").read_text(encoding="utf-8")
        time.sleep(0.02)
    engine.connect().close()


def shown(url: str, *names: str) -> list[str]:
    """What an application finds set in the sessions of the pool, one after the other."""
    engine = sa.create_engine(url, poolclass=sa.NullPool)
    with engine.connect() as one, engine.connect() as other:  # both sessions, each held once
        asked = [(connection, f"SHOW {name}") for connection in (one, other) for name in names]
        return [str(connection.exec_driver_sql(text).scalar_one()) for connection, text in asked]


def test_b14_nothing_of_ours_is_left_in_sessions_that_others_get(
    pooled_url: str,
) -> None:
    names = ("lock_timeout", "statement_timeout", "default_transaction_isolation")
    fresh = shown(pooled_url, *names)
    pooled: Database = open_database(pooled_url)
    with pooled.reading() as one, pooled.writing() as other:
        for connection in (one, other):
            waits = connection.exec_driver_sql("SHOW lock_timeout").scalar()
            assert waits == "500ms", "in whichever session"
            assert connection.exec_driver_sql("SHOW TimeZone").scalar() == "UTC"
    assert shown(pooled_url, *names) == fresh
    with pooled.reading() as connection:  # and ours has them again
        assert connection.exec_driver_sql("SHOW lock_timeout").scalar() == "500ms"
        assert connection.exec_driver_sql("SELECT '🎉'").scalar() == "🎉"
    pooled.dispose()


@pytest.mark.anyio
async def test_b14_a_sync_through_a_pooler_ends_in_step(pooled_url: str, tmp_path: Path) -> None:
    with rigged(pooled_url, tmp_path) as rig:
        rig.world.hire("ANNA")
        number = rig.world.enter("ANNA", "hinaus 🎉", SOON)
        rig.tenant.user("anna").create("herein 🎉", SOON, SOON.replace(hour=11))
        await rig.until_quiet()
        rig.world.edit(number, location="Büro")
        await rig.until_quiet()
        assert_in_step(rig.world)
        assert len(rig.world.activities()) == 2
