"""What the next sync of a profile would do, told in the categories that an admin thinks in."""

from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

from calsync_agent.appointment.model import ActivityId, EventId
from calsync_agent.domain.activity import Activity
from calsync_agent.domain.event import Event
from calsync_agent.domain.version import Side
from calsync_agent.i18n import Message
from calsync_agent.plan.inbound_id import of_event
from calsync_agent.plan.mail_forecast import Mails
from calsync_agent.plan.matrix import Cell, Change, Create
from calsync_agent.plan.pair import Known
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


@dataclass(slots=True)
class Preview:
    """A profile's next sync.

    `held`: why some of it would wait for an administrator; `waiting`: what does so already.
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
        if note.planned.known.activity_id in guessed:
            told.ambiguous.append(_line(note.planned.known))
    return told


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
    name = named(appointment) if appointment else aside_name(pair.activity or pair.event)
    start = appointment.start.isoformat() if appointment else ""
    return PreviewLine(known.activity_id, str(name), start, by, side, fields, reason)
