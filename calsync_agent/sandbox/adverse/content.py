"""Odd events, as they stand in calendars of people who have been using Outlook for years."""

import json
from collections.abc import Mapping
from dataclasses import replace
from datetime import UTC, date, datetime, time, timedelta
from typing import Any, Final
from urllib.parse import quote

from calsync_agent.sandbox.adverse.trouble import Content, Making
from calsync_agent.sandbox.drafts import Time
from calsync_agent.sandbox.model.bodies import body_from_html
from calsync_agent.sandbox.model.content import Address, Attendee
from calsync_agent.sandbox.model.items import ChangedOccurrence, Item
from calsync_agent.sandbox.model.moments import Moment

_HOUR: Final = timedelta(hours=1)
_RULE: Final = "_" * 80
_LAST: Final = date(9999, 12, 31)
_VIENNA: Final = "W. Europe Standard Time"
_WEEKLY: Final = {
    "type": "weekly",
    "interval": 1,
    "daysOfWeek": ["monday", "tuesday", "wednesday", "thursday", "friday"],
    "firstDayOfWeek": "monday",
}
_SIX: Final = {"type": "numbered", "numberOfOccurrences": 6}

ZONES: Final = (
    "(UTC+01:00) Amsterdam, Berlin, Bern, Rome, Stockholm, Vienna",
    "(UTC+01:00) Amsterdam, Berlin, Bern, Rom, Stockholm, Wien",
    "Customized Time Zone",
    "tzone://Microsoft/Custom",
    "Kamchatka Standard Time",
    "",
)
"""Names of zones that no list has."""


def slot(making: Making) -> datetime:
    """A full hour in the weeks to come."""
    today = making.person.world.clock.now().astimezone(UTC).replace(tzinfo=None).date()
    day = today + timedelta(days=making.rng.randint(3, 40))
    return datetime.combine(day, time(making.rng.randint(6, 19)))


def put(making: Making, subject: str, start: Time | None = None, **properties: Any) -> Item:  # noqa: ANN401 - Graph's
    """An event of the person's, an hour long unless it says otherwise."""
    begin = slot(making) if start is None else start
    end = properties.pop("end", begin + _HOUR)
    id_ = making.person.create(subject, begin, end, **properties)
    return making.person.item(id_)


def received(making: Making, subject: str, **properties: Any) -> Item:  # noqa: ANN401 - Graph's
    """An invitation from outside."""
    begin, person = slot(making), making.person
    outside = making.outside
    outside.create(subject, begin, begin + _HOUR, attendees=[person.upn], **properties)
    return person.item(person.find(subject)[-1])


def shows(item: Item, **properties: object) -> None:
    """Let the item show these instead of what it holds, until somebody writes them."""
    item.odd = {**item.odd, **{name: json.dumps(each) for name, each in properties.items()}}


def _link(making: Making) -> str:
    topic = quote(f"19:meeting_{making.rng.getrandbits(60):x}@thread.v2", safe="")
    return f"https://teams.microsoft.com/l/meetup-join/{topic}/0?context=%7b%7d"


def _pasted_text(making: Making) -> None:
    link = _link(making)
    lines = (
        "Words before",
        _RULE,
        f"Join the meeting now<{link}>",
        "Meeting ID: 123",
        _RULE,
        "My notes after the block",
    )
    put(making, "Pasted invitation", body="\n".join(lines))


def _pasted_html(making: Making) -> None:
    block = (
        f'<div>Words before</div><div>{_RULE}</div><div class="me-email-text">'
        f'<a href="{_link(making)}">Join the meeting now</a></div><div>{_RULE}</div>'
        "<div>My notes after the block</div>"
    )
    put(making, "Pasted HTML invitation", body={"contentType": "html", "content": block})


def _online(making: Making, subject: str, before: str) -> Item:
    body = {"contentType": "html", "content": f"<div>{before}</div>"}
    return put(making, subject, body=body, isOnlineMeeting=True)


def _rule_above_the_block(making: Making) -> None:
    _online(making, "Online with a line of one's own", f"Agenda</div><div>{'_' * 30}</div><div>End")


def _block(subject: str, html: str) -> Content:
    """An online meeting whose body tells how to join in a way of its own; `{link}` is the link."""

    def make(making: Making) -> None:
        item, person = _online(making, subject, "Agenda"), making.person
        online = item.content.online
        link = "" if online is None else online.join_url
        body = body_from_html(html.replace("{link}", link))
        item.content = replace(item.content, body=body)
        person.world.touch(person.mailbox, item)

    return Content(name=subject.lower(), fact="join blocks come in many shapes (D7)", make=make)


