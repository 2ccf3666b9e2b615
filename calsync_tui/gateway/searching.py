"""Finds log lines by the words that they show in the language spoken now.

Each line is stored as an English template and its fields, so the database cannot look for what the
reader sees; what is rejected here is rejected without putting the sentence together.
"""

import json
import re
from collections.abc import Iterator
from typing import Final

from calsync_agent.i18n import Message, _
from calsync_agent.state.log import rule_of
from calsync_agent.visible import visible

_TEMPLATES: Final = re.compile(r'"template": "([^"\\]*(?:\\.[^"\\]*)*)"')
_PLURAL: Final = '"plural": '
# At the ends of words they may come from the template, while the rest comes from a field.
_PUNCTUATION: Final = ".,:;!?()"


class Search:
    """Words that a line has to show, all of them, in any order and any case.

    It is meant for one language; make a new one when another is spoken.
    """

    def __init__(self, text: str) -> None:
        words = (word.strip(_PUNCTUATION) for word in text.casefold().split())
        self.words: Final = tuple(filter(None, words))
        self._stored = tuple(json.dumps(word, ensure_ascii=False)[1:-1] for word in self.words)
        self._known: dict[str, tuple[bool, ...]] = {}

    def __bool__(self) -> bool:
        """Whether there is anything to look for."""
        return bool(self.words)

    def finds(self, message: str, content: str | None) -> bool:
        """Whether a line shows all the words; arguments as they are stored."""
        if not self.words:
            return True
        if content is not None and not self._may_find(content) and not self._in_text(message):
            return False
        return self._in_text(said(message, content))

    def _in_text(self, text: str) -> bool:
        shown = text.casefold()
        return all(word in shown for word in self.words)

    def _may_find(self, content: str) -> bool:
        """Whether each word stands in a field, or in what a template is in this language."""
        if _PLURAL in content:
            return True
        folded = content.casefold()
        missing = [n for n, word in enumerate(self._stored) if word not in folded]
        if not missing:
            return True
        templates = [self._in(template) for template in _TEMPLATES.findall(content)]
        return all(any(template[n] for template in templates) for n in missing)

    def _in(self, template: str) -> tuple[bool, ...]:
        """Which of the words a template shows, as it stands in JSON."""
        found = self._known.get(template)
        if found is None:
            shown = _(json.loads(f'"{template}"')).casefold()
            found = tuple(word in shown for word in self.words)
            self._known[template] = found
        return found


def said(message: str, content: str | None) -> str:
    """A line's sentence in the language spoken now; as the agent wrote it where that fails.

    It is one line, and nothing in it moves a terminal's cursor or changes its colours.
    """
    return visible(_said(message, content))


def rule(content: str | None) -> str:
    """The rule that led to a line, in the language spoken now; nothing where none is stored."""
    try:
        found = rule_of(content) if content is not None else None
        return "" if found is None else str(found)
    except (ValueError, LookupError):  # somebody else's row
        return ""


def subject(content: str | None) -> str:
    """What a line is about, where its sentence names it; nothing where it does not."""
    try:
        found = Message.from_json(content or "").fields.get("subject")
    except ValueError:  # somebody else's row
        return ""
    return "" if found is None else visible(str(found))


def request_ids(content: str | None) -> tuple[str, ...]:
    """Graph's request-ids in a line's sentence, and in the sentences inside it."""
    try:
        return tuple(_request_ids(Message.from_json(content or "")))
    except ValueError:  # somebody else's row
        return ()


def _request_ids(told: Message) -> Iterator[str]:
    for name, value in told.fields.items():
        if isinstance(value, Message):
            yield from _request_ids(value)
        elif name == "request_id" and value:
            yield str(value)


def _said(message: str, content: str | None) -> str:
    if content is None:
        return message
    try:
        return str(Message.from_json(content))
    except (ValueError, LookupError):  # somebody else's row
        return message
