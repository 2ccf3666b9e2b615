"""What people have entered, word by word, so that nobody's edit gets lost unnoticed."""

import json
import re
from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

from calsync_agent.consolidate import tables
from calsync_agent.state import tables as state
from tests.support.rig import Rig

_WORD = re.compile(r"\bw\d+q\b")


def words_in(*texts: object) -> set[str]:
    """The words of the ledger in some texts, rows or JSON."""
    return {word for text in texts for word in _WORD.findall(str(text))}


@dataclass
class Ledger:
    """Every text that somebody enters holds a word of its own.

    A word is owed as long as nobody has overwritten or deleted it knowingly, which is by replacing
    or deleting what shows it: it has to be on one of the sides, or in the history (B6).
    """

    owed: set[str] = field(default_factory=set)
    _last: int = 0

    def word(self) -> str:
        """A new word."""
        self._last += 1
        word = f"w{self._last}q"
        self.owed.add(word)
        return word

    def released(self, *texts: object) -> None:
        """Somebody overwrites or deletes these texts, and sees them."""
        self.owed -= words_in(*texts)

    def lost(self, rig: Rig) -> set[str]:
        """The words that are nowhere any more."""
        return self.owed - here(rig) - there(rig) - kept(rig)


def here(rig: Rig) -> set[str]:
    """The words in Consolidate, in what is not deleted."""
    rows = rig.world.activities()
    shown = {row["id"] for row in rows}
    exceptions = rig.world.rows(tables.activity_exception)
    return words_in(*rows, *(row for row in exceptions if row["activity_id"] in shown))


def there(rig: Rig) -> set[str]:
    """The words in all mailboxes."""
    return words_in(*(item.content for item in _items(rig)))


def kept(rig: Rig) -> set[str]:
    """The words in the history."""
    return words_in(*(row["content"] for row in rig.world.rows(state.history)))


def secret(rig: Rig) -> set[str]:
    """The words that stand nowhere but in private appointments."""
    types = {row["id"]: row["calendar_sync"] for row in rig.world.rows(tables.activity_type)}
    private: list[object] = []
    public: list[object] = []
    for row in rig.world.activities():
        hidden = row["private"] or types[row["type_id"]] == "private"
        (private if hidden else public).append(row)
    for item in _items(rig):
        hidden = item.content.sensitivity != "normal"
        (private if hidden else public).append(item.content)
    return words_in(*private) - words_in(*public)


def doubled(subjects: Iterable[str]) -> list[str]:
    """The words that stand in more than one subject."""
    found = Counter(word for subject in subjects for word in words_in(subject))
    return [word for word, times in found.items() if times > 1]


def shown_by(event: Mapping[str, Any]) -> str:
    """All that an event shows to whoever looks at it."""
    return json.dumps(event, ensure_ascii=False, default=str)


def _items(rig: Rig) -> list[Any]:
    mailboxes = rig.tenant.world.stored.mailboxes.values()  # those outside as well
    return [item for mailbox in mailboxes for item in mailbox.items.values()]
