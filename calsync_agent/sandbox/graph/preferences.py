"""The `Prefer` header: zone of times, form of bodies, form of ids, page size."""

import re
from dataclasses import dataclass
from typing import Final

from calsync_agent.sandbox.model.refusals import invalid_request
from calsync_agent.sandbox.model.zones import zone

_PREFERENCE: Final = re.compile(r'\s*([\w.-]+)\s*(?:=\s*("[^"]*"|[^,;\s]*))?\s*(?:,|;|$)')


@dataclass(frozen=True, slots=True)
class Preferences:
    """What the client asked for; nothing is remembered from one request to the next."""

    zone: str = "UTC"
    text: bool = False
    immutable: bool = False
    page_size: int | None = None
    applied: str = ""

    def moves(self, moves: int) -> int | None:
        """How often an item has moved, as far as the asked form of ids shows it."""
        return None if self.immutable else moves


def read_preferences(header: str) -> Preferences:
    """Unknown preferences are ignored, an unknown zone is refused."""
    zone_name, text, immutable = "UTC", False, False
    page_size: int | None = None
    applied = []
    for name, quoted in _PREFERENCE.findall(header):
        value = quoted.strip('"')
        match name.lower():
            case "outlook.timezone":
                zone(value)
                zone_name = value
            case "outlook.body-content-type":
                if value.lower() not in {"text", "html"}:
                    raise invalid_request(f"Preference outlook.body-content-type '{value}'.")
                text = value.lower() == "text"
            case "idtype":
                immutable = value.lower() == "immutableid"
            case "odata.maxpagesize":
                if not value.isdecimal() or int(value) < 1:
                    raise invalid_request(f"Preference odata.maxpagesize '{value}'.")
                page_size = int(value)
            case _:
                continue
        applied.append(f"{name}={quoted}")
    return Preferences(zone_name, text, immutable, page_size, ", ".join(applied))
