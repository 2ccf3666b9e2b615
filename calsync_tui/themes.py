"""Dark, light, of high contrast, and the terminal's own colours; and what each colour means.

A role is a colour with one meaning (`$differs` in styles, `role("differs")` in texts). None is
alone: beside it always stands a sign or a word.
"""

import os
from collections.abc import Mapping
from dataclasses import replace
from typing import Final

from textual.theme import BUILTIN_THEMES, Theme

from calsync_agent.i18n import marked

ROLES: Final = (
    "muted",
    "focus",
    "bar",
    "bar-differs",
    "side-c",
    "side-e",
    "differs",
    "bad",
    "well",
    "key",
)
"""What repeats; the edge and the bar of what has the focus; Consolidate; Exchange; what differs,
waits or is held (and the same on the bar); what fails; all is well (a sign, never a text); keys."""

DARK: Final = Theme(
    name="calsync-dark",
    primary="#5fa8e8",
    secondary="#3c6e9f",
    accent="#e8b04a",
    warning="#e8b04a",
    error="#e46876",
    success="#7cc38a",
    foreground="#d8dee6",
    background="#14181d",
    surface="#1b2027",
    panel="#242b34",
    dark=True,
    variables={
        "muted": "#9aa4b0",
        "focus": "#5fa8e8",
        "bar": "#1b3753",
        "bar-differs": "#ffd98a",
        "side-c": "#6fb3ee",
        "side-e": "#5bb8a6",
        "differs": "#e8b04a",
        "bad": "#ee7f8b",
        "well": "#7cc38a",
        "key": "#e8b04a",
        "edge": "#3d4752",
        "block": "#242b34",
        "block-other": "#2b3440",
        "block-differs": "#4d3f20",
        "block-c": "#1d3a57",
        "block-e": "#1b463f",
        "block-bad": "#5a2530",
        "today": "#1d222a",
        "text-muted": "#9aa4b0",
        "text-disabled": "#9aa4b0",
        "block-cursor-background": "#1b3753",
        "block-cursor-foreground": "#ffffff",
        "block-cursor-blurred-background": "#242b34",
        "footer-key-foreground": "#e8b04a",
    },
)

LIGHT: Final = Theme(
    name="calsync-light",
    primary="#1f5f9e",
    secondary="#4d7fae",
    accent="#7a5000",
    warning="#7a5000",
    error="#a8203a",
    success="#1f6f3a",
    foreground="#1d232a",
    background="#f7f8fa",
    surface="#eceff3",
    panel="#dfe4ea",
    dark=False,
    variables={
        "muted": "#4f5966",
        "focus": "#1f5f9e",
        "bar": "#cfe1f3",
        "bar-differs": "#6b4600",
        "side-c": "#1b5690",
        "side-e": "#0c5c50",
        "differs": "#7a5000",
        "bad": "#a8203a",
        "well": "#1f6f3a",
        "key": "#7a5000",
        "edge": "#aab4bf",
        "block": "#dfe4ea",
        "block-other": "#d3dae2",
        "block-differs": "#f3e2bd",
        "block-c": "#cfe1f3",
        "block-e": "#c9e7e0",
        "block-bad": "#f3cfd5",
        "today": "#eef2f7",
        "text-muted": "#4f5966",
        "text-disabled": "#4f5966",
        "block-cursor-background": "#cfe1f3",
        "block-cursor-foreground": "#1d232a",
        "block-cursor-blurred-background": "#dfe4ea",
        "footer-key-foreground": "#7a5000",
    },
)

CONTRAST: Final = Theme(
    name="calsync-contrast",
    primary="#7fd4ff",
    secondary="#7fd4ff",
    accent="#ffd75f",
    warning="#ffd75f",
    error="#ff9aa5",
    success="#8dff9d",
    foreground="#ffffff",
    background="#000000",
    surface="#000000",
    panel="#1c1c1c",
    dark=True,
    variables={
        "muted": "#dddddd",
        "focus": "#7fd4ff",
        "bar": "#003d73",
        "bar-differs": "#ffe79a",
        "side-c": "#8fd8ff",
        "side-e": "#6ff0d6",
        "differs": "#ffd75f",
        "bad": "#ff9aa5",
        "well": "#8dff9d",
        "key": "#ffd75f",
        "edge": "#9a9a9a",
        "block": "#262626",
        "block-other": "#303030",
        "block-differs": "#403300",
        "block-c": "#00304f",
        "block-e": "#00423a",
        "block-bad": "#4d0012",
        "today": "#141414",
        "text-muted": "#dddddd",
        "text-disabled": "#dddddd",
        "block-cursor-background": "#003d73",
        "block-cursor-foreground": "#ffffff",
        "block-cursor-blurred-background": "#262626",
        "footer-key-foreground": "#ffd75f",
    },
)

