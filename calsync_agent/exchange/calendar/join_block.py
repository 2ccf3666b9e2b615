"""Where the join block of an online meeting stands in the HTML of a body (D7).

Its bounds are certain where it lies between two like rules, as in the text that is read, or in one
element that bears the classes of Teams; elsewhere nobody can tell what is generated.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Final

from calsync_agent.appointment.generated import JoinKey, block_lines, join_key
from calsync_agent.exchange.calendar.html_text import Line, html_lines
from calsync_agent.exchange.calendar.markup import (
    Kind,
    OpenElements,
    Token,
    TooDeep,
    attribute,
    tokens,
)

_CLASS: Final = "me-email-"
"""How the classes begin that Teams gives to the parts of its block."""


@dataclass(frozen=True, slots=True)
class Block:
    """The block in a document, from `start` to `end`, and the text above, in and below it.

    `ruled`: it lies between rules. `outside`: the opening tags of the elements around it.
    """

    start: int
    end: int
    ruled: bool
    above: str
    text: str
    below: str
    outside: tuple[Token, ...] = ()

    @property
    def whole(self) -> str:
        """All of the document's text."""
        return f"{self.above}\n{self.text}\n{self.below}"


def body_begin(document: str) -> int:
    """Where the content of a document begins."""
    tags = (token for token in tokens(document) if token.kind is Kind.OPENING)
    return next((tag.end for tag in tags if tag.name == "body"), 0)


def find_block(document: str, link: str) -> Block | None:
    """The block that belongs to a join link; None where its bounds are not certain."""
    lines = html_lines(document)
    found = block_lines([text for text, _, _ in lines], link)
    try:
        if found is not None:
            return _between(document, lines, *found)
        containers = list(_containers(document, join_key(link)))
        # Others beside it may be a part of it, or of another: nobody can tell.
        start, end, holds = containers[0] if len(containers) == 1 else (0, 0, False)
        return _inside(document, lines, start, end) if holds else None
    except TooDeep:
        return None


def _between(document: str, lines: Sequence[Line], first: int, last: int) -> Block | None:
    """The block from line to line, with the elements that hold nothing else."""
    begin, finish = lines[first][1], lines[last][2]
    before = max((end for _, _, end in lines[:first]), default=0)
    behind = next((start for _, start, _ in lines[last + 1 :] if start >= 0), len(document))
    if not (before <= begin and finish <= behind):
        return None  # a piece of text that runs on over several lines
    start, end, outside = _closed(document, begin, finish, (before, behind))
    return _block(lines, (first, last), (start, end), ruled=True, outside=outside)


def _closed(
    document: str, begin: int, finish: int, others: tuple[int, int]
) -> tuple[int, int, tuple[Token, ...]]:
    """From where to where the elements go that hold what stands from `begin` to `finish` alone.

    `others`: where what stands before it ends, and what stands behind it begins. The third: the
    opening tags of the elements around it.
    """
    before, behind = max(others[0], body_begin(document)), others[1]
    opened = OpenElements()
    holding: list[Token] | None = None
    ends: list[tuple[int, int]] = []
    for token in tokens(document):
        if holding is None and token.start >= begin:
            holding = list(opened.tags)
        if token.start >= behind:
            break
        opened.pass_by(token)
        if token.end >= finish:
            innermost = opened.tags[-1].start if opened.tags else -1
            ends.append((token.end, innermost))
    holding = holding or []
    still_open = {tag.start for tag in opened.tags}
    own = [tag for tag in holding if tag.start >= before and tag.start not in still_open]
    start = own[0].start if own else begin
    end = next((end for end, innermost in ends if innermost < start), finish)
    return start, end, tuple(tag for tag in holding if tag.start < start)


def _containers(document: str, wanted: JoinKey) -> Iterator[tuple[int, int, bool]]:
    """From where to where the outermost elements with Teams' classes go; which holds the link."""
    opened = OpenElements()
    container: Token | None = None
    depth, holds = 0, False
    for token in tokens(document):
        opens = token.kind is Kind.OPENING
        if container is None and opens and token.name != "a":
            if _CLASS in attribute(document, token, "class").casefold():
                container, depth, holds = token, len(opened.tags), False
        elif container is not None and opens and token.name == "a":
            holds = holds or join_key(attribute(document, token, "href")) == wanted
        opened.pass_by(token)
        if container is not None and len(opened.tags) <= depth:
            yield container.start, token.end, holds
            container = None


def _around(document: str, place: int) -> tuple[Token, ...]:
    """The opening tags of the elements around a place."""
    opened = OpenElements()
    for token in tokens(document):
        if token.start >= place:
            break
        opened.pass_by(token)
    return tuple(opened.tags)


def _inside(document: str, lines: Sequence[Line], start: int, end: int) -> Block | None:
    """The block that is one element."""
    within = [at for at, (_, begin, over) in enumerate(lines) if over > start and -1 < begin < end]
    if not within or lines[within[0]][1] < start or lines[within[-1]][2] > end:
        return None
    ends = within[0], within[-1]
    return _block(lines, ends, (start, end), ruled=False, outside=_around(document, start))


def _block(
    lines: Sequence[Line],
    within: tuple[int, int],
    bounds: tuple[int, int],
    *,
    ruled: bool,
    outside: tuple[Token, ...],
) -> Block:
    texts = [text for text, _, _ in lines]
    first, last = within
    return Block(
        start=bounds[0],
        end=bounds[1],
        ruled=ruled,
        above="\n".join(texts[:first]),
        text="\n".join(texts[first : last + 1]),
        below="\n".join(texts[last + 1 :]),
        outside=outside,
    )
