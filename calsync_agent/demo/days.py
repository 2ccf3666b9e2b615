"""What the office's people do day in, day out, while somebody watches: one lap after the other.

Each lap enters its own appointments, which nothing else is called like, and removes them in the
end. So the laps go on for as long as anybody cares to watch, and an admin finds in each of them
everything there is: edits on both sides, a conflict, a meeting and its answers, an item that
cannot be synced, and a deletion of so much that it waits for them.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final, TypeAlias, assert_never

from calsync_agent.demo import telling
from calsync_agent.demo.entries import (
    Day,
    Deleted,
    DemoEntry,
    Edit,
    Employee,
    EntryDraft,
    Moved,
    New,
    Relocated,
    Where,
    at,
    concerned,
    entered,
    new,
)
from calsync_agent.demo.office import Office
from calsync_agent.demo.story import ANNA, BERND, CLARA, WHERE_WE_MEET
from calsync_agent.i18n import Message, message
from calsync_agent.sandbox.model.responses import Answer

CONSOLIDATE, OUTLOOK = Where.CONSOLIDATE, Where.OUTLOOK

CALLS: Final = 6
"""How many appointments are deleted at once: more than the demo's guard lets pass."""

UNFIT: Final = "FREQ=MONTHLY;BYMONTHDAY=1,15"
"""A rule that Graph cannot hold (E2): two days of the month."""

FIT: Final = "FREQ=MONTHLY;BYMONTHDAY=15"

_DAYS: Final = tuple(Day)
_MORNINGS: Final = ("08:00", "08:30", "09:15", "10:00", "10:45", "11:30", "12:15")


@dataclass(frozen=True, slots=True)
class Meeting:
    """The owner enters something in Consolidate to which others are invited."""

    entry: DemoEntry
    guests: tuple[Employee, ...]


@dataclass(frozen=True, slots=True)
class Answered:
    """A guest answers in Outlook."""

    by: Employee
    subject: str
    answer: Answer


@dataclass(frozen=True, slots=True)
class Repeating:
    """The owner gives an appointment a rule in Consolidate."""

    by: Employee
    subject: str
    rule: str


Happening: TypeAlias = Edit | Meeting | Answered | Repeating


@dataclass(frozen=True, slots=True)
class DayStep:
    """What happens at once. `waits`: not as long as something waits for an admin."""

    happenings: tuple[Happening, ...]
    waits: bool = False


def lap(number: int) -> list[DayStep]:
    """The lap of that number, counted from 0."""
    day, later = _DAYS[number % 5], _DAYS[(number + 2) % 5]
    clock = _MORNINGS[number % 7]
    offer, fault = f"Angebot {2501 + number}", f"Störung {7101 + number}"
    site, check = f"Baubesprechung {41 + number}", f"Rohrkontrolle {301 + number}"
    calls = [f"Rückruf {901 + number}/{call + 1}" for call in range(CALLS)]
    (meeting,) = entered(
        ANNA, CONSOLIDATE, EntryDraft(site, at(2, day, clock, 90), WHERE_WE_MEET, reminder=30)
    )
    checked = new(CLARA, CONSOLIDATE, EntryDraft(check, at(1, later, "06:30", 45)))
    return [
        _one(
            new(
                ANNA,
                CONSOLIDATE,
                EntryDraft(offer, at(1, day, clock), body="Förderung ansprechen!"),
            )
        ),
        _one(new(CLARA, OUTLOOK, EntryDraft(fault, at(1, later, clock, 45), importance="high"))),
        _one(Meeting(meeting, (BERND, CLARA))),
        _one(Edit(ANNA, OUTLOOK, offer, Moved(at(1, later, "14:00")))),
        DayStep((checked, Repeating(CLARA, check, UNFIT))),
        _one(Edit(CLARA, CONSOLIDATE, fault, Relocated("Gleisdorf"))),
        _one(Answered(BERND, site, "accepted")),
        DayStep(tuple(_calls(calls)), waits=True),
        DayStep(
            (
                Edit(CLARA, OUTLOOK, fault, Moved(at(1, day, "15:30", 45))),
                Edit(CLARA, CONSOLIDATE, fault, Moved(at(1, day, "13:00", 45))),
            )
        ),
        _one(Answered(CLARA, site, "tentativelyAccepted")),
        _one(Edit(ANNA, OUTLOOK, offer, Relocated("Herrengasse 7"))),
        DayStep(tuple(Edit(BERND, OUTLOOK, call, Deleted()) for call in calls)),
        _one(Repeating(CLARA, check, FIT)),
        _one(Edit(ANNA, OUTLOOK, offer, Deleted())),
        _one(Edit(CLARA, CONSOLIDATE, fault, Deleted())),
        _one(Edit(CLARA, OUTLOOK, check, Deleted())),
        _one(Edit(ANNA, CONSOLIDATE, site, Deleted())),
    ]


def carry_out(happening: Happening, office: Office, steps: list[DayStep]) -> Message:
    """Let it happen; `steps` are the lap's. Returns what to say about it."""
    match happening:
        case Edit():
            entry = concerned(happening, list(_entries(steps)))
            office.carry_out(happening, entry)
            return telling.announcement(happening, entry, office)
        case Meeting(entry, guests):
            office.meet(entry, guests)
            return message(
                "{who} invites in Consolidate: {subject}, {guests}",
                who=entry.owner.first_name,
                subject=entry.subject,
                guests=", ".join(guest.first_name for guest in guests),
            )
        case Answered(by, subject, answer):
            office.answer(by, subject, answer)
            return message(
                "{who} answers in Outlook: {subject}, {answer}",
                who=by.first_name,
                subject=subject,
                answer=message("accepted") if answer == "accepted" else message("perhaps"),
            )
        case Repeating(by, subject, rule):
            office.repeat(by, subject, rule)
            return message(
                "{who} repeats in Consolidate: {subject}, {rule}",
                who=by.first_name,
                subject=subject,
                rule=rule,
            )
        case _:
            assert_never(happening)


def _one(happening: Happening) -> DayStep:
    return DayStep((happening,))


def _calls(subjects: list[str]) -> Iterator[Edit]:
    for number, subject in enumerate(subjects):
        when = at(3, _DAYS[number % 5], "16:00", 15)
        yield new(BERND, CONSOLIDATE, EntryDraft(subject, when, show_as="free", importance="low"))


def _entries(steps: list[DayStep]) -> Iterator[DemoEntry]:
    """What the lap enters."""
    for step in steps:
        for happening in step.happenings:
            match happening:
                case Edit(change=New(entry)) | Meeting(entry):
                    yield entry
                case _:
                    pass
