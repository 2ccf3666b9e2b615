"""What of an appointment one mailbox can tell, and what is taken from it.

Only the organizer's event tells everybody's answers; an attendee's copy tells the answer of its
owner; a plain event knows of no participants at all.
"""

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import replace

from calsync_agent.appointment.fields import BOTH_WAYS, INBOUND_ONLY, PEOPLE, Field
from calsync_agent.appointment.generated import is_generated, own_text
from calsync_agent.appointment.merge import merged
from calsync_agent.appointment.model import Appointment, EmployeeId, Participant, Person, Response
from calsync_agent.appointment.people import Directory, known_as, remembered_as
from calsync_agent.domain.event import Attendee
from calsync_agent.domain.link import Role
from calsync_agent.plan.office import Office


def in_own_words(appointment: Appointment, link: str | None) -> Appointment:
    """The appointment without what an online meeting put into its texts (D7).

    `link`: the meeting's own join link; of Consolidate's side the event's counts, which alone tells
    whether it is an online meeting.
    """
    if link is None:
        return appointment
    body = own_text(appointment.body, link)
    if not any(exception.body for exception in appointment.exceptions):
        return appointment if body == appointment.body else replace(appointment, body=body)
    exceptions = tuple(
        replace(each, body=own_text(each.body, link)) if each.body else each
        for each in appointment.exceptions
    )
    return replace(appointment, body=body, exceptions=exceptions)


def view(appointment: Appointment, role: Role, employee: EmployeeId, office: Office) -> Appointment:
    """The part of an appointment that both sides can hold in this mailbox."""
    appointment = office.types.bound(appointment)
    if appointment.online and role is not Role.ORGANIZER:
        appointment = replace(appointment, online=False)
    match role:
        case Role.ORGANIZER:
            everybody = appointment.participants
            reached = _reached(everybody, employee, office.people)
            return (
                appointment if reached == everybody else replace(appointment, participants=reached)
            )
        case Role.PLAIN:
            return replace(appointment, participants=(), organizer=None)
        case Role.COPY:
            neutral = (
                p if p.employee == employee else Participant(p.employee)
                for p in appointment.participants
            )
            return replace(appointment, participants=tuple(neutral))


def without_dead_link(mine: Appointment, theirs: Appointment) -> bool:
    """Whether a link that the event does not have has to go: one that Exchange once gave it.

    What somebody typed is no affair of Exchange's.
    """
    link = mine.join_url
    return theirs.join_url is not None or link is None or is_generated(link)


def outward_fields(role: Role) -> frozenset[Field]:
    """What may be written to an event of this role; into a copy, nothing but its owner's answer."""
    match role:
        case Role.ORGANIZER | Role.PLAIN:
            return BOTH_WAYS - {Field.RESPONSES}
        case Role.COPY:
            return frozenset({Field.RESPONSES})


def inward_only(role: Role) -> frozenset[Field]:
    """What comes in even where Consolidate's version wins."""
    return INBOUND_ONLY | ({Field.RESPONSES} if role is Role.ORGANIZER else frozenset())


def answer(appointment: Appointment, employee: EmployeeId) -> Response:
    """What an employee has answered."""
    answers = (p.response for p in appointment.participants if p.employee == employee)
    return next(answers, Response.NONE)


def answered(appointment: Appointment, employee: EmployeeId, response: Response) -> Appointment:
    """The appointment with the answer of an employee, who takes part if they did not yet."""
    others = [p for p in appointment.participants if p.employee != employee]
    people = sorted([*others, Participant(employee, response)], key=lambda p: p.employee)
    return replace(appointment, participants=tuple(people))


def taken(
    mine: Appointment,
    theirs: Appointment,
    fields: Collection[Field],
    role: Role,
    employee: EmployeeId,
    people: Directory,
    known_guests: Collection[str],
    unsent: Collection[EmployeeId] = (),
) -> Appointment:
    """`mine` with `fields` as the event has them, and nothing lost that it cannot know.

    Participants without address stay, and so do guests that Exchange never had (F3), and answers
    that are still to be sent from their owners' copies (`unsent`, G13).
    """
    result = merged(mine, theirs, set(fields) - PEOPLE)
    participants = mine.participants
    if role is not Role.PLAIN and Field.PARTICIPANTS in fields:
        participants = _participants(mine, theirs, employee, people)
    if Field.RESPONSES in fields:
        told = {p.employee: p.response for p in theirs.participants}
        for p in mine.participants:  # who shares an address has answered by it
            who = people.reached(p.employee)
            if who in told:
                told.setdefault(p.employee, told[who])
        heard = {employee} if role is Role.COPY else told.keys() - unsent
        participants = _answered(participants, {who: told[who] for who in heard if who in told})
    guests = _guests(mine, theirs, known_guests) if Field.GUESTS in fields else mine.guests
    return replace(result, participants=participants, guests=guests)


def attendees(
    present: Sequence[Attendee], wanted: Appointment, people: Directory
) -> tuple[Attendee, ...]:
    """The attendees to be sent: the list is replaced as a whole, and nobody else may be lost.

    Guests, rooms, lists and legacy addresses stay as they are (F3); employees stay with their
    answers as long as they take part.
    """
    taking_part = {p.employee for p in wanted.participants}
    sent: list[Attendee] = []
    missing = set(taking_part)
    for attendee in present:
        employee = people.employee(attendee.address)
        if employee is None or employee in taking_part:
            sent.append(attendee)
        if employee is not None:
            missing.discard(employee)
    for number in sorted(missing):
        known = people.find(number)
        if known is not None and known.address:
            sent.append(Attendee(known.address, known.name))
    return tuple(sent)


def _reached(
    participants: Iterable[Participant], organizing: EmployeeId, people: Directory
) -> tuple[Participant, ...]:
    """Whom Exchange knows of them: everybody with an address, each address once.

    Where some share one, it is whom the directory finds by it; the organizer invites nobody at
    their own.
    """
    found: dict[EmployeeId, Participant] = {}
    for participant in participants:
        who = people.reached(participant.employee)
        if who is None or who == people.reached(organizing):
            continue
        if who not in found or who == participant.employee:
            found[who] = replace(participant, employee=who)
    return tuple(found[who] for who in sorted(found))


def _participants(
    mine: Appointment, theirs: Appointment, organizing: EmployeeId, people: Directory
) -> tuple[Participant, ...]:
    there = {p.employee: p for p in theirs.participants}
    apart = {None, people.reached(organizing)}
    reached = {p.employee: people.reached(p.employee) for p in mine.participants}
    kept = [p for p in mine.participants if reached[p.employee] in {*apart, *there}]
    new = [p for p in there.values() if p.employee not in set(reached.values())]
    return tuple(sorted([*kept, *new], key=lambda p: p.employee))


def _answered(
    participants: tuple[Participant, ...], answers: Mapping[EmployeeId, Response]
) -> tuple[Participant, ...]:
    """The participants with the answers that an event tells.

    The organizer's event does not know of those who declined by deleting their copy: they stay
    declined until they answer again (G13).
    """

    def given(p: Participant) -> Response:
        there = answers.get(p.employee, p.response)
        unaware = there is Response.NONE and p.response is Response.DECLINED
        return p.response if unaware else there

    return tuple(replace(p, response=given(p)) for p in participants)


def _guests(mine: Appointment, theirs: Appointment, known: Collection[str]) -> tuple[Person, ...]:
    there = {known_as(guest) for guest in theirs.guests}
    own = [g for g in mine.guests if known_as(g) not in there and remembered_as(g) not in known]
    return (*theirs.guests, *own)