_CLASSES: Final = (
    "<div>Agenda</div><br><div class='me-email-text' lang='en-US'>"
    "<div class='me-email-headline'>Microsoft Teams Need help?</div>"
    "<div><a href='{link}' class='me-email-link'>Join the meeting now</a></div>"
    "<div>Meeting ID: 123 456 789</div></div>"
)


def _organizer(shown: Mapping[str, object] | None, subject: str) -> Content:
    def make(making: Making) -> None:
        shows(received(making, subject), organizer=shown)

    return Content(
        name=subject.lower(),
        fact="a received meeting whose organizer is null, has only a name, or a blank address (A6)",
        make=make,
    )


def _guests(making: Making) -> None:
    person, item = making.person, put(making, "Odd guests")
    long = "x" * 380
    guests = (
        Address("Raum 1", None),
        Address("Raum 2", ""),
        Address("Gast", "gast@anderswo.example"),
        Address("Gast nochmals", "GAST@anderswo.example"),
        Address("N" * 400, f"{long}@anderswo.example"),
    )
    item.content = replace(item.content, attendees=tuple(Attendee(each) for each in guests))
    person.world.touch(person.mailbox, item)


def _same_uid(making: Making) -> None:
    first, second = put(making, "Copied"), put(making, "Copied and pasted")
    second.uid = first.uid


def _same_uid_as_meeting(making: Making) -> None:
    first = received(making, "Invitation and its copy")
    put(making, "Copy of the invitation").uid = first.uid


def _no_uid(making: Making) -> None:
    shows(put(making, "Without iCalUId"), iCalUId=None)


def _half_a_character(making: Making) -> None:
    item = put(making, "Half a character")
    shows(item, location={"displayName": "Saal \ud83d"}, iCalUId=f"{item.uid}\udc00")


def _zone_text(making: Making) -> None:
    label = making.rng.choice(ZONES)
    item = put(making, f"Single in {label or 'no zone'}", zone=_VIENNA)
    content = item.content
    item.content = replace(
        content,
        start=replace(content.start, label=label),
        end=replace(content.end, label=label),
    )
    shows(item, originalStartTimeZone=label, originalEndTimeZone=label)


def _series(making: Making, subject: str, range_: Mapping[str, object] = _SIX) -> Item:
    begin = slot(making)
    while begin.weekday() > 4:  # noqa: PLR2004 - Friday
        begin += timedelta(days=1)
    recurrence = {"pattern": dict(_WEEKLY), "range": dict(range_)}
    return put(making, subject, begin, recurrence=recurrence)


def _series_zone_text(making: Making) -> None:
    label = making.rng.choice(ZONES)
    item = _series(making, f"Series in {label or 'no zone'}")
    shows(
        item,
        originalStartTimeZone=label,
        originalEndTimeZone=label,
        recurrence={"range": {"recurrenceTimeZone": label}},
    )


def _until_the_end(making: Making) -> None:
    item = _series(making, "Until the end of time", {"type": "noEnd"})
    ends = {"type": "endDate", "endDate": _LAST.isoformat()}
    shows(item, recurrence={"range": ends})


def _day_at_the_end(making: Making) -> None:
    item = _series(making, "A day at the end of time")
    day = _second_day(item)
    begin = Moment(datetime.combine(_LAST, time(9)), "UTC")
    _except(making, item, day, start=begin, end=replace(begin, local=begin.local + _HOUR))


def _backward_day(making: Making) -> None:
    item = _series(making, "A day that ends before it begins")
    day = _second_day(item)
    start = item.content.start
    begin = replace(start, local=datetime.combine(day, start.local.time()))
    _except(making, item, day, start=begin, end=replace(begin, local=begin.local - _HOUR))


def _second_day(item: Item) -> date:
    recurrence = item.content.recurrence
    if recurrence is None:
        raise AssertionError("a series has a recurrence")
    steps = 3 if recurrence.start.weekday() == 4 else 1  # noqa: PLR2004 - Friday
    return recurrence.start + timedelta(days=steps)


def _except(making: Making, item: Item, day: date, **changes: object) -> None:
    now = making.person.world.clock.now()
    item.exceptions[day] = ChangedOccurrence(changes=changes, modified=now)
    making.person.world.touch(making.person.mailbox, item, day)


