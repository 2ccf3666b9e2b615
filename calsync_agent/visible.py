"""Text from outside in a form that a person can read and no terminal obeys.

Subjects, names and ids come from whoever may send an invitation or write a row. Control characters
in them would set a window's title, blank a list or forge a line; bidirectional controls would show
another order than the one that is stored (Unicode Technical Report 36, section 2).

    Message      its fields                       i18n.py
    say, warn    a line of a command              console.py
    log lines    in the file and on stderr        service/log_lines.py
    the UI       what a widget draws              calsync_tui/gate.py
"""

import re
from typing import Final

# Control characters, marks and embeddings of direction, line and paragraph separators, halves of
# surrogates.
_OBEYED: Final = re.compile(
    r"[\x00-\x08\x0a-\x1f\x7f-\x9f\u061c\u200e\u200f\u2028-\u202e\u2066-\u2069\ufff9-\ufffb\ud800-\udfff]"
)


def visible(text: str) -> str:
    r"""`text` on one line, with `\x1b` or `\u202e` in the place of each sign that is obeyed."""
    return text if text.isprintable() else _OBEYED.sub(_shown, text)


def inert(text: str) -> str:
    """`text` without the signs that are obeyed, line breaks included."""
    return text if text.isprintable() else _OBEYED.sub("", text)


def _shown(found: re.Match[str]) -> str:
    code = ord(found[0])
    # JSON itself writes what is below a blank; the others have to be an escape of its own.
    return f"\\x{code:02x}" if code < ord(" ") else f"\\u{code:04x}"
