"""How an admin names somebody: by the number of the profile, or by the employee's code."""

from collections.abc import Callable, Mapping
from typing import Final, TypeVar

from calsync_agent.errors import Refusal
from calsync_agent.i18n import message

K = TypeVar("K")

_SAME: Final[tuple[Callable[[str], str], ...]] = (str, str.casefold)
"""How a code is compared: as it is written wins over whatever its case."""


def with_code(name: str, codes: Mapping[K, str | None]) -> K | None:
    """Whose code this is, None where nobody's; an empty one is nobody's.

    Raises Refusal where it is that of several.
    """
    wanted = name.strip()
    for same in _SAME if wanted else ():
        found = [key for key, code in codes.items() if same((code or "").strip()) == same(wanted)]
        if len(found) > 1:
            raise Refusal(
                message(
                    "{name} is the code of several employees; name the profile's number", name=name
                )
            )
        if found:
            return found[0]
    return None


def profile_called(name: str, codes: Mapping[K, str | None]) -> K | None:
    """The profile with this number, else that of the employee with this code. Raises Refusal."""
    number = next((profile for profile in codes if str(profile) == name.strip()), None)
    return with_code(name, codes) if number is None else number
