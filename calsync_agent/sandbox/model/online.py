"""Teams meetings: the join link, and the block about it that stands in the body."""

import re
from dataclasses import dataclass
from typing import Final
from urllib.parse import quote

from calsync_agent.sandbox.model.bodies import Body, body_from_html
from calsync_agent.sandbox.model.shapes import JsonObject

PROVIDERS: Final = ("unknown", "skypeForBusiness", "skypeForConsumer", "teamsForBusiness")
TEAMS: Final = "teamsForBusiness"

_RULE: Final = "_" * 80
_END: Final = re.compile("</body>", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class OnlineMeeting:
    """A Teams meeting that belongs to an event."""

    join_url: str
    conference_id: str
    provider: str = TEAMS

    def as_json(self) -> JsonObject:
        """Graph's onlineMeeting."""
        return {"joinUrl": self.join_url, "conferenceId": self.conference_id}


def new_meeting(tenant_id: str, organizer_id: str, thread: str, provider: str) -> OnlineMeeting:
    """A fresh meeting; `thread` tells it from all others."""
    context = quote(f'{{"Tid":"{tenant_id}","Oid":"{organizer_id}"}}', safe="")
    topic = quote(f"19:meeting_{thread}@thread.v2", safe="")
    url = f"https://teams.microsoft.com/l/meetup-join/{topic}/0?context={context}"
    number = str(int(thread[:9], 16) % 10**9).zfill(9)
    return OnlineMeeting(url, number, TEAMS if provider == PROVIDERS[0] else provider)


def with_join_block(body: Body, meeting: OnlineMeeting) -> Body:
    """The body with the block that Teams adds at its end."""
    html = body.html or body_from_html("<div></div>").html
    block = (
        f'<br>\r\n<div style="width:100%"><span style="white-space:nowrap">{_RULE}</span></div>\r\n'
        '<div class="me-email-text"><div>Microsoft Teams meeting</div>\r\n'
        f'<div><a href="{meeting.join_url}">Join the meeting now</a></div>\r\n'
        f"<div>Meeting ID: {meeting.conference_id}</div></div>\r\n"
        f'<div style="width:100%"><span style="white-space:nowrap">{_RULE}</span></div>\r\n'
    )
    end = max((found.start() for found in _END.finditer(html)), default=len(html))
    return body_from_html(html[:end] + block + html[end:])


def has_join_block(body: Body, meeting: OnlineMeeting) -> bool:
    """Whether the block still stands in the body, from line to line; its text alone is none."""
    pattern = f'{_RULE}.*href="{re.escape(meeting.join_url)}".*{_RULE}'
    return re.search(pattern, body.html, re.DOTALL) is not None
