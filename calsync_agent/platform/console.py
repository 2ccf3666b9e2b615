"""Output that never fails on a character."""

import io
import os
import sys


def console_utf8() -> None:
    """Let stdout and stderr take every character, on a terminal and into a pipe.

    On Windows both become UTF-8, where a pipe would get the ANSI code page; elsewhere the locale's
    encoding stays, as does one asked for by `PYTHONIOENCODING`. What an encoding cannot hold is
    shown as `?`.
    """
    chosen = sys.platform == "win32" and not os.environ.get("PYTHONIOENCODING")
    for stream in (sys.stdout, sys.stderr):
        # A service may have no streams at all, and a test has its own.
        if isinstance(stream, io.TextIOWrapper):
            stream.reconfigure(encoding="utf-8" if chosen else None, errors="replace")
