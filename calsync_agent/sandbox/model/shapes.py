"""Reads JSON values as the types that Graph declares, and refuses others as Graph does."""

import re
from collections.abc import Mapping, Sequence
from typing import Final, TypeAlias

from calsync_agent.sandbox.model.refusals import invalid_body

_HALF: Final = re.compile("[\ud800-\udfff]")
JsonObject: TypeAlias = dict[str, object]


def mapping(value: object) -> Mapping[str, object]:
    """A JSON object."""
    if isinstance(value, dict):
        return value
    raise invalid_body("A 'StartObject' node was expected when reading from the JSON reader.")


def members(value: object, type_name: str, allowed: frozenset[str]) -> Mapping[str, object]:
    """A JSON object with no properties but the allowed ones; annotations (`@odata…`) are left out.

    Names are case-sensitive, as Graph's are.
    """
    found = {name: member for name, member in mapping(value).items() if "@" not in name}
    for name in found:
        if name not in allowed:
            raise invalid_body(
                f"The property '{name}' does not exist on type 'microsoft.graph.{type_name}'. "
                "Make sure to only use property names that are defined by the type."
            )
    return found


def sequence(value: object) -> Sequence[object]:
    """A JSON array."""
    if isinstance(value, list):
        return value
    raise invalid_body("A 'StartArray' node was expected when reading from the JSON reader.")


def text(value: object) -> str:
    """A string; half a surrogate pair is no character."""
    if isinstance(value, str):
        if not value.isascii() and _HALF.search(value):
            raise invalid_body("The string has an unpaired surrogate.")
        return value
    raise _wrong_type("Edm.String")


def optional_text(value: object) -> str | None:
    """A string or null."""
    return None if value is None else text(value)


def boolean(value: object) -> bool:
    """A boolean; Graph also takes its name as a string."""
    match value:
        case bool():
            return value
        case str() if value.lower() in {"true", "false"}:
            return value.lower() == "true"
        case _:
            raise _wrong_type("Edm.Boolean")


def whole(value: object) -> int:
    """A whole number within 32 bits."""
    if isinstance(value, int) and not isinstance(value, bool) and -(2**31) <= value < 2**31:
        return value
    raise _wrong_type("Edm.Int32")


def choice(value: object, options: Sequence[str]) -> str:
    """A member of an enumeration: case does not matter going in, the canonical form comes out."""
    given = text(value)
    for option in options:
        if option.lower() == given.lower():
            return option
    raise invalid_body(f"Requested value '{given}' was not found.")


def _wrong_type(expected: str) -> Exception:
    return invalid_body(f"Cannot convert a primitive value to the expected type '{expected}'.")
