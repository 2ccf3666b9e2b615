"""What is wrong with `agent.toml`, in sentences: one line each, with the key and what would do.

Pydantic's own texts are English and speak of Python; they are never shown.
"""

import difflib
import json
import re
from collections.abc import Callable, Iterable
from functools import reduce
from pathlib import Path
from typing import Final, TypeVar, get_args

from pydantic import BaseModel
from pydantic.fields import FieldInfo
from pydantic_core import ErrorDetails

from calsync_agent.config.checks import Wrong
from calsync_agent.config.settings import AgentFile
from calsync_agent.errors import ConfigurationRefused
from calsync_agent.i18n import Message, message

_LONGEST: Final = 60

# Never shown, whatever is wrong with them.
_SECRET: Final = frozenset(
    {"database.url", "exchange.proxy", "alerts.webhooks", "alerts.heartbeat_url"}
)

# What people write here although it belongs into a file of its own, and the key for that file.
_LOGINS: Final = {
    "exchange.client_secret": "client_secret_file",
    "exchange.secret": "client_secret_file",
    "database.password": "password_file",
    "alerts.smtp.password": "password_file",
}

# What people look for here and find in the provider row.
_PROVIDER: Final = frozenset(
    {"tenant", "tenant_id", "inbound", "outbound", "priority", "interval", "interval_seconds"}
)


_T = TypeVar("_T")


class Problems:
    """What is wrong with one settings file so far, by key.

    An empty key stands for the file as a whole; the text then names it.
    """

    def __init__(self, path: Path) -> None:
        self.path = path
        self.found: dict[str, list[Message]] = {}

    def add(self, key: str, text: Message) -> None:
        """One more."""
        self.found.setdefault(key, []).append(text)

    def add_all(self, errors: Iterable[ErrorDetails]) -> None:
        """What pydantic found, as we say it."""
        for error in errors:
            # The place in a list is not told: what is wrong there is.
            key = ".".join(part for part in error["loc"] if isinstance(part, str))
            self.add(key, _text(key, error))

    def meet(self, key: str, attempt: Callable[[], _T]) -> _T | None:
        """What comes of the attempt; None, and one problem more, where that is `Wrong`."""
        try:
            return attempt()
        except Wrong as wrong:
            self.add(key, wrong.message)
            return None

    def refusal(self) -> ConfigurationRefused:
        """All of them in one error, a line for each."""
        lines = [
            Message("{file}: {key}: {text}", {"file": str(self.path), "key": key, "text": text})
            if key
            else text
            for key, texts in self.found.items()
            for text in texts
        ]
        return ConfigurationRefused(reduce(_above, reversed(lines)))


def toml_problem(path: Path, reason: str, source: str) -> Message:
    """Why the file is no TOML, and in which line; `reason` is what `tomllib` says."""
    found = re.search(r"at line (\d+)", reason)
    line = int(found[1]) if found else len(source.rstrip().splitlines())
    match reason.partition(" (at ")[0].split()[:2]:
        case ["Cannot", _]:
            why = message("what it begins with is there already")
        case ["Unescaped", _] | ["Invalid", "hex"]:
            why = message("put a text with \\ in 'single quotes'")
        case ["Unterminated", _] | ["Illegal", _]:
            why = message("a closing quote is missing")
        case ["Invalid", "value"] | ["Expected", "newline"]:
            why = message("a value is missing, or the quotes around a text")
        case ["Expected", "'='"] | ["Invalid", "statement"]:
            why = message("it takes the form key = value or [section]")
        case _:
            why = message("this is no TOML")
    return message("{path}: line {line}: {why}", path=str(path), line=max(line, 1), why=why)


def _above(rest: Message, line: Message) -> Message:
    return Message("{line}\n{rest}", {"line": line, "rest": rest})


def _text(key: str, error: ErrorDetails) -> Message:
    if error["type"] == "extra_forbidden":
        return _unknown(key)
    value = message("this value") if key in _SECRET else _shown(error["input"])
    return _wording(error, _field(key), value)


def _wording(error: ErrorDetails, field: FieldInfo, value: Message) -> Message:
    match error["type"]:
        case "missing" if field.examples:
            return message("is missing; for example {example}", example=str(field.examples[0]))
        case "string_type":
            return message("must be a text in quotes, not {value}", value=value)
        case "tuple_type":
            return message(
                'must be a list of texts, as in ["{example}"], not {value}',
                example="…",
                value=value,
            )
        case "int_type":
            return message("must be a whole number without quotes, not {value}", value=value)
        case "literal_error":
            choices = ", ".join(get_args(field.annotation))
            return message("must be one of {choices}, not {value}", choices=choices, value=value)
        case "greater_than_equal" | "less_than_equal":
            return _range(field, value)
        case "model_type":
            return message("must be a [section] with keys under it, not {value}", value=value)
        case "value_error" if isinstance(reason := error["ctx"]["error"], Wrong):
            return reason.message
        case _:
            return message("cannot be {value}", value=value)


def _range(field: FieldInfo, value: Message) -> Message:
    least = next((limit.ge for limit in field.metadata if hasattr(limit, "ge")), 0)
    most = next((limit.le for limit in field.metadata if hasattr(limit, "le")), None)
    if most is None:
        return message("must be at least {least}, not {value}", least=least, value=value)
    return message(
        "must be from {least} to {most}, not {value}", least=least, most=most, value=value
    )


def _unknown(key: str) -> Message:
    section, _, name = key.rpartition(".")
    if key in _LOGINS:
        return message(
            "does not belong here: put it in a file and name that file with {key}", key=_LOGINS[key]
        )
    if name in _PROVIDER:
        return message("is not set here but in the terminal UI (table calsync_provider)")
    keys = {each: list(_keys(model)) for each, model in _sections().items()}
    if near := difflib.get_close_matches(name, keys.get(section, ()), n=1):
        return message(
            "is no key of [{section}]; did you mean {key}?", section=section, key=near[0]
        )
    if home := next((each for each, names in keys.items() if name in names), ""):
        return message("belongs under [{section}]", section=home)
    if section:
        there = ", ".join(keys[section])
        return message("is no key of [{section}]; there are {keys}", section=section, keys=there)
    if near := difflib.get_close_matches(name, keys, n=1):
        return message("is no section; did you mean [{section}]?", section=near[0])
    return message("is no section; there are {sections}", sections=", ".join(keys))


def _shown(value: object) -> Message:
    """The value as it stands in the file, cut short."""
    match value:
        case str() | bool() | int() | float():
            text = json.dumps(value, ensure_ascii=False)
        case list():
            return message("a list")
        case dict():
            return message("a section")
        case _:
            text = str(value)
    cut = text if len(text) <= _LONGEST else f"{text[: _LONGEST - 1]}…"
    return Message("{text}", {"text": cut})


def _sections(model: type[BaseModel] = AgentFile, above: str = "") -> dict[str, type[BaseModel]]:
    """All sections by their names in the file, those inside of others too."""
    found: dict[str, type[BaseModel]] = {}
    for name, field in model.model_fields.items():
        inner = field.annotation
        if isinstance(inner, type) and issubclass(inner, BaseModel):
            found |= {above + name: inner, **_sections(inner, f"{above}{name}.")}
    return found


def _keys(model: type[BaseModel]) -> dict[str, FieldInfo]:
    """The fields of a section by the names they have in the file."""
    return {field.alias or name: field for name, field in model.model_fields.items()}


def _field(key: str) -> FieldInfo:
    section, _, name = key.rpartition(".")
    return _keys(_sections()[section] if section else AgentFile)[name]
