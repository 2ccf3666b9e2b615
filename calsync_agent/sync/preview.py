"""What the next sync of a profile would do, told in the categories that an admin thinks in."""

from collections import Counter
from collections.abc import Collection, Iterator
from dataclasses import dataclass, field
from typing import Any, Final

from calsync_agent.appointment.content import differing
from calsync_agent.appointment.fields import Field
from calsync_agent.appointment.model import ActivityId, Appointment, EventId
from calsync_agent.domain.activity import Activity
from calsync_agent.domain.event import Event
from calsync_agent.domain.version import Side
from calsync_agent.i18n import Message
from calsync_agent.plan.inbound_id import of_event
from calsync_agent.plan.job import Job
from calsync_agent.plan.mail_forecast import Mails, recipients
from calsync_agent.plan.matrix import Cell, Change, Create
from calsync_agent.plan.pair import By, Known
from calsync_agent.state.log import named
from calsync_agent.state.quarantine import Item
from calsync_agent.sync.aside import Refused
from calsync_agent.sync.rehearsal import Fate, Note, Rehearsal
from calsync_agent.sync.sync_log import aside_name

LINKING = frozenset({Cell.MATCHED, Cell.COPY_SEEN, Cell.ORGANIZER_SEEN})


@dataclass(frozen=True, slots=True)
class PreviewLine:
    """One appointment in a preview; what does not apply is empty."""

    activity: ActivityId
    subject: str
    start: str
    by: str = ""
    side: str = ""
    fields: tuple[str, ...] = ()
    reason: Message | None = None

    def as_json(self) -> dict[str, Any]:
        """For `--json`; empty things are left out."""
        shown: dict[str, Any] = {"activity_id": str(self.activity), "subject": self.subject}
        if self.start:
            shown["start"] = self.start
        for name in ("by", "side"):
            if getattr(self, name):
                shown[name] = getattr(self, name)
        if self.fields:
            shown["fields"] = list(self.fields)
        if self.reason is not None:
            shown["reason"] = str(self.reason)
        return shown


@dataclass(frozen=True, slots=True)
class Doubt:
    """A pair that was brought together by its looks: how it reads here and there, what differs.

    `guessed`: there were others alike, so that which is which is a guess.
    """

    activity: ActivityId
    consolidate: Appointment
    exchange: Appointment
    fields: tuple[Field, ...]
    guessed: bool


MOST_DOUBTFUL: Final = 10


@dataclass(slots=True)
class Preview:
    """A profile's next sync.

    `held`: why some of it would wait for an administrator; `waiting`: what does so already.
    `mailed`: who would be mailed, and because of how many appointments. `doubtful`: the ten pairs
    that may be none, the worst first.
    """

    profile: int
    mailbox: str
    first_sync: bool
    matched: list[PreviewLine] = field(default_factory=list)
    ambiguous: list[PreviewLine] = field(default_factory=list)
    only_consolidate: list[PreviewLine] = field(default_factory=list)
    only_exchange: list[PreviewLine] = field(default_factory=list)
    changes: list[PreviewLine] = field(default_factory=list)
    deletions: list[PreviewLine] = field(default_factory=list)
    refusals: list[PreviewLine] = field(default_factory=list)
    held: list[Message] = field(default_factory=list)
    waiting: Message | None = None
    mails: Mails = field(default_factory=Mails)
    mailed: Counter[str] = field(default_factory=Counter)
    doubtful: list[Doubt] = field(default_factory=list)

    def as_json(self) -> dict[str, Any]:
        """For `--json`."""
        lists = (
            "matched",
            "ambiguous",
            "only_consolidate",
            "only_exchange",
            "changes",
            "deletions",
            "refusals",
        )
        held = [*self.held, *((self.waiting,) if self.waiting else ())]
        return {
            "profile_id": self.profile,
            "mailbox": self.mailbox,
            "first_sync": self.first_sync,
            **{name: [line.as_json() for line in getattr(self, name)] for name in lists},
            "held": [str(reason) for reason in held],
            "mails": {"inside": self.mails.inside, "outside": self.mails.outside},
            "mailed": dict(sorted(self.mailed.items())),
        }


