"""Invitations as people paste them, and as products put them into events: rebuilt small.

As texts, the way Exchange tells HTML: a link is `words<address>`.
"""

from typing import Final

LINE: Final = "_" * 80
TEAMS: Final = (
    "https://teams.microsoft.com/l/meetup-join/19%3ameeting_Zm9v%40thread.v2/0?context=%7b%7d"
)

PASTED: Final = {
    "teams": f"""{LINE}
Join the meeting now<{TEAMS}>
Meeting ID: 123
{LINE}""",
    "teams in German": f"""{LINE}
Microsoft Teams-Besprechung
Nehmen Sie auf dem Computer, in der mobilen App oder im Raum teil
Hier klicken, um an der Besprechung teilzunehmen<{TEAMS}>
Besprechungs-ID: 123 456
Passcode: abc
________________________________
Für Organisatoren: Besprechungsoptionen<https://teams.microsoft.com/meetingOptions/?a=1&b=2>
{LINE}""",
    "teams without rules": f"""Microsoft Teams
Need help?<https://aka.ms/JoinTeamsMeeting?omkt=en-US>
Join the meeting now<{TEAMS}>
Meeting ID: 123""",
    "skype": f"""{"." * 100}
Join Skype Meeting<https://meet.lync.com/contoso/anna/ABC123>
Trouble Joining? Try Skype Web App<https://meet.lync.com/contoso/anna/ABC123?sl=1>
{"." * 100}""",
    "zoom": """Anna is inviting you to a scheduled Zoom meeting.
Join Zoom Meeting
https://us02web.zoom.us/j/123456789?pwd=abc
Meeting ID: 123 456 789
---
One tap mobile
+16465588656,,123456789# US""",
    "webex in German": """-- Text unterhalb dieser Zeile nicht löschen oder ändern --
Dem Meeting beitreten<https://contoso.webex.com/contoso/j.php?MTID=m123>
Meeting-Kennnummer (Zugriffscode): 123""",
}
"""By product."""

PASTED_HTML: Final = (
    '<p>Agenda</p><div class="me-email-text"><div class="me-email-headline">Microsoft Teams</div>'
    f'<a class="me-email-headline" href="{TEAMS}">Jetzt an der Besprechung teilnehmen</a></div>'
    "<p>Meine Notizen</p>"
)
