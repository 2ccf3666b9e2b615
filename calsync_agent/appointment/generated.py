"""What of a text an online meeting put there, and what is people's own (D7).

Teams and Skype add a block to the body of an online meeting: a rule, words of invitation with the
link, the same rule again. Only a block that holds the meeting's own link, between two like rules,
is certain; where it is not, or where there are several, all of the text counts as people's own.
"""

from bisect import bisect
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final, TypeAlias
from urllib.parse import unquote

JoinKey: TypeAlias = tuple[str, str, tuple[str, ...]]

SHORTEST_RULE: Final = 50
"""Characters. Teams draws 80 around its block; shorter ones are within it, or people's own."""

_RULES: Final = frozenset("_-=.*~─━—")
_WORDS_ABOVE: Final = 3
"""Lines that may stand between the first rule and the link whatever they say."""
_WORDS_OF_INVITATION: Final = 8
"""The same, where the first of them names the product, which no language translates."""
_PRODUCTS: Final = ("teams", "skype", "lync")
_JOIN_HOSTS: Final = (
    "teams.microsoft.com",
    "teams.live.com",
    "teams.cloud.microsoft",
    "teams.microsoft.us",
    "teams.microsoftonline.cn",
    "meet.lync.com",
    "join.skype.com",
    "meet.skype.com",
)
_LINES_BELOW: Final = 80
_WRAPPED: Final = ".safelinks.protection.outlook."
_DELIMITERS: Final = str.maketrans(dict.fromkeys("<>\"'\xa0", " "))
_PUNCTUATION: Final = ".,;:!?)]}"


@dataclass(frozen=True, slots=True)
class Parts:
    """A text in its lines: people's own, the block, and people's own again."""

    before: str
    block: str
    after: str

    @property
    def own(self) -> str:
        """What people wrote, in one text."""
        return joined(self.before, self.after)


def is_generated(link: str) -> bool:
    """Whether a join link is one that Exchange gives an online meeting, and nobody thinks of."""
    host, _, _ = join_key(link)
    return any(host == known or host.endswith(f".{known}") for known in _JOIN_HOSTS)


def own_text(text: str, link: str | None) -> str:
    """What people wrote of a text; all of it, where `link` is None or the block is not certain.

    `link`: the join link of the online meeting to which the text belongs.
    """
    found = parts(text, link)
    return text if found is None else found.own


def parts(text: str, link: str | None) -> Parts | None:
    """The parts of a text; None where no block is certain."""
    if link is None or "://" not in text:
        return None
    lines = text.split("\n")
    found = block_lines(lines, link)
    if found is None:
        return None
    first, last = found
    before, after = lines[:first], lines[last + 1 :]
    return Parts("\n".join(before), "\n".join(lines[first : last + 1]), "\n".join(after))


def joined(before: str, after: str) -> str:
    """What stands above and below a block, in one text."""
    above, below = before.rstrip(), after.strip("\n").rstrip()
    return f"{above}\n{below}" if above and below else above or below


def block_lines(lines: Sequence[str], link: str) -> tuple[int, int] | None:
    """The first and the last line of the block that belongs to `link`, if that is certain."""
    wanted = join_key(link)
    rules = [(at, rule) for at, line in enumerate(lines) if (rule := _rule(line))]
    places = [at for at, _ in rules]
    closings = _next_alike(rules)
    judged: set[int] = set()
    found: list[tuple[int, int]] = []
    for at, line in enumerate(lines):
        above = bisect(places, at) - 1
        if above < 0 or above in judged or "://" not in line or not holds_link(line, wanted):
            continue
        judged.add(above)  # only the link next to the upper rule can tell
        first, last = places[above], closings[above]
        if last is not None and _block_like(lines, first, at, last):
            found.append((first, last))
    return found[0] if len(found) == 1 else None


def _next_alike(rules: Sequence[tuple[int, str]]) -> list[int | None]:
    """For each rule the line of the next one that is just like it; blocks have shorter ones inside.

    Teams parts its block by lines that Exchange's texts show as rules of 32 underscores.
    """
    latest: dict[str, int] = {}
    found: list[int | None] = []
    for at, rule in reversed(rules):
        found.append(latest.get(rule))
        latest[rule] = at
    return found[::-1]


def _rule(line: str) -> str:
    """The rule that a line is, as it is written; empty where it is none."""
    drawn = line.strip()
    if len(drawn) < SHORTEST_RULE or drawn[0] not in _RULES:
        return ""
    return drawn if drawn.count(drawn[0]) == len(drawn) else ""


def _block_like(lines: Sequence[str], first: int, link: int, last: int) -> bool:
    if link - first > 4 * _WORDS_OF_INVITATION or last - link > _LINES_BELOW:
        return False
    above = [line for line in lines[first + 1 : link] if line.strip()]
    if len(above) <= _WORDS_ABOVE:
        return True
    headline = above[0].casefold()
    named = any(product in headline for product in _PRODUCTS)
    return named and len(above) <= _WORDS_OF_INVITATION


def holds_link(line: str, wanted: JoinKey) -> bool:
    """Whether a line holds the link with this key, wrapped or encoded in whatever way."""
    words = line.translate(_DELIMITERS).split()
    return any("://" in word and join_key(word) == wanted for word in words)


def join_key(link: str) -> JoinKey:
    """What is left of a link when scheme, case, encoding and order of its query do not count.

    A link that Exchange's protection has wrapped means the one inside.
    """
    host, path, query = _split(link)
    if _WRAPPED in f".{host}" and (inner := _parameter(query, "url")):
        host, path, query = _split(unquote(inner))
    parameters = sorted(unquote(each).casefold() for each in query.split("&") if each)
    return host, unquote(path).rstrip("/").casefold(), tuple(parameters)


def _split(link: str) -> tuple[str, str, str]:
    """Host in lower case, path, and query."""
    whole = link.replace("&amp;", "&").strip().rstrip(_PUNCTUATION).partition("#")[0]
    address, _, query = whole.partition("://")[2].partition("?")
    host, _, path = address.partition("/")
    return host.casefold(), path, query


def _parameter(query: str, name: str) -> str:
    for each in query.split("&"):
        key, _, value = each.partition("=")
        if key.casefold() == name:
            return value
    return ""
