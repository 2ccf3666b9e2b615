"""One value at a time: what is told of it."""

import json
import math
import re
from collections.abc import Callable, Mapping
from datetime import date, datetime
from decimal import Decimal
from typing import Any, Final

from calsync_agent.i18n import Message
from calsync_agent.support import known
from calsync_agent.support.columns import As
from calsync_agent.support.pseudonyms import Pseudonyms

# Fields of messages in which the program names its own things.
_TECHNICAL: Final = frozenset(
    {
        "names",
        "tables",
        "fields",
        "field",
        "side",
        "role",
        "kind",
        "dialect",
        "choices",
        "known",
        "rule",
        "code",
        "key",
        "section",
        "missing",
        "driver",
        "triggers",
        "table",
        "module",
    }
)
_MOMENT: Final = re.compile(r"\d{4}-\d\d-\d\d([ T]\d\d:\d\d(:\d\d(\.\d{1,6})?)?Z?)?")
_UNFORESEEN: Final = re.compile(r"(\w+)(?: \w+)? in (\w+\.py):(\d+)|(\w+): .*\((\w+\.py):(\d+)\)")
_LARGEST: Final = 2**53
_DEEPEST: Final = 10

_APPOINTMENT: Final[Mapping[str, As]] = {
    "subject": As.TEXT,
    "start": As.MOMENT,
    "end": As.MOMENT,
    "zone": As.ZONE,
    "all_day": As.NUMBER,
    "body": As.TEXT,
    "location": As.TEXT,
    "importance": As.WORD,
    "private": As.NUMBER,
    "show_as": As.WORD,
    "reminder_minutes": As.NUMBER,
    "rule": As.RULE,
    "original_start": As.MOMENT,
    "cancelled": As.NUMBER,
    "employee": As.NUMBER,
    "response": As.WORD,
    "address": As.ADDRESS,
    "name": As.TEXT,
    "join_url": As.THERE,
    "categories": As.THERE,
    "online": As.NUMBER,
}
_PARTS: Final = ("exceptions", "participants", "guests", "organizer")


class Telling:
    """What may be told of values, with the pseudonyms of one bundle."""

    def __init__(self, pseudonyms: Pseudonyms) -> None:
        self.pseudonyms = pseudonyms
        text = pseudonyms.text
        self._ways: Mapping[As, Callable[[Any], object]] = {
            As.NUMBER: lambda value: _number(value, pseudonyms),
            As.MOMENT: lambda value: _moment(value, pseudonyms),
            As.WORD: lambda value: value if _is(_is_word, value) else text(value),
            As.ZONE: lambda value: value if _is(known.is_zone, value) else text(value),
            As.RULE: lambda value: value if _is(known.is_rule, value) else text(value),
            As.VERSION: lambda value: value if _is(known.is_version, value) else text(value),
            As.META: self._meta,
            As.ID: pseudonyms.number,
            As.THING: lambda value: pseudonyms.thing("id", value),
            As.CODE: pseudonyms.code,
            As.ADDRESS: lambda value: pseudonyms.address(value) if str(value).strip() else "",
            As.TEXT: text,
            As.MESSAGE: self._stored_message,
            As.VERSIONED: self._appointment,
            As.THERE: bool,
            As.NOT: lambda _value: None,
        }

    def value(self, how: As, value: Any) -> object:  # noqa: ANN401 - whatever stands there
        """A column's value, whatever it is (`as_stored`)."""
        if isinstance(value, memoryview | bytearray):
            value = bytes(value)
        return None if value is None else self._ways[how](value)

    def message(self, text: Message, depth: int = 0) -> dict[str, object]:
        """A sentence by its template; its fields by pseudonyms."""
        if depth > _DEEPEST or not known.is_template(text.template):
            return {"template": None, "text": self.pseudonyms.text(text.template)}
        fields = {
            name: self._field(name, value, depth)
            for name, value in text.fields.items()
            if f"{{{name}" in text.template or f"{{{name}" in text.plural
        }
        return {"template": text.template, **({"fields": fields} if fields else {})}

    def error(self, error: BaseException) -> dict[str, object]:
        """What went wrong: by its type, and its sentence where it is one of ours."""
        kind = type(error).__name__
        told: dict[str, object] = {"error": kind if kind in known.errors_known() else "other"}
        text = getattr(error, "message", None)
        if isinstance(text, Message):
            told["message"] = self.message(text)
        cause = getattr(error, "orig", None)
        state = getattr(cause, "pgcode", None) or getattr(cause, "sqlite_errorname", None)
        if isinstance(state, str) and re.fullmatch(r"[A-Z0-9_]{2,40}", state):
            told["state"] = state
        return told

    def unforeseen(self, text: str) -> dict[str, object] | None:
        """An error's type and place in the program, where a text tells one."""
        found = _UNFORESEEN.fullmatch(text)
        if found is None:
            return None
        kind, file, line = (found[1] or found[4], found[2] or found[5], found[3] or found[6])
        return {
            "error": kind if kind in known.errors_known() else "other",
            "file": file if file in known.program_files() else "other",
            "line": int(line),
        }

    def _field(self, name: str, value: object, depth: int) -> object:
        match value:
            case Message():
                return self.message(value, depth + 1)
            case bool() | int() | float():
                return _number(value, self.pseudonyms)
            case str() if name == "detail" and (told := self.unforeseen(value)) is not None:
                return told
            case str() if name in _TECHNICAL and all(
                known.is_word(part) or known.is_template(part) for part in value.split(", ")
            ):
                return value
            case _:
                return self.pseudonyms.text(value)

    def _stored_message(self, value: object) -> object:
        try:
            text = Message.from_json(str(value))
        except (ValueError, RecursionError):
            return {"template": None, "text": self.pseudonyms.text(value)}
        return self.message(text)

    def _meta(self, value: object) -> object:
        text = str(value)
        if re.fullmatch(r"\d{1,9}", text) or _MOMENT.fullmatch(text):
            return text
        return self.pseudonyms.text(text)

    def _appointment(self, value: object) -> object:
        try:
            stored = json.loads(str(value))
        except (ValueError, RecursionError):
            return self.pseudonyms.text(value)
        return self._part(stored, 0) if isinstance(stored, dict) else self.pseudonyms.text(value)

    def _part(self, stored: Mapping[str, Any], depth: int) -> dict[str, object]:
        told: dict[str, object] = {
            name: self.value(how, stored[name])
            for name, how in _APPOINTMENT.items()
            if name in stored
        }
        for name in _PARTS if depth < 1 else ():
            part = stored.get(name)
            parts = part if isinstance(part, list) else [part]
            shown = [self._part(one, depth + 1) for one in parts if isinstance(one, dict)]
            if shown:
                told[name] = shown
        return told


def _is_word(text: str) -> bool:
    return known.is_word(text) or known.is_template(text)


def _is(kind: Any, value: object) -> bool:  # noqa: ANN401 - a test of texts
    return isinstance(value, str) and bool(kind(value))


def _number(value: object, pseudonyms: Pseudonyms) -> object:
    match value:
        case bool():
            return value
        case int() if abs(value) <= _LARGEST:
            return value
        case float() if math.isfinite(value):
            return value
        case Decimal() if value == value.to_integral_value() and abs(value) <= _LARGEST:
            return int(value)
    return pseudonyms.text(value)


def _moment(value: object, pseudonyms: Pseudonyms) -> object:
    match value:
        case datetime() | date():
            return value.isoformat()
        case str() if _MOMENT.fullmatch(value):
            return value.replace(" ", "T")
    return pseudonyms.text(value)
