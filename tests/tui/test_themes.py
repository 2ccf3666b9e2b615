"""Colours: each can be read on its ground, the right theme is there, and it is remembered."""

import json
from itertools import product
from pathlib import Path

import pytest
from textual.color import Color
from textual.theme import Theme

from calsync_agent.errors import DatabaseRefused
from calsync_agent.i18n import message
from calsync_tui import themes
from calsync_tui.app import CalsyncApp
from calsync_tui.gateway.door import Gateway
from calsync_tui.memory import Memory

LEAST = 4.5
"""WCAG 2.2, 1.4.3, level AA: contrast of text of any size."""
OWN = [themes.DARK, themes.LIGHT, themes.CONTRAST]
TEXTS = ("muted", "side-c", "side-e", "differs", "bad", "key")
SIXTEEN = {
    "VGA": "000000 aa0000 00aa00 aa5500 0000aa aa00aa 00aaaa aaaaaa"
    " 555555 ff5555 55ff55 ffff55 5555ff ff55ff 55ffff ffffff",
    "Windows": "0c0c0c c50f1f 13a10e c19c00 0037da 881798 3a96dd cccccc"
    " 767676 e74856 16c60c f9f1a5 3b78ff b4009e 61d6d6 f2f2f2",
    "PuTTY": "000000 bb0000 00bb00 bbbb00 0000bb bb00bb 00bbbb bbbbbb"
    " 555555 ff5555 55ff55 ffff55 5555ff ff55ff 55ffff ffffff",
}
NUMBERS = dict(
    zip(
        "black red green yellow blue magenta cyan white".split()
        + [f"bright_{name}" for name in "black red green yellow blue magenta cyan white".split()],
        range(16),
        strict=True,
    )
)


def refused() -> Gateway:
    """There is no database here."""
    raise DatabaseRefused(message("away"))


def contrast(one: Color, other: Color) -> float:
    """As WCAG 2.2 defines it."""

    def light(colour: Color) -> float:
        parts = [part / 255 for part in (colour.r, colour.g, colour.b)]
        red, green, blue = (
            part / 12.92 if part <= 0.03928 else ((part + 0.055) / 1.055) ** 2.4 for part in parts
        )
        return 0.2126 * red + 0.7152 * green + 0.0722 * blue

    high, low = sorted((light(one), light(other)), reverse=True)
    return (high + 0.05) / (low + 0.05)


def grounds(theme: Theme) -> dict[str, str]:
    """What texts of any role stand on."""
    return {
        "background": str(theme.background),
        "surface": str(theme.surface),
        "panel": str(theme.panel),
        "block": theme.variables["block"],
        "block-other": theme.variables["block-other"],
        "today": theme.variables["today"],
        "bar": theme.variables["bar"],
    }


@pytest.mark.parametrize("theme", OWN, ids=lambda theme: theme.name)
def test_each_role_can_be_read_on_each_ground(theme: Theme) -> None:
    pairs = [
        *product(TEXTS, grounds(theme).items()),
        *product(("foreground",), [("bar", theme.variables["bar"]), *grounds(theme).items()]),
        ("bar-differs", ("bar", theme.variables["bar"])),
        *product(
            ("foreground",),
            [
                (name, theme.variables[name])
                for name in theme.variables
                if name.startswith("block") and not name.startswith("block-cursor")
            ],
        ),
    ]
    for role, (name, ground) in pairs:
        text = theme.variables.get(role) or str(getattr(theme, role))
        found = contrast(Color.parse(text), Color.parse(ground))
        assert found >= LEAST, f"{role} on {name}: {found:.2f}"


@pytest.mark.parametrize("terminal", SIXTEEN)
@pytest.mark.parametrize("theme", [themes.TERMINAL, themes.TERMINAL_LIGHT], ids=lambda t: t.name)
def test_each_role_can_be_read_in_sixteen_colours(theme: Theme, terminal: str) -> None:
    colours = SIXTEEN[terminal].split()
    ground = colours[0] if theme.dark else colours[15]
    for role in (*TEXTS, "focus", "text-muted", "text-disabled"):
        name = theme.variables[role].removeprefix("ansi_")
        if name == "default":  # the terminal's own text
            continue
        found = contrast(Color.parse(f"#{colours[NUMBERS[name]]}"), Color.parse(f"#{ground}"))
        least = LEAST if role != "focus" else 3  # 1.4.11: an edge
        assert found >= least, f"{role} ({name}) in {terminal}: {found:.2f}"


@pytest.mark.parametrize("role", themes.ROLES)
@pytest.mark.parametrize("theme", themes.OURS, ids=lambda theme: theme.name)
def test_every_theme_knows_every_role(theme: Theme, role: str) -> None:
    themes.use(theme)
    assert themes.role(role)
    themes.use(themes.DARK)


def test_without_a_choice_the_terminal_decides(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("COLORFGBG", raising=False)
    assert themes.fitting("truecolor") is themes.DARK
    assert themes.fitting("256") is themes.DARK
    assert themes.fitting("standard") is themes.TERMINAL
    assert themes.fitting("windows") is themes.TERMINAL
    monkeypatch.setenv("COLORFGBG", "0;15")
    assert themes.fitting("standard") is themes.TERMINAL_LIGHT


def test_a_chosen_theme_is_remembered_for_this_kind_of_terminal(tmp_path: Path) -> None:
    path = tmp_path / "new" / "tui.json"
    Memory(path).note_theme(themes.LIGHT.name, few=False)
    assert Memory(path).theme(few=False) == themes.LIGHT.name
    assert Memory(path).theme(few=True) == ""
    Memory(path).note_theme(themes.TERMINAL_LIGHT.name, few=True)
    assert Memory(path).theme(few=False) == themes.LIGHT.name


@pytest.mark.parametrize("content", ["", "nonsense", "[1]", '{"theme": 7}', '{"theme": "gone"}'])
def test_a_memory_that_cannot_be_used_is_as_none(tmp_path: Path, content: str) -> None:
    path = tmp_path / "tui.json"
    path.write_text(content)
    app = CalsyncApp(refused, memory=Memory(path))
    assert app.theme in {themes.DARK.name, themes.TERMINAL.name}


@pytest.mark.anyio
async def test_ctrl_t_chooses_for_the_next_time_too(tmp_path: Path) -> None:
    path = tmp_path / "tui.json"
    app = CalsyncApp(refused, memory=Memory(path))
    app.theme = themes.DARK.name
    async with app.run_test() as pilot:
        await app.workers.wait_for_complete()
        await pilot.press("ctrl+t")
        await pilot.pause()
    chosen = json.loads(path.read_text())
    assert list(chosen.values()) == [themes.LIGHT.name]
    assert CalsyncApp(refused, memory=Memory(path)).theme == themes.LIGHT.name
