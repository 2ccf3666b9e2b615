"""The demo, shown to a string instead of a terminal."""

import asyncio
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date
from io import StringIO
from pathlib import Path
from typing import Protocol

import pytest

from calsync_agent import i18n
from calsync_agent.demo.play import play
from calsync_agent.demo.screen import Screen

TODAY = date.today()  # noqa: DTZ011 - the sandbox and the sync go by the clock as well


@dataclass(frozen=True, slots=True)
class Shown:
    """What a play has put on its screen, and whether it ended well."""

    text: str
    right: bool

    @property
    def lines(self) -> list[str]:
        return self.text.splitlines()


class Show(Protocol):
    """Plays the demo."""

    def __call__(
        self,
        *,
        language: i18n.Language = "en",
        columns: int = 80,
        encoding: str = "utf-8",
        keep: bool = False,
    ) -> Shown: ...


def shown_in(
    folder: Path, *, language: i18n.Language, columns: int, encoding: str, keep: bool
) -> Shown:
    stream = StringIO()
    screen = Screen(stream, columns=columns, encoding=encoding)
    with i18n.speaking(language):
        right = asyncio.run(play(screen, folder, TODAY, keep=keep))
    return Shown(stream.getvalue(), right)


@pytest.fixture
def stage(tmp_path: Path) -> Path:
    """The folder that the demo plays in."""
    folder = tmp_path / "stage"
    folder.mkdir()
    return folder


@pytest.fixture
def show(stage: Path) -> Show:
    def played(
        *,
        language: i18n.Language = "en",
        columns: int = 80,
        encoding: str = "utf-8",
        keep: bool = False,
    ) -> Shown:
        return shown_in(stage, language=language, columns=columns, encoding=encoding, keep=keep)

    return played


@pytest.fixture(scope="session")
def usual(tmp_path_factory: pytest.TempPathFactory) -> Shown:
    """The demo in English on 80 columns."""
    folder = tmp_path_factory.mktemp("usual")
    return shown_in(folder, language="en", columns=80, encoding="utf-8", keep=False)


@pytest.fixture(autouse=True)
def _same_language() -> Iterator[None]:
    before = i18n.current()
    i18n.use("en")
    yield
    i18n.use(before)
