"""A sandbox in a process of its own, so that its work is not counted, and the people in it."""

import multiprocessing
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from itertools import islice
from multiprocessing.connection import Connection
from typing import Any

from calsync_agent.sandbox.server import running_sandbox
from calsync_agent.sandbox.tenant import Tenant

TEXT = (
    "Grüß Gott,\n\nanbei die Unterlagen für unseren Termin: Ablauf, Beilagen und die offenen Punkte"
    " vom letzten Mal. Bitte bis Freitag durchsehen und Änderungen gleich eintragen.\n\n"
    "Treffpunkt ist wie immer am Empfang, danach gehen wir gemeinsam hinauf.\n"
)
"""Some 250 letters, as a usual body has."""

_FIRST = date.today() - timedelta(days=30)  # noqa: DTZ011 - wall-clock
_DAYS = 600  # well inside the window


def appointment(number: int) -> dict[str, Any]:
    """An appointment like any other: every tenth all day, every twentieth private."""
    day = _FIRST + timedelta(days=number % _DAYS)
    if number % 10 == 0:
        start: date = day
        end: date = day + timedelta(days=1)
    else:
        start = datetime.combine(day, time(8 + number % 9, 15 * (number % 4)))
        end = start + timedelta(minutes=45)
    return {
        "subject": f"Besprechung Nr. {number}: Maßnahmen und Rückfragen",
        "start": start,
        "end": end,
        "location": f"Besprechungszimmer {number % 7}",
        "body": TEXT * (1 + number % 3),
        "private": number % 20 == 0,
    }


@dataclass(frozen=True)
class Exchange:
    """The tenant from outside; `facts` are what settings are made of."""

    facts: dict[str, str]
    _pipe: Connection

    def ask(self, what: str, *how: object) -> Any:
        """Have something done, by the name of a method of `_Hands`."""
        self._pipe.send((what, how))
        return self._pipe.recv()


class _Hands:
    """What is done inside the tenant's process."""

    def __init__(self, tenant: Tenant) -> None:
        self.tenant = tenant
        self.hired: list[str] = []

    def hire(self, *names: str) -> dict[str, str]:
        """New mailboxes; their ids by name."""
        self.hired += names
        return {name: self.tenant.add_mailbox(name).id for name in names}

    def fill(self, name: str, count: int) -> None:
        """Enter so many appointments."""
        person = self.tenant.user(name)
        for number in range(count):
            given = appointment(number)
            private = given.pop("private")
            person.create(**given, sensitivity="private" if private else "normal")

    def write(self, name: str, kind: str, content: str) -> None:
        """Enter an online meeting with such a body."""
        body = {"contentType": kind, "content": content}
        given = appointment(1)
        del given["private"]
        self.tenant.user(name).create(**{**given, "body": body, "isOnlineMeeting": True})

    def edit(self, name: str, count: int, word: str) -> None:
        """Change so many appointments."""
        person = self.tenant.user(name)
        shown = sorted(person.events(), key=lambda event: str(event["subject"]))
        for event in islice(shown, count):
            person.change(str(event["id"]), subject=f"{event['subject']} {word}")

    def enter(self, name: str, subject: str, starts: datetime) -> None:
        """Enter one appointment of an hour."""
        self.tenant.user(name).create(subject, starts, starts + timedelta(hours=1))

    def subjects(self) -> set[str]:
        """What is to be seen in all mailboxes."""
        events = (event for name in self.hired for event in self.tenant.user(name).events())
        return {str(event["subject"]) for event in events}

    def ids(self, name: str) -> list[str]:
        """The events that there are."""
        return [str(event["id"]) for event in self.tenant.user(name).events()]

    def count_anew(self) -> None:
        """Count requests from zero."""
        self.tenant.reset_counters()

    def requests(self) -> int:
        """The HTTP requests to Graph since then, a batch being one."""
        return self.tenant.counters.http


@contextmanager
def exchange() -> Iterator[Exchange]:
    """The tenant, while the context lasts."""
    spawn = multiprocessing.get_context("spawn")
    ours, theirs = spawn.Pipe()
    process = spawn.Process(target=_serve, args=(theirs,), daemon=True)
    process.start()
    try:
        yield Exchange(ours.recv(), ours)
    finally:
        ours.send(None)
        process.join(30)


def _serve(pipe: Connection) -> None:
    tenant = Tenant()
    tenant.settings.mailbox_requests = None
    tenant.settings.irregular_pages = False
    tenant.settings.stamp_delay = None
    hands = _Hands(tenant)
    with running_sandbox(tenant) as sandbox:
        names = "authority graph_url ca_file tenant_id client_id client_secret".split()
        pipe.send({name: getattr(sandbox, name) for name in names})
        while (asked := pipe.recv()) is not None:
            what, how = asked
            pipe.send(getattr(hands, what)(*how))
