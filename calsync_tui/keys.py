"""Keys as they are written on keyboards."""

from typing import Final

from calsync_agent.i18n import _, marked

NAMES: Final = {
    "ctrl": marked("Ctrl"),
    "shift": marked("Shift"),
    "alt": "Alt",
    "enter": marked("Enter"),
    "escape": "Esc",
    "space": marked("Space"),
    "tab": "Tab",
    "delete": marked("Del"),
    "insert": marked("Ins"),
    "home": marked("Home"),
    "end": marked("End"),
    "pageup": marked("PgUp"),
    "pagedown": marked("PgDn"),
    "up": marked("Up"),
    "down": marked("Down"),
    "left": marked("Left"),
    "right": marked("Right"),
    "plus": "+",
    "minus": "-",
    "slash": "/",
    "question_mark": "?",
    "full_stop": ".",
    "comma": ",",
}
"""Those whose name is not simply the letter or the F-key."""


def written(key: str) -> str:
    """`ctrl+q` as `Strg+Q`; a letter as itself."""
    *modifiers, last = key.split("+")
    parts = [_(NAMES[name]) for name in modifiers]
    if last in NAMES:
        parts.append(_(NAMES[last]))
    elif modifiers or (last.startswith("f") and last[1:].isdigit()):
        parts.append(last.upper())
    else:
        parts.append(last)
    return "+".join(parts)
