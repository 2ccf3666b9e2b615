"""Teams meetings: the join link, and the block about it that stands in the body."""

import re
from dataclasses import dataclass
from typing import Final
from urllib.parse import quote

from calsync_agent.sandbox.model.bodies import Body, body_from_html
from calsync_agent.sandbox.model.shapes import JsonObject

PROVIDERS: Final = ("unknown", "skypeForBusiness", "skypeForConsumer", "teamsForBusiness")
TEAMS: Final = "teamsForBusiness"

SHAPES: Final = ("rules", "classes", "link", "nothing")
"""The shapes that a block may have: between rules, in an element of its own with Teams' classes
and no rule, a link alone, or nothing that tells itself."""

_RULE: Final = "_" * 80
_ELEMENT: Final = '<div class="me-email-text"'
_END: Final = re.compile("</body>", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class OnlineMeeting:
    """A Teams meeting that belongs to an event."""

    join_url: str
    conference_id: str
    provider: str = TEAMS
    shape: str = SHAPES[0]
    late: bool = False

    def as_json(self) -> JsonObject | None:
        """Graph's onlineMeeting; None while it is still being made."""
        if self.late:
            return None
        return {"joinUrl": self.join_url, "conferenceId": self.conference_id}


def new_meeting(
    tenant_id: str, organizer_id: str, thread: str, provider: str, shape: str
) -> OnlineMeeting:
    """A fresh meeting; `thread` tells it from all others."""
    context = quote(f'{{"Tid":"{tenant_id}","Oid":"{organizer_id}"}}', safe="")
    topic = quote(f"19:meeting_{thread}@thread.v2", safe="")
    url = f"https://teams.microsoft.com/l/meetup-join/{topic}/0?context={context}"
    number = str(int(thread[:9], 16) % 10**9).zfill(9)
    return OnlineMeeting(url, number, TEAMS if provider == PROVIDERS[0] else provider, shape)


def with_join_block(body: Body, meeting: OnlineMeeting) -> Body:
    """The body with the block that Teams adds at its end."""
    html = body.html or body_from_html("<div></div>").html
    end = max((found.start() for found in _END.finditer(html)), default=len(html))
    return body_from_html(html[:end] + _block(meeting) + html[end:])


def _block(meeting: OnlineMeeting) -> str:
    link = f'<a class="me-email-headline" href="{meeting.join_url}">Join the meeting now</a>'
    if meeting.shape == "link":
        return f"<p>{link}</p>\r\n"
    if meeting.shape == "nothing":
        return "<p>This meeting takes place online.</p>\r\n"
    words = (
        f'{_ELEMENT} style="max-width:520px"><div>Microsoft Teams meeting</div>\r\n'
        f"<div>{link}</div>\r\n"
        f'<div><span class="me-email-text-secondary">Meeting ID: </span>'
        f'<span class="me-email-text">{meeting.conference_id}</span></div>\r\n'
        '<div><hr style="border:0"></div>\r\n'
        '<div>For organizers: <a href="https://teams.microsoft.com/meetingOptions/?id=1&amp;lang='
        'en-US">Meeting options</a></div></div>\r\n'
    )
    if meeting.shape == "classes":
        return f"<br>\r\n{words}"
    rule = f'<div style="width:100%"><span style="white-space:nowrap">{_RULE}</span></div>\r\n'
    return f"<br>\r\n{rule}{words}{rule}"


def has_join_block(body: Body, meeting: OnlineMeeting) -> bool:
    """Whether all of the block still stands in the body; its text alone is none."""
    if meeting.late:
        return True  # there is none to be lost
    match meeting.shape:
        case "nothing":
            return False  # nobody can tell, so that whoever writes ends it
        case "link":
            parts = [f'href="{meeting.join_url}"']
        case "classes":
            parts = [_ELEMENT, f'href="{meeting.join_url}"', "meetingOptions"]
        case _:
            parts = [_RULE, _ELEMENT, f'href="{meeting.join_url}"', "meetingOptions", _RULE]
    at = 0
    for part in parts:
        at = body.html.find(part, at)
        if at < 0:
            return False
        at += len(part)
    return True
