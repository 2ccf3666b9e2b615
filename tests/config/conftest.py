import asyncio
import datetime as dt
from collections.abc import Awaitable, Callable, Iterator, Mapping
from contextlib import aclosing
from pathlib import Path

import pytest
import trustme
from cryptography.hazmat.primitives.serialization import (
    BestAvailableEncryption,
    Encoding,
    PrivateFormat,
    load_pem_private_key,
)

from calsync_agent.config.reading import Outcome, read
from calsync_agent.config.settings import Settings
from calsync_agent.config.watching import Pace, changes
from calsync_agent.errors import ConfigurationRefused
from calsync_agent.i18n import speaking

Story = Callable[[Callable[[], Awaitable[Outcome]]], Awaitable[None]]

QUICK = Pace(calm=0.1, missing=0.5, check=30.0, deaf=0.2)

MINIMAL = {
    "database": 'url = "sqlite:///data.db"',
    "exchange": 'client_id = "app"\nclient_secret_file = "secret.txt"',
}


@pytest.fixture(autouse=True)
def _english() -> Iterator[None]:
    with speaking("en"):
        yield


@pytest.fixture
def write(tmp_path: Path) -> Callable[..., Path]:
    """Writes a sound agent.toml, with other sections where they are given, and its secret."""

    def written(**sections: str) -> Path:
        path = tmp_path / "agent.toml"
        content = MINIMAL | sections
        path.write_text(
            "".join(f"[{name}]\n{keys}\n" for name, keys in content.items()), encoding="utf-8"
        )
        (tmp_path / "secret.txt").write_text("s3cret-value\n", encoding="utf-8")
        return path

    return written


@pytest.fixture
def settings(write: Callable[..., Path]) -> Settings:
    return read(write())


@pytest.fixture
def lines() -> Callable[[Path], list[str]]:
    """The lines of the refusal that a file meets with, each without the file's name before it."""

    def refused(path: Path) -> list[str]:
        with pytest.raises(ConfigurationRefused) as caught:
            read(path)
        assert caught.value.exit_status == 2
        told = str(caught.value).splitlines()
        assert all(str(path) in line for line in told)
        return [line.removeprefix(f"{path}: ") for line in told]

    return refused


@pytest.fixture(scope="session")
def pem() -> Mapping[str, bytes]:
    """Certificates and keys as people have them."""
    authority = trustme.CA()
    leaf = authority.issue_cert("app", key_type=trustme.KeyType.RSA)
    other = authority.issue_cert("other", key_type=trustme.KeyType.RSA)
    past = dt.datetime(2020, 1, 1, tzinfo=dt.UTC)
    old = authority.issue_cert(
        "app", key_type=trustme.KeyType.RSA, not_before=past, not_after=past + dt.timedelta(days=1)
    )
    key = leaf.private_key_pem.bytes()
    locked = load_pem_private_key(key, password=None).private_bytes(
        Encoding.PEM, PrivateFormat.PKCS8, BestAvailableEncryption(b"pass phrase")
    )
    return {
        "authority": authority.cert_pem.bytes(),
        "certificate": leaf.cert_chain_pems[0].bytes(),
        "other_certificate": other.cert_chain_pems[0].bytes(),
        "expired": old.private_key_and_cert_chain_pem.bytes(),
        "key": key,
        "locked_key": locked,
        "elliptic_key": authority.issue_cert("app").private_key_pem.bytes(),
    }


@pytest.fixture
def watched() -> Callable[..., None]:
    """Tells a story while a file is watched; what it gets is a function for the next outcome.

    The watch begins with settings that differ from the file's, so that its first outcome says that
    it listens.
    """

    def watch(path: Path, story: Story, pace: Pace = QUICK) -> None:
        async def told() -> None:
            stop = asyncio.Event()
            known = read(path).model_copy(update={"contents": "something else"})
            async with aclosing(changes(path, stop, known, pace)) as feed:

                async def following() -> Outcome:
                    return await asyncio.wait_for(anext(feed), 20)

                assert isinstance(await following(), Settings)
                await story(following)
                stop.set()
                with pytest.raises(StopAsyncIteration):
                    await following()

        asyncio.run(told())

    return watch