def preview(rehearsal: Rehearsal, *, first_sync: bool) -> Preview:
    """What a rehearsed cycle would do."""
    profile = rehearsal.job.profile
    told = Preview(profile.id, profile.mailbox, first_sync, held=list(rehearsal.rulings))
    guessed = rehearsal.compared.candidates.ambiguous if rehearsal.compared else set()
    for item, refused in rehearsal.fallen.items():
        told.refusals.append(_fallen(item, refused))
    for note in rehearsal.notes.values():
        _tell(note, told)
        told.mailed.update(_mailed(rehearsal.job, note))
        if note.planned.known.activity_id in guessed:
            told.ambiguous.append(_line(note.planned.known))
    told.doubtful = _doubtful(rehearsal, guessed)
    return told


def _mailed(job: Job, note: Note) -> frozenset[str]:
    outgoing = note.planned.effects.outgoing
    if outgoing is None or note.fate in {Fate.REFUSED, Fate.WAITING}:
        return frozenset()
    return recipients(outgoing.operation, job.office.people, job.quiet)


def _doubtful(rehearsal: Rehearsal, guessed: Collection[ActivityId]) -> list[Doubt]:
    """The pairs by likeness that are most likely to be none: guesses, then what differs most."""
    found = []
    for note in rehearsal.notes.values():
        known, pair = note.planned.known, note.planned.known.pair
        both = isinstance(pair.activity, Activity) and isinstance(pair.event, Event)
        if not both or known.by is not By.LIKENESS:
            continue
        differs = differing(pair.mine, pair.theirs)
        fields = tuple(one for one in Field if one in differs)
        doubt = Doubt(
            known.activity_id, pair.mine, pair.theirs, fields, known.activity_id in guessed
        )
        if doubt.guessed or doubt.fields:
            found.append(doubt)
    found.sort(key=lambda one: (not one.guessed, -len(one.fields), one.consolidate.start))
    return found[:MOST_DOUBTFUL]


def _fallen(item: Item, refused: Refused) -> PreviewLine:
    number = item.activity or of_event(item.event or EventId(""))
    return PreviewLine(number, str(refused.name), "", reason=refused.reason)


def _tell(note: Note, told: Preview) -> None:
    planned, known, decision = note.planned, note.planned.known, note.planned.decision
    if note.fate is Fate.REFUSED:
        told.refusals.append(_line(known, reason=decision.reason))
        return
    if note.fate is Fate.WAITING:
        return
    told.mails += planned.mails
    if decision.cell in LINKING:
        told.matched.append(_line(known, by=known.by.value if known.by else ""))
    if isinstance(decision.consolidate, Create):
        told.only_exchange.append(_line(known))
    if isinstance(decision.exchange, Create):
        told.only_consolidate.append(_line(known))
    told.changes += _changes(note)
    if decision.deletes is not None:
        told.deletions.append(_line(known, side=decision.deletes.value))


def _changes(note: Note) -> Iterator[PreviewLine]:
    decision, known = note.planned.decision, note.planned.known
    for side, write in (
        (Side.CONSOLIDATE, decision.consolidate),
        (Side.EXCHANGE, decision.exchange),
    ):
        if isinstance(write, Change):
            fields = tuple(sorted(field_.value for field_ in write.fields))
            yield _line(known, side=side.value, fields=fields)


def _line(
    known: Known,
    by: str = "",
    side: str = "",
    fields: tuple[str, ...] = (),
    reason: Message | None = None,
) -> PreviewLine:
    pair = known.pair
    appointment = None
    if isinstance(pair.activity, Activity):
        appointment = pair.activity.appointment
    elif isinstance(pair.event, Event):
        appointment = pair.event.appointment
    # What is private on one side only has no words yet either.
    there = pair.event.appointment if isinstance(pair.event, Event) else appointment
    shown = there if there is not None and there.private else appointment
    name = named(shown) if shown else aside_name(pair.activity or pair.event)
    start = appointment.start.isoformat() if appointment else ""
    return PreviewLine(known.activity_id, str(name), start, by, side, fields, reason)
