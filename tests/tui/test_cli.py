"""The command line of `calsync-tui`."""

import subprocess
import sys

import pytest

from calsync_agent import __version__
from calsync_tui.cli import main


def test_the_version_is_told(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["--version"]) == 0
    assert capsys.readouterr().out == f"calsync-tui {__version__}\n"


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (["--help"], "die Einstellungsdatei"),
        (["--help", "--lang", "en"], "the settings file"),
        (["--lang", "en", "--help"], "the settings file"),
    ],
)
def test_help_speaks_german_unless_told_otherwise(
    capsys: pytest.CaptureFixture[str], words: list[str], said: str
) -> None:
    assert main(words) == 0
    assert said in capsys.readouterr().out


@pytest.mark.parametrize("words", [["--lang", "fr"], ["--config"], ["--nonsense"], ["word"]])
def test_wrong_words_get_one_line(capsys: pytest.CaptureFixture[str], words: list[str]) -> None:
    assert main(words) == 2
    said = capsys.readouterr()
    assert said.out == ""
    assert len(said.err.splitlines()) == 1
    assert said.err.startswith("calsync-tui: ")


def test_help_loads_neither_the_ui_nor_the_database() -> None:
    source = (
        "import sys\n"
        "from calsync_tui.cli import main\n"
        "main(['--help'])\n"
        "sys.exit(str([name for name in ('textual', 'sqlalchemy') if name in sys.modules] or ''))"
    )
    done = subprocess.run(
        [sys.executable, "-c", source], check=False, capture_output=True, text=True
    )
    assert done.stderr.strip() == ""


def test_the_ui_loads_nothing_of_exchange_or_the_service() -> None:
    source = (
        "import sys\n"
        "import calsync_tui.app\n"
        "rooms = ('exchange', 'service', 'sync', 'sandbox', 'bootstrap')\n"
        "names = [f'calsync_agent.{room}' for room in rooms] + ['httpx', 'msal']\n"
        "sys.exit(str([name for name in names if name in sys.modules] or ''))"
    )
    done = subprocess.run(
        [sys.executable, "-c", source], check=False, capture_output=True, text=True
    )
    assert done.stderr.strip() == ""
