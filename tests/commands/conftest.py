"""Commands run in this process, as their own process would, and what they say."""

import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

import pytest

from calsync_agent import i18n
from calsync_agent.cli import main
from calsync_agent.database.engine import Database
from calsync_agent.sandbox.server import running_sandbox
from calsync_agent.sandbox.tenant import Tenant
from tests.support.places import keep_to
from tests.support.world import World

_TOLD_IN_PASSING = re.compile(r"\d{4}-\d\d-\d\dT\S+ (debug|info) ")


@dataclass(frozen=True)
class Said:
    """What a command ended with. `problems`: the lines on stderr but for what went on meanwhile."""

    status: int
    out: str
    err: str

    @property
    def problems(self) -> list[str]:
        return [line for line in self.err.splitlines() if not _TOLD_IN_PASSING.match(line)]


Run = Callable[..., Said]


@pytest.fixture(autouse=True)
def _own_places(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """Settings, logs and locks of this computer are left alone, and the language is put back."""
    for name in ("CALSYNC_CONFIG", "LANGUAGE", "LC_ALL", "LC_MESSAGES"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("LANG", "C.UTF-8")
    keep_to(tmp_path, monkeypatch)
    before = i18n.current()
    yield
    i18n.use(before)


@pytest.fixture
def run(capfd: pytest.CaptureFixture[str]) -> Run:
    """Runs a command."""

    def run(*words: object) -> Said:
        capfd.readouterr()
        status = main([str(word) for word in words])
        shown = capfd.readouterr()
        said = Said(status, shown.out, shown.err)
        assert "Traceback" not in said.out + said.err
        return said

    return run


@pytest.fixture
def world(database: Database, tmp_path: Path) -> Iterator[World]:
    """A company with one employee and her mailbox, all sound."""
    with running_sandbox(Tenant()) as sandbox:
        made = World(database, sandbox, tmp_path)
        made.provider()
        made.hire("ANNA")
        made.settings()
        yield made


@pytest.fixture
def write(tmp_path: Path) -> Callable[[Mapping[str, str]], Path]:
    """Writes an agent.toml, sound where nothing else is given, and its secret."""

    def written(sections: Mapping[str, str]) -> Path:
        whole = {
            "database": 'url = "sqlite:///data.db"',
            "exchange": 'client_id = "app"\nclient_secret_file = "secret.txt"',
            **sections,
        }
        (tmp_path / "secret.txt").write_text("s3cret-value\n")
        path = tmp_path / "agent.toml"
        path.write_text("".join(f"[{name}]\n{keys}\n" for name, keys in whole.items()))
        return path

    return written