def _pattern_without_days(making: Making) -> None:
    begin = slot(making)
    weekday = begin.strftime("%A").lower()
    index = ("first", "second", "third", "fourth", "last")[(begin.day - 1) // 7]
    pattern = {
        "type": "relativeMonthly",
        "interval": 1,
        "daysOfWeek": [weekday],
        "index": index,
    }
    recurrence = {"pattern": pattern, "range": {"type": "numbered", "numberOfOccurrences": 3}}
    item = put(making, "Monthly on no day", begin, recurrence=recurrence)
    shows(item, recurrence={"pattern": {"daysOfWeek": None}})


def _odd_reminder(making: Making) -> None:
    for value in (-5, "15", None, 10**10):
        shows(put(making, f"Reminder of {value!r}"), reminderMinutesBeforeStart=value)


def _all_day_until_noon(making: Making) -> None:
    day = slot(making).date()
    item = put(making, "A day until noon", day, end=day + timedelta(days=1))
    end = {"dateTime": f"{day + timedelta(days=1)}T12:00:00.0000000", "timeZone": "UTC"}
    shows(item, end=end)


def _heavy(making: Making) -> None:
    texts = (
        ("_" * 20 + "https://") * 400,
        ("_" * 40 + "\n") * 400,
        " " * 8000 + "ü",
        "<!--" * 2000,
    )
    put(making, "Heavy text", body=making.rng.choice(texts))


def _no_words(making: Making) -> None:
    item = put(making, "No words")
    shows(item, subject=None, bodyPreview=None, location=None, locations=None, categories=None)


def _controls(making: Making) -> None:
    subject = "Title \x1b]0;hacked\x07 \x1b[2J \x9b31m \u202egnp.exe\u2069"
    put(making, subject, location={"displayName": "Saal\r\n✓ fine"})


CONTENT: Final = (
    Content(
        name="pasted invitation",
        fact="a plain event whose text holds a pasted Teams invitation, notes behind it (D7)",
        make=_pasted_text,
    ),
    Content(
        name="pasted HTML invitation",
        fact="the same, pasted as HTML (D7)",
        make=_pasted_html,
    ),
    Content(
        name="line of one's own above the block",
        fact="an online meeting with a person's own line of underscores (D7)",
        make=_rule_above_the_block,
    ),
    _block("Block without lines", _CLASSES),
    _block("Only a link", "<div>Agenda</div><div><a href='{link}'>Teams</a></div>"),
    _block("Nothing to join by", "<div>Agenda</div>"),
    _organizer(None, "Organizer null"),
    _organizer({"emailAddress": {"name": "Chef", "address": None}}, "Organizer is a name"),
    _organizer({"emailAddress": {"name": " ", "address": "  "}}, "Organizer is blank"),
    _organizer({"emailAddress": None}, "Organizer without address"),
    Content(
        name="odd guests",
        fact="guests without address, twice, with names and addresses of 400 characters (A6)",
        make=_guests,
    ),
    Content(
        name="same iCalUId",
        fact="two events of one mailbox with the same iCalUId, after copy and paste (B8)",
        make=_same_uid,
    ),
    Content(
        name="copy of an invitation",
        fact="an invitation and its pasted copy with the same iCalUId (B8)",
        make=_same_uid_as_meeting,
    ),
    Content(
        name="no iCalUId",
        fact="iCalUId null (2.2, quirk 21)",
        make=_no_uid,
    ),
    Content(
        name="half a character",
        fact="a lone surrogate in iCalUId and location (B8)",
        make=_half_a_character,
    ),
    Content(
        name="zone as a text",
        fact="originalStartTimeZone as a display text, custom, unknown, empty (6, quirk 24)",
        make=_zone_text,
    ),
    Content(
        name="series in a zone as a text",
        fact="recurrenceTimeZone as a display text, custom, unknown, empty (6, quirk 24)",
        make=_series_zone_text,
    ),
    Content(
        name="until the end of time",
        fact="a series whose endDate is 9999-12-31 (B8)",
        make=_until_the_end,
    ),
    Content(
        name="day at the end of time",
        fact="an occurrence moved to 9999-12-31 (B8)",
        make=_day_at_the_end,
    ),
    Content(
        name="backward day",
        fact="an exception that ends before it starts (2.4, B8)",
        make=_backward_day,
    ),
    Content(
        name="pattern without days",
        fact="relativeMonthly without daysOfWeek (A6)",
        make=_pattern_without_days,
    ),
    Content(
        name="odd reminders",
        fact="a reminder that is negative, a text, null, out of all bounds (A6)",
        make=_odd_reminder,
    ),
    Content(
        name="day until noon",
        fact="an all-day event whose end is no midnight (A6)",
        make=_all_day_until_noon,
    ),
    Content(
        name="heavy text",
        fact="text that costs careless readers more than its size (B8)",
        make=_heavy,
    ),
    Content(
        name="no words",
        fact="subject, location and categories null (quirk 21)",
        make=_no_words,
    ),
    Content(
        name="control characters",
        fact="escapes, C1 controls and bidirectional overrides in subject and location (B8)",
        make=_controls,
    ),
)
