"""What an admin may enter as a mailbox: an object id (GUID) or a user principal name."""

import re
from typing import Final

from calsync_agent.i18n import Message, message

LONGEST: Final = 320
"""Characters of `calsync_profile.external_user_id`."""

_GUID: Final = re.compile(r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}")
_MEANT_AS_GUID: Final = re.compile(r"[0-9a-f-]*")
# Microsoft's rules for user principal names: these characters, and no dot beside the @.
_LOCAL_PART: Final = re.compile(r"[a-z0-9'_!#^~-]+(\.[a-z0-9'_!#^~-]+)*")
_DOMAIN: Final = re.compile(r"[a-z0-9]([a-z0-9-]*[a-z0-9])?(\.[a-z0-9]([a-z0-9-]*[a-z0-9])?)+")
_LONGEST_LOCAL_PART: Final = 64


def tidied(entered: str) -> str:
    """What is stored of an entry: without spaces around it, and GUIDs as Graph writes them."""
    text = entered.strip()
    bare = text.removeprefix("{").removesuffix("}").casefold()
    if re.fullmatch(r"[0-9a-f]{32}", bare):
        bare = "-".join((bare[:8], bare[8:12], bare[12:16], bare[16:20], bare[20:]))
    return bare if _GUID.fullmatch(bare) else text


def problem(entered: str) -> Message | None:
    """What is wrong with an entry; None where it may be a mailbox."""
    text = tidied(entered).casefold()
    if not text:
        return message("enter the user's object id (a GUID) or user principal name")
    if _GUID.fullmatch(text):
        return None
    if len(text) > LONGEST:
        return message("longer than {limit} characters", limit=LONGEST)
    if "@" not in text:
        if _MEANT_AS_GUID.fullmatch(text):
            return message(
                "a GUID has 32 digits from 0 to f, as in 11111111-2222-3333-4444-555555555555;"
                " here are {count}",
                count=len(text.replace("-", "")),
            )
        return message("neither a GUID nor a user principal name such as anna@example.com")
    return _problem_of_name(text)


def _problem_of_name(text: str) -> Message | None:
    local, _at, domain = text.rpartition("@")
    if not _LOCAL_PART.fullmatch(local):
        wrong = sorted(set(re.sub(r"[a-z0-9'_!#^~.-]", "", local)))
        if wrong:
            if any(sign.isspace() for sign in wrong):
                return message("before the @ there may be no space")
            return message("before the @ there may be no {signs}", signs=" ".join(wrong))
        return message("before the @ a name is missing, or a dot stands at its edge")
    if len(local) > _LONGEST_LOCAL_PART:
        return message(
            "before the @ there may be {limit} characters at most", limit=_LONGEST_LOCAL_PART
        )
    if not _DOMAIN.fullmatch(domain):
        return message("after the @ a domain is missing, such as example.com")
    return None
