"""The demo's meeting of three: who holds it, what they answer, and whom Exchange mails.

Bernd enters it in Consolidate; Anna answers in Outlook, Clara in Consolidate (F1, F6, F8).
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final, TypeAlias
from uuid import UUID, uuid4

import sqlalchemy as sa

from calsync_agent.consolidate import tables
from calsync_agent.demo import telling
from calsync_agent.demo.entries import Day, Employee, When, at
from calsync_agent.demo.office import Office
from calsync_agent.demo.screen import Screen, Style
from calsync_agent.demo.stage import Stage, Synced
from calsync_agent.demo.story import ANNA, BERND, CLARA, STAFF, WHERE_WE_MEET
from calsync_agent.demo.table import STYLES, Mark
from calsync_agent.demo.text import padded
from calsync_agent.i18n import Message, _, marked, message
from calsync_agent.plan.job import Count
from calsync_agent.sandbox.model.mail import Mail

SUBJECT: Final = "Klinik Ost"
WHEN: Final[When] = at(1, Day.MON, "14:30", 90)

Answers: TypeAlias = dict[Employee, str]

_RESPONSES: Final = {
    "none": "none",
    "notResponded": "none",
    "accepted": "accepted",
    "tentativelyAccepted": "tentative",
    "declined": "declined",
}
_KINDS: Final = {
    "invitation": marked("invitation"),
    "update": marked("update"),
    "cancellation": marked("cancellation"),
    "response": marked("response"),
}
_KIND: Final = 12


@dataclass(frozen=True, slots=True)
class Meeting:
    """One meeting from its invitations to its answers."""

    screen: Screen
    stage: Stage
    office: Office

    async def play(self) -> bool:
        """Play and tell it; returns whether both sides agree and nobody was mailed unforeseen."""
        self.screen.line()
        self.screen.line((_("A meeting of three"), Style.BOLD))
        already = len(self.stage.tenant.outbox)
        number = self._enter()
        synced = [await self.stage.sync()]
        right = self._holders(number)
        self._answer(number)
        synced.append(await self.stage.sync())
        right = self._answers(number) and right
        return self._outbox(self.stage.tenant.outbox[already:], synced) and right

    # -- what people do -----------------------------------------------------------------------

    def _enter(self) -> UUID:
        number, employees = uuid4(), self.office.employees
        row = {
            "id": number,
            "type_id": 1,
            "subject": SUBJECT,
            "location": WHERE_WE_MEET,
            "starts_at": WHEN.start(self.office.monday),
            "ends_at": WHEN.end(self.office.monday),
            "time_zone": WHEN.zone,
            "responsible_id": employees[BERND],
        }
        guests = [
            {"id": uuid4(), "activity_id": number, "employee_id": employees[one]}
            for one in (ANNA, CLARA)
        ]
        with self.office.database.writing() as connection:
            connection.execute(sa.insert(tables.activity).values(row))
            connection.execute(sa.insert(tables.activity_participant), guests)
        when = telling.moment(WHEN, self.office)
        self._did(
            Mark.NEW,
            message(
                "Bernd invites Anna and Clara in Consolidate: {subject}, {when}",
                subject=SUBJECT,
                when=when,
            ),
        )
        return number

    def _answer(self, number: UUID) -> None:
        anna = self.office.person(ANNA)
        for event in anna.find(SUBJECT):
            anna.respond(event, "accepted")
        self._did(Mark.CHANGED, message("Anna accepts in Outlook"))
        table = tables.activity_participant
        hers = table.c.activity_id == number, table.c.employee_id == self.office.employees[CLARA]
        with self.office.database.writing() as connection:
            connection.execute(sa.update(table).where(*hers).values(response="tentative"))
        self._did(Mark.CHANGED, message("Clara accepts tentatively in Consolidate"))

    # -- what came of it ----------------------------------------------------------------------

    def _holders(self, number: UUID) -> bool:
        """Shows how often it is there: once in Consolidate, once in each of three calendars."""
        with self.office.database.reading() as connection:
            mine = tables.activity.c.subject == SUBJECT
            rows = list(connection.execute(sa.select(tables.activity.c.id).where(mine)).scalars())
        copies = {one: len(self.office.person(one).find(SUBJECT)) for one in STAFF}
        text = message(
            "{rows} appointment in Consolidate, {events} events in Exchange, one meeting",
            rows=len(rows),
            events=sum(copies.values()),
        )
        self.screen.line("    ", (str(text), Style.DIM))
        return rows == [number] and set(copies.values()) == {1}

    def _answers(self, number: UUID) -> bool:
        """Shows what Anna and Clara have answered, as both programs tell it."""
        here, there = self._in_consolidate(number), self._at_the_organizer()
        self.screen.line()
        self.screen.line(" " * 17, (f"{'Consolidate':<16}Exchange", Style.DIM))
        for one in (ANNA, CLARA):
            cells = padded(_answer(here.get(one)), 16) + _answer(there.get(one))
            self.screen.line(telling.begun(one.name, self.screen), cells)
        return here == there == {ANNA: "accepted", CLARA: "tentative"}

    def _in_consolidate(self, number: UUID) -> Answers:
        names = {employee: one for one, employee in self.office.employees.items()}
        table = tables.activity_participant
        mine = table.c.activity_id == number, table.c.role == "invited"
        wanted = sa.select(table.c.employee_id, table.c.response).where(*mine)
        with self.office.database.reading() as connection:
            return {names[row.employee_id]: row.response for row in connection.execute(wanted)}

    def _at_the_organizer(self) -> Answers:
        bernd = self.office.person(BERND)
        mine = [event for event in bernd.events() if event["subject"] == SUBJECT]
        return {
            one: _RESPONSES[_status(event, self.office.person(one).upn)]
            for event in mine
            for one in (ANNA, CLARA)
        }

    def _outbox(self, mails: list[Mail], synced: list[Synced]) -> bool:
        """Shows what Exchange has mailed; returns whether the sync had counted its share of it."""
        self.screen.line()
        self.screen.line("  ", (_("What Exchange has mailed because of it:"), Style.DIM))
        names = {self.office.person(one).upn: one.first_name for one in STAFF}
        for mail in mails:
            kind = padded(_(_KINDS[mail.kind]), _KIND)
            to = message(
                "from {sender} to {recipient}",
                sender=names[mail.sender],
                recipient=names[mail.recipient],
            )
            self.screen.line(f"    {kind}  {to}  ", (f"({self._cause(mail)})", Style.DIM))
        counted = sum(
            done[Count.MAILS_INSIDE] + done[Count.MAILS_OUTSIDE]
            for one in synced
            for done in one.counts.values()
        )
        ours = sum(_by_the_sync(mail) for mail in mails)
        if ours == counted:
            text = message(
                "mails: {count}; {ours} of them because of the sync, as it had counted before",
                count=len(mails),
                ours=ours,
            )
        else:
            text = message(
                "mails because of the sync: {ours}, though it had counted {counted}",
                ours=ours,
                counted=counted,
            )
        self.screen.line("  ", (str(text), Style.GREEN if ours == counted else Style.RED))
        return ours == counted

    def _cause(self, mail: Mail) -> str:
        return _("carried over from Consolidate") if _by_the_sync(mail) else _("done in Outlook")

    def _did(self, mark: Mark, text: Message) -> None:
        self.screen.line("  ", (mark, STYLES[mark]), f" {text}")


def _answer(response: str | None) -> str:
    return _("not answered") if response in {None, "none"} else _(str(response))


def _status(event: Mapping[str, Any], address: str) -> str:
    """What somebody has answered, in Graph's words."""
    found = (a for a in event["attendees"] if a["emailAddress"]["address"] == address)
    return next((str(a["status"]["response"]) for a in found), "none")


def _by_the_sync(mail: Mail) -> bool:
    return mail.cause.startswith("app")
