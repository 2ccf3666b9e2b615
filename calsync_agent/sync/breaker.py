"""Stops an appointment that flips between the same two contents (B13)."""

from datetime import timedelta
from typing import Final

import sqlalchemy as sa

from calsync_agent.appointment.codec import from_json
from calsync_agent.appointment.content import Fingerprint, differing, fingerprint
from calsync_agent.i18n import Message, message
from calsync_agent.state import history
from calsync_agent.state.history import Kept
from calsync_agent.sync.job import Job
from calsync_agent.sync.planned import Planned, Sorted
from calsync_agent.sync.telling import words

WITHIN: Final = timedelta(hours=1)
MOST_FLIPS: Final = 5


def stop_flipping(connection: sa.Connection, job: Job, found: Sorted) -> None:
    """Refuse what has flipped too often, instead of doing it once more."""
    turning = {one.known.activity_id: one for one in found.done if _turns(one)}
    if not turning:
        return
    since = job.stamp.now - WITHIN
    flips = dict.fromkeys(turning, 0)
    for number, lost, replaced_by in history.since(connection, turning.keys(), since):
        before = {fingerprint(from_json(text)) for text in (lost, replaced_by) if text}
        if before == _contents(turning[number].effects.kept):
            flips[number] += 1
    for number, one in turning.items():
        if flips[number] >= MOST_FLIPS:
            found.done.remove(one)
            found.refused.append((one.known, _reason(one.effects.kept)))


def _turns(planned: Planned) -> bool:
    kept = planned.effects.kept
    return kept is not None and kept.replaced_by is not None


def _contents(kept: Kept | None) -> set[Fingerprint]:
    if kept is None or kept.replaced_by is None:
        return set()
    return {fingerprint(kept.lost), fingerprint(kept.replaced_by)}


def _reason(kept: Kept | None) -> Message:
    if kept is None or kept.replaced_by is None:
        raise ValueError("only what replaces another version can flip")
    fields = sorted(differing(kept.lost, kept.replaced_by))
    return message(
        "it flips between two versions that differ in {fields}; both are in the history",
        fields=words(field.value for field in fields),
    )
