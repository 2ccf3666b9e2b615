"""Light, dark, and the terminal's own colours."""

from dataclasses import replace
from typing import Final

from textual.theme import BUILTIN_THEMES, Theme

from calsync_agent.i18n import marked

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
)

LIGHT: Final = Theme(
    name="calsync-light",
    primary="#1f5f9e",
    secondary="#4d7fae",
    accent="#8a5a00",
    warning="#8a5a00",
    error="#a8203a",
    success="#1f6f3a",
    foreground="#1d232a",
    background="#f7f8fa",
    surface="#eceff3",
    panel="#dfe4ea",
    dark=False,
)

# Textual's own writes blue on black, which nobody can read in PuTTY.
TERMINAL: Final = replace(
    BUILTIN_THEMES["ansi-dark"],
    name="calsync-terminal",
    primary="ansi_cyan",
    secondary="ansi_cyan",
    accent="ansi_yellow",
)
TERMINAL_LIGHT: Final = replace(BUILTIN_THEMES["ansi-light"], name="calsync-terminal-light")
OURS: Final = (DARK, LIGHT, TERMINAL, TERMINAL_LIGHT)

NAMES: Final = {
    DARK.name: marked("dark"),
    LIGHT.name: marked("light"),
    TERMINAL.name: marked("colours of the terminal, dark"),
    TERMINAL_LIGHT.name: marked("colours of the terminal, light"),
}
"""The themes to choose from, with what people call them."""
