"""The words of a command that somebody has written down, as the system's shells know them."""

import shlex
import sys


def command_words(command: str) -> list[str]:
    """The program and its arguments; on Windows a backslash is part of a path.

    Raises ValueError where a quotation mark is not closed.
    """
    lexer = shlex.shlex(command, posix=True, punctuation_chars=False)
    lexer.whitespace_split, lexer.commenters = True, ""
    if sys.platform == "win32":
        lexer.escape = ""
    return list(lexer)
