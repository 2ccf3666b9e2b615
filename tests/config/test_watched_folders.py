"""A changed agent.toml takes effect while the agent runs (issue 2, part 7): files and folders.

Real files and real notifications.
"""

import logging
import shutil
import sys
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping
from pathlib import Path

import pytest

from calsync_agent.config import listening
from calsync_agent.config.reading import Outcome, read
from calsync_agent.config.settings import ClientSecret, Settings
from calsync_agent.config.watching import Pace
from tests.support.asking import WINE
from tests.support.service import until

Next = Callable[[], Awaitable[Outcome]]


def months(outcome: Outcome) -> int:
    assert isinstance(outcome, Settings), outcome
    return outcome.sync.past_months


def test_a_rotated_secret_is_taken(
    write: Callable[..., Path], watched: Callable[..., None], tmp_path: Path
) -> None:
    path = write()

    async def story(following: Next) -> None:
        (tmp_path / "secret.txt").write_text("rotated", encoding="utf-8")
        outcome = await following()
        assert isinstance(outcome, Settings)
        assert isinstance(outcome.credential, ClientSecret)
        assert outcome.credential.value.get_secret_value() == "rotated"

    watched(path, story)


def test_a_rotated_file_of_authorities_makes_other_settings(
    write: Callable[..., Path],
    watched: Callable[..., None],
    tmp_path: Path,
    pem: Mapping[str, bytes],
) -> None:
    (tmp_path / "trust").mkdir()
    (tmp_path / "trust" / "ca.pem").write_bytes(pem["authority"])
    path = write(
        exchange='client_id = "a"\nclient_secret_file = "secret.txt"\nca_file = "trust/ca.pem"'
    )
    before = read(path)

    async def story(following: Next) -> None:
        (tmp_path / "trust" / "ca.pem").write_bytes(pem["authority"] + pem["certificate"])
        after = await following()
        assert isinstance(after, Settings)
        assert after != before
        (tmp_path / "trust" / "ca.pem").write_bytes(b"no certificate")
        assert "exchange.ca_file" in str(await following())

    watched(path, story)


def test_what_was_refused_for_a_missing_file_is_taken_when_that_is_there(
    write: Callable[..., Path], watched: Callable[..., None], tmp_path: Path
) -> None:
    path = write()
    later = tmp_path / "later" / "secret.txt"

    async def story(following: Next) -> None:
        write(exchange='client_id = "a"\nclient_secret_file = "later/secret.txt"')
        assert f"there is no file {later}" in str(await following())
        later.parent.mkdir()
        for secret in ("found", "rotated"):
            later.write_text(secret, encoding="utf-8")
            outcome = await following()
            assert isinstance(outcome, Settings)
            assert secret in [each.get_secret_value() for each in outcome.secrets()]

    watched(path, story)


@pytest.mark.skipif(sys.platform == "win32", reason="containers of Linux do so")
def test_a_link_that_is_turned_as_kubernetes_does_is_noticed(
    write: Callable[..., Path], watched: Callable[..., None], tmp_path: Path
) -> None:
    source = write().read_text(encoding="utf-8").replace("secret.txt", "../secret.txt")
    mounted = tmp_path / "mounted"
    for number in (11, 12):
        content = f"{source}\n[sync]\npast_months = {number}"
        (mounted / f"..{number}").mkdir(parents=True)
        (mounted / f"..{number}" / "agent.toml").write_text(content, encoding="utf-8")
    (mounted / "..data").symlink_to("..11")
    (mounted / "agent.toml").symlink_to("..data/agent.toml")

    async def story(following: Next) -> None:
        (mounted / "..next").symlink_to("..12")
        (mounted / "..next").replace(mounted / "..data")
        assert months(await following()) == 12

    watched(mounted / "agent.toml", story)


@pytest.mark.skipif(WINE, reason="Wine tells nobody that a watched folder is gone")
def test_a_folder_in_the_place_of_another_one_is_watched_in_its_stead(
    write: Callable[..., Path], watched: Callable[..., None], tmp_path: Path
) -> None:
    source = write().read_text(encoding="utf-8").replace("secret.txt", "../secret.txt")
    path = tmp_path / "folder" / "agent.toml"

    def fill(number: int) -> None:
        path.parent.mkdir()
        path.write_text(f"{source}\n[sync]\npast_months = {number}", encoding="utf-8")

    async def story(following: Next) -> None:
        for number in (12, 13):
            shutil.rmtree(path.parent)
            # On Windows it stays until whoever watches it has let go.
            await until(lambda: not path.parent.exists())
            fill(number)
            assert months(await following()) == number

    fill(11)
    watched(path, story, Pace(calm=0.1, check=0.2))


def test_a_network_share_that_announces_nothing_is_compared(
    write: Callable[..., Path], watched: Callable[..., None], monkeypatch: pytest.MonkeyPatch
) -> None:
    path = write()
    monkeypatch.setattr(listening, "changes_unheard", lambda folder: folder == path.parent)

    async def story(following: Next) -> None:
        for number in (11, 12):
            write(sync=f"past_months = {number}")
            assert months(await following()) == number

    watched(path, story)


def test_where_no_watch_can_be_had_the_contents_are_compared(
    write: Callable[..., Path],
    watched: Callable[..., None],
    monkeypatch: pytest.MonkeyPatch,
    caplog: pytest.LogCaptureFixture,
) -> None:
    path = write()

    async def unable(*folders: Path, **_options: object) -> AsyncIterator[set[str]]:
        if folders:
            raise OSError(28, "inotify watch limit reached")
        yield set()

    monkeypatch.setattr(listening, "awatch", unable)

    async def story(following: Next) -> None:
        for number in (11, 12):
            write(sync=f"past_months = {number}")
            assert months(await following()) == number

    with caplog.at_level(logging.WARNING):
        watched(path, story)
    [record] = caplog.records
    assert record.getMessage() == (
        "changes of the settings are not announced here ([Errno 28] inotify watch limit reached);"
        " the files are compared each second instead"
    )
