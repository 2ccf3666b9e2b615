"""`$filter`: parses Graph's expressions into predicates over whatever has named values.

Known: `and`, `or`, `not`, brackets, the six comparisons, `startswith(path,'text')` and
`path/any(x: …)`. Everything else is refused.
"""

import re
from collections.abc import Callable, Mapping
from datetime import datetime
from typing import Final, TypeAlias

from calsync_agent.sandbox.model.moments import as_utc, parse_time
from calsync_agent.sandbox.model.refusals import GraphRefusal, invalid_query

Row: TypeAlias = Callable[[str], object]
"""Gives the value of a path."""
Predicate: TypeAlias = Callable[[Row], bool]

_TOKEN: Final = re.compile(
    r"\s*(?:'((?:[^']|'')*)'|(\d{4}-\d{2}-\d{2}T[\d:.]+(?:Z|[+-]\d{2}:\d{2})?)|"
    r"([\w@.$]+(?:/[\w@.$]+)*)|(-?\d+)|([(),:/]))"
)
_COMPARISONS: Final = frozenset({"eq", "ne", "gt", "ge", "lt", "le"})
_CONSTANTS: Final[Mapping[str, object]] = {"true": True, "false": False, "null": None}


def parse_filter(written: str, paths: frozenset[str]) -> Predicate:
    """The predicate of an expression. 400 for what cannot be read or must not be filtered by."""
    parser = _Parser(_tokens(written), paths)
    predicate = parser.expression()
    parser.end()
    return predicate


class _Parser:
    def __init__(self, tokens: list[tuple[str, str]], paths: frozenset[str]) -> None:
        self._tokens = tokens
        self._paths = paths
        self._at = 0

    def expression(self) -> Predicate:
        left = self._conjunction()
        while self._takes("or"):
            left = _either(left, self._conjunction())
        return left

    def end(self) -> None:
        if self._at < len(self._tokens):
            raise _unreadable(self._tokens[self._at][1])

    def _conjunction(self) -> Predicate:
        left = self._term()
        while self._takes("and"):
            left = _both(left, self._term())
        return left

    def _term(self) -> Predicate:
        if self._takes("not"):
            inner = self._term()
            return lambda row: not inner(row)
        if self._takes("("):
            inner = self.expression()
            self._expect(")")
            return inner
        kind, path = self._next()
        if kind != "path":
            raise _unreadable(path)
        if path.lower() == "startswith":
            return self._starts_with()
        if path.lower().endswith("/any"):
            return self._any(path[: -len("/any")])
        return self._comparison(path)

    def _comparison(self, path: str) -> Predicate:
        self._check(path)
        name = self._next()[1].lower()
        if name not in _COMPARISONS:
            raise _unreadable(name)
        value = self._literal()
        return lambda row: _holds(row(path), name, value)

    def _starts_with(self) -> Predicate:
        self._expect("(")
        path = self._next()[1]
        self._check(path)
        self._expect(",")
        start = str(self._literal()).lower()
        self._expect(")")
        return lambda row: str(row(path) or "").lower().startswith(start)

    def _any(self, path: str) -> Predicate:
        self._check(path)
        self._expect("(")
        variable = self._next()[1]
        self._expect(":")
        outer, self._paths = (
            self._paths,
            frozenset({variable, f"{variable}/id"}) | {f"{variable}/value"},
        )
        inner = self.expression()
        self._paths = outer
        self._expect(")")

        def holds(row: Row) -> bool:
            members = row(path)
            if not isinstance(members, list):
                raise invalid_query(f"'{path}' is no collection.")
            return any(inner(_member_row(variable, member)) for member in members)

        return holds

    def _check(self, path: str) -> None:
        if path not in self._paths:
            raise GraphRefusal(
                400, "ErrorInvalidProperty", f"The property '{path}' does not support filtering."
            )

    def _literal(self) -> object:
        kind, token = self._next()
        match kind:
            case "text":
                return token
            case "time":
                return as_utc(parse_time(token))
            case "number":
                return int(token)
            case "path" if token in _CONSTANTS:
                return _CONSTANTS[token]
            case _:
                raise _unreadable(token)

    def _takes(self, word: str) -> bool:
        if self._at < len(self._tokens):
            kind, token = self._tokens[self._at]
            if kind in {"path", "mark"} and token.lower() == word:
                self._at += 1
                return True
        return False

    def _expect(self, word: str) -> None:
        if not self._takes(word):
            raise _unreadable(self._next()[1])

    def _next(self) -> tuple[str, str]:
        if self._at == len(self._tokens):
            raise _unreadable("")
        self._at += 1
        return self._tokens[self._at - 1]


def _tokens(written: str) -> list[tuple[str, str]]:
    found, at = [], 0
    kinds = ("text", "time", "path", "number", "mark")
    while at < len(written.rstrip()):
        token = _TOKEN.match(written, at)
        if token is None or token.lastindex is None:
            raise _unreadable(written[at:])
        kind, value = kinds[token.lastindex - 1], token[token.lastindex]
        if kind == "path" and value.lstrip("-").isdecimal():
            kind = "number"
        found.append((kind, value.replace("''", "'") if kind == "text" else value))
        at = token.end()
    return found


def _either(left: Predicate, right: Predicate) -> Predicate:
    return lambda row: left(row) or right(row)


def _both(left: Predicate, right: Predicate) -> Predicate:
    return lambda row: left(row) and right(row)


def _member_row(variable: str, member: object) -> Row:
    def value(path: str) -> object:
        if path == variable:
            return member
        return member.get(path.rpartition("/")[2]) if isinstance(member, dict) else None

    return value


def _holds(found: object, name: str, wanted: object) -> bool:
    """Whether the comparison holds. 400 for an order between what has none."""
    if isinstance(found, datetime) and isinstance(wanted, str):
        wanted = as_utc(parse_time(wanted))
    if name in {"eq", "ne"}:
        return (found == wanted) is (name == "eq")
    order = _order(found, wanted)
    return {"gt": order > 0, "ge": order >= 0, "lt": order < 0, "le": order <= 0}[name]


def _order(left: object, right: object) -> int:
    match left, right:
        case (str(), str()):
            return (left > right) - (left < right)
        case (datetime(), datetime()):
            return (left > right) - (left < right)
        case (int(), int()):
            return (left > right) - (left < right)
        case _:
            raise invalid_query("Operands of the comparison have incompatible types.")


def _unreadable(token: str) -> GraphRefusal:
    return invalid_query(f"Invalid filter clause: syntax error at '{token}'.")