# What a terminal of sixteen colours dims, or draws in its colour 8, cannot be read in many of them.
_WHOLE: Final = dict.fromkeys(
    (
        "muted",
        "block",
        "block-other",
        "block-differs",
        "block-c",
        "block-e",
        "block-bad",
        "today",
        "text-muted",
        "text-disabled",
        "foreground-muted",
        "foreground-disabled",
    ),
    "ansi_default",
)

# Textual's own writes blue on black, which nobody can read in PuTTY.
TERMINAL: Final = replace(
    BUILTIN_THEMES["ansi-dark"],
    name="calsync-terminal",
    primary="ansi_cyan",
    secondary="ansi_cyan",
    accent="ansi_bright_yellow",
    error="ansi_bright_red",
    variables={
        **BUILTIN_THEMES["ansi-dark"].variables,
        **_WHOLE,
        "focus": "ansi_cyan",
        "bar": "ansi_white",
        "bar-differs": "ansi_black",
        "side-c": "ansi_cyan",
        "side-e": "ansi_green",
        "differs": "ansi_bright_yellow",
        "bad": "ansi_bright_red",
        "well": "ansi_green",
        "key": "ansi_bright_yellow",
        "edge": "ansi_default",
        "border-blurred": "ansi_default",
        "footer-key-foreground": "ansi_bright_yellow",
        "block-cursor-blurred-foreground": "ansi_default",
    },
)
TERMINAL_LIGHT: Final = replace(
    BUILTIN_THEMES["ansi-light"],
    name="calsync-terminal-light",
    accent="ansi_magenta",
    variables={
        **BUILTIN_THEMES["ansi-light"].variables,
        **_WHOLE,
        "focus": "ansi_blue",
        "bar": "ansi_black",
        "bar-differs": "ansi_white",
        "side-c": "ansi_blue",
        "side-e": "ansi_magenta",
        "differs": "ansi_red",
        "bad": "ansi_red",
        "well": "ansi_default",
        "key": "ansi_blue",
        "edge": "ansi_default",
        "border-blurred": "ansi_default",
        "footer-key-foreground": "ansi_blue",
        "block-cursor-blurred-foreground": "ansi_default",
    },
)
OURS: Final = (DARK, LIGHT, CONTRAST, TERMINAL, TERMINAL_LIGHT)

NAMES: Final = {
    DARK.name: marked("dark"),
    LIGHT.name: marked("light"),
    CONTRAST.name: marked("high contrast"),
    TERMINAL.name: marked("colours of the terminal, dark"),
    TERMINAL_LIGHT.name: marked("colours of the terminal, light"),
}
"""The themes to choose from, with what people call them."""

_FEW: Final = frozenset({"standard", "windows", None})
_LIGHT_GROUNDS: Final = frozenset({"7", "15"})


def knows_few(colours: str | None) -> bool:
    """Whether a terminal with this colour system (Rich's name) has its own sixteen colours only."""
    return colours in _FEW


def fitting(colours: str | None) -> Theme:
    """The theme for a terminal with this colour system, where nobody has chosen one.

    `COLORFGBG` tells the ground of some terminals: `15;0`, text and ground.
    """
    if not knows_few(colours):
        return DARK
    ground = os.environ.get("COLORFGBG", "").rpartition(";")[2]
    return TERMINAL_LIGHT if ground in _LIGHT_GROUNDS else TERMINAL


class _Current:
    """The colours of this process's terminal; it has one, as it has one language."""

    roles: Mapping[str, str] = {**DARK.variables, "foreground": str(DARK.foreground)}


def use(theme: Theme) -> None:
    """Draw texts in the colours of this theme from now on."""
    own = theme if theme.name in NAMES else DARK
    _Current.roles = {**own.variables, "foreground": str(own.foreground)}


def role(name: str, more: str = "") -> str:
    """A role's colour as a style for Rich, with other words of style: `role("bad", "bold")`."""
    colour = _Current.roles[name].removeprefix("ansi_")
    return f"{more} {colour}".strip()


def has_grounds() -> bool:
    """Whether blocks have a ground of their own; in the terminal's colours they have none."""
    return not _Current.roles["block"].startswith("ansi_")
