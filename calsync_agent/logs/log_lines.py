"""How a log record reads: as text or as JSON, without secrets, and always on lines of its own."""

import datetime as dt
import json
import logging
import re
from collections.abc import Iterable, Iterator
from typing import Final, Literal
from urllib.parse import quote, quote_plus

from pydantic import SecretStr

from calsync_agent.visible import visible

_HIDDEN: Final = "***"

# Shorter ones would hide ordinary words; what the patterns know is hidden at any length.
_SHORTEST_SECRET: Final = 8

_PATTERNS: Final = (
    # Authorization: Bearer …
    (re.compile(r"\b(bearer|basic)\s+[\w\-.~+/=]{12,}", re.IGNORECASE), rf"\1 {_HIDDEN}"),
    # JSON Web Tokens, wherever they stand; never begun inside of what was just looked through
    (re.compile(r"(?<![\w-])eyJ[\w-]{5,}\.[\w-]+(\.[\w-]*)?"), _HIDDEN),
    # forms, connection strings, JSON: client_secret=…, Pwd=…, "access_token": "…"
    (
        re.compile(
            r"\b(client_secret|client_assertion|access_token|refresh_token|id_token|assertion"
            r"|password|pwd)(=|\\?[\"']\s*[:=]\s*\\?[\"'])[^\s\"'\\&,;)}]+",
            re.IGNORECASE,
        ),
        rf"\1\2{_HIDDEN}",
    ),
    # scheme://user:password@host
    (re.compile(r"(://[^/\s:@\"']*:)[^/\s@\"']+@"), rf"\1{_HIDDEN}@"),
)

# As syslog counts (sd-daemon(3)); `journalctl -p err` selects by them.
_PRIORITIES: Final = (
    (logging.CRITICAL, 2),
    (logging.ERROR, 3),
    (logging.WARNING, 4),
    (logging.INFO, 6),
    (0, 7),
)

# What every record has; all else came through `extra`.
_USUAL: Final = frozenset(logging.makeLogRecord({}).__dict__) | {"message", "asctime", "taskName"}


class Redaction:
    """Takes secrets out of a line: the given ones in every spelling, and all that look like one."""

    def __init__(self, secrets: Iterable[SecretStr] = ()) -> None:
        spellings = {
            spelling for secret in secrets for spelling in _spellings(secret.get_secret_value())
        }
        longest_first = sorted(spellings, key=len, reverse=True)
        self._known = re.compile("|".join(map(re.escape, longest_first)) or r"(?!)")

    def __call__(self, line: str) -> str:
        """The line with `***` in the place of each secret."""
        line = self._known.sub(_HIDDEN, line)
        for pattern, hidden in _PATTERNS:
            line = pattern.sub(hidden, line)
        return line


class TextLines(logging.Formatter):
    """`2026-11-22T10:15:03.120Z info    MM/17 what happened`, the same head on each line of it."""

    def __init__(self, redaction: Redaction) -> None:
        super().__init__()
        self._redaction = redaction

    def format(self, record: logging.LogRecord) -> str:
        """All lines of the record, without the last line break."""
        found = record.__dict__
        place = f"{found.get('profile') or '-'}/{found.get('cycle') or '-'}"
        head = f"{_moment(record)} {_level(record):<8}{place} "
        text = ": ".join(filter(None, (record.getMessage(), found.get("error"))))
        lines = [*text.splitlines(), *(found.get("trace") or "").splitlines()]
        return "\n".join(head + visible(self._redaction(line)) for line in lines or [""])


class JsonLines(logging.Formatter):
    """One object per line: `at`, `level`, `profile`, `cycle`, `logger`, `message`, and `extra`."""

    def __init__(self, redaction: Redaction) -> None:
        super().__init__()
        self._redaction = redaction

    def format(self, record: logging.LogRecord) -> str:
        """The record as one line of JSON."""
        found = record.__dict__
        entry = {
            "at": _moment(record),
            "level": _level(record),
            "profile": found.get("profile"),
            "cycle": found.get("cycle"),
            "logger": record.name,
            "message": record.getMessage(),
        }
        entry |= {name: found[name] for name in ("template", "error", "trace") if found.get(name)}
        taken = _USUAL | entry.keys()
        entry |= {name: value for name, value in found.items() if name not in taken}
        return visible(self._redaction(json.dumps(entry, ensure_ascii=False, default=str)))


class Prefixed(logging.Formatter):
    """As another formatter, with the priority that journald reads in front of each line."""

    def __init__(self, inner: logging.Formatter) -> None:
        super().__init__()
        self._inner = inner

    def format(self, record: logging.LogRecord) -> str:
        """All lines of the record."""
        number = next(n for least, n in _PRIORITIES if record.levelno >= least)
        return "\n".join(f"<{number}>{line}" for line in self._inner.format(record).split("\n"))


def formatter(kind: Literal["text", "json"], redaction: Redaction) -> logging.Formatter:
    """The one that the settings ask for."""
    return JsonLines(redaction) if kind == "json" else TextLines(redaction)


def _moment(record: logging.LogRecord) -> str:
    at = dt.datetime.fromtimestamp(record.created, dt.UTC)
    return at.isoformat(timespec="milliseconds").replace("+00:00", "Z")


def _level(record: logging.LogRecord) -> str:
    return record.levelname.lower()


def _spellings(secret: str) -> Iterator[str]:
    """A secret as it may stand in texts, JSON, addresses and forms."""
    if len(secret) >= _SHORTEST_SECRET:
        yield from (secret, json.dumps(secret)[1:-1], quote(secret, safe=""), quote_plus(secret))
